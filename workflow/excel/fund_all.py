"""导出全部: the ledger of a fund as it stands, three sheets; as long as it takes, never held in memory."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, Final

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import OuterRef, Q, Subquery, Sum
from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from budgets.models import Commitment, Entry, Invoice, Payment
from budgets.states import AccountKind, EntryKind, PayMethod, Subject
from office import cells
from office.refusals import Refused
from office.wording import chinese_date
from rulebook.selectors import book_for
from workflow.selectors.fund_lists import ZERO, items_text, with_items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from budgets.models import Fund

#: Entries up to which the page hands the workbook out at once; above, a worker makes it.
SMALL: Final = 5_000
#: Columns that are added up.
SUMMED: Final = ("计入支出", "预占金额", "未支付余额")
#: Rows of one sheet below its head; Excel has 1,048,576.
MOST_ROWS: Final = 1_000_000
_CHUNK: Final = 2_000

Columns = tuple[tuple[str, float], ...]

ENTRIES: Final[Columns] = (
    *(("流水号", 10), ("时间", 18), ("类别", 10), ("项目编号", 16), ("班次名称", 30)),
    *(("自", 26), ("至", 26), ("金额", 16), ("支付单号", 12), ("预占单号", 12), ("事由", 28)),
    *(("依据", 28), ("经手人", 10), ("岗位", 18), ("冲销的流水号", 12)),
)
PAYMENTS: Final[Columns] = (
    *(("支付单号", 12), ("项目编号", 16), ("班次名称", 30), ("主办部门", 16), ("期次", 6), ("支付类型", 14)),
    *(
        ("事由", 28),
        ("收款单位（人）", 26),
        ("费用项目", 24),
        ("金额", 16),
        ("计入支出", 16),
        ("支付方式", 10),
    ),
    *(("支付日期", 12), ("凭证号", 14), ("预算科目", 24), ("发票号", 30), ("票面金额", 16), ("附件张数", 8)),
    *(("经办人", 10), ("退的是", 12)),
    *(("状态", 12), ("备注", 24), ("登记人", 10), ("登记时间", 18)),
)
COMMITMENTS: Final[Columns] = (
    *(("预占单号", 12), ("项目编号", 16), ("班次名称", 30), ("主办部门", 16), ("预算行", 18), ("期次", 6)),
    *(("事由", 28), ("收款单位（人）", 26), ("合同编号", 16), ("签订日期", 12), ("预占金额", 16)),
    *(("未支付余额", 16), ("登记人", 10), ("登记时间", 18)),
)


def is_small(fund: Fund) -> bool:
    """Whether the page may make the workbook itself; doesn't count further than it needs."""
    return int(_entries(fund).order_by()[: SMALL + 1].count()) <= SMALL


def write_all(fund: Fund, to: IO[bytes], *, progress: Callable[[int], None] | None = None) -> int:
    """Write the workbook, 流水, 支付 and 预占, each with title, unit, head and total; returns the number of
    rows. ``progress`` is told it now and then."""
    book = Workbook(write_only=True)
    note = f"{fund.union.name}　{chinese_date(timezone.localdate())}　单位：元"
    done = 0
    for title, columns, rows, said in (
        ("流水", ENTRIES, _entry_rows(fund), "　每笔从“自”转到“至”"),
        ("支付", PAYMENTS, _payment_rows(fund), "　计入支出：退款为负，红字冲销的为零"),
        ("预占", COMMITMENTS, _commitment_rows(fund), ""),
    ):
        part, waiting = 0, next(rows, None)
        # The ledger's rows move money to and fro: only documents add up.
        places = [place for place, (name, _) in enumerate(columns) if name in SUMMED]
        sums, count = dict.fromkeys(places, ZERO), 0
        while part == 0 or waiting is not None:
            part += 1
            ws = book.create_sheet(title if part == 1 else f"{title}{part}")
            ws.freeze_panes = "A4"
            ws.print_title_rows = "1:3"
            for index, (_, width) in enumerate(columns, 1):
                ws.column_dimensions[get_column_letter(index)].width = width
            ws.append([_bold(ws, f"{fund.year}年{fund.title}{title}", 16)])
            ws.append([f"{note}{said}"])
            ws.append([_bold(ws, name) for name, _ in columns])
            room = MOST_ROWS
            while waiting is not None and room:
                for place in places:
                    sums[place] += waiting[place] or ZERO
                ws.append(cells.streamed(ws, waiting))
                waiting, room, done, count = next(rows, None), room - 1, done + 1, count + 1
                if progress is not None and done % _CHUNK == 0:
                    progress(done)
        total: list[Any] = [f"合计（{count} 笔）", *[None] * (len(columns) - 1)]
        for place in places:
            total[place] = sums[place]
        ws.append(cells.streamed(ws, total))
    book.save(to)
    return done


