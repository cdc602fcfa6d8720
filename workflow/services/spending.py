"""Finance uses the money of a class: commits, pays, takes back, with the papers the process knows itself.

What moves money is :mod:`budgets.services`; here the class is asked first (second gate, minutes), and the
papers nobody needs to upload are handed in as evidence. Each service is one transaction.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from django.db import connection, transaction

from budgets import rules as ledger_rules
from budgets import services as ledger
from budgets.models import Commitment, Payment, Project, SupportingPaper
from budgets.services import GivenPaper
from budgets.states import EntryKind
from office.refusals import Refused
from office.uploads import store
from workflow.rules.paying import Claim, findings_of, kept, unexplained
from workflow.rules.spending import (
    MOST_EVIDENCE,
    SpendingCase,
    carried_refusal,
    case_of,
    in_words,
    income_refusal,
    needed_papers,
    obstacles,
    sends_back,
    settled_refusal,
)

if TYPE_CHECKING:
    import datetime
    import uuid
    from collections.abc import Mapping, Sequence
    from typing import Any

    from django.core.files.uploadedfile import UploadedFile

    from budgets.models import BudgetLine, Entry
    from budgets.services import GivenFee, GivenInvoice, PaidRow
    from budgets.states import PayMethod, Subject
    from office.models import StoredFile
    from org.models import User
    from rulebook.money import PaymentKind
    from workflow.rules.findings import Finding

    #: Files by the code of the paper they are.
    Files = Mapping[str, Sequence[StoredFile]]

ATTACHABLE: Final = frozenset({"pdf", "jpg", "png", "docx", "doc", "xlsx", "xls"})
CONTRACT: Final = "contract"
INCOME_BASIS: Final = "income_basis"


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


def keep(upload: UploadedFile[Any], *, at: datetime.datetime) -> StoredFile:
    """Check an uploaded paper and keep it, so that a refused form needn't send it again.

    Raises `Refused` with what is wrong with the file.
    """
    return store(upload, allow=ATTACHABLE, at=at)


@transaction.atomic
def commit(
    *,
    project_id: int,
    line_id: int,
    amount: Decimal,
    title: str,
    payee: str,
    key: uuid.UUID,
    actor: User,
    at: datetime.datetime,
    session_no: int | None = None,
    contract_number: str = "",
    contract_on: datetime.date | None = None,
    files: Sequence[StoredFile] = (),
) -> Commitment:
    """预占 for a 期, or for the class as a whole. Raises `Refused` as budgets.services.commit does, and where
    the 期 hasn't passed the second gate or the minutes are missing."""
    project, case = _project(project_id)
    _demand_not_carried(project)
    _demand(case, session_no)
    line = _line(project, line_id)
    paper = case.book.money.paper(CONTRACT)
    name = paper.title if paper is not None else "合同或协议"
    return ledger.commit(
        line=line,
        amount=amount,
        title=title,
        payee=payee,
        key=key,
        actor=actor,
        at=at,
        session_no=case.session(session_no),
        contract_number=contract_number,
        contract_on=contract_on,
        papers=[GivenPaper(CONTRACT, name, file) for file in files],
    )


@transaction.atomic
def release(
    *, commitment_id: int, amount: Decimal | None, reason: str, actor: User, at: datetime.datetime
) -> Entry:
    """释放 part of a commitment, or all that is outstanding of it. Raises as budgets.services.release."""
    commitment = _commitment(commitment_id)
    _project(commitment.project_id)
    return ledger.release(commitment=commitment, amount=amount, reason=reason, actor=actor, at=at)


@transaction.atomic
def reverse_commitment(*, commitment_id: int, reason: str, actor: User, at: datetime.datetime) -> list[Entry]:
    """红字冲销 of a commitment nothing was paid or released of. Raises as budgets.services.reverse_entry."""
    commitment = _commitment(commitment_id)
    _project(commitment.project_id)
    entry = commitment.entries.select_related("payment", "credit__fund__union").get(kind=EntryKind.COMMIT)
    moved = commitment.entries.exclude(pk=entry.pk).filter(reversal=None)
    if moved.exclude(kind=EntryKind.REVERSE).exists():
        raise Refused(f"{commitment.number} 已有支付或释放，不能整笔冲销；未支付的余额请办理释放。")
    return ledger.reverse_entry(entry=entry, reason=reason, actor=actor, at=at)


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
    project, case = _project(project_id)
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
    project, case = _project(project_id)
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
    _demand_not_carried(project)
    kind = case.book.money.kind(given.kind)
    _demand(case, given.session_no, opened=kind is None or kind.opened)
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


@transaction.atomic
def refund(
    *,
    payment_id: int,
    rows: Sequence[PaidRow],
    title: str,
    paid_on: datetime.date,
    handler: str,
    key: uuid.UUID,
    actor: User,
    at: datetime.datetime,
    voucher: str = "",
    attachments: int = 0,
    note: str = "",
    files: Files | None = None,
) -> Payment:
    """退款 of a payment, also of a cancelled class: then it goes on to the fund. Raises as
    budgets.services.refund, and after the 决算."""
    payment = _payment(payment_id)
    project, case = _project(payment.project_id)
    _demand_unsettled(case, payment.session_no)
    kind = next((kind for kind in case.book.money.kinds if kind.refund), None)
    if kind is None:
        raise Refused(f"{case.book.short_title}没有“退款”这一类，请联系系统管理员。")
    back = ledger.refund(
        payment=payment,
        rows=rows,
        title=title,
        paid_on=paid_on,
        handler=handler,
        key=key,
        book=case.book,
        actor=actor,
        at=at,
        kind=kind.code,
        voucher=voucher,
        attachments=attachments,
        note=note,
        papers=_uploaded(case, files or {}),
    )
    _give_back(project, case, back.number, actor=actor, at=at)
    return back


