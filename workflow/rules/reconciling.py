"""对账: which row of the finance software is which payment of ours. Works on what it is given; reads nothing.

Every row of the file and every movement of the month stands in exactly one :class:`Pair`. Rows and payments
are matched by what they say, the surest first, each at most once: two rows of the same amount need two
payments.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict, deque
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from office.wording import yuan
from workflow.selectors.reconciling import code_key, month_span, voucher_key

if TYPE_CHECKING:
    import datetime
    import uuid
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from workflow.selectors.reconciling import Ours

ZERO: Final = Decimal("0.00")


class Fit(StrEnum):
    """How a row and a payment stand to each other."""

    MATCHED = "matched"
    VOUCHER = "voucher"
    AMOUNT = "amount"
    CROSS = "cross"
    THEIRS = "theirs"
    OURS = "ours"
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"
    REVERSED = "reversed"
    OUTSIDE = "outside"

    @property
    def label(self) -> str:
        """As the pages call it."""
        return LABELS[self]


LABELS: Final = {
    Fit.MATCHED: "相符",
    Fit.VOUCHER: "凭证号不同",
    Fit.AMOUNT: "金额不同",
    Fit.CROSS: "跨月入账",
    Fit.THEIRS: "只在财务账",
    Fit.OURS: "只在本系统",
    Fit.UNKNOWN: "项目编号不明",
    Fit.UNREADABLE: "看不懂",
    Fit.REVERSED: "当月已冲销",
    Fit.OUTSIDE: "不在本月",
}

#: What a 对账差异表 lists; the rest agrees or belongs to another month.
DIFFERENT: Final = (Fit.VOUCHER, Fit.AMOUNT, Fit.CROSS, Fit.THEIRS, Fit.OURS, Fit.UNKNOWN, Fit.UNREADABLE)

_CODE: Final = re.compile(r"[A-Z]{1,4}20\d\d-\d{2,}")
_WORD: Final = re.compile(r"[A-Z0-9][A-Z0-9\-]{3,}")


class CellFault(NamedTuple):
    """What can't be read: the cell (``F7``), why, and how to mend it."""

    cell: str
    message: str
    mend: str


@dataclass(frozen=True)
class BookedRow:
    """A row of the finance software's workbook; ``amount`` in yuan, below nought for a refund or 红字."""

    number: int
    voucher: str = ""
    on: datetime.date | None = None
    code: str = ""
    title: str = ""
    payee: str = ""
    amount: Decimal | None = None
    item: str = ""
    invoices: tuple[str, ...] = ()
    subject: str = ""
    method: str = ""
    handler: str = ""
    session_no: int | None = None
    faults: tuple[CellFault, ...] = ()


@dataclass(frozen=True)
class Pair:
    """Rows and movements that belong together; several of a side where one voucher was booked in parts."""

    fit: Fit
    rows: tuple[BookedRow, ...] = ()
    ours: tuple[Ours, ...] = ()
    project: int | None = None
    note: str = ""
    #: That the code of the row is an earlier one of the project's class (S21).
    carried: str = ""

    @property
    def theirs_amount(self) -> Decimal | None:
        """What the finance software has; None where it has nothing, or nothing that can be read."""
        amounts = [row.amount for row in self.rows if row.amount is not None]
        return sum(amounts, ZERO) if amounts else None

    @property
    def ours_amount(self) -> Decimal | None:
        """What the ledger has; None where it has nothing."""
        return sum((one.amount for one in self.ours), ZERO) if self.ours else None

    @property
    def vouchers(self) -> list[str]:
        """The 凭证号 of either side, each once."""
        said = [row.voucher for row in self.rows] + [one.voucher for one in self.ours]
        return list(dict.fromkeys(filter(None, said)))

    @property
    def difference(self) -> Decimal:
        """财务账 less 本系统."""
        return (self.theirs_amount or ZERO) - (self.ours_amount or ZERO)


@dataclass(frozen=True)
class ProjectSum:
    """Both sides of a project in the month, in yuan; ``project`` None: rows of no project of the fund."""

    project: int | None
    theirs: Decimal
    ours: Decimal

    @property
    def difference(self) -> Decimal:
        """财务账 less 本系统."""
        return self.theirs - self.ours


