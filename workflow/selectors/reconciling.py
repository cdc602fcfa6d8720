"""对账: what the ledger has of a fund and a month, as the finance software's rows are compared with it."""

from __future__ import annotations

import calendar
import datetime
import re
import unicodedata
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone

from budgets.models import Account, Commitment, Entry, Payment, Project
from budgets.states import AccountKind, EntryKind
from org.models import LongTask

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from typing import Protocol

    from django.db.models import QuerySet

    from budgets.models import Fund
    from org.selectors import Standing

    class Booked(Protocol):
        """A row of the finance software as far as it tells which payment it is."""

        @property
        def number(self) -> int: ...
        @property
        def voucher(self) -> str: ...
        @property
        def code(self) -> str: ...
        @property
        def on(self) -> datetime.date | None: ...
        @property
        def amount(self) -> Decimal | None: ...


#: The kind of the `LongTask` row that keeps an uploaded file and what came of it.
KIND: Final = "reconcile"
#: A payment of the neighbouring months may have been booked in this one.
AROUND: Final = datetime.timedelta(days=31)

_NAMESPACE: Final = uuid.UUID("8f1f6f0e-6c3c-5d55-9b39-0d6a7b5a4d11")
_VOUCHER: Final = re.compile(r"[\s\-—_.·:#/]+|凭证|字|第|号")
_CODE: Final = re.compile(r"[\s—_]+")


@dataclass(frozen=True)
class Ours:
    """One movement of the ledger: a payment, a refund (below nought) or the reversal of either.

    ``on``: the day it counts, of a reversal the day it was made; ``undone``: its payment was reversed.
    """

    payment: int
    number: str
    project: int
    title: str
    payee: str
    amount: Decimal
    on: datetime.date
    voucher: str
    key: uuid.UUID
    reversal: bool = False
    undone: bool = False


@dataclass(frozen=True)
class Choice:
    """Where money of a project may be taken from: a budget line, or a commitment of it."""

    value: str
    label: str
    line: int
    title: str
    free: Decimal
    commitment: int | None = None
    payee: str = ""
    session_no: int | None = None
    item: str = ""


def voucher_key(text: str) -> str:
    """The 凭证号 as it is compared: 记-0012, 记字第12号 and 记 12 are one; without figures it is none."""
    plain = _VOUCHER.sub("", unicodedata.normalize("NFKC", text).upper())
    return re.sub(r"0*(\d+)", r"\1", plain) if re.search(r"\d", plain) else ""


def code_key(text: str) -> str:
    """The 项目编号 as it is compared: width and case folded, no spaces."""
    return _CODE.sub("", unicodedata.normalize("NFKC", text).upper())


def month_span(year: int, month: int) -> tuple[datetime.date, datetime.date]:
    """The first and the last day of a month."""
    return datetime.date(year, month, 1), datetime.date(year, month, calendar.monthrange(year, month)[1])


def reconciliations(fund: Fund) -> QuerySet[LongTask]:
    """The files finance handed in for a fund, the latest first."""
    return LongTask.objects.filter(kind=KIND, params__fund=fund.pk).select_related("created_by")


def projects_by_code(fund: Fund) -> dict[str, Project]:
    """The fund's projects by :func:`code_key`, those carried over to it by their earlier numbers too: the
    finance software may go on with the code it has; two queries."""
    found = list(Project.objects.filter(fund=fund).select_related("department").order_by("number"))
    codes = {code_key(project.number): project for project in found}
    by_class = {project.first_id: project for project in found if project.origin_id is not None}
    whole = Project.objects.filter(Q(pk__in=by_class) | Q(origin__in=by_class), fund__year__lt=fund.year)
    for earlier in whole.order_by() if by_class else ():
        codes.setdefault(code_key(earlier.number), by_class[earlier.first_id])
    return codes


def elsewhere(fund: Fund, standing: Standing, codes: Iterable[str]) -> dict[str, Project]:
    """By code as written, the project of another fund it is, where one may see it; one query."""
    keys = {code: code_key(code) for code in codes}
    found = Project.objects.visible_to(standing).exclude(fund=fund).filter(number__in=keys.values())
    projects = {project.number: project for project in found.select_related("fund")}
    return {code: projects[key] for code, key in keys.items() if key in projects}


