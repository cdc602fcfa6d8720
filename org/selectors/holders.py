"""Who holds what on a day. All reads; ``on`` is a date, the clock belongs to the caller."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import Group
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject
from guardian.models import GroupObjectPermission, UserObjectPermission

from office.prepared import Prepared
from org.models import Duty, DutyCode, Post, PostKind, Tenure, User

if TYPE_CHECKING:
    from collections.abc import Iterable

    from org.models import Department, Union

LOOKS = {"look_department": "department", "look_union": "union"}


def holder_of(post: Post, on: datetime.date) -> User | None:
    """The person holding ``post`` on ``on``, acting or not; a deactivated user holds nothing."""
    return holders_of([post.pk], on).get(post.pk)


def holders_of(post_ids: Iterable[int], on: datetime.date) -> dict[int, User]:
    """Holders by post id, in one query; posts that nobody holds are left out."""
    tenures = Tenure.objects.on(on).filter(post_id__in=tuple(post_ids), user__is_active=True)
    return {tenure.post_id: tenure.user for tenure in tenures.select_related("user").order_by()}


def held(*, post_id: int, user_id: int, on: datetime.date) -> bool:
    """Whether the person held the post on that day, whatever he is today (S4: decisions to be confirmed)."""
    found: bool = Tenure.objects.on(on).filter(post_id=post_id, user_id=user_id).exists()
    return found


def duty_on(union: Union, code: str, on: datetime.date) -> Duty | None:
    """The duty ``code`` of the union as it stands on ``on``, with department, body and secretary loaded."""
    duty: Duty | None = (
        Duty.objects.on(on)
        .filter(union=union, code=code)
        .select_related("department", "body", "body__secretary")
        .order_by()
        .first()
    )
    return duty


def head_post(department: Department) -> Post | None:
    """The post of the department's head; the first by ordinal if it has several."""
    return (
        Post.objects.filter(department=department, kind=PostKind.HEAD)
        .select_related("department")
        .order_by("ordinal", "id")
        .first()
    )


def post_by_code(union: Union, code: str) -> Post | None:
    return Post.objects.filter(union=union, code=code).select_related("department").order_by().first()


@dataclass(frozen=True)
class Seat:
    """A post and who holds it on the day that was asked for; ``holder_id`` None for nobody."""

    post: Post
    holder_id: int | None


def _first_with_holder(posts: QuerySet[Post], on: datetime.date) -> QuerySet[Post]:
    holder = Tenure.objects.on(on).filter(post=OuterRef("pk"), user__is_active=True).order_by()
    found = posts.annotate(seat_holder=Subquery(holder.values("user")[:1])).select_related("department")
    return found.order_by("ordinal", "id")[:1]


def _of_duty(union: int, code: str, on: datetime.date) -> QuerySet[Post]:
    duty = Duty.objects.on(on).filter(union=union, code=code).order_by()
    heads = Q(kind=PostKind.HEAD, department__in=duty.values("department"))
    keepers = Q(pk__in=duty.values("body__secretary"))
    return Post.objects.filter(heads | keepers, union=union)


_HEAD: Prepared[Post] = Prepared(
    lambda department, on: _first_with_holder(
        Post.objects.filter(department=department, kind=PostKind.HEAD), on
    ),
    department=int,
    on=datetime.date,
)
_BY_CODE: Prepared[Post] = Prepared(
    lambda union, code, on: _first_with_holder(Post.objects.filter(union=union, code=code), on),
    union=int,
    code=str,
    on=datetime.date,
)
_BY_DUTY: Prepared[Post] = Prepared(
    lambda union, code, on: _first_with_holder(_of_duty(union, code, on), on),
    union=int,
    code=str,
    on=datetime.date,
)


def _seat(post: Any) -> Seat | None:
    return None if post is None else Seat(post, post.seat_holder)


def head_seat(department: Department, on: datetime.date) -> Seat | None:
    """:func:`head_post` with its holder, in one query."""
    return _seat(_HEAD.first(department=department.pk, on=on))


def seat_by_code(union: Union, code: str, on: datetime.date) -> Seat | None:
    """:func:`post_by_code` with its holder, in one query."""
    return _seat(_BY_CODE.first(union=union.pk, code=code, on=on))


def duty_seat(union: Union, code: str, on: datetime.date) -> Seat | None:
    """Who acts for the duty: the head post of the department that holds it, or the body's secretary."""
    return _seat(_BY_DUTY.first(union=union.pk, code=code, on=on))


def tenures_of(post: Post) -> list[Tenure]:
    """All tenures of a post, the first one first."""
    return list(Tenure.objects.filter(post=post).select_related("user").order_by("period"))


def duties_of(union: Union, code: str) -> list[Duty]:
    """All assignments of a union's duty, the first one first."""
    found = Duty.objects.filter(union=union, code=code).select_related("department", "body")
    return list(found.order_by("period"))


def look_permission(target: Department | Union) -> str:
    """The name of the grant to look at everything of the department or union."""
    return f"look_{target._meta.model_name}"