@dataclass(frozen=True)
class Reconciled:
    """The pairs in the order of the file, what is ours alone behind them."""

    year: int
    month: int
    pairs: tuple[Pair, ...]
    sums: tuple[ProjectSum, ...] = field(default=())

    def of(self, *fits: Fit) -> list[Pair]:
        """The pairs of these kinds."""
        return [pair for pair in self.pairs if pair.fit in fits]

    @property
    def theirs(self) -> Decimal:
        """The month in the finance software, yuan."""
        return sum((row.theirs for row in self.sums), ZERO)

    @property
    def ours(self) -> Decimal:
        """The month in the ledger, yuan."""
        return sum((row.ours for row in self.sums), ZERO)


def reconcile(
    rows: Sequence[BookedRow],
    ours: Sequence[Ours],
    *,
    projects: Mapping[str, int],
    keys: Mapping[int, uuid.UUID],
    year: int,
    month: int,
    carried: Mapping[str, str] | None = None,
) -> Reconciled:
    """``projects``: :func:`code_key` → project; ``keys``: row number → the key it is taken over by;
    ``carried``: :func:`code_key` of an earlier project → the number of the one that continues it.

    ``ours`` may hold movements of other months: a row whose voucher, project and amount are one of theirs is
    跨月入账, and such a movement stands in no pair otherwise.
    """
    first, last = month_span(year, month)
    pairs: list[Pair] = []
    open_rows: list[_Row] = []
    for row in rows:
        if row.faults or row.on is None or row.amount is None:
            pairs.append(Pair(Fit.UNREADABLE, (row,)))
        elif not first <= row.on <= last:
            pairs.append(Pair(Fit.OUTSIDE, (row,), note=_outside(row.on, year, month)))
        else:
            key = keys.get(row.number)
            project = projects.get(code_key(row.code)) if row.code else _in_words(row.title, projects)
            open_rows.append(_Row(row, project, voucher_key(row.voucher), key))
    within = [one for one in ours if first <= one.on <= last]
    matching = _Matching(open_rows, within, [one for one in ours if not first <= one.on <= last])
    pairs += matching.run()
    pairs = [_said(pair, carried or {}) for pair in pairs]
    pairs.sort(key=_place)
    return Reconciled(year, month, tuple(pairs), tuple(_sums(pairs, within, first, last)))


def _said(pair: Pair, carried: Mapping[str, str]) -> Pair:
    """With a word on codes of the year before, where a row has one."""
    codes = [row.code for row in pair.rows if code_key(row.code) in carried]
    if not codes or pair.project is None:
        return pair
    number = carried[code_key(codes[0])]
    return replace(pair, carried=f"财务账写的是原项目编号 {codes[0]}，本班已结转到 {number}。")


def _in_words(title: str, projects: Mapping[str, int]) -> int | None:
    """The project whose code stands in the words of a row that has none of its own; None for several."""
    words = _WORD.findall(unicodedata.normalize("NFKC", title).upper())
    found = {projects[code] for word in words if (code := code_key(word)) in projects}
    return found.pop() if len(found) == 1 else None


class _Row(NamedTuple):
    row: BookedRow
    project: int | None
    voucher: str
    key: uuid.UUID | None


