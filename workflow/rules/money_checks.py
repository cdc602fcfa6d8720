"""What speaks against a request about money: with all figures named, by the clause it rests on (S19, S21)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from budgets.models import Project
from budgets.rules import closed
from office.wording import chinese_date, yuan
from rulebook.severity import Severity
from workflow.costs import cost_titles
from workflow.models import ClassPlan, PlanCost
from workflow.rules import money as rates
from workflow.rules.carrying import class_faults
from workflow.rules.facts import Facts
from workflow.rules.findings import PASS, Finding, ordered
from workflow.rules.money_terms import (
    ZERO,
    Effect,
    Figures,
    MoneyTerms,
    carrying,
    effects,
    figures_now,
    lines_of,
    next_year,
)
from workflow.rules.spending import case_of, ended
from workflow.states import MoneyKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from decimal import Decimal

    from rulebook.schema import Book
    from workflow.models import MoneyRequest
    from workflow.rules.money_terms import CarryingClass, Line

#: Code of the findings that aren't a rule's of the book but the ledger's own arithmetic.
LEDGER = "ledger"


def findings_of_money(
    request: MoneyRequest, terms: MoneyTerms, now: Figures, book: Book, *, at: datetime
) -> list[Finding]:
    """What ``book`` and the ledger say of it as things are, worst first. A handful of queries."""
    rows = effects(request, terms, now, cost_titles(book))
    faults = [*_year(request), *_BY_KIND[MoneyKind(request.kind)](request, terms, now, rows), *_over(rows)]
    found = [_finding(book, Severity.BLOCK.value, message) for message in faults]
    if not faults:
        found.append(_finding(book, PASS, _fine(request, terms, now, rows)))
    return ordered([*found, *_ceilings(rows, at)])


def findings_now(request: MoneyRequest, *, at: datetime) -> list[Finding]:
    """:func:`findings_of_money` of a request that was handed in, by its own book and today's figures."""
    terms = MoneyTerms.from_json(request.content)
    now = figures_now(request, terms)
    found = findings_of_money(request, terms, now, request.judged_by, at=at)
    if request.kind == MoneyKind.BUDGET and (moved := _moved(Figures.from_json(request.before), now)):
        found.insert(0, _finding(request.judged_by, Severity.BLOCK.value, moved))
    return found


def _finding(book: Book, severity: str, message: str) -> Finding:
    return Finding(LEDGER, severity, "经费余额", message, book.money.clause)


def _fine(request: MoneyRequest, terms: MoneyTerms, now: Figures, rows: Sequence[Effect]) -> str:
    if request.kind == MoneyKind.SUPPLEMENT:
        return f"追加后专项预算 {yuan(rows[0].after)} 元。"
    if request.kind == MoneyKind.CARRY_OVER:
        said = f"可安排余额 {yuan(now.free)} 元，结转后余 {yuan(rows[0].after)} 元。"
        return said + _classes_fine(carrying(terms, now)) if terms.classes else said
    return "调整后各预算行均不低于已支出与预占之和。"


def _classes_fine(classes: Sequence[CarryingClass]) -> str:
    back = sum((each.sums.back for each in classes), ZERO)
    rest = f"其余 {yuan(back)} 元收回本年专项预算。" if back else ""
    return f"结转 {len(classes)} 个班次，各预算行均不超过可用与预占之和。{rest}"


def _year(request: MoneyRequest) -> Iterator[str]:
    if reason := closed(request.fund):
        yield reason


def _over(rows: Sequence[Effect]) -> Iterator[str]:
    """A class that is settled or cancelled gets no more; what is left of it may still go back."""
    gaining = {row.project: row.group for row in rows if row.more > 0 and row.project is not None}
    carried_over = Project.objects.filter(continues__in=gaining).order_by()
    later = dict(carried_over.values_list("continues", "number")) if gaining else {}
    for project, number in gaining.items():
        case = case_of(project)
        if carried := later.get(project):
            yield f"{number}：本班结余已结转到 {carried}，预算请在该项目办理。"
        elif case is not None and (why := ended(case)):
            yield f"{number}：{why}预算不能再增加或调入。"


def _moved(before: Figures, now: Figures) -> str:
    """A budget agreed to is the budget that was read: it mustn't have changed since."""
    was, has = ({line.item: line.budget for line in figures.lines} for figures in (before, now))
    if was == has:
        return ""
    return (
        f"报送后本项目预算已由 {yuan(before.total)} 元变为 {yuan(now.total)} 元或在预算行之间变动，"
        "请退回修改后按最新预算重新报送。"
    )


def _spoken_for(line: Line | Effect) -> str:
    return f"已支出 {yuan(line.paid)} 元、预占 {yuan(line.committed)} 元，合计 {yuan(line.floor)} 元"


