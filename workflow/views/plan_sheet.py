"""What the plan form stands on, and what stands beside it as one types."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from django.utils import timezone

from office.refusals import Refused
from rulebook.selectors import book_for
from workflow.forms.budget import cost_sheet
from workflow.forms.plan import PlanForm, blank, copied, field_of, initial_of
from workflow.models import ClassPlan, PlanCost
from workflow.rules.evaluate import findings_of
from workflow.selectors import declared, years
from workflow.views.common import standing_of, visible_plan

if TYPE_CHECKING:
    from datetime import datetime

    from django.forms import BoundField
    from django.http import HttpRequest, QueryDict

    from org.models import Department, User
    from rulebook.schema import Book
    from workflow.forms.budget import CostLine, CostSheet
    from workflow.rules.findings import Finding


@dataclass
class Sheet:
    """What the form stands on: the plan (unsaved when new), its costs as stored, the book, the department."""

    plan: ClassPlan
    costs: list[PlanCost]
    book: Book
    duties: frozenset[str]
    at: datetime
    departments: list[Department] = field(default_factory=list)
    source: ClassPlan | None = None

    def form(self, data: QueryDict | None = None) -> PlanForm:
        """The form, filled in from ``data`` or from the plan."""
        return PlanForm(
            data,
            book=self.book,
            department=self.plan.department,
            year=self.plan.year,
            duties=self.duties,
            items=[cost.item for cost in self.costs],
            initial=initial_of(self.plan, self.costs),
        )

    def as_written(self, form: PlanForm) -> tuple[ClassPlan, list[PlanCost]]:
        """The plan as the form says it now; unreadable inputs count as empty."""
        if not form.is_bound:
            return self.plan, self.costs
        form.full_clean()
        return form.unsaved(self.plan)


@dataclass(frozen=True)
class Live:
    """What stands beside the form and in its cost table while one types."""

    plan: ClassPlan
    budget: CostSheet
    findings: list[tuple[Finding, str]]
    unreadable: list[tuple[str, str, str]]
    outside: bool
    card: bool
    rows: list[tuple[CostLine, BoundField | None, BoundField | None]]

    @property
    def cells(self) -> str:
        """The worked-out cells of the cost table, as htmx's ``hx-select-oob``; inputs are never swapped."""
        ids = ["b-time", "b-days", "b-total", "b-words"]
        if self.card:
            ids += ["b-average"] + [f"b-quota-{part}" for part in ("most", "asked", "gap")]
            ids += [
                f"b-{row.item}-{part}" for row in self.budget.rows for part in ("std", "qty", "most", "gap")
            ]
        return ",".join(f"#{one}" for one in ids)

    @property
    def cells_and_amounts(self) -> str:
        """The same with the amounts, for 按标准填入."""
        return self.cells + "".join(f",#id_cost_{item}" for item in self.budget.standards())

    @property
    def tally(self) -> dict[str, int]:
        """How many findings of each weight."""
        found = [finding.severity for finding, _ in self.findings]
        return {level: found.count(level) for level in ("block", "hold", "warn", "pass")}


def live(sheet: Sheet, form: PlanForm) -> Live:
    """CostSheet and findings of what is written, saved or not, by the same rules as the submission's."""
    plan, costs = sheet.as_written(form)
    findings = findings_of(plan, sheet.book, at=sheet.at, costs=costs)
    unreadable = [
        (f"id_{name}", str(form.fields[name].label), str(error))
        for name, errors in (form.errors.items() if form.is_bound else ())
        for error in errors
        if name in form.fields and not form.has_error(name, "required")
    ]
    opens, closes = sheet.book.window.bounds(plan.year)
    budget = cost_sheet(plan, costs, sheet.book)
    return Live(
        plan=plan,
        budget=budget,
        findings=[(finding, f"#{field_of(finding, plan, sheet.book)}") for finding in findings],
        unreadable=unreadable,
        outside=not opens <= timezone.localdate(sheet.at) <= closes,
        card=sheet.book.rate_card.enabled,
        rows=_table(budget, form),
    )


def _table(budget: CostSheet, form: PlanForm) -> list[tuple[CostLine, BoundField | None, BoundField | None]]:
    """Lines with their inputs; the subtotal, which has none, between the quota and what stands apart."""

    def line(row: CostLine) -> tuple[CostLine, BoundField | None, BoundField | None]:
        return row, form[f"cost_{row.item}"], form[f"note_{row.item}"]

    subtotal = [(budget.subtotal, None, None)] if budget.subtotal is not None else []
    return [
        *(line(row) for row in budget.quota),
        *subtotal,
        line(budget.lecture),
        line(budget.travel),
        *(line(row) for row in budget.others),
    ]


def new_sheet(request: HttpRequest, at: datetime) -> Sheet:
    """The sheet of a line not yet saved, in the department and year asked for, or copied from another plan.

    Raises 404 for a plan he may not see, :class:`Refused` where he has no department or no book is in force.
    """
    asked = request.POST if request.method == "POST" else request.GET
    place = standing_of(request)
    departments = [one for one in declared.departments_of(place) if not one.is_closed(place.on)]
    if not departments:
        raise Refused("您现在没有部门岗位，不能编制年度计划。岗位由系统管理员在“组织机构”中设置。")
    source = None
    if asked.get("copy", "").isdigit():
        source = visible_plan(request, int(asked["copy"]))
    wanted = asked.get("department") or (str(source.department_id) if source else "")
    department = next((d for d in departments if str(d.pk) == wanted), departments[0])
    year, current = years.asked_year(asked, at), years.current_year(at)
    if abs(year - current) > 1:
        raise Refused(f"现在可以编制 {current - 1}—{current + 1} 年度的计划，不能编制 {year} 年度的。")
    book = book_for(department.union, timezone.localdate(at)).book
    costs: list[PlanCost] = []
    if source is None:
        plan = blank(department, book, year=year, owner=cast("User", request.user))
    else:
        stored = PlanCost.objects.filter(plan=source)
        plan, costs = copied(source, stored, department=department, year=year)
    duties = declared.duties_of_department(department, timezone.localdate(at))
    return Sheet(plan, costs, book, duties, at, departments, source)


def stored_sheet(request: HttpRequest, pk: int, at: datetime) -> Sheet:
    """The sheet of a saved plan; 404 for whoever may not see it."""
    plan = visible_plan(request, pk)
    day = timezone.localdate(at)
    return Sheet(
        plan,
        list(PlanCost.objects.filter(plan=plan)),
        book_for(plan.union, day).book,
        declared.duties_of_department(plan.department, day),
        at,
    )


def filled(sheet: Sheet, data: QueryDict) -> PlanForm:
    """The form with every amount set to what the rate card allows (按标准填入)."""
    plan, costs = sheet.as_written(sheet.form(data))
    data = data.copy()
    for item, amount in cost_sheet(plan, costs, sheet.book).standards().items():
        data[f"cost_{item}"] = f"{amount:.2f}"
    return sheet.form(data)
