"""What is asked about money, the figures it starts from, and what they would become. Yuan throughout."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Self

from budgets.models import Account, BudgetLine, Fund
from budgets.selectors import fund_totals
from budgets.services import Shift
from budgets.states import AccountKind
from workflow.states import MoneyKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from workflow.models import MoneyRequest

ZERO: Final = Decimal("0.00")


@dataclass(frozen=True)
class CarriedClass:
    """A class to be carried over: its ``project``, and how much of each cost item goes along."""

    project: int
    lines: Mapping[str, Decimal]

    @property
    def total(self) -> Decimal:
        return sum(self.lines.values(), ZERO)


@dataclass(frozen=True)
class MoneyTerms:
    """What is asked, by kind: ``shifts`` between lines (调剂), what each cost item is to have (预算调整,
    ``lines``), or an ``amount`` (结转, 追加) with the number of the ``document`` it rests on (追加) and the
    ``classes`` that are carried over beside it (结转)."""

    shifts: tuple[Shift, ...] = ()
    lines: Mapping[str, Decimal] = field(default_factory=dict)
    amount: Decimal = ZERO
    document: str = ""
    classes: tuple[CarriedClass, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As a request keeps it; :meth:`from_json` reads it back."""
        return {
            "shifts": [
                {"source": shift.source, "target": shift.target, "amount": str(shift.amount)}
                for shift in self.shifts
            ],
            "lines": {item: str(amount) for item, amount in self.lines.items()},
            "amount": str(self.amount),
            "document": self.document,
            "classes": [
                {
                    "project": each.project,
                    "lines": {item: str(amount) for item, amount in each.lines.items()},
                }
                for each in self.classes
            ],
        }

    @property
    def carried(self) -> Decimal:
        """All a 结转 takes to the next year: the fund's own money and that of the classes."""
        return sum((each.total for each in self.classes), self.amount)

    def whole(self, now: Figures) -> Self:
        """A budget that says of every line what it is to have: those it doesn't name stay as they are."""
        return replace(self, lines={line.item: line.budget for line in now.lines} | dict(self.lines))

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """What :meth:`as_json` gave."""
        return cls(
            shifts=tuple(
                Shift(row["source"], row["target"], Decimal(row["amount"])) for row in kept.get("shifts", ())
            ),
            lines={item: Decimal(amount) for item, amount in kept.get("lines", {}).items()},
            amount=Decimal(kept.get("amount", "0.00")),
            document=kept.get("document", ""),
            classes=tuple(
                CarriedClass(row["project"], {item: Decimal(amount) for item, amount in row["lines"].items()})
                for row in kept.get("classes", ())
            ),
        )


@dataclass(frozen=True)
class Line:
    """A budget line as it stands: ``project`` and its number, and what of ``budget`` is spoken for."""

    pk: int
    item: str
    title: str
    project: int
    number: str
    budget: Decimal = ZERO
    committed: Decimal = ZERO
    paid: Decimal = ZERO

    @property
    def floor(self) -> Decimal:
        """What it can't go below (S19): paid and committed."""
        return self.committed + self.paid

    @property
    def free(self) -> Decimal:
        return self.budget - self.floor


@dataclass(frozen=True)
class Figures:
    """What a request starts from: the budget lines in question, what the fund was granted and has free, and
    for a 结转 the same of the next year's fund (None where it isn't set up)."""

    lines: tuple[Line, ...] = ()
    granted: Decimal = ZERO
    free: Decimal = ZERO
    to: int | None = None
    to_granted: Decimal = ZERO
    to_free: Decimal = ZERO

    def as_json(self) -> dict[str, Any]:
        """As a request keeps it; :meth:`from_json` reads it back."""
        money = ("budget", "committed", "paid")
        return {
            "lines": [
                {name: getattr(line, name) for name in ("pk", "item", "title", "project", "number")}
                | {name: str(getattr(line, name)) for name in money}
                for line in self.lines
            ],
            "to": self.to,
        } | {name: str(getattr(self, name)) for name in ("granted", "free", "to_granted", "to_free")}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """What :meth:`as_json` gave."""
        money = ("budget", "committed", "paid")
        return cls(
            lines=tuple(
                Line(**row | {name: Decimal(row[name]) for name in money}) for row in kept.get("lines", ())
            ),
            to=kept.get("to"),
            **{
                name: Decimal(kept.get(name, "0.00")) for name in ("granted", "free", "to_granted", "to_free")
            },
        )

    @property
    def total(self) -> Decimal:
        """The budget of all its lines."""
        return sum((line.budget for line in self.lines), ZERO)


def lines_of(project_ids: Iterable[int]) -> list[Line]:
    """The budget lines of these projects in their order, one query."""
    accounts = Account.objects.filter(line__project__in=tuple(project_ids)).select_related("line__project")
    found: dict[int, dict[str, Any]] = {}
    for account in accounts.order_by("line__project__number", "line__ordinal"):
        if account.line is None:
            continue
        line = account.line
        row = found.setdefault(
            line.pk,
            {
                "pk": line.pk,
                "item": line.item,
                "title": line.title,
                "project": line.project_id,
                "number": line.project.number,
                "budget": ZERO,
            },
        )
        row["budget"] += account.balance
        if account.kind == AccountKind.COMMITTED:
            row["committed"] = account.balance
        elif account.kind == AccountKind.PAID:
            row["paid"] = account.balance
    return [Line(**row) for row in found.values()]


