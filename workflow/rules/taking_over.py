"""对账: may a row of the finance software be taken over as a payment, from which budget line, for which 期.

The preview and the import ask the same question: what stands against each row as it was chosen, when the rows
above it are taken over too. What the ledger itself refuses after that has happened in between.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from budgets.models import Project
from budgets.rules import invoice_number
from office.wording import yuan
from rulebook.severity import Severity
from workflow.costs import LECTURE, LECTURER_TRAVEL
from workflow.rules.findings import Finding
from workflow.rules.reconciling import ZERO, plain
from workflow.rules.spending import carried_to, cases_of, is_over, obstacles
from workflow.selectors.reconciling import choices_of
from workflow.selectors.spending import invoice_uses
from workflow.states import RunState

if TYPE_CHECKING:
    import datetime
    from collections.abc import Collection, Mapping, Sequence
    from decimal import Decimal

    from budgets.models import Fund, Invoice
    from workflow.models import ClassRun
    from workflow.rules.reconciling import BookedRow, Pair
    from workflow.rules.spending import SpendingCase
    from workflow.selectors.reconciling import Choice

#: 全班共用 among the 期 to choose from.
WHOLE: Final = "all"

#: What finance softwares call a cost item, by what the budgets call it.
OTHER_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "伙食": ("餐",),
    "师资": ("讲课", "授课", "课酬", "专家劳务"),
    "住宿": ("房费",),
    "场地": ("会议室",),
    "资料": ("印刷",),
}
#: 授课人差旅费, 师资费-差旅费 … say whose it is, and are no fee.
TRAVEL: Final = "差旅"
_HINT: Final = re.compile(r"\(.*?\)")
#: What another line, 期 or kind of payment chosen in the preview can mend.
_CHOSEN: Final = frozenset({"line", "lecture", "free", "promised", "session", "kind"})


@dataclass(frozen=True)
class Wish:
    """What was chosen for a row in the preview; None where nothing was and the row speaks for itself.

    ``source`` is a :class:`Choice`'s value, ``session`` the number of a 期 or :data:`WHOLE`.
    """

    source: str | None = None
    session: str | None = None


@dataclass(frozen=True)
class Stand:
    """How a row stands to being taken over: as what, and what is against it.

    ``sessions``: the 期 to choose from, (value, label); none for a class of one. ``session`` is the one it is
    taken over for, empty where that has to be chosen. ``doubtful``: it may be another payment of ours.
    """

    row: BookedRow
    project: int
    choices: Sequence[Choice]
    choice: Choice | None
    sessions: tuple[tuple[str, str], ...]
    session: str
    against: tuple[Finding, ...]
    doubtful: bool = False

    @property
    def session_no(self) -> int | None:
        """The 期 as a payment has it."""
        return int(self.session) if self.session.isdigit() else None

    @property
    def session_title(self) -> str:
        """第 2 期, 全班共用; empty for a class of one 期."""
        if not self.sessions:
            return ""
        return f"第 {self.session} 期" if self.session_no is not None else "全班共用"

    @property
    def may(self) -> bool:
        """Whether nothing is against it but what another choice on the page can mend."""
        return all(
            one.code in _CHOSEN or (one.code == "not_opened" and bool(self.sessions)) for one in self.against
        )


def stands(
    fund: Fund,
    pairs: Sequence[Pair],
    *,
    wishes: Mapping[int, Wish],
    picked: Collection[int] | None,
    kind: str,
    today: datetime.date,
) -> dict[int, Stand]:
    """By row number, how the rows of 只在财务账 stand; eight queries, however many there are.

    ``picked``: the rows to be taken over; None: all nothing is against and nobody doubts. What is free is
    counted after those of them that stand above in the file.
    """
    projects = {pair.project for pair in pairs if pair.project is not None}
    choices, cases = choices_of(projects), cases_of(projects)
    uses = invoice_uses(fund.union_id, {number for pair in pairs for number in pair.rows[0].invoices})
    carried = {
        project.pk: carried_to(project, project.later_number)
        for project in Project.objects.filter(pk__in=projects, continued_by__isnull=False)
        .select_related("fund", "continued_by")
        .order_by()
    }
    judging = _Judging(uses, kind, today, carried)
    found = {}
    for pair in pairs:
        row, project = pair.rows[0], pair.project
        if project is None:
            continue
        wish = wishes.get(row.number, Wish())
        stand = judging.stand(pair, project, choices.get(project, ()), cases.get(project), wish)
        found[row.number] = stand
        taken = not stand.doubtful if picked is None else row.number in picked
        if taken and not stand.against:
            judging.take(stand)
    return found


class _Judging:
    """What was taken by the rows above: amounts by line and commitment, invoices."""

    def __init__(
        self, uses: Mapping[str, Invoice], kind: str, today: datetime.date, carried: Mapping[int, str]
    ) -> None:
        self.carried = carried
        self.uses = uses
        self.kind = kind
        self.today = today
        self.taken: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
        self.takers: defaultdict[str, list[int]] = defaultdict(list)
        self.invoices: dict[str, int] = {}

    def take(self, stand: Stand) -> None:
        if stand.choice is None or stand.row.amount is None:
            return
        self.taken[stand.choice.value] += stand.row.amount
        self.takers[stand.choice.value].append(stand.row.number)
        self.invoices |= {invoice_number(number): stand.row.number for number in stand.row.invoices}

    def stand(
        self, pair: Pair, project: int, choices: Sequence[Choice], case: SpendingCase | None, wish: Wish
    ) -> Stand:
        row = pair.rows[0]
        if wish.source is None:
            choice = tell(row, choices)
        else:
            choice = next((one for one in choices if one.value == wish.source), None)
        sessions = _sessions(case) if case is not None and case.plan.sessions > 1 else ()
        session = _session(row, case, choice, sessions, wish) if case is not None else ""
        against = [*row_faults(row, self.today), *self._invoices(row)]
        away = self.carried.get(project)
        if away:
            against.append(_fault("carried", "结转", away))
        elif case is None:
            against.append(_fault("no_plan", "班次", "这个项目没有对应的班次计划，不能办理支付。"))
        else:
            against += self._class_faults(row, case, session)
        if not away:
            against += self._choice_faults(row, choice, session, project)
        doubtful = bool(pair.note)
        return Stand(row, project, choices, choice, sessions, session, tuple(against), doubtful)

    def _class_faults(self, row: BookedRow, case: SpendingCase, session: str) -> list[Finding]:
        plan, said = case.plan, row.session_no
        if plan.sessions == 1 and said not in (None, 1):
            mend = "请核对项目编号和期次，在表中改正后重新上传。"
            return [
                _fault("session_row", "期次", f"表里写的是第 {said} 期，《{plan.name}》只有 1 期。", mend)
            ]
        kind = case.book.money.kind(self.kind)
        if kind is None:
            text = f"《{plan.name}》适用的{case.book.short_title}没有所选的支付类型。"
            return [_fault("kind", "支付类型", text, "请改选支付类型。")]
        if not session:
            text = f"本班有 {plan.sessions} 期，" + (f"没有第 {said} 期。" if said else "表里没有写期次。")
            return [_fault("session", "期次", text, "请选择期次；各期共用的选“全班共用”。")]
        number = int(session) if session.isdigit() else None
        found = obstacles(case, number, opened=kind.opened)
        return [one if one.mend else _mended(one, several=plan.sessions > 1) for one in found]

    def _choice_faults(
        self, row: BookedRow, choice: Choice | None, session: str, project: int
    ) -> list[Finding]:
        if row.amount is None or row.amount <= 0:
            return []
        if choice is None:
            return [_fault("line", "列支", "请选择列支的预算行。")]
        if choice.item == LECTURE:
            text = f"“{choice.title}”须逐人登记授课人、职称和学时，请在项目页办理支付，登记后即与这一行相符。"
            return [_fault("lecture", "讲课费", text, link=("payment_new", project, "办理支付"))]
        found = []
        if choice.session_no is not None and session and session != str(choice.session_no):
            text = f"所选预占是第 {choice.session_no} 期的。"
            found.append(_fault("promised", "期次", text, "请改选期次，或改从预算行列支。"))
        taken = self.taken[choice.value]
        if choice.free - taken < row.amount:
            short = row.amount - (choice.free - taken)
            above = "、".join(map(str, self.takers[choice.value]))
            text = (
                f"“{choice.title}”{'未支付预占' if choice.commitment else '可用'} {yuan(choice.free)} 元，"
                + (f"表中第 {above} 行先用 {yuan(taken)} 元，" if above else "")
                + f"本笔 {yuan(row.amount)} 元，差 {yuan(short)} 元。"
            )
            mend = "请改选预算行或预占；确需增加的，先办理调剂或预算调整。"
            found.append(_fault("free", "可用余额", text, mend, ("money_transfer", project, "申请调剂")))
        return found

    def _invoices(self, row: BookedRow) -> list[Finding]:
        found = []
        for number in dict.fromkeys(row.invoices):
            before, above = self.uses.get(number), self.invoices.get(invoice_number(number))
            if not invoice_number(number):
                found.append(
                    _fault("invoice", "发票", f"发票号“{number}”看不懂。", "请在表中改正后重新上传。")
                )
            elif before is not None:
                paid = before.payment
                where = f"{paid.project.number}，{yuan(paid.amount)} 元"
                text = f"发票 {number} 已用于 {paid.number}“{paid.title}”（{where}）。"
                mend = "同一笔的，请核对金额和日期；分次列支的，请在项目页办理支付并填写说明。"
                found.append(_fault("invoice", "发票", text, mend, ("payment", paid.pk, "打开原支付")))
            elif above is not None:
                text = f"发票 {number} 在表中第 {above} 行已用。"
                mend = "分次列支的，请在项目页办理支付并填写说明；写错的，在表中改正后重新上传。"
                found.append(_fault("invoice", "发票", text, mend))
        return found


def row_faults(row: BookedRow, today: datetime.date) -> list[Finding]:
    """What keeps a row from being a payment whatever is chosen for it."""
    if row.amount is None or row.on is None:
        return [_fault("row", "这一行", "这一行看不懂，不能导入。")]
    if row.amount <= 0:
        text = f"{yuan(row.amount)} 元是退款或红字，不能导入。"
        return [_fault("row", "退款", text, "退款请在原支付页面办理，录错的支付请在原支付页面办理红字冲销。")]
    again = "请在表中改短后重新上传。"
    found = [
        _fault("row", name, f"{name}有 {len(text)} 个字，最多 {most} 个。", again)
        for text, most, name in (
            (row.title, 120, "摘要"),
            (row.payee, 120, "收款单位"),
            (row.voucher, 40, "凭证号"),
            (row.handler, 50, "经办人"),
            *((number, 40, "发票号") for number in row.invoices),
        )
        if len(text) > most
    ]
    found += [
        _fault("row", name, f"没有{name}。", "请在表中补填后重新上传。")
        for text, name in ((row.title, "摘要"), (row.payee, "收款单位"))
        if not text
    ]
    if row.on > today:
        text = f"{row.on:%Y-%m-%d} 还没有到，支付日期不能晚于今天。"
        found.append(_fault("row", "日期", text, "请核对日期，到那一天再导入。"))
    return found


def _fault(
    code: str, title: str, message: str, mend: str = "", link: tuple[str, int, str] | None = None
) -> Finding:
    links = [] if link is None else [{"page": link[0], "pk": link[1], "text": link[2]}]
    return Finding(code, Severity.BLOCK, title, message, "", mend, links=links)


def _mended(one: Finding, *, several: bool) -> Finding:
    """A class that is over for good: another 期, or else nothing but the table of differences."""
    mend = "属于别的期的，请改选期次；" if several else "请核对项目编号；"
    text = f"{mend}确属这一期的，留在对账差异表中说明。"
    return Finding(one.code, one.severity, one.title, one.message, one.clause, text, links=one.links)


def _sessions(case: SpendingCase) -> tuple[tuple[str, str], ...]:
    rows = []
    for run in case.runs:
        days = f" {run.starts_on.month}月{run.starts_on.day}日" if run.starts_on is not None else ""
        state = "" if run.is_opened and not is_over(run) else f"（{run.get_state_display()}）"
        rows.append((str(run.session_no), f"第 {run.session_no} 期{days}{state}"))
    return (*rows, (WHOLE, "全班共用"))


def _session(
    row: BookedRow,
    case: SpendingCase,
    choice: Choice | None,
    sessions: tuple[tuple[str, str], ...],
    wish: Wish,
) -> str:
    """The 期 a row is for; empty where somebody has to choose."""
    if not sessions:
        return "1"
    known = [value for value, _ in sessions]
    if wish.session in known:
        return wish.session
    if wish.session is None and row.session_no is not None:
        return str(row.session_no) if str(row.session_no) in known else ""
    promised = choice.session_no if choice is not None else None
    if wish.session is not None or promised is not None:
        return str(promised or "")
    held = [run for run in case.runs if run.state != RunState.CANCELLED and _holds(run, row.on)]
    open_ones = [run for run in case.runs if not is_over(run)]
    for runs in (held, open_ones):
        if len(runs) == 1:
            return str(runs[0].session_no)
    return ""


def _holds(run: ClassRun, day: datetime.date | None) -> bool:
    if day is None or run.starts_on is None or run.ends_on is None:
        return False
    return run.starts_on <= day <= run.ends_on


# ---- which line a row means


def tell(row: BookedRow, choices: Sequence[Choice]) -> Choice | None:
    """The budget line a row means by its 费用项目, or by the commitment to the same payee (and for the 期 it
    names); None where that can't be told and somebody has to choose."""
    lines = [choice for choice in choices if choice.commitment is None]
    line = lines[0] if len(lines) == 1 else _named(row.item, lines)
    promised = [
        choice
        for choice in choices
        if choice.commitment is not None
        and (line is None or choice.line == line.line)
        and row.payee
        and plain(choice.payee) == plain(row.payee)
        and row.amount is not None
        and choice.free >= row.amount
        and (row.session_no is None or choice.session_no in (None, row.session_no))
    ]
    return promised[0] if len(promised) == 1 else line


