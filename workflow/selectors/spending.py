"""What was committed and paid of a project, as its pages show it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from django.db.models import Exists, F, OuterRef, Q, Subquery, Sum

from budgets.models import Commitment, Entry, Invoice, LectureFee, Payment, Project, SupportingPaper
from budgets.rules import invoice_number
from budgets.states import AccountKind, EntryKind
from workflow.models import Lesson

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from django.db.models import QuerySet

    from budgets.models import Project

ZERO: Final = Decimal(0)
#: What lowers the figure it belongs to: 退款 the 支出, 释放 the 预占, 收回 the 下达.
_LOWERING: Final = frozenset({EntryKind.REFUND, EntryKind.RELEASE, EntryKind.RECALL, EntryKind.CARRY_OUT})
_GRANTING: Final = (EntryKind.APPROPRIATE, EntryKind.ADJUST, EntryKind.RECALL, EntryKind.TRANSFER)


@dataclass(frozen=True)
class Movement:
    """An entry as it is read: ``amount`` in yuan, below nought where it lowers what its kind adds up to: a
    refund, a release, what was taken back, and the reversal of anything else."""

    entry: Entry
    amount: Decimal
    line: str
    undone: bool

    @property
    def document(self) -> tuple[str, str, int] | None:
        """(page, number within its project, key) of the payment or else the commitment it belongs to."""
        if self.entry.payment is not None:
            return "payment", self.entry.payment.number.rpartition("-")[2], self.entry.payment.pk
        if self.entry.commitment is not None:
            return "commitment", self.entry.commitment.number.rpartition("-")[2], self.entry.commitment.pk
        return None


def commitments(project: Project, line: int | None = None) -> QuerySet[Commitment]:
    """The project's commitments, open ones first, then the latest; ``amount`` what was committed at first."""
    first = Entry.objects.filter(commitment=OuterRef("pk"), kind=EntryKind.COMMIT).order_by("id")
    found = Commitment.objects.filter(project=project).select_related("line")
    if line is not None:
        found = found.filter(line=line)
    return found.annotate(amount=Subquery(first.values("amount")[:1]), is_open=Q(outstanding__gt=0)).order_by(
        "-is_open", "-id"
    )


def payments(project: Project, line: int | None = None) -> QuerySet[Payment]:
    """The project's payments, newest first, each with ``is_reversed`` and ``part``: yuan of it, or of it on
    that line where one is named."""
    found = Payment.objects.filter(project=project).with_reversed()
    if line is None:
        return found.annotate(part=F("amount")).order_by("-paid_on", "-id")
    booked = Entry.objects.filter(
        Q(debit__line=line) | Q(credit__line=line), payment=OuterRef("pk"), reverses=None
    )
    part = booked.order_by().values("payment").annotate(sum=Sum("amount")).values("sum")
    return found.filter(Exists(booked)).annotate(part=Subquery(part)).order_by("-paid_on", "-id")


def movements(entries: QuerySet[Entry]) -> QuerySet[Entry]:
    """Entries with everything :func:`read` needs; one query."""
    undone = Entry.objects.filter(reverses=OuterRef("pk"))
    return entries.select_related(
        *("actor", "post__department", "debit__line__project", "credit__line__project", "reverses"),
        *("payment", "commitment"),
    ).annotate(undone=Exists(undone))


def of_project(project: Project, line: int | None = None) -> QuerySet[Entry]:
    """The project's ledger, newest first, with what other projects gave it (调剂); two queries."""
    came = Entry.objects.filter(kind=EntryKind.TRANSFER, credit__line__project=project)
    # Asked first: in one condition with the other the database would read the whole ledger.
    given = list(came.exclude(project=project).order_by().values_list("pk", flat=True))
    found = Entry.objects.filter(Q(project=project) | Q(pk__in=given))
    if line is not None:
        found = found.filter(Q(debit__line=line) | Q(credit__line=line))
    return movements(found).order_by("-id")


def of_payment(payment: Payment) -> QuerySet[Entry]:
    """The entries of a payment and of its refunds, in their order."""
    found = Entry.objects.filter(Q(payment=payment) | Q(payment__refunds=payment))
    return movements(found).order_by("id")


def granted(project: Project, line: int | None = None) -> list[Movement]:
    """What 下达 of the project, or of that line of it, is made of, newest first: what came to its lines and,
    below nought, what left them. Money that only changed lines inside the project counts for a line alone."""
    rows = []
    for row in read(of_project(project, line).filter(kind__in=_GRANTING)):
        came, went = row.entry.credit, row.entry.debit
        if line is not None:
            comes = came.line_id == line
        elif came.line is not None and went.line is not None and came.line.project_id == went.line.project_id:
            continue
        else:
            comes = came.line is not None and came.line.project_id == project.pk
        rows.append(replace(row, amount=row.entry.amount if comes else -row.entry.amount))
    return rows


