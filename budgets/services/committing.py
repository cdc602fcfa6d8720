"""预占 and 释放: an amount of a line promised to somebody, and given free again.

A commitment is never locked by itself: whoever changes what is outstanding of it holds its line's accounts,
and they are taken in the order of their ids, here as by the trigger of the entries.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from budgets.models import Commitment, Entry
from budgets.services.papers import GivenPaper, attach
from budgets.services.posting import check_amount, check_moment, paper_number, posting
from budgets.services.spending_checks import accounts_of, check_same_form, hold, post_for, short_of
from budgets.states import AccountKind, EntryKind
from office.refusals import Refused
from office.wording import yuan

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from budgets.models import Account, BudgetLine, Project
    from org.models import Post, User


def commit(
    *,
    line: BudgetLine,
    amount: Decimal,
    title: str,
    payee: str,
    key: uuid.UUID,
    actor: User,
    at: datetime.datetime,
    session_no: int | None = None,
    contract_number: str = "",
    contract_on: datetime.date | None = None,
    papers: Sequence[GivenPaper] = (),
) -> Commitment:
    """预占 `amount` yuan of a line for `payee`. The same `key` again is the same commitment, nothing new.

    Raises `Refused` if `actor` isn't finance, the year is closed, the line has less free (with the figures),
    or title or payee is missing; `Conflict` if the same form was sent before with something else in it.
    """
    project = line.project
    post = post_for("spend", project, actor=actor, at=at)
    check_amount(amount, "预占")
    if not title.strip() or not payee.strip():
        raise Refused("请填写预占的事由和收款单位（人）。")
    if done := Commitment.objects.filter(key=key).first():
        wrote = done.entries.filter(kind=EntryKind.COMMIT).values_list("amount", flat=True).get()
        check_same_form(
            same=(done.line_id, done.session_no, done.title, done.payee, wrote)
            == (line.pk, session_no, title.strip(), payee.strip(), amount),
            number=done.number,
            title=done.title,
        )
        return done

    def look() -> dict[str, Account]:
        accounts = accounts_of(project, [line.pk])[line.pk]
        if (free := accounts[AccountKind.LINE].balance) < amount:
            raise Refused(short_of(line.title, free, amount, "预占"))
        return accounts

    accounts = look()
    with posting(again=look):
        commitment = Commitment.objects.create(
            project=project,
            number=paper_number(project, "YZ"),
            line=line,
            session_no=session_no,
            title=title.strip(),
            payee=payee.strip(),
            contract_number=contract_number.strip(),
            contract_on=contract_on,
            key=key,
            created_by=actor,
            at=at,
        )
        attach(papers, commitment=commitment)
        Entry.objects.create(
            kind=EntryKind.COMMIT,
            debit=accounts[AccountKind.LINE],
            credit=accounts[AccountKind.COMMITTED],
            amount=amount,
            batch=key,
            project=project,
            commitment=commitment,
            actor=actor,
            post=post,
            at=at,
            reason=commitment.title,
            reference=commitment.contract_number or commitment.number,
        )
    commitment.outstanding = amount
    return commitment


def release(
    *, commitment: Commitment, amount: Decimal | None, reason: str, actor: User, at: datetime.datetime
) -> Entry:
    """释放 `amount` yuan of a commitment, or all that is outstanding of it, back to its line.

    Raises `Refused` if `actor` isn't finance, the year is closed, the reason is missing or less is
    outstanding.
    """
    post = post_for("spend", commitment.project, actor=actor, at=at)
    if not reason.strip():
        raise Refused("请填写释放预占的事由。")
    with posting():
        accounts = accounts_of(commitment.project, [commitment.line_id], locked=True)
        now = Commitment.objects.get(pk=commitment.pk)
        if not now.outstanding:
            raise Refused(f"预占 {now.number}“{now.title}”已全部支付或释放，没有可释放的余额。")
        wanted = now.outstanding if amount is None else amount
        check_amount(wanted, f"释放预占 {now.number} ")
        if wanted > now.outstanding:
            raise Refused(
                f"预占 {now.number}“{now.title}”未支付余额 {yuan(now.outstanding)} 元，"
                f"不能释放 {yuan(wanted)} 元，多出 {yuan(wanted - now.outstanding)} 元。"
            )
        return _release({now: wanted}, accounts, reason=reason.strip(), actor=actor, post=post, at=at)[0]


def release_all(
    *,
    project: Project,
    session_no: int | None,
    reason: str,
    actor: User,
    post: Post | None,
    at: datetime.datetime,
) -> list[Entry]:
    """释放 everything outstanding of a class, or of one 期 of it: it won't be held (S20).

    Joins the caller's transaction, whose approval it rests on; nobody's right is asked here. Raises
    `Refused` if the year is closed.
    """
    check_moment(at)
    with posting():
        hold(project)
        accounts = accounts_of(project, project.lines.order_by().values_list("pk", flat=True))
        waiting = project.commitments.open().order_by("id")
        if session_no is not None:
            waiting = waiting.filter(session_no=session_no)
        wanted = {commitment: commitment.outstanding for commitment in waiting}
        return _release(wanted, accounts, reason=reason, actor=actor, post=post, at=at)


def _release(
    wanted: Mapping[Commitment, Decimal],
    accounts: Mapping[int, Mapping[str, Account]],
    *,
    reason: str,
    actor: User,
    post: Post | None,
    at: datetime.datetime,
) -> list[Entry]:
    batch = uuid.uuid4()
    return Entry.objects.bulk_create(
        Entry(
            kind=EntryKind.RELEASE,
            debit=accounts[commitment.line_id][AccountKind.COMMITTED],
            credit=accounts[commitment.line_id][AccountKind.LINE],
            amount=amount,
            batch=batch,
            project_id=commitment.project_id,
            commitment=commitment,
            actor=actor,
            post=post,
            at=at,
            reason=reason,
            reference=commitment.number,
        )
        for commitment, amount in wanted.items()
    )