def _transfer(
    request: MoneyRequest, terms: MoneyTerms, now: Figures, rows: Sequence[Effect]
) -> Iterator[str]:
    if not terms.shifts:
        yield "请至少填写一行调剂。"
    known = {line.pk: line for line in now.lines}
    giving: dict[int, Decimal] = {}
    for shift in terms.shifts:
        if shift.source not in known or known[shift.source].project != request.project_id:
            yield "调出的预算行不属于本项目，请重新选择。"
        elif shift.target not in known:
            yield "调入的预算行不存在，请重新选择。"
        elif shift.source == shift.target:
            yield f"“{known[shift.source].title}”既调出又调入，请重新选择。"
        else:
            giving[shift.source] = giving.get(shift.source, ZERO) + shift.amount
    for pk, amount in giving.items():
        line = known[pk]
        if amount > line.free:
            yield (
                f"{line.number}“{line.title}”预算 {yuan(line.budget)} 元，{_spoken_for(line)}，"
                f"可用 {yuan(line.free)} 元，不能调出 {yuan(amount)} 元，差 {yuan(amount - line.free)} 元。"
            )


def _budget(request: MoneyRequest, terms: MoneyTerms, now: Figures, rows: Sequence[Effect]) -> Iterator[str]:
    if not any(row.more for row in rows):
        yield "各预算行与现预算相同，没有需要调整的内容。"
    total, floor = sum((row.after for row in rows), ZERO), sum((row.floor for row in rows), ZERO)
    if total < floor:
        paid, committed = (sum((getattr(row, n) for row in rows), ZERO) for n in ("paid", "committed"))
        yield (
            f"本项目预算不能调整为 {yuan(total)} 元：已支出 {yuan(paid)} 元、预占 {yuan(committed)} 元，"
            f"合计 {yuan(floor)} 元，不得低于此数。"
        )
    for row in rows:
        if row.after < row.floor:
            yield f"“{row.title}”不能调整为 {yuan(row.after)} 元：{_spoken_for(row)}，不得低于此数。"
    more = total - now.total
    if more > now.free:
        yield (
            f"{request.fund}可安排 {yuan(now.free)} 元，本次须增加 {yuan(more)} 元，"
            f"差 {yuan(more - now.free)} 元。"
        )


def _carry_over(
    request: MoneyRequest, terms: MoneyTerms, now: Figures, rows: Sequence[Effect]
) -> Iterator[str]:
    if terms.amount < 0 or not terms.carried:
        yield "请填写结转金额，或选择要结转的班次。"
    to = next_year(request.fund)
    if to is None:
        yield f"{request.fund.year + 1} 年还没有设立同一渠道的专项预算，请先设立。"
    elif to.closed_on is not None:
        yield f"{to}已于{chinese_date(to.closed_on)}结账，不能结转。"
    if terms.amount > now.free:
        yield (
            f"{request.fund}可安排 {yuan(now.free)} 元，不能结转 {yuan(terms.amount)} 元，"
            f"差 {yuan(terms.amount - now.free)} 元；项目上的余额请先收回，或选择班次随班结转。"
        )
    if terms.classes:
        yield from class_faults(request, carrying(terms, now))


def _supplement(
    request: MoneyRequest, terms: MoneyTerms, now: Figures, rows: Sequence[Effect]
) -> Iterator[str]:
    if terms.amount <= 0:
        yield "请填写追加金额。"
    if not terms.document:
        yield "请填写追加的依据文号。"
    if request.basis_id is None:
        yield "请附上批复或会议纪要等依据文件。"


_BY_KIND = {
    MoneyKind.TRANSFER: _transfer,
    MoneyKind.BUDGET: _budget,
    MoneyKind.CARRY_OVER: _carry_over,
    MoneyKind.SUPPLEMENT: _supplement,
}


def _ceilings(rows: Sequence[Effect], at: datetime) -> Iterator[Finding]:
    """The rate card on the budgets as they would be (S19): what wasn't over before, of what gets more."""
    gaining = {row.project for row in rows if row.more > 0 and row.project is not None}
    if not gaining:
        return
    of_class = {project.first_id: project for project in Project.objects.filter(pk__in=gaining).order_by()}
    plans = ClassPlan.objects.filter(project__in=of_class).select_related("department", "version__book")
    for plan in plans.defer("version__content", "version__book__content", "version__book__source_text"):
        if plan.version is None or plan.project_id is None:
            continue
        project = of_class[plan.project_id]
        own = [row for row in rows if row.project == project.pk] + _other_years(project)
        book = plan.version.book.book
        before, after = (_of_card(plan, book, own, name, at) for name in ("before", "after"))
        said = {finding.message for finding in before}
        grows = sum((row.more for row in own), ZERO) > 0
        for finding in after:
            if finding.message not in said and (grows or finding.code != "over_ceiling_total"):
                yield finding


def _other_years(project: Project) -> list[Effect]:
    """What a class that was carried over has on the lines of its other years: the card is for all of it."""
    if project.origin_id is None:
        return []
    others = Project.objects.of_class(project.first_id).exclude(pk=project.pk).values_list("pk", flat=True)
    return [
        Effect(line.number, line.title, line.budget, line.budget, item=line.item) for line in lines_of(others)
    ]


def _of_card(plan: ClassPlan, book: Book, rows: Sequence[Effect], which: str, at: datetime) -> list[Finding]:
    costs: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for row in rows:
        costs[row.item] += getattr(row, which)
    facts = Facts(
        plan=plan,
        costs=[PlanCost(plan=plan, item=item, amount=amount) for item, amount in costs.items()],
        book=book,
        department_code=plan.department.code,
        duties=frozenset(),
        has_survey_file=False,
        handed_in=at,
    )
    return [*rates.ceilings(facts), *rates.lecturers(facts)]