def _named(item: str, lines: Sequence[Choice]) -> Choice | None:
    """By the whole title, by a tier of 业务支出-培训费-伙食费, by a part of 场地、资料、交通费; travel is
    that of the lecturers or nothing's."""
    if not item:
        return None
    if TRAVEL in item:
        return next((line for line in lines if line.item == LECTURER_TRAVEL), None)
    tiers = [_stem(part) for part in reversed(re.split(r"[-—_/\\>|]+", item)) if part.strip()]
    for tier in (_stem(item), *tiers):
        whole = [line for line in lines if _stem(line.title) == tier]
        if len(whole) == 1:
            return whole[0]
    for tier in tiers:
        parts = [line for line in lines if any(part in tier for part in _parts_of(line.title))]
        if len(parts) == 1:
            return parts[0]
    return None


@lru_cache(maxsize=4096)
def _stem(text: str) -> str:
    return _HINT.sub("", plain(text)).removesuffix("费用").removesuffix("费").removesuffix("支出")


@lru_cache(maxsize=4096)
def _parts_of(title: str) -> tuple[str, ...]:
    """场地、资料、交通费 → 场地, 资料, 交通; nothing so short that it is in every word."""
    parts = [_stem(part) for part in re.split(r"[、,，/和及与]", title)]
    parts = [part for part in parts if len(part) >= 2 and part != "其他"]
    return (*parts, *(word for part in parts for word in OTHER_WORDS.get(part, ())))
