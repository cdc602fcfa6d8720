"""申请: what every request has: drawn up, handed in, decided by a chain of the book, carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pgtrigger
from django.db import models
from django_fsm import FSMField, transition

from office.models import StoredFile
from workflow.models import guards
from workflow.states import FIRST_REQUEST_STATE, REQUEST, REQUEST_TRANSITIONS, RequestState

if TYPE_CHECKING:
    from rulebook.schema import Book


def request_guards(*identity: str) -> tuple[pgtrigger.Trigger, ...]:
    """The database's own words on a table of requests; ``identity``: what is said once."""
    return (
        guards.state_moves(REQUEST_TRANSITIONS),
        guards.starts_as("starts_as_draft", FIRST_REQUEST_STATE, "a request"),
        guards.identity_fixed(*identity),
        guards.request_frozen("content", "before", "reason", "basis_id", "book_id", "chain"),
        pgtrigger.Protect(
            name="drafts_only_deleted",
            operation=pgtrigger.Delete,
            condition=pgtrigger.Q(old__state__df="draft"),
        ),
    )


class Request(models.Model):
    """What is asked, why, by which paper, and what has become of it.

    ``content`` is what is proposed and ``before`` what holds when it is handed in; both are fixed with the
    submission, as are the ``book`` it is judged by and the name of the ``chain`` it goes through.
    """

    state = FSMField(
        "状态", choices=RequestState.choices, default=RequestState.DRAFT, protected=True, max_length=20
    )
    content = models.JSONField("申请内容", default=dict)
    before = models.JSONField("原批准内容", default=dict)
    reason = models.CharField("理由", max_length=500, blank=True)
    basis = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, related_name="+", verbose_name="依据文件"
    )
    book = models.ForeignKey("rulebook.RuleBook", models.PROTECT, null=True, related_name="+")
    chain = models.CharField("审批环节", max_length=10, blank=True)
    number = models.PositiveSmallIntegerField("第几次报送", default=0)
    revision = models.PositiveIntegerField("修订号", default=0)
    created_at = models.DateTimeField("建立时间")
    submitted_at = models.DateTimeField("报送时间", null=True)
    settled_at = models.DateTimeField("办结时间", null=True)

    class Meta:
        abstract = True

    # One method an action: the keys of states.REQUEST_TRANSITIONS.

    @transition(field=state, **REQUEST["submit"])
    def submit(self) -> None:
        """Handed in, for the first time or again."""

    @transition(field=state, **REQUEST["pass_on"])
    def pass_on(self) -> None:
        """A step agrees and another follows."""

    @transition(field=state, **REQUEST["approve"])
    def approve(self) -> None:
        """The last step agrees; what was asked for is done in the same transaction."""

    @transition(field=state, **REQUEST["send_back"])
    def send_back(self) -> None:
        """To the person who drew it up."""

    @transition(field=state, **REQUEST["refuse"])
    def refuse(self) -> None:
        """Not agreed to; what held before holds on."""

    @transition(field=state, **REQUEST["withdraw"])
    def withdraw(self) -> None:
        """Taken back by its department."""

    @property
    def is_pending(self) -> bool:
        """Whether somebody has to act on it."""
        return self.state in (RequestState.REVIEWING, RequestState.RETURNED)

    @property
    def judged_by(self) -> Book:
        """The book it is judged by. Raises ValueError before the submission."""
        if self.book is None:
            raise ValueError("a request has its book and its chain from its submission on")
        return self.book.book

    def proposed(self, key: str, default: Any = None) -> Any:
        """One field of what is proposed."""
        return self.content.get(key, default)
