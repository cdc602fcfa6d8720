"""Rule books as they were loaded: every edition stays as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import pghistory
import pgtrigger
from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import Exists, OuterRef, Q

from org.models import Union
from rulebook.schema import Book

if TYPE_CHECKING:
    import datetime

# By digest, not by id: equal content is one book whatever row holds it.
_parsed: dict[str, Book] = {}


class RuleBookQuerySet(models.QuerySet["RuleBook"]):
    def latest_editions(self) -> Self:
        """Of each book its last edition; that one alone says when the book is in force."""
        newer = RuleBook.objects.filter(
            union=OuterRef("union"), code=OuterRef("code"), edition__gt=OuterRef("edition")
        )
        return self.filter(~Exists(newer))

    def in_force(self, on: datetime.date) -> Self:
        """Latest editions whose years in force hold ``on``; at most one for each union."""
        return self.latest_editions().filter(valid__contains=on)

    def without_text(self) -> Self:
        """For lists: leave content and source in the database until asked for."""
        return self.defer("content", "source_text")


@pghistory.track(
    pghistory.InsertEvent(),
    # A row never changes, so its event needn't hold the text a second time.
    exclude=["content", "source_text"],
    meta={"verbose_name": "制度载入记录", "verbose_name_plural": "制度载入记录"},
)
class RuleBook(models.Model):
    """One edition of a union's document. Written by :func:`rulebook.loader.load` alone.

    The insert trigger keeps "which book is in force for this union on that
    day" unambiguous: the latest editions of a union's books never overlap.
    """

    union = models.ForeignKey(Union, verbose_name="工会", on_delete=models.PROTECT, related_name="rule_books")
    code = models.SlugField("代码", max_length=40)
    edition = models.PositiveIntegerField("版次")
    title = models.CharField("名称", max_length=200)
    number = models.CharField("文号", max_length=1000, blank=True)
    valid = DateRangeField("施行期间")
    content = models.JSONField("内容")
    digest = models.CharField("内容摘要", max_length=64)
    source_text = models.TextField("原文件")
    loaded_at = models.DateTimeField("载入时间")

    objects = RuleBookQuerySet.as_manager()

    class Meta:
        verbose_name = "制度"
        verbose_name_plural = "制度"
        ordering = ("union", "code", "-edition")
        constraints = (
            models.UniqueConstraint(fields=("union", "code", "edition"), name="rulebook_edition"),
            models.CheckConstraint(
                condition=Q(edition__gte=1) & Q(valid__isempty=False) & Q(valid__lower_inf=False),
                name="rulebook_edition_and_dates",
            ),
        )
        triggers = (
            pgtrigger.Protect(name="immutable", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="in_force_is_clear",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                # The union's row is locked so two loads at once see each other.
                func="""
                    PERFORM 1 FROM org_union WHERE id = NEW.union_id FOR NO KEY UPDATE;
                    IF NEW.edition <> 1 + COALESCE((
                        SELECT MAX(b.edition) FROM rulebook_rulebook b
                        WHERE b.union_id = NEW.union_id AND b.code = NEW.code), 0) THEN
                        RAISE EXCEPTION '制度版次须逐次加一' USING ERRCODE = 'check_violation';
                    END IF;
                    IF NEW.code IS DISTINCT FROM NEW.content->>'code'
                        OR NEW.valid IS DISTINCT FROM daterange(
                            (NEW.content->>'valid_from')::date,
                            (NEW.content->>'valid_until')::date + 1) THEN
                        RAISE EXCEPTION '制度的代码、施行期间与内容不一致' USING ERRCODE = 'check_violation';
                    END IF;
                    IF EXISTS (
                        SELECT 1 FROM rulebook_rulebook b
                        WHERE b.union_id = NEW.union_id AND b.code <> NEW.code AND b.valid && NEW.valid
                        AND NOT EXISTS (
                            SELECT 1 FROM rulebook_rulebook n
                            WHERE n.union_id = b.union_id AND n.code = b.code AND n.edition > b.edition)
                    ) THEN
                        RAISE EXCEPTION '同一工会两部制度的施行期间重叠'
                            USING ERRCODE = 'exclusion_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        )

    def __str__(self) -> str:
        return f"{self.title}（第 {self.edition} 版）"

    @property
    def book(self) -> Book:
        """The content as a :class:`~rulebook.schema.Book`; read once for each content."""
        if self.digest not in _parsed:
            _parsed[self.digest] = Book.from_content(self.content)
        return _parsed[self.digest]