class _Matching:
    """Steps that each take rows and movements away; what is left stands alone."""

    def __init__(self, rows: list[_Row], within: list[Ours], beyond: list[Ours]) -> None:
        self.rows = rows
        self.beyond = beyond
        self.pairs: list[Pair] = []
        of_payment: defaultdict[int, list[Ours]] = defaultdict(list)
        for one in within:
            of_payment[one.payment].append(one)
        # Paid and taken back in this month: it comes to nothing, unless the other side did both as well.
        self.undone = [both for both in of_payment.values() if len(both) > 1]
        self.within = [one for one in within if len(of_payment[one.payment]) == 1]

    def run(self) -> list[Pair]:
        self._taken_over()
        self._pair(Fit.MATCHED, _by_voucher(amount=True), _ours_by_voucher(amount=True))
        self._parts()
        for day in (True, False):
            self._pair(
                Fit.MATCHED, _by_amount(day=day, voucher=True), _ours_by_amount(day=day, voucher=False)
            )
            self._pair(
                Fit.MATCHED, _by_amount(day=day, voucher=False), _ours_by_amount(day=day, voucher=None)
            )
        self._pair(
            Fit.MATCHED,
            lambda row: (row.voucher, row.row.amount) if row.voucher and row.project is None else None,
            lambda one: (voucher_key(one.voucher), one.amount) if voucher_key(one.voucher) else None,
            lambda row, _: f"按凭证号相符；财务账的项目编号是“{row.row.code or '空'}”，请核对。",
        )
        for day in (True, False):
            self._pair(
                Fit.VOUCHER,
                _by_amount(day=day, voucher=True),
                _ours_by_amount(day=day, voucher=True),
                lambda row, one: f"财务账 {row.row.voucher}，本系统 {one.voucher}，金额相同，请核对凭证号。",
            )
        self._pair(Fit.AMOUNT, _by_voucher(amount=False), _ours_by_voucher(amount=False), _amounts)
        self._pair(
            Fit.AMOUNT,
            lambda row: _payee(row.project, row.row.on, row.row.payee),
            lambda one: _payee(one.project, one.on, one.payee),
            _amounts,
        )
        self._both_undone()
        self._across()
        return [*self.pairs, *self._alone()]

    def _pair(
        self,
        fit: Fit,
        of_row: Callable[[_Row], Hashable],
        of_ours: Callable[[Ours], Hashable],
        note: Callable[[_Row, Ours], str] | None = None,
    ) -> None:
        """Those that say the same, in their order; None says nothing."""
        waiting: defaultdict[Any, deque[Ours]] = defaultdict(deque)
        for one in self.within:
            if (said := of_ours(one)) is not None:
                waiting[said].append(one)
        left, used = [], set()
        for row in self.rows:
            said = of_row(row)
            if said is None or not waiting[said]:
                left.append(row)
                continue
            one = waiting[said].popleft()
            used.add(one)
            told = note(row, one) if note is not None else ""
            self.pairs.append(Pair(fit, (row.row,), (one,), one.project, told))
        self.rows = left
        self.within = [one for one in self.within if one not in used]

    def _taken_over(self) -> None:
        """Rows that were taken over before, whatever was done to voucher or day since."""
        by_key = {one.key: one for one in (*self.within, *self.beyond) if not one.reversal and not one.undone}
        within, left = set(self.within), []
        for row in self.rows:
            one = by_key.pop(row.key, None) if row.key is not None else None
            if one is None:
                left.append(row)
                continue
            fit = Fit.MATCHED if one in within else Fit.CROSS
            self.pairs.append(Pair(fit, (row.row,), (one,), one.project, ""))
        self.rows = left
        used = {one for pair in self.pairs for one in pair.ours}
        self.within = [one for one in self.within if one not in used]
        self.beyond = [one for one in self.beyond if one not in used]

    def _parts(self) -> None:
        """One voucher in several rows, or several payments, that come to the same."""
        rows: defaultdict[Any, list[_Row]] = defaultdict(list)
        ours: defaultdict[Any, list[Ours]] = defaultdict(list)
        for row in self.rows:
            if row.voucher and row.project is not None:
                rows[row.voucher, row.project].append(row)
        for one in self.within:
            ours[voucher_key(one.voucher), one.project].append(one)
        for said, some in rows.items():
            theirs = ours.get(said, [])
            total = sum((row.row.amount or ZERO for row in some), ZERO)
            if theirs and total == sum((one.amount for one in theirs), ZERO):
                note = f"同一凭证：财务账 {len(some)} 行，本系统 {len(theirs)} 笔，合计相符。"
                self.pairs.append(
                    Pair(Fit.MATCHED, tuple(row.row for row in some), tuple(theirs), said[1], note)
                )
        taken = {row.number for pair in self.pairs for row in pair.rows}
        used = {one for pair in self.pairs for one in pair.ours}
        self.rows = [row for row in self.rows if row.row.number not in taken]
        self.within = [one for one in self.within if one not in used]

    def _both_undone(self) -> None:
        """A row and its 红字, where ours was paid and reversed within the month."""
        waiting: defaultdict[Any, deque[_Row]] = defaultdict(deque)
        for row in self.rows:
            if row.project is not None:
                waiting[row.project, row.row.amount].append(row)
        taken = set()
        for both in self.undone:
            sides = [waiting[one.project, one.amount] for one in both]
            if not all(sides):
                self.pairs.append(Pair(Fit.REVERSED, (), tuple(both), both[0].project))
                continue
            rows = sorted((side.popleft().row for side in sides), key=lambda row: row.number)
            taken |= {row.number for row in rows}
            self.pairs.append(Pair(Fit.MATCHED, tuple(rows), tuple(both), both[0].project, "两边都已冲销。"))
        self.rows = [row for row in self.rows if row.row.number not in taken]

    def _across(self) -> None:
        within, self.within = self.within, [one for one in self.beyond if not one.undone]
        self._pair(
            Fit.CROSS,
            _by_voucher(amount=True),
            _ours_by_voucher(amount=True),
            lambda _, one: f"本系统的支付日期是 {one.on:%Y-%m-%d}，不在本月。",
        )
        self.beyond, self.within = self.within, within

    def _alone(self) -> list[Pair]:
        """What nobody has a partner for."""
        likely: defaultdict[Any, deque[Ours]] = defaultdict(deque)
        for one in (*self.beyond, *self.within):
            likely[one.project, one.amount].append(one)
            likely[voucher_key(one.voucher), one.amount].append(one)
        found = []
        for row in self.rows:
            if row.project is None:
                code = row.row.code or next(iter(_CODE.findall(row.row.title.upper())), "")
                said = f"本专项没有项目编号“{code}”。" if code else "没有写项目编号。"
                found.append(Pair(Fit.UNKNOWN, (row.row,), note=said))
                continue
            near = likely[row.project, row.row.amount] or (
                row.voucher and likely[row.voucher, row.row.amount]
            )
            note = ""
            if near:
                one = near.popleft()
                same = "同项目" if one.project == row.project else "同凭证号、另一项目"
                note = f"请先核对：{one.number} {same}、同金额，{one.on:%Y-%m-%d} 支付。"
            found.append(Pair(Fit.THEIRS, (row.row,), project=row.project, note=note))
        for one in self.within:
            note = "红字冲销" if one.reversal else "已在以后月份冲销" if one.undone else ""
            found.append(Pair(Fit.OURS, (), (one,), one.project, note))
        return found