def lookers(target: Department | Union) -> list[User]:
    """The people granted by name to look at the department or union."""
    grants = UserObjectPermission.objects.filter(_grants_on(target))
    return list(User.objects.filter(pk__in=grants.values("user_id")))


def looking_groups(target: Department | Union) -> list[Group]:
    """The groups granted to look at the department or union."""
    grants = GroupObjectPermission.objects.filter(_grants_on(target))
    return list(Group.objects.filter(pk__in=grants.values("group_id")).order_by("name"))


def _grants_on(target: Department | Union) -> Q:
    return Q(
        permission__content_type__app_label="org",
        permission__codename=look_permission(target),
        object_pk=str(target.pk),
    )


@dataclass(frozen=True)
class Standing:
    """What a person is on a day, and so what he may see and do.

    ``authority_union_ids``, ``finance_union_ids``: unions where a department of his holds that duty, or the
    body whose secretary he is. ``secretary_union_ids``: unions whose deciding meeting he keeps.
    ``looks_*``: extra grants to look, never to act.
    """

    user: User
    on: datetime.date
    posts: tuple[Post, ...] = ()
    post_ids: frozenset[int] = frozenset()
    department_ids: frozenset[int] = frozenset()
    union_ids: frozenset[int] = frozenset()
    authority_union_ids: frozenset[int] = frozenset()
    finance_union_ids: frozenset[int] = frozenset()
    secretary_union_ids: frozenset[int] = frozenset()
    looks_department_ids: frozenset[int] = frozenset()
    looks_union_ids: frozenset[int] = frozenset()

    @property
    def whole_union_ids(self) -> frozenset[int]:
        """Unions all of whose plans and money he sees."""
        return (
            self.authority_union_ids
            | self.finance_union_ids
            | self.secretary_union_ids
            | self.looks_union_ids
        )

    @property
    def seen_department_ids(self) -> frozenset[int]:
        """Departments whose plans he sees: his own and those he was granted to look at."""
        return self.department_ids | self.looks_department_ids

    def sees_union(self, union_id: int) -> bool:
        """Whether he sees everything of the union."""
        return union_id in self.whole_union_ids

    def holds_post(self, post_id: int) -> bool:
        return post_id in self.post_ids


def _posts_with_duties(user: int, on: datetime.date) -> QuerySet[Any]:
    duties = (
        Duty.objects.on(on)
        .filter(Q(department=OuterRef("department")) | Q(body__secretary=OuterRef("pk")))
        .order_by()
        .values(duty=JSONObject(code="code", union="union"))
    )
    return (
        Post.objects.filter(tenures__user=user, tenures__period__contains=on)
        .select_related("union", "department")
        .annotate(duties_held=ArraySubquery(duties))
    )


_POSTS: Prepared[Any] = Prepared(_posts_with_duties, user=int, on=datetime.date)


def standing(user: User, on: datetime.date, *, to_act: bool = False) -> Standing:
    """Everything about a person on a day, in two queries however much he holds or was granted.

    ``to_act``: only what he may act by, in one: grants let people look and are left out then.
    A deactivated user, and one who was never signed in, has none: he sees nothing and does nothing.
    """
    if not user.is_active or user.pk is None:
        return Standing(user=user, on=on)
    posts = tuple(_POSTS(user=user.pk, on=on))
    post_ids = frozenset(post.pk for post in posts)
    department_ids = frozenset(post.department_id for post in posts if post.department_id is not None)
    held: dict[str, set[int]] = {code: set() for code in DutyCode.values}
    for post in posts:
        for duty in post.duties_held:
            held[duty["code"]].add(duty["union"])
    looks = {name: frozenset[int]() for name in LOOKS.values()} if to_act else granted(user)
    return Standing(
        user=user,
        on=on,
        posts=posts,
        post_ids=post_ids,
        department_ids=department_ids,
        union_ids=frozenset(post.union_id for post in posts),
        authority_union_ids=frozenset(held[DutyCode.TRAINING_AUTHORITY]),
        finance_union_ids=frozenset(held[DutyCode.FINANCE]),
        secretary_union_ids=frozenset(held[DutyCode.DECISION_BODY]),
        looks_department_ids=looks["department"],
        looks_union_ids=looks["union"],
    )


def granted(user: User) -> dict[str, frozenset[int]]:
    """Grants to look, given to the person or to one of his groups: ``{"department": ids, "union": ids}``.

    Read straight from guardian's two tables at once: its own helpers read every object and every group.
    """
    looks = Q(permission__content_type__app_label="org", permission__codename__in=LOOKS)
    columns = ("permission__codename", "object_pk")
    own = UserObjectPermission.objects.filter(looks, user=user).values_list(*columns)
    groups = GroupObjectPermission.objects.filter(looks, group__user=user).values_list(*columns)
    found: dict[str, set[int]] = {name: set() for name in LOOKS.values()}
    for codename, object_pk in own.union(groups):
        found[LOOKS[codename]].add(int(object_pk))
    return {name: frozenset(ids) for name, ids in found.items()}
