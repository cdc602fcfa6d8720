"""A dry run: what agreeing to a plan would lead to, before anybody agrees."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from budgets.models import Fund
from budgets.selectors import fund_totals
from office.wording import yuan
from rulebook.severity import Severity
from workflow.states import StepKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rulebook.schema import Book
    from workflow.models import ClassPlan, WorkTask
    from workflow.rules.findings import Finding
    from workflow.rules.route import Ahead

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Purse:
    """The fund an approval would draw on, in yuan; ``found`` is False where it isn't opened."""

    found: bool
    title: str
    available: Decimal
    needed: Decimal

    @property
    def left(self) -> Decimal:
        """After the approval; negative where the fund is short."""
        return self.available - self.needed


def purse(plan: ClassPlan, book: Book, needed: Decimal) -> Purse:
    """The plan's fund of the year, in two queries."""
    fund = Fund.objects.filter(union=plan.union_id, year=plan.year, source=plan.source).first()
    if fund is None:
        title = "、".join(book.titles([plan.source])) if plan.source else "列支渠道（未填）"
        return Purse(False, title, ZERO, needed)
    return Purse(True, fund.title, fund_totals([fund.pk])[fund.pk].available, needed)


def after_agreeing(
    task: WorkTask | None,
    steps: Sequence[Ahead],
    findings: Sequence[Finding],
    purse: Purse | None,
    *,
    sees_money: bool,
) -> list[str]:
    """Sentences: the next step with its people, the findings that go along, the money.

    ``steps``: those after the open task. Empty where nothing waits for a 同意 or a 通过.
    """
    if task is None or task.kind not in (StepKind.REVIEW, StepKind.DECIDE):
        return []
    asking = sum(finding.asks for finding in findings)
    along = f"核查提示 {asking} 条随附。" if asking else ""
    if any(finding.severity == Severity.HOLD for finding in findings) and task.kind == StepKind.REVIEW:
        along += "其中有须经批准的例外，同意时须填写意见。"
    if task.kind == StepKind.DECIDE:
        lines = ["会议通过后计划审定，编发计划号。", along, *_appropriation(purse, sees_money)]
        return [text for text in lines if text]
    if not steps:
        return []
    ahead = steps[0]
    if ahead.problem:
        return [f"不能进入下一环节：{ahead.problem}"]
    if ahead.meeting:
        name = ahead.holder.name if ahead.holder else "暂无人任职"
        where = f"进入计划汇总，列入议题后提请{ahead.title}（会议秘书 {name}）。"
    else:
        where = f"送“{ahead.title}”，由 {ahead.who} 办理，时限 {ahead.days} 个工作日。"
        if ahead.stands_in:
            where += "原办理人为经办人或主办部门，由其代办。"
    short = ""
    if sees_money and purse is not None and purse.found and purse.left < 0:
        short = f"届时审定须 {yuan(purse.needed)} 元，{purse.title}现可安排 {yuan(purse.available)} 元。"
    return [text for text in (where, along, "本环节不占用资金。", short) if text]


def _appropriation(purse: Purse | None, sees_money: bool) -> list[str]:
    if purse is None:
        return []
    if not purse.found:
        return [f"{purse.title}还没有设立年度专项预算，设立后才能审定。"]
    given = f"同时下达 {yuan(purse.needed)} 元，建立经费项目。"
    if not sees_money:
        return [given]
    figures = f"{purse.title}可安排 {yuan(purse.available)} 元，"
    if purse.left < 0:
        return [given, f"{figures}差 {yuan(-purse.left)} 元，资金不足时不能通过。"]
    return [given, f"{figures}下达后余 {yuan(purse.left)} 元。"]
