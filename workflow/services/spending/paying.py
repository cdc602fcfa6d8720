"""支出 of a class's money: looked through, then booked."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import connection, transaction

from budgets import rules as ledger_rules
from budgets import services as ledger
from budgets.models import Payment, SupportingPaper
from budgets.services import GivenPaper
from office.refusals import Refused
from workflow.rules.claims import Claim
from workflow.rules.paying import findings_of, kept, unexplained
from workflow.rules.spending import MOST_EVIDENCE, in_words, needed_papers
from workflow.services.spending.case import class_project, demand, demand_not_carried, uploaded

if TYPE_CHECKING:
    import datetime
    import uuid
    from collections.abc import Sequence
    from typing import Any

    from budgets.models import Project
    from budgets.services import GivenFee, GivenInvoice, PaidRow
    from budgets.states import PayMethod, Subject
    from org.models import User
    from rulebook.money import PaymentKind
    from workflow.rules.findings import Finding
    from workflow.rules.spending import SpendingCase
    from workflow.services.spending.case import Files


@dataclass(frozen=True)
class Paying:
    """A payment as finance fills it in; amounts are yuan, ``kind`` is a code of the book."""

    kind: str
    title: str
    payee: str
    rows: Sequence[PaidRow]
    method: PayMethod
    paid_on: datetime.date
    subject: Subject
    handler: str
    session_no: int | None = None
    voucher: str = ""
    attachments: int = 0
    note: str = ""
    invoices: Sequence[GivenInvoice] = ()
    #: What stands in place of invoices with a number (定额发票, 收据).
    unnumbered: str = ""
    fees: Sequence[GivenFee] = ()
    files: Files = field(default_factory=dict)


@transaction.atomic
def pay(
    *,
    project_id: int,
    given: Paying,
    key: uuid.UUID,
    actor: User,
    at: datetime.datetime,
    papers_later: bool = False,
) -> Payment:
    """支出 of a 期, or of the class as a whole. Raises `Refused` as budgets.services.pay does, where the
    class stands in the way (:func:`workflow.rules.spending.obstacles`), where something is wrong with the
    payment (:func:`workflow.rules.paying.findings_of`), or is odd and nobody says why in its ``note``.
    ``papers_later`` as there: then nothing is asked about what is odd, only kept."""
    project, case = class_project(project_id)
    kind, papers = _opened_for(project, case, given)
    found = []
    if kind is not None and kind.lecture:
        _one_at_a_time(case)
    # The same form again is the same payment: it isn't held against itself.
    if kind is not None and not Payment.objects.filter(key=key).exists():
        found = findings_of(case, _claim(project, kind, given))
        if not papers_later:
            _demand_none(found)
            if reason := unexplained(found, given.note):
                raise Refused(reason)
    return ledger.pay(
        **_written(project, case, given, papers),
        method=given.method,
        subject=given.subject,
        key=key,
        actor=actor,
        at=at,
        voucher=given.voucher,
        attachments=given.attachments,
        note=given.note,
        papers_later=papers_later,
        findings=kept(found),
    )


@transaction.atomic
def check(*, project_id: int, given: Paying, actor: User, at: datetime.datetime) -> list[Finding]:
    """Everything :func:`pay` refuses, before it is done: raises `Refused` as it does, but for what is odd and
    isn't explained yet. Returns what is odd; nothing is written."""
    project, case = class_project(project_id)
    if reason := ledger_rules.refusal("spend", project.union, actor, at):
        raise Refused(reason)
    kind, papers = _opened_for(project, case, given)
    # Whether what is odd is explained, a fee over its ceiling among it, is asked when it is booked.
    ledger.check_payment(**_written(project, case, given, papers), explained=True, at=at)
    found = findings_of(case, _claim(project, kind, given)) if kind is not None else []
    _demand_none(found)
    return found


def _opened_for(
    project: Project, case: SpendingCase, given: Paying
) -> tuple[PaymentKind | None, list[GivenPaper]]:
    """Its kind and the papers it comes with. Raises `Refused` where the class stands in the way."""
    demand_not_carried(project)
    kind = case.book.money.kind(given.kind)
    demand(case, given.session_no, opened=kind is None or kind.opened)
    return kind, [] if kind is None else _papers(case, kind, given)


def _written(project: Project, case: SpendingCase, given: Paying, papers: list[GivenPaper]) -> dict[str, Any]:
    """What budgets.services checks of a payment."""
    return {
        "project": project,
        "kind": given.kind,
        "title": given.title,
        "payee": given.payee,
        "rows": given.rows,
        "paid_on": given.paid_on,
        "handler": given.handler,
        "book": case.book,
        "session_no": case.session(given.session_no),
        "invoices": given.invoices,
        "papers": papers,
        "fees": given.fees,
    }


def _claim(project: Project, kind: PaymentKind, given: Paying) -> Claim:
    return Claim(
        project=project,
        kind=kind,
        session_no=given.session_no,
        total=sum((row.amount for row in given.rows), Decimal(0)),
        lines=frozenset(row.line for row in given.rows),
        paid_on=given.paid_on,
        invoices=given.invoices,
        fees=given.fees,
        uploaded=frozenset(code for code, files in given.files.items() if files),
        unnumbered=given.unnumbered,
    )


def _one_at_a_time(case: SpendingCase) -> None:
    """Lecturers of one class are paid one payment after another: each counts the 学时 of those before.

    Held until the transaction ends, taken before any account; nobody waits for it with an account in hand.
    """
    with connection.cursor() as cursor:
        name = f"lecturers:{case.plan.pk}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def _demand_none(found: Sequence[Finding]) -> None:
    if stops := [one for one in found if one.stops]:
        raise Refused(in_words(stops))


def _papers(case: SpendingCase, kind: PaymentKind, given: Paying) -> list[GivenPaper]:
    """What was uploaded, what the system knows, and what lies with the commitments that are paid."""
    papers = uploaded(case, given.files)
    there = {paper.code for paper in papers}
    lying = _with_commitments(given.rows)
    for needed in needed_papers(case, kind, given.session_no):
        code, title = needed.paper.code, needed.paper.title
        if needed.known is not None and needed.known.text:
            papers.append(GivenPaper(code, title, evidence=needed.known.text))
        elif code not in there:
            papers += [
                GivenPaper(code, title, old.file, f"见预占 {number}"[:MOST_EVIDENCE])
                for old, number in lying[code]
            ]
    return papers


def _with_commitments(rows: Sequence[PaidRow]) -> defaultdict[str, list[tuple[SupportingPaper, str]]]:
    """The papers of the commitments that are paid, by code, with the commitment's number."""
    found: defaultdict[str, list[tuple[SupportingPaper, str]]] = defaultdict(list)
    ids = {row.commitment for row in rows if row.commitment is not None}
    papers = SupportingPaper.objects.filter(commitment__in=ids).select_related("commitment", "file")
    for paper in papers.order_by("id") if ids else ():
        if paper.commitment is not None:
            found[paper.code].append((paper, paper.commitment.number))
    return found