def _bold(ws: Any, text: str, size: float = 11) -> Any:
    cell = WriteOnlyCell(ws, text)
    cell.font = Font(bold=True, size=size)
    return cell


def _entries(fund: Fund) -> Any:
    return Entry.objects.filter(Q(debit__fund=fund) | Q(credit__fund=fund))


def _entry_rows(fund: Fund) -> Iterator[Sequence[Any]]:
    rows = _entries(fund).order_by("id")
    kinds, accounts = dict(EntryKind.choices), dict(AccountKind.choices)
    names = (
        *("id", "at", "kind", "project__number", "project__name"),
        *("debit__kind", "debit__line__title", "credit__kind", "credit__line__title"),
        *("amount", "payment__number", "commitment__number", "reason", "reference", "actor__name"),
        *("post__department__name", "post__title", "reverses"),
    )
    for row in rows.values_list(*names).iterator(_CHUNK):
        pk, at, kind, number, name, from_kind, from_line, to_kind, to_line = row[:9]
        amount, payment, commitment, reason, reference, actor, department, post, reverses = row[9:]
        yield (
            *(pk, at, kinds.get(kind, kind), number, name),
            " ".join(filter(None, (from_line, accounts.get(from_kind, from_kind)))),
            " ".join(filter(None, (to_line, accounts.get(to_kind, to_kind)))),
            *(amount, payment, commitment, reason, reference, actor),
            *(" ".join(filter(None, (department, post))), reverses),
        )


def _payment_rows(fund: Fund) -> Iterator[Sequence[Any]]:
    methods, subjects = dict(PayMethod.choices), dict(Subject.choices)
    book_kinds = kind_titles(fund)
    invoices = (
        Invoice.objects.filter(payment=OuterRef("pk"))
        .order_by()
        .values("payment")
        .annotate(all=StringAgg("number", "、", order_by="id"), together=Sum("amount"))
    )
    found: Any = with_items(Payment.objects.filter(project__fund=fund).with_reversed())
    found = found.annotate(
        invoice_numbers=Subquery(invoices.values("all")[:1]),
        invoiced=Subquery(invoices.values("together")[:1]),
    )
    found = found.select_related("project__department", "created_by", "refunds")
    for payment in found.order_by("id").iterator(_CHUNK):
        project = payment.project
        back = payment.refunds_id is not None
        state = "已红字冲销" if payment.is_reversed else "退款" if back else ""
        counted = ZERO if payment.is_reversed else -payment.amount if back else payment.amount
        yield (
            *(payment.number, project.number, project.name, project.department.name, payment.session_no),
            *("退款" if back else book_kinds.get(payment.kind, payment.kind), payment.title, payment.payee),
            *(items_text(payment.items), payment.amount, counted, methods.get(payment.method)),
            *(payment.paid_on, payment.voucher, subjects.get(payment.subject), payment.invoice_numbers),
            *(payment.invoiced, payment.attachments or None, payment.handler),
            payment.refunds.number if payment.refunds is not None else "",
            *(state, payment.note, payment.created_by.name, payment.at),
        )


def _commitment_rows(fund: Fund) -> Iterator[Sequence[Any]]:
    first = Entry.objects.filter(commitment=OuterRef("pk"), kind=EntryKind.COMMIT).order_by("id")
    found: Any = Commitment.objects.filter(project__fund=fund).annotate(
        promised=Subquery(first.values("amount")[:1])
    )
    for one in (
        found.select_related("project__department", "line", "created_by").order_by("id").iterator(_CHUNK)
    ):
        project = one.project
        yield (
            *(one.number, project.number, project.name, project.department.name, one.line.title),
            *(one.session_no, one.title, one.payee, one.contract_number, one.contract_on),
            *(one.promised, one.outstanding, one.created_by.name, one.at),
        )


def kind_titles(fund: Fund) -> dict[str, str]:
    """The kinds of payment by code, in the book of today; nothing where there is none."""
    try:
        return {kind.code: kind.title for kind in book_for(fund.union, timezone.localdate()).book.money.kinds}
    except Refused:
        return {}