@transaction.atomic
def reverse_payment(*, payment_id: int, reason: str, actor: User, at: datetime.datetime) -> list[Entry]:
    """红字冲销 of a payment or a refund; of a cancelled class the money goes on to the fund. Raises as
    budgets.services.reverse_payment, and after the 决算."""
    payment = _payment(payment_id)
    project, case = _project(payment.project_id)
    _demand_unsettled(case, payment.session_no)
    undone = ledger.reverse_payment(payment=payment, reason=reason, actor=actor, at=at)
    _give_back(project, case, payment.number, actor=actor, at=at)
    return undone


def _give_back(
    project: Project, case: SpendingCase, number: str, *, actor: User, at: datetime.datetime
) -> None:
    """What came back to a project that has no more use for it doesn't stay on its lines."""
    if sends_back(case, project):
        ledger.give_back_remainder(
            project=project,
            actor=actor,
            post=ledger_rules.finance_post(project.union, actor, at),
            at=at,
            reason=f"不再用款，收回：{case.plan.name}",
            reference=number,
        )


@transaction.atomic
def set_voucher(*, payment_id: int, voucher: str, actor: User, at: datetime.datetime) -> None:
    """The 凭证号 of the finance software. Raises as budgets.services.set_voucher."""
    ledger.set_voucher(payment=_payment(payment_id), voucher=voucher, actor=actor, at=at)


@transaction.atomic
def add_paper(
    *, to: Payment | Commitment, code: str, file: StoredFile, actor: User, at: datetime.datetime
) -> SupportingPaper:
    """A paper of a payment or a commitment that came later. ``code`` is one of the book's; any other is kept
    as 其他材料.

    Raises `Refused` if `actor` isn't finance.
    """
    project, case = _project(to.project_id)
    if reason := ledger_rules.refusal("spend", project.union, actor, at):
        raise Refused(reason)
    given = _given(case, code, file)
    of = {"payment": to} if isinstance(to, Payment) else {"commitment": to}
    return SupportingPaper.objects.create(code=given.code, title=given.title, file=file, **of)


@transaction.atomic
def book_income(
    *,
    project_id: int,
    amount: Decimal,
    basis: str,
    file: StoredFile | None,
    actor: User,
    at: datetime.datetime,
) -> Entry:
    """收费 of a class goes to the fund of its project, never to the project itself (earmarked money).

    Raises `Refused` for every class that takes no fee (B-32, S22), without a paper, and as
    budgets.services.supplement does.
    """
    project, case = _project(project_id)
    if reason := ledger_rules.refusal("supplement", project.union, actor, at):
        raise Refused(reason)
    if reason := income_refusal(case, amount):
        raise Refused(reason)
    if file is None:
        raise Refused("请上传收费依据文件。")
    if not basis.strip():
        raise Refused("请填写收费依据的文号或名称。")
    reference = f"{basis.strip()}（{project.number} 收费）"
    entry = ledger.supplement(fund=project.fund, amount=amount, basis=reference, actor=actor, at=at)
    SupportingPaper.objects.create(entry=entry, code=INCOME_BASIS, title="收费依据", file=file)
    return entry


def _project(project_id: int) -> tuple[Project, SpendingCase]:
    """The project with its union and fund, and its class, whose plan nobody changes until this is done.

    Shared: payments of one class don't wait for one another, a cancellation of it does.
    """
    project = Project.objects.select_related("union", "fund", "department").get(pk=project_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM workflow_classplan WHERE project_id = %s FOR SHARE", [project.first_id])
    case = case_of(project_id)
    if case is None:
        raise Refused(f"项目 {project.number} 没有对应的班次计划，不能办理。")
    return project, case


def _demand(case: SpendingCase, session_no: int | None, *, opened: bool = True) -> None:
    if found := obstacles(case, session_no, opened=opened):
        raise Refused(in_words(found))


def _demand_not_carried(project: Project) -> None:
    if reason := carried_refusal(project):
        raise Refused(reason)


def _demand_unsettled(case: SpendingCase, session_no: int | None) -> None:
    if reason := settled_refusal(case, session_no):
        raise Refused(reason)


def _line(project: Project, line_id: int) -> BudgetLine:
    line = project.lines.filter(pk=line_id).first()
    if line is None:
        raise Refused(f"预算行不属于项目 {project.number}，请从本项目的预算行中选。")
    line.project = project
    return line


def _commitment(commitment_id: int) -> Commitment:
    return Commitment.objects.select_related("project__union", "project__fund", "line").get(pk=commitment_id)


def _payment(payment_id: int) -> Payment:
    return Payment.objects.select_related("project__union", "project__fund").get(pk=payment_id)


def _papers(case: SpendingCase, kind: PaymentKind, given: Paying) -> list[GivenPaper]:
    """What was uploaded, what the system knows, and what lies with the commitments that are paid."""
    papers = _uploaded(case, given.files)
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


def _uploaded(case: SpendingCase, files: Files) -> list[GivenPaper]:
    return [_given(case, code, file) for code, several in files.items() for file in several]


def _given(case: SpendingCase, code: str, file: StoredFile) -> GivenPaper:
    paper = case.book.money.paper(code)
    return GivenPaper(code, paper.title, file) if paper is not None else GivenPaper("other", "其他材料", file)