def _by_voucher(*, amount: bool) -> Callable[[_Row], Hashable]:
    def said(row: _Row) -> Hashable:
        if not row.voucher or row.project is None:
            return None
        return (row.voucher, row.project, row.row.amount) if amount else (row.voucher, row.project)

    return said


def _ours_by_voucher(*, amount: bool) -> Callable[[Ours], Hashable]:
    def said(one: Ours) -> Hashable:
        voucher = voucher_key(one.voucher)
        if not voucher:
            return None
        return (voucher, one.project, one.amount) if amount else (voucher, one.project)

    return said


def _by_amount(*, day: bool, voucher: bool) -> Callable[[_Row], Hashable]:
    """``voucher``: only rows that have one, or only rows that haven't."""

    def said(row: _Row) -> Hashable:
        if row.project is None or bool(row.voucher) != voucher:
            return None
        return (row.project, row.row.amount, row.row.on if day else None)

    return said


def _ours_by_amount(*, day: bool, voucher: bool | None) -> Callable[[Ours], Hashable]:
    def said(one: Ours) -> Hashable:
        if voucher is not None and bool(voucher_key(one.voucher)) != voucher:
            return None
        return (one.project, one.amount, one.on if day else None)

    return said


def _payee(project: int | None, on: datetime.date | None, payee: str) -> Hashable:
    return (project, on, plain(payee)) if project is not None and payee else None


def _amounts(row: _Row, one: Ours) -> str:
    theirs = row.row.amount or ZERO
    return f"财务账 {yuan(theirs)} 元，本系统 {yuan(one.amount)} 元，差 {yuan(theirs - one.amount)} 元。"


def _outside(on: datetime.date, year: int, month: int) -> str:
    if on.year != year:
        return f"{on:%Y-%m-%d} 不属于 {year} 年度，请在该年度的专项预算对账。"
    return f"{on:%Y-%m-%d} 不在 {month} 月。"


def _place(pair: Pair) -> tuple[int, int]:
    return (0, pair.rows[0].number) if pair.rows else (1, 0)


def _sums(
    pairs: Iterable[Pair], within: Iterable[Ours], first: datetime.date, last: datetime.date
) -> list[ProjectSum]:
    theirs: defaultdict[int | None, Decimal] = defaultdict(lambda: ZERO)
    ours: defaultdict[int | None, Decimal] = defaultdict(lambda: ZERO)
    for pair in pairs:
        if pair.fit in (Fit.OUTSIDE, Fit.UNREADABLE):
            continue
        for row in pair.rows:
            if row.on is not None and first <= row.on <= last and row.amount is not None:
                theirs[pair.project] += row.amount
    for one in within:
        ours[one.project] += one.amount
    keys = sorted(theirs.keys() | ours.keys(), key=lambda key: (key is None, key or 0))
    return [ProjectSum(key, theirs[key], ours[key]) for key in keys]


def plain(text: str) -> str:
    """The words as they are compared: width and case folded, no spaces."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).casefold()
