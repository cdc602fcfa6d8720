from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db import models


class UserManager(DjangoUserManager["User"]):
    """``create_user("zhangsan", password="…", name="张三")``; the name is required."""

    use_in_migrations = False

    def _create_user(
        self, username: str, email: str | None, password: str | None, **extra_fields: Any
    ) -> User:
        if not str(extra_fields.get("name", "")).strip():
            raise ValueError("a user needs a name")
        user: User = super()._create_user(username, email, password, **extra_fields)  # type: ignore[misc]
        return user


class User(AbstractUser):
    """A person who signs in. What he may do comes from his tenures, never from the person himself."""

    # A Chinese name is one string; there is no first and last name to sort by.
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField("姓名", max_length=50)
    phone = models.CharField("电话", max_length=30, blank=True)

    objects: ClassVar[UserManager] = UserManager()

    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = "用户"
        verbose_name_plural = "用户"
        ordering = ("username",)
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(name=""), name="org_user_has_name", violation_error_message="请填写姓名。"
            ),
        )

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name