def read(entries: Iterable[Entry]) -> list[Movement]:
    """The entries of :func:`movements` as they are read."""
    rows = []
    for entry in entries:
        debit, credit = entry.debit.line, entry.credit.line
        if debit is not None and credit is not None and debit.pk != credit.pk:
            far = debit.project_id != credit.project_id
            left, came = (
                f"{each.project.number} {each.title}" if far else each.title for each in (debit, credit)
            )
            line = f"{left} → {came}"
        else:
            line = next((each.title for each in (credit, debit) if each is not None), "")
        of = entry.reverses if entry.kind == EntryKind.REVERSE else None
        lowers = (of.kind not in _LOWERING) if of is not None else entry.kind in _LOWERING
        amount = -entry.amount if lowers else entry.amount
        rows.append(Movement(entry, amount, line, entry.undone))  # type: ignore[attr-defined]
    return rows


def paid_by_line(payment: Payment) -> list[tuple[int, str, Decimal]]:
    """(line, its title, yuan) a payment took from each line, in the lines' order."""
    rows = Entry.objects.filter(payment=payment, kind=EntryKind.PAY, credit__kind=AccountKind.PAID)
    found: dict[int, tuple[str, Decimal]] = {}
    ordered = rows.order_by("credit__line__ordinal", "id")
    for line, title, amount in ordered.values_list("credit__line", "credit__line__title", "amount"):
        before = found[line][1] if line in found else 0
        found[line] = (title, amount + before)
    return [(line, title, amount) for line, (title, amount) in found.items()]


def refunded_by_line(payment: Payment) -> dict[int, Decimal]:
    """Yuan that came back to each line of a payment, reversed refunds apart."""
    rows = Entry.objects.filter(payment__refunds=payment, kind=EntryKind.REFUND, reversal=None)
    found: dict[int, Decimal] = {}
    for line, amount in rows.order_by().values_list("debit__line", "amount"):
        found[line] = found[line] + amount if line in found else amount
    return found


def invoice_uses(union_id: int, numbers: Collection[str]) -> dict[str, Invoice]:
    """The payment each invoice was first used for, by number as typed, its payment and project loaded.

    One query, and none where no number was typed.
    """
    typed = {number: invoice_number(number) for number in numbers if number.strip()}
    if not typed:
        return {}
    earlier = Invoice.objects.filter(union=union_id, number__in=typed.values(), active=True)
    used: dict[str, Invoice] = {}
    for invoice in earlier.select_related("payment__project").order_by("id"):
        used.setdefault(invoice.number, invoice)
    return {number: used[plain] for number, plain in typed.items() if plain in used}


@dataclass(frozen=True)
class Lecturer:
    """A paid lecturer of a 期 by its timetable; ``title`` is a code of the rate card."""

    name: str
    title: str
    unit: str
    hours: Decimal
    lessons: tuple[Lesson, ...]

    @property
    def topics(self) -> str:
        """6月8日上午 信息写作；6月9日下午 公文处理."""
        return "；".join(
            f"{lesson.day.month}月{lesson.day.day}日{lesson.get_half_display()} {lesson.topic}"
            for lesson in self.lessons
        )


def lecturers(run_ids: Iterable[int]) -> list[Lecturer]:
    """Who lectured for a fee, in the timetable's order; one query. No 职称 means no fee."""
    found: dict[tuple[str, str], list[Lesson]] = {}
    paid = Lesson.objects.filter(run__in=list(run_ids)).exclude(lecturer="").exclude(lecturer_title="")
    for lesson in paid.order_by("day", "half", "id"):
        found.setdefault((lesson.lecturer, lesson.lecturer_title), []).append(lesson)
    return [
        Lecturer(
            name, title, lessons[0].lecturer_unit, sum((each.hours for each in lessons), ZERO), tuple(lessons)
        )
        for (name, title), lessons in found.items()
    ]


def paid_lecturers(first: int | None, session_no: int | None) -> dict[str, LectureFee]:
    """The fee each lecturer of a 期 was last paid, by name, its payment loaded; reversed ones apart.

    ``first``: the project the class was approved with; what its later projects paid counts too.
    """
    if first is None:
        return {}
    projects = Project.objects.of_class(first).order_by().values("pk")
    payments = Payment.objects.filter(project__in=projects, session_no=session_no).standing().order_by()
    fees = LectureFee.objects.filter(payment__in=payments.values("pk")).select_related("payment")
    return {fee.lecturer: fee for fee in fees.order_by("id")}


def commitment_papers(commitment_ids: Collection[int | None]) -> dict[str, list[str]]:
    """“合同.pdf（预占 P2027-0013-YZ01）” by the code of the paper, of these commitments."""
    found: dict[str, list[str]] = {}
    if not commitment_ids:
        return found
    papers = SupportingPaper.objects.filter(commitment__in=commitment_ids).select_related(
        "commitment", "file"
    )
    for paper in papers.order_by("id"):
        if paper.commitment is not None:
            name = paper.file.name if paper.file is not None else paper.title
            found.setdefault(paper.code, []).append(f"{name}（预占 {paper.commitment.number}）")
    return found


def promised_papers(project: Project, session_no: int | None) -> dict[str, list[str]]:
    """:func:`commitment_papers` of the open commitments for that 期, or for the class as a whole."""
    promised = Commitment.objects.filter(project=project).open().order_by()
    if session_no is not None:
        promised = promised.filter(Q(session_no=session_no) | Q(session_no=None))
    return commitment_papers(set(promised.values_list("pk", flat=True)))
