"""A plan as it stands at one moment: snapshot, sameness, difference.

Snapshots are what versions keep, what a resubmission is compared with, and what two editors of one
draft are shown. Everything in them is JSON; money and hours are strings with their decimals.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from office.wording import days_text, yuan
from workflow import timing
from workflow.costs import cost_titles, in_card_order
from workflow.models.plan import CONTENT_FIELDS, ClassPlan, PlanAttachment, PlanCost
from workflow.states import TrainingMode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rulebook.schema import Book

#: A change in one of these sends a resubmission through the whole chain again: people, money, days, category.
WEIGHTY: Final = frozenset(
    {
        "category",
        "audience_units",
        "audience_levels",
        "audience_posts",
        "sessions",
        "half_days",
        "residential",
        "trainees",
        "staff",
        "source",
        "fee",
        "rate_class",
        "lecturer_title",
        "lecture_hours",
        "costs",
    }
)

_LABELS: Final = {
    **{name: str(ClassPlan._meta.get_field(name).verbose_name) for name in CONTENT_FIELDS},  # type: ignore[union-attr]
    "costs": "经费",
}


def snapshot(
    plan: ClassPlan, costs: Iterable[PlanCost], attachments: Iterable[PlanAttachment] = ()
) -> dict[str, Any]:
    """The plan's content as JSON; costs as ``{item: {"amount", "note"}}``, files as name → sha256."""
    content: dict[str, Any] = {}
    for name in CONTENT_FIELDS:
        value = getattr(plan, name)
        if isinstance(value, Decimal):
            value = str(value.quantize(Decimal(10) ** -ClassPlan._meta.get_field(name).decimal_places))  # type: ignore[union-attr]
        elif isinstance(value, list):
            value = list(value)
        elif isinstance(value, dict):
            value = {key: value[key] for key in sorted(value)}
        content[name] = value
    content["costs"] = {
        cost.item: {"amount": str(cost.amount.quantize(Decimal("0.01"))), "note": cost.note}
        for cost in sorted(costs, key=lambda cost: cost.item)
    }
    content["files"] = {attachment.file.name: attachment.file.sha256 for attachment in attachments}
    return content


def restore(content: Mapping[str, Any]) -> tuple[ClassPlan, list[PlanCost]]:
    """An unsaved plan and costs that say what ``content`` says: for pages and rules on old versions."""
    plan = ClassPlan()
    for name in CONTENT_FIELDS:
        field = ClassPlan._meta.get_field(name)
        value = content.get(name, field.get_default())  # type: ignore[union-attr]
        setattr(plan, name, Decimal(value) if hasattr(field, "decimal_places") else value)
    costs = [
        PlanCost(item=item, amount=Decimal(row["amount"]), note=row["note"])
        for item, row in content.get("costs", {}).items()
    ]
    return plan, costs


def total(content: Mapping[str, Any]) -> Decimal:
    """Yuan of all cost lines of a snapshot."""
    return sum((Decimal(row["amount"]) for row in content["costs"].values()), Decimal("0.00"))


@dataclass(frozen=True)
class Change:
    """One field that differs, as people read it."""

    name: str
    label: str
    before: str
    after: str

    @property
    def weighty(self) -> bool:
        return self.name.partition(":")[0] in WEIGHTY


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """Names of what differs; notes beside amounts don't make the costs differ."""
    names = {name for name in CONTENT_FIELDS if _differs(name, before, after)}
    if _amounts(before) != _amounts(after):
        names.add("costs")
    elif before.get("costs") != after.get("costs"):
        names.add("cost_notes")
    if before.get("files", {}) != after.get("files", {}):
        names.add("files")
    return names


#: Ticked entries: the order in which a sheet or a form names them says nothing.
_SETS: Final = frozenset({"audience_units", "audience_levels", "audience_posts"})


def _differs(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    one, other = before.get(name), after.get(name)
    return set(one or ()) != set(other or ()) if name in _SETS else one != other


def _amounts(content: Mapping[str, Any]) -> dict[str, Decimal]:
    rows = {item: Decimal(row["amount"]) for item, row in content.get("costs", {}).items()}
    return {item: amount for item, amount in rows.items() if amount}


def differences(before: Mapping[str, Any], after: Mapping[str, Any], book: Book) -> list[Change]:
    """What differs between two snapshots, in the order of the form, in words."""
    changes = [
        Change(name, _LABELS[name], shown(name, before.get(name), book), shown(name, after.get(name), book))
        for name in CONTENT_FIELDS
        if _differs(name, before, after)
    ]
    if before.get("files", {}) != after.get("files", {}):
        changes.append(
            Change("files", "附件", *("、".join(side.get("files", {})) for side in (before, after)))
        )
    titles = cost_titles(book)
    old, new = before.get("costs", {}), after.get("costs", {})
    for item in in_card_order({*old, *new}, book):
        row_before, row_after = (_cost(old.get(item)), _cost(new.get(item)))
        if row_before != row_after:
            changes.append(Change(f"costs:{item}", titles.get(item, item), row_before, row_after))
    if total(before) != total(after):
        changes.append(Change("costs:total", "经费合计", yuan(total(before)), yuan(total(after))))
    return changes


def _cost(row: Mapping[str, str] | None) -> str:
    if row is None:
        return ""
    return f"{yuan(Decimal(row['amount']))}{'（' + row['note'] + '）' if row['note'] else ''}"


def shown(name: str, value: Any, book: Book) -> str:
    """A field of a snapshot as the page writes it."""
    if value in (None, "", [], {}):
        return ""
    match name:
        case "category" | "subject" | "source":
            return "、".join(book.titles([value]))
        case "audience_units" | "audience_levels" | "audience_posts":
            return "、".join(book.titles(value))
        case "modules":
            return "、".join(
                f"{title} {hours}" for title, hours in zip(book.titles(value), value.values(), strict=True)
            )
        case "time_slots":
            return timing.time_text(value)
        case "half_days":
            return f"{days_text(value)} 天（{value} 个半天）"
        case "mode":
            return str(TrainingMode(value).label)
        case "residential":
            return "住宿" if value else "走读"
        case "place_tentative":
            return "是" if value else "否"
        case "rate_class":
            return next((c.title for c in book.rate_card.classes if c.code == value), value)
        case "lecturer_title":
            return next((r.title for r in book.rate_card.lecture if r.code == value), value)
        case "fee":
            return yuan(Decimal(value))
        case _:
            return str(value)
