"""The workbook a finance software exports, read as rows of 对账. By the one reader: nothing is guessed."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from openpyxl.utils import get_column_letter

from office.refusals import Refused
from org.excel.layouts import Field, Layout
from org.excel.problems import Status
from org.excel.roster import Skipped, read_roster
from workflow.rules.reconciling import BookedRow, CellFault

if TYPE_CHECKING:
    from org.excel.roster import Roster, RosterRow

#: Rows of one file; a month of one fund has a few hundred.
MOST_ROWS: Final = 20_000

VOUCHERS: Final = Layout(
    "vouchers",
    "财务账",
    (
        Field("number", "序号", "text", ("编号", "行号", "No")),
        Field(
            *("voucher", "凭证号", "label"),
            ("凭证字号", "凭证编号", "记账凭证号", "凭证号码", "凭证号数", "凭证", "凭单号", "记账凭证编号"),
            same_down=True,
        ),
        Field(
            *("on", "日期", "date"),
            ("记账日期", "支付日期", "凭证日期", "付款日期", "业务日期", "制单日期", "入账日期", "发生日期"),
            required=True,
            same_down=True,
        ),
        # A ledger on paper's pattern: the year stands above, month and day are columns of their own.
        Field("month", "月", "text", ("月份",), same_down=True),
        Field("day", "日", "text", same_down=True),
        Field(
            *("code", "项目编号", "label"),
            ("项目代码", "项目编码", "项目号", "辅助项目编号", "核算项目编号"),
            same_down=True,
        ),
        Field(
            *("title", "摘要", "text"),
            ("事由", "用途", "支出事由", "业务内容", "内容", "摘要说明", "支付事由"),
            same_down=True,
        ),
        Field(
            *("payee", "收款单位", "text"),
            ("对方单位", "往来单位", "收款人", "收款单位(人)", "收款方", "供应商", "客商", "收款单位名称"),
            same_down=True,
        ),
        Field(
            *("amount", "金额", "amount"),
            ("支出金额", "借方金额", "借方", "借方发生额", "支付金额", "付款金额", "报销金额", "发生额"),
            required=True,
        ),
        Field(*("credit", "贷方金额", "amount"), ("贷方", "贷方发生额", "退款金额", "收回金额", "冲减金额")),
        Field(
            *("item", "费用项目", "text"),
            ("科目", "明细科目", "科目名称", "会计科目", "费用名称", "支出项目", "费用类别", "经济分类"),
        ),
        Field("invoice", "发票号", "text", ("发票号码", "发票", "票据号", "票号", "票据号码")),
        Field("subject", "预算科目", "text", ("预算科目名称", "功能科目", "支出科目", "预算会计科目")),
        Field("method", "支付方式", "text", ("结算方式", "付款方式")),
        Field("session", "期次", "text", ("期", "班期", "第几期")),
        Field("handler", "经办人", "text", ("报销人", "领款人", "申请人", "经办")),
    ),
)

_TOTAL: Final = re.compile(
    r"^(本?[日月期季年页]?(合计|累计|小计|总计|发生额)|期初|期末|上年结转|上月结转|承前页|过次页|余额)"
)
_YEAR: Final = re.compile(r"(20\d\d)")
_SESSION: Final = re.compile(r"第?\s*(\d{1,3})\s*期?")
_SPLIT: Final = re.compile(r"[、,，;；\s]+")


@dataclass(frozen=True)
class VoucherSheet:
    """What a file holds: ``rows``, ``skipped`` and ``blank`` cover what stands below its header once."""

    sheet: str
    rows: tuple[BookedRow, ...]
    skipped: tuple[Skipped, ...]
    blank: tuple[int, ...]
    notes: tuple[str, ...]


def read_vouchers(content: bytes, name: str, *, today: datetime.date, year: int) -> VoucherSheet:
    """``year``: of days that stand in columns of month and day.

    Raises ``Refused`` for a file that can't be read, has no header of this kind or too many rows.
    """
    found = read_roster(content, name, layout=VOUCHERS, today=today)
    columns = found.header.columns
    in_parts = "on" not in columns and {"month", "day"} <= columns.keys()
    missing = [title for title in found.header.missing if not (in_parts and title == "日期")]
    if missing:
        raise Refused(f"表里没有栏目：{'、'.join(missing)}。请在表头补上这些栏目后再上传。")
    said = _YEAR.search(found.header.title("month")) if in_parts else None
    year = int(said[1]) if said else year
    if len(found.rows) > MOST_ROWS:
        raise Refused(f"有 {len(found.rows):,} 行，一次最多 {MOST_ROWS:,} 行；请按月导出后再上传。")
    rows: list[BookedRow] = []
    skipped = list(found.skipped)
    for entry in found.rows:
        row = _row(entry, found, year if in_parts else None)
        if reason := _not_a_payment(entry, row):
            skipped.append(Skipped(entry.number, " ".join(filter(None, entry.raw.values()))[:200], reason))
        else:
            rows.append(row)
    notes = list(found.notes)
    if "code" not in columns:
        notes.append("表里没有“项目编号”栏目，摘要里写了项目编号的按摘要核对，其余只能按凭证号和金额核对。")
    if found.header.unmapped:
        notes.append(f"没有用到的栏目：{'、'.join(found.header.unmapped)}。")
    return VoucherSheet(
        found.sheet,
        tuple(rows),
        tuple(sorted(skipped, key=lambda one: one.number)),
        found.blank,
        tuple(notes),
    )


def _row(entry: RosterRow, found: Roster, year: int | None) -> BookedRow:
    """``year`` where the day is made of the columns of month and day."""
    values = entry.values
    on = values.get("on") if year is None else _day(values, year)
    amount, credit = values.get("amount"), values.get("credit")
    only_credit = credit is not None and bool(credit) and not amount
    return BookedRow(
        number=entry.number,
        voucher=_text(values, "voucher"),
        on=on,
        code=_text(values, "code"),
        title=_text(values, "title"),
        payee=_text(values, "payee"),
        amount=-credit if only_credit and credit is not None else amount,
        item=_text(values, "item"),
        invoices=tuple(part for part in _SPLIT.split(_text(values, "invoice")) if part),
        subject=_text(values, "subject"),
        method=_text(values, "method"),
        handler=_text(values, "handler"),
        session_no=int(said[1]) if (said := _SESSION.fullmatch(_text(values, "session"))) else None,
        faults=_faults(entry, found, only_credit=only_credit, in_parts=year is not None, on=on),
    )


def _day(values: dict[str, Any], year: int) -> datetime.date | None:
    parts = [_text(values, name).removesuffix(word) for name, word in (("month", "月"), ("day", "日"))]
    try:
        return datetime.date(year, *map(int, parts))
    except ValueError:
        return None


def _text(values: dict[str, Any], name: str) -> str:
    return " ".join(str(values.get(name) or "").split())


def _faults(
    entry: RosterRow, found: Roster, *, only_credit: bool, in_parts: bool, on: datetime.date | None
) -> tuple[CellFault, ...]:
    faults = []
    if in_parts and on is None:
        said = f"{_text(entry.values, 'month')}月{_text(entry.values, 'day')}日"
        faults.append(CellFault(_cell(entry, found, "day"), f"“{said}”不是日期。", "请填写月和日。"))
    for problem in entry.problems:
        if problem.status not in (Status.HELD, Status.REJECTED):
            continue
        if (only_credit and problem.code == "amount_missing") or (in_parts and problem.code == "on_missing"):
            continue
        message, mend = problem.message, problem.mend
        if problem.code == "merged_cells":
            message = "金额合并了几行，不能确定是一笔还是几笔。"
            mend = "请取消合并，每笔一行。"
        faults.append(CellFault(_cell(entry, found, problem.field), message, mend))
    session = _text(entry.values, "session")
    if session and not _SESSION.fullmatch(session):
        cell = _cell(entry, found, "session")
        faults.append(CellFault(cell, f"期次“{session[:20]}”看不懂。", "请写成 第2期，全班共用的留空。"))
    amount, credit = entry.values.get("amount"), entry.values.get("credit")
    if amount and credit:
        faults.append(
            CellFault(_cell(entry, found, "credit"), "借方和贷方都有金额。", "请分成两行，每行只填一方。")
        )
    elif not faults and amount == Decimal(0) and not credit:
        faults.append(CellFault(_cell(entry, found, "amount"), "金额是 0。", "请填写金额，或删去这一行。"))
    return tuple(faults)


def _cell(entry: RosterRow, found: Roster, field: str) -> str:
    index = found.header.columns.get(field)
    return f"{get_column_letter(index + 1)}{entry.number}" if index is not None else f"第 {entry.number} 行"


def _not_a_payment(entry: RosterRow, row: BookedRow) -> str | None:
    """A total of the month or a balance carried on, and the bank's side of a voucher."""
    if not row.code and _TOTAL.match(re.sub(r"\s", "", row.title)):
        return "合计或余额"
    if not row.code and not entry.values.get("amount") and entry.values.get("credit"):
        return "贷方金额，没有项目编号，不是项目支出"
    return None