def next_year(fund: Fund) -> Fund | None:
    """The fund of the next year, of the same union and source; None where it isn't set up."""
    return Fund.objects.filter(union=fund.union_id, source=fund.source, year=fund.year + 1).first()


def figures_now(request: MoneyRequest, terms: MoneyTerms) -> Figures:
    """The figures a request starts from as they are; four queries at most."""
    lines: list[Line] = []
    if terms.classes:
        lines = lines_of(each.project for each in terms.classes)
    if request.project_id is not None:
        wanted = {line for shift in terms.shifts for line in (shift.source, shift.target)}
        others = BudgetLine.objects.filter(pk__in=wanted, project__fund=request.fund_id).order_by()
        lines = lines_of(
            {request.project_id, *others.values_list("project", flat=True)}
            if wanted
            else [request.project_id]
        )
    to = next_year(request.fund) if request.kind == MoneyKind.CARRY_OVER else None
    totals = fund_totals([request.fund_id] if to is None else [request.fund_id, to.pk])
    own = totals[request.fund_id]
    if to is None:
        return Figures(tuple(lines), own.granted, own.available)
    there = totals[to.pk]
    return Figures(tuple(lines), own.granted, own.available, to.pk, there.granted, there.available)


@dataclass(frozen=True)
class Effect:
    """A row of the before and after. ``floor``: paid and committed, which it can't go below."""

    group: str
    title: str
    before: Decimal
    after: Decimal
    committed: Decimal = ZERO
    paid: Decimal = ZERO
    #: The budget line, its project and cost item; nothing of a fund.
    line: int | None = None
    project: int | None = None
    item: str = ""

    @property
    def more(self) -> Decimal:
        """What is added, below nought what is taken."""
        return self.after - self.before

    @property
    def floor(self) -> Decimal:
        return self.committed + self.paid


@dataclass(frozen=True)
class Carrying:
    """What goes along of a budget line: ``amount``; the rest of what it has goes back to the old fund."""

    title: str
    budget: Decimal
    paid: Decimal
    committed: Decimal
    free: Decimal
    amount: Decimal
    item: str = ""

    @property
    def has(self) -> Decimal:
        """What isn't paid: free and promised."""
        return self.free + self.committed

    @property
    def back(self) -> Decimal:
        return self.has - self.amount


@dataclass(frozen=True)
class CarryingClass:
    """A class to be carried over, line by line in their order, with their sums."""

    project: int
    number: str
    rows: tuple[Carrying, ...]
    asked: CarriedClass

    @property
    def sums(self) -> Carrying:
        budget, paid, committed, free, amount = (
            sum((getattr(row, name) for row in self.rows), ZERO)
            for name in ("budget", "paid", "committed", "free", "amount")
        )
        return Carrying("合计", budget, paid, committed, free, amount)


def carrying(terms: MoneyTerms, now: Figures) -> list[CarryingClass]:
    """The classes a 结转 takes along, in the order they were chosen. One without lines is no project of
    those figures."""
    found = []
    for each in terms.classes:
        lines = [line for line in now.lines if line.project == each.project]
        rows = tuple(
            Carrying(
                line.title,
                line.budget,
                line.paid,
                line.committed,
                line.free,
                each.lines.get(line.item, ZERO),
                line.item,
            )
            for line in lines
        )
        found.append(CarryingClass(each.project, lines[0].number if lines else "", rows, each))
    return found


def effects(
    request: MoneyRequest, terms: MoneyTerms, now: Figures, titles: Mapping[str, str]
) -> list[Effect]:
    """What would become of every line or fund concerned. ``titles``: what cost items are called."""
    year = f"{request.fund.year} 年"
    match request.kind:
        case MoneyKind.CARRY_OVER:
            following = f"{request.fund.year + 1} 年"
            back = sum((row.back for each in carrying(terms, now) for row in each.rows), ZERO)
            return [
                Effect(year, "专项预算可安排余额", now.free, now.free - terms.amount + back),
                Effect(following, "专项预算可安排余额", now.to_free, now.to_free + terms.amount),
            ]
        case MoneyKind.SUPPLEMENT:
            return [
                Effect(year, "专项预算总额", now.granted, now.granted + terms.amount),
                Effect(year, "专项预算可安排余额", now.free, now.free + terms.amount),
            ]
    after = {line.pk: line.budget for line in now.lines}
    if request.kind == MoneyKind.TRANSFER:
        for shift in terms.shifts:
            after[shift.source] = after.get(shift.source, ZERO) - shift.amount
            after[shift.target] = after.get(shift.target, ZERO) + shift.amount
    else:
        after = {line.pk: terms.lines.get(line.item, line.budget) for line in now.lines}
    rows = [
        Effect(
            line.number,
            line.title,
            line.budget,
            after[line.pk],
            line.committed,
            line.paid,
            line.pk,
            line.project,
            line.item,
        )
        for line in now.lines
    ]
    known = {line.item for line in now.lines}
    new = [item for item, amount in terms.lines.items() if amount and item not in known]
    number = request.project.number if request.project is not None else ""
    return rows + [
        Effect(number, titles.get(item, item), ZERO, terms.lines[item], project=request.project_id, item=item)
        for item in new
    ]