def row_keys(fund_id: int, rows: Iterable[Booked]) -> dict[int, uuid.UUID]:
    """By row number, the key of the payment a row was or would be taken over as.

    Made of what the row says and of how many rows before it say the same, not of its place in the file: the
    same file again, or the next one with more rows above, gives the same keys. A row whose payment was
    reversed since gets another, so that it can be taken over once more.
    """
    seen: Counter[str] = Counter()
    said: dict[int, str] = {}
    for row in rows:
        text = "|".join(
            (str(fund_id), voucher_key(row.voucher), code_key(row.code), str(row.on), str(row.amount))
        )
        seen[text] += 1
        said[row.number] = f"{text}|{seen[text]}"
    keys = {number: uuid.uuid5(_NAMESPACE, text) for number, text in said.items()}
    waiting, turn = dict(keys), 0
    while waiting:
        turn += 1
        undone = Payment.objects.filter(key__in=waiting.values(), entries__kind=EntryKind.REVERSE)
        reversed_ones = set(undone.order_by().values_list("key", flat=True))
        waiting = {
            number: uuid.uuid5(_NAMESPACE, f"{said[number]}|{turn}")
            for number, key in waiting.items()
            if key in reversed_ones
        }
        keys |= waiting
    return keys


def ours_around(
    fund: Fund, first: datetime.date, last: datetime.date, keys: Collection[uuid.UUID] = ()
) -> list[Ours]:
    """Everything that counts from a month before ``first`` to a month after ``last``, and the payments of
    ``keys`` whenever they were, by day; one query. A reversal stands beside what it reverses."""
    earliest, latest = first - AROUND, last + AROUND
    undoing = Entry.objects.filter(payment=OuterRef("pk"), kind=EntryKind.REVERSE).order_by("id")
    near = Entry.objects.filter(
        kind=EntryKind.REVERSE,
        payment__project__fund=fund,
        at__gte=_midnight(earliest),
        at__lt=_midnight(latest + datetime.timedelta(days=1)),
    )
    wanted = Q(paid_on__range=(earliest, latest)) | Q(pk__in=near.order_by().values("payment"))
    if keys:
        wanted |= Q(key__in=keys)
    payments: Any = Payment.objects.filter(wanted, project__fund=fund)
    payments = payments.annotate(undone_at=Subquery(undoing.values("at")[:1]))
    found: list[Ours] = []
    for payment in payments.order_by("paid_on", "id"):
        undone_at: datetime.datetime | None = payment.undone_at
        amount = -payment.amount if payment.refunds_id is not None else payment.amount
        one = Ours(
            payment=payment.pk,
            number=payment.number,
            project=payment.project_id,
            title=payment.title,
            payee=payment.payee,
            amount=amount,
            on=payment.paid_on,
            voucher=payment.voucher,
            key=payment.key,
            undone=undone_at is not None,
        )
        found.append(one)
        if undone_at is not None:
            found.append(replace(one, amount=-amount, on=timezone.localdate(undone_at), reversal=True))
    return sorted(found, key=lambda one: (one.on, one.payment, one.reversal))


def _midnight(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time()))


def choices_of(project_ids: Collection[int]) -> dict[int, list[Choice]]:
    """By project: its budget lines in their order, each followed by its open commitments; two queries."""
    found: dict[int, list[Choice]] = defaultdict(list)
    promised: dict[int, list[Commitment]] = defaultdict(list)
    for commitment in Commitment.objects.filter(project__in=project_ids).open().order_by("id"):
        promised[commitment.line_id].append(commitment)
    accounts = Account.objects.filter(line__project__in=project_ids, kind=AccountKind.LINE)
    for account in accounts.select_related("line").order_by("line__ordinal", "line__id"):
        line = account.line
        if line is None:
            continue
        found[line.project_id].append(
            Choice(
                f"L{line.pk}",
                f"{line.title} 可用 {account.balance:,}",
                line.pk,
                line.title,
                account.balance,
                item=line.item,
            )
        )
        found[line.project_id] += [
            Choice(
                f"C{each.pk}",
                f"　{each.number} {each.title} 未支付 {each.outstanding:,}",
                line.pk,
                line.title,
                each.outstanding,
                each.pk,
                each.payee,
                each.session_no,
                line.item,
            )
            for each in promised[line.pk]
        ]
    return dict(found)
