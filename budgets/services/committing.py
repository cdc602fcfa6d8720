"""预占 and 释放: an amount of a line promised to somebody, and given free again.

No row is locked here before a commitment: entries are inserted last, and their trigger takes the accounts'
locks for as short as it can.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from budgets.models import Commitment, Entry
from budgets.services.papers import GivenPaper, attach
from budgets.services.posting import check_amount, check_moment, posting
from budgets.services.spending_checks import accounts_of, post_for, short_of
from budgets.states import AccountKind, EntryKind
from office.refusals import Refused
from office.wording import yuan

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from budgets.models import BudgetLine, Project
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
    or title or payee is missing.
    """
    project = line.project
    post = post_for("spend", project, actor, at)
    check_amount(amount, "预占")
    if not title.strip() or not payee.strip():
        raise Refused("请填写预占的事由和收款单位（人）。")
    if done := Commitment.objects.filter(key=key).first():
        return done
    accounts = accounts_of(project, [line.pk])[line.pk]
    free = accounts[AccountKind.LINE].balance
    if free < amount:
        raise Refused(short_of(line.title, free, amount, "预占"))
    with posting():
        commitment = Commitment.objects.create(
            project=project,
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
    post = post_for("spend", commitment.project, actor, at)
    if not reason.strip():
        raise Refused("请填写释放预占的事由。")
    with posting():
        return _release(
            [commitment.pk], {commitment.pk: amount}, reason=reason.strip(), actor=actor, post=post, at=at
        )[0]


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
    waiting = project.commitments.open()
    if session_no is not None:
        waiting = waiting.filter(session_no=session_no)
    ids = list(waiting.order_by("id").values_list("pk", flat=True))
    with posting():
        return _release(ids, dict.fromkeys(ids), reason=reason, actor=actor, post=post, at=at)


def _release(
    ids: Sequence[int],
    amounts: Mapping[int, Decimal | None],
    *,
    reason: str,
    actor: User,
    post: Post | None,
    at: datetime.datetime,
) -> list[Entry]:
    locked = (
        Commitment.objects.select_for_update(of=("self",), no_key=True)
        .select_related("project", "line")
        .filter(pk__in=ids)
        .order_by("id")
    )
    entries, batch = [], uuid.uuid4()
    for commitment in locked:
        wanted = amounts[commitment.pk]
        amount = commitment.outstanding if wanted is None else wanted
        check_amount(amount, f"释放预占 {commitment.number} ")
        if amount > commitment.outstanding:
            raise Refused(
                f"预占 {commitment.number}“{commitment.title}”未支付余额 {yuan(commitment.outstanding)} 元，"
                f"不能释放 {yuan(amount)} 元。"
            )
        accounts = accounts_of(commitment.project, [commitment.line_id])[commitment.line_id]
        entries.append(
            Entry(
                kind=EntryKind.RELEASE,
                debit=accounts[AccountKind.COMMITTED],
                credit=accounts[AccountKind.LINE],
                amount=amount,
                batch=batch,
                project=commitment.project,
                commitment=commitment,
                actor=actor,
                post=post,
                at=at,
                reason=reason,
                reference=commitment.number,
            )
        )
    return Entry.objects.bulk_create(entries)
