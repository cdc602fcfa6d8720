"""What the form of a request about a 期 stands on, and what stands beside it as one types."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from rulebook.selectors import book_for
from workflow.costs import cost_titles
from workflow.forms.budget import cost_sheet
from workflow.forms.runs import RunForm, laid_out, shifted, with_blank
from workflow.models import RunRequest
from workflow.rules import route
from workflow.rules.differences import chain_of, comparison
from workflow.rules.run_checks import Asked, findings_of_terms, lecture_ceiling
from workflow.rules.terms import RunTerms, holds_now, terms_of
from workflow.states import RequestKind, RequestState

if TYPE_CHECKING:
    from datetime import datetime

    from django.forms import BoundField
    from django.http import QueryDict

    from org.models import User
    from rulebook.schema import Book
    from rulebook.steps import Step
    from workflow.forms.budget import CostLine
    from workflow.models import ClassRun
    from workflow.rules.differences import Difference
    from workflow.rules.findings import Finding

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class RunSheet:
    """``before``: what is approved now; ``terms``: what the form begins with; ``request`` None: a new one."""

    run: ClassRun
    kind: RequestKind
    book: Book
    before: RunTerms
    terms: RunTerms
    at: datetime
    request: RunRequest | None = None

    @property
    def is_opening(self) -> bool:
        return self.kind == RequestKind.OPEN

    def form(self, data: Any = None, files: Any = None) -> RunForm:
        """Filled in from ``data`` or the terms; an opening begins with rows for the planned half-days."""
        return RunForm(
            data,
            files,
            book=self.book,
            terms=self.terms,
            reason=self.request.reason if self.request is not None else "",
            spare=0 if self.terms.lessons else max(min(self.run.plan.half_days, 12), 1),
        )


def sheet_of(run: ClassRun, kind: RequestKind, at: datetime, request: RunRequest | None = None) -> RunSheet:
    """The sheet of a new request, or of one that may be changed. Raises Refused where no book is in force."""
    book = book_for(run.plan.union, timezone.localdate(at)).book
    before = holds_now(run)
    if request is not None:
        terms = RunTerms.from_json(request.content)
    elif kind == RequestKind.OPEN:
        terms = _asked_before(run) or before
    else:
        terms = terms_of(run)
    return RunSheet(run, kind, book, before, terms, at, request)


def _asked_before(run: ClassRun) -> RunTerms | None:
    """What the 期 last asked to open by, where that came to nothing: nobody types it twice."""
    ended = (RequestState.WITHDRAWN, RequestState.REFUSED)
    asked = RunRequest.objects.filter(run=run, kind=RequestKind.OPEN, state__in=ended)
    last = asked.order_by("-created_at", "-id").first()
    return RunTerms.from_json(last.content) if last is not None else None


@dataclass(frozen=True)
class Judged:
    """What the book says of the terms: findings, the lines side by side, the chain and its people."""

    findings: list[Finding]
    lines: list[Difference]
    chain: str
    steps: list[route.Ahead]

    @property
    def differs(self) -> list[Difference]:
        return [line for line in self.lines if line.differs]

    @property
    def weighty(self) -> list[Difference]:
        return [line for line in self.lines if line.weighty]

    @property
    def tally(self) -> dict[str, int]:
        """How many findings of each weight."""
        found = [finding.severity for finding in self.findings]
        return {level: found.count(level) for level in ("block", "hold", "warn", "pass")}


def judged(sheet: RunSheet, terms: RunTerms, actor: User) -> Judged:
    """The same rules a submission goes by, on terms not yet saved."""
    run, plan, book = sheet.run, sheet.run.plan, sheet.book
    asked = Asked(run, sheet.kind, sheet.before, terms, book, sheet.at)
    chain = chain_of(sheet.kind, sheet.before, terms, plan, book)
    return Judged(
        findings=findings_of_terms(asked),
        lines=comparison(sheet.before, terms, plan, book) if terms.stretches else [],
        chain=chain,
        steps=chain_ahead(run, book.launch.chain(chain), actor.pk, sheet.at),
    )


def chain_ahead(run: ClassRun, steps: tuple[Step, ...], author_id: int, at: datetime) -> list[route.Ahead]:
    """The people who would act on a request handed in now."""
    return route.ahead(run.plan, steps, 0, author_id=author_id, on=timezone.localdate(at), meeting=False)


@dataclass(frozen=True)
class CostRow:
    """A line of the budget: what the standard allows of this 期, what is approved, the box to type in."""

    line: CostLine
    before: Decimal
    box: BoundField

    @property
    def more(self) -> Decimal:
        return self.line.asked - self.before


def cost_rows(sheet: RunSheet, terms: RunTerms, form: RunForm) -> list[CostRow]:
    """Every line that can hold an amount, by the rate card on this 期's people and days."""
    facts = Asked(sheet.run, sheet.kind, sheet.before, terms, sheet.book, sheet.at).facts
    table = cost_sheet(facts.plan, facts.costs, sheet.book)
    card, titles = sheet.book.rate_card, cost_titles(sheet.book)
    most = lecture_ceiling(terms, sheet.book) if card.enabled else None
    lecture = replace(table.lecture, most=most, quantity="按课程表" if card.enabled else "")
    lines = [*table.quota, lecture, table.travel, *table.others]
    return [
        CostRow(
            replace(line, title=titles.get(line.item, line.title)),
            sheet.before.costs.get(line.item, ZERO),
            form[f"cost_{line.item}"],
        )
        for line in lines
        if f"cost_{line.item}" in form.fields
    ]


def worked_cells(sheet: RunSheet, rows: list[CostRow]) -> str:
    """What is worked out beside the boxes, as htmx's ``hx-select-oob``; boxes are never swapped."""
    ids = ["live-tally", "b-total"]
    if sheet.book.rate_card.enabled:
        ids += [f"b-{row.line.item}-{part}" for row in rows for part in ("std", "qty", "most", "gap")]
    return ",".join(f"#{one}" for one in ids)


#: Buttons that change what is in the form and save nothing.
REWRITES = frozenset({"add_span", "add_lessons", "timetable", "shift", "fill", "check"})


def rewritten(sheet: RunSheet, data: QueryDict, action: str) -> RunForm:
    """The form after one of :data:`REWRITES`; what was typed stays, readable or not."""
    form = sheet.form(data)
    terms = form.terms()
    changed = data
    match action:
        case "add_span":
            changed = with_blank(data, "span", 1)
        case "add_lessons":
            changed = with_blank(data, "lesson", 4)
        case "timetable":
            changed = laid_out(data, terms.half_days)
        case "shift" if terms.days and (began := _taught_from(sheet, data)):
            changed = shifted(data, terms.days[0] - began)
            changed["base"] = terms.days[0].isoformat()
        case "fill":
            changed = data.copy()
            for row in cost_rows(sheet, terms, form):
                if row.line.most is not None:
                    changed[f"cost_{row.line.item}"] = f"{row.line.most:.2f}"
    return sheet.form(changed)


def _taught_from(sheet: RunSheet, data: QueryDict) -> date | None:
    """The first day the timetable in the form was made for: it may have been moved before."""
    try:
        return date.fromisoformat(data.get("base", ""))
    except ValueError:
        return next(iter(sheet.terms.days), None)
