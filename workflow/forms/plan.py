"""The 年度培训计划申报表 as a form: fields in the order an office fills them, choices from the book in force.

A draft may lack anything but its name; only what can't be read is a fault (see :mod:`.fields`).
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from django import forms

from workflow import timing
from workflow.costs import cost_titles
from workflow.forms.fields import Choice, Number, Pick, Text, Ticks, Time
from workflow.models import ClassPlan, PlanCost
from workflow.models.plan import CONTENT_FIELDS
from workflow.rules.plan import may_hold
from workflow.states import AttachmentKind, TrainingMode

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from django.core.files.uploadedfile import UploadedFile
    from django.utils.datastructures import MultiValueDict

    from org.models import Department, User
    from rulebook.schema import Book, Category
    from workflow.rules.findings import Finding
    from workflow.services.drafts import Costs

#: Content the form has no box of its own for: ``modules`` is made from one box a module.
_OTHERWISE: Final = frozenset({"modules"})


class PlanForm(forms.Form):
    """One line of the plan of ``department`` for ``year``, with its costs.

    ``duties``: the duty codes of the department, for what it may hold. ``items``: cost items beyond the
    rate card's that the plan already has.
    """

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        files: MultiValueDict[str, UploadedFile[bytes]] | None = None,
        *,
        book: Book,
        department: Department,
        year: int,
        duties: Collection[str] = (),
        items: Iterable[str] = (),
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, files, initial=initial)
        self.book, self.department, self.year, self.duties = book, department, year, duties
        self.module_codes = [entry.code for entry in book.modules]
        known = cost_titles(book)
        self.items = [*known, *(item for item in items if item not in known)]
        self._add_fields()
        for name, field in self.fields.items():
            if isinstance(field, Pick | Ticks) and name in self.initial:
                field.keep(self.initial[name])

    def _add_fields(self) -> None:
        book, card, add = self.book, self.book.rate_card, self.fields.__setitem__
        add("name", Text(label="班次名称", most=80, required=True))
        add("category", Pick(label="班次类别", what="班次类别", choices=self._categories()))
        add("subject", Pick(label="业务编码", what="业务编码", choices=self._subjects()))
        add("purpose", Text(label="培训目的", most=500, rows=2))
        for name, label, entries in (
            ("audience_units", "对象单位", book.audience_units),
            ("audience_levels", "对象层级", book.audience_levels),
            ("audience_posts", "对象岗位", book.audience_posts),
        ):
            add(name, Ticks(label=label, what=label, choices=[(e.code, e.title) for e in entries]))
        add("audience_note", Text(label="对象说明", most=200))
        add("trainees", Number(label="每期学员", most=100_000, example="60"))
        add("staff", Number(label="每期工作人员", most=10_000, example="3"))
        for entry in book.modules:
            add(f"module_{entry.code}", Number(label=entry.title, most=999, places=1, example="4"))
        add("mode", Pick(label="培训方式", what="培训方式", choices=TrainingMode.choices))
        add(
            "time_slots",
            Time(label="时间", year=self.year),
        )
        add("sessions", Number(label="期数", most=366, least=1, example="1"))
        add("half_days", Number(label="每期半天数", most=732, example="4"))
        add("hours", Number(label="每期学时", most=2000, places=1, example="16"))
        add("residential", Choice(label="食宿", yes="住宿", no="走读"))
        add("place", Text(label="地点", most=100))
        add("place_tentative", forms.BooleanField(label="拟（地点未定）", required=False))
        add("implementer", Text(label="承办机构", most=100))
        self.fields["implementer"].widget.attrs["list"] = "implementers"
        add("owner_name", Text(label="项目负责人", most=50))
        add("owner_phone", Text(label="联系电话", most=30))
        self.fields["owner_phone"].widget.attrs["inputmode"] = "tel"
        add("source", Pick(label="列支渠道", what="列支渠道", choices=_options(book.sources)))
        classes = _options(card.classes)
        usual = next((entry.title for entry in card.classes if entry.code == card.default_class), "")
        classes[0] = ("", f"默认：{usual}")
        add("rate_class", Pick(label="培训费类别", what="培训费类别", choices=classes))
        ranks = [("", "不付讲课费"), *_options(card.lecture)[1:]]
        add("lecturer_title", Pick(label="授课人职称", what="师资职称", choices=ranks))
        add("lecture_hours", Number(label="每期付酬学时", most=2000, places=1, example="8"))
        for item in self.items:
            title = self.item_title(item)
            add(
                f"cost_{item}",
                Number(
                    label=title,
                    most=9_999_999_999,
                    places=2,
                    example="8000.00",
                    attrs={"placeholder": "0.00", "class": "num bare", "aria-label": f"{title} 申报（元）"},
                ),
            )
            add(f"note_{item}", Text(label=f"{title} 说明", most=100))
            self.fields[f"note_{item}"].widget.attrs.update({"class": "bare", "aria-label": f"{title} 说明"})
        add(
            "fee",
            Number(label="向学员收费", most=9_999_999, places=2, example="0", blank_zero=False),
        )
        add("fee_basis", Text(label="收费依据", most=200))
        add("survey_reference", Text(label="需求调研依据", most=200))
        add("kind", forms.ChoiceField(label="附件类型", choices=AttachmentKind.choices, required=False))
        add("off_plan_reason", Text(label="计划外增加理由", most=300, rows=2))
        add("principal_approval", Text(label="主要负责同志审批意见", most=200))
        add("explanation", Text(label="对核查提示的说明", most=500, rows=2))
        add("remark", Text(label="备注", most=200))

    def item_title(self, item: str) -> str:
        """A cost line's words: the card's, 师资费, 师资差旅费, or the code where nothing knows it."""
        return cost_titles(self.book).get(item, item)

    def _categories(self) -> list[Any]:
        ours: list[Category] = []
        others: list[Category] = []
        for entry in self.book.categories:
            side = ours if may_hold(entry, self.department.code, self.duties) else others
            side.append(entry)
        if not others:
            return _options(ours)
        return [
            ("", "请选择"),
            ("本部门可以举办", [(e.code, e.title) for e in ours]),
            ("由其他部门举办", [(e.code, e.title) for e in others]),
        ]

    def _subjects(self) -> list[Any]:
        groups: list[Any] = [("", "请选择")]
        for category in self.book.categories:
            rows = [
                (entry.code, f"{entry.code} {entry.title}")
                for entry in self.book.subjects
                if entry.categories and entry.categories[0] == category.code
            ]
            if rows:
                groups.append((category.title, rows))
        return groups

    def clean(self) -> dict[str, Any]:
        """学时 left empty are those of the modules together."""
        data = self.cleaned_data
        if "hours" in data and not data["hours"]:
            data["hours"] = sum((data.get(f"module_{code}") or 0 for code in self.module_codes), Decimal(0))
        return data

    def content(self) -> dict[str, Any]:
        """What could be read, by the names of ``CONTENT_FIELDS``; all of them once the form is valid."""
        data = self.cleaned_data
        found: dict[str, Any] = {
            name: data[name] for name in CONTENT_FIELDS if name in data and name not in _OTHERWISE
        }
        found["mode"] = found.get("mode") or TrainingMode.OFF_THE_JOB
        hours = {code: data.get(f"module_{code}") for code in self.module_codes}
        # As JSON keeps them: whole hours whole, so that a draft saved twice stays the same.
        found["modules"] = {
            code: int(value) if value == int(value) else float(value)
            for code, value in hours.items()
            if value
        }
        return found

    def costs(self) -> Costs:
        """What could be read of the budget: item → (yuan, note), every line."""
        data = self.cleaned_data
        return {
            item: (data.get(f"cost_{item}") or Decimal("0.00"), data.get(f"note_{item}") or "")
            for item in self.items
        }

    def unsaved(self, plan: ClassPlan) -> tuple[ClassPlan, list[PlanCost]]:
        """A copy of ``plan`` that says what the form says, and its costs, for rules and the live table."""
        copy = ClassPlan(
            pk=plan.pk,
            union=plan.union,
            department=plan.department,
            year=plan.year,
            version_id=plan.version_id,
            **self.content(),
        )
        costs = [PlanCost(item=item, amount=sum_, note=note) for item, (sum_, note) in self.costs().items()]
        return copy, [cost for cost in costs if cost.amount or cost.note]


def _options(entries: Iterable[Any]) -> list[tuple[str, str]]:
    return [("", "请选择"), *((entry.code, entry.title) for entry in entries)]


def initial_of(plan: ClassPlan, costs: Iterable[PlanCost]) -> dict[str, Any]:
    """A plan as the form shows it."""
    initial = {name: getattr(plan, name) for name in CONTENT_FIELDS if name not in _OTHERWISE}
    for code, hours in plan.modules.items():
        initial[f"module_{code}"] = Decimal(str(hours))
    for cost in costs:
        initial[f"cost_{cost.item}"] = cost.amount
        initial[f"note_{cost.item}"] = cost.note
    return initial


#: Not carried into another year's draft: they speak of the plan they were written for.
_OF_ITS_YEAR: Final = ("survey_reference", "off_plan_reason", "principal_approval", "explanation")


def blank(department: Department, book: Book, *, year: int, owner: User) -> ClassPlan:
    """A new line, unsaved: owner is whoever writes it, channel and class are the book's usual ones."""
    return ClassPlan(
        union=department.union,
        department=department,
        year=year,
        owner_name=owner.name,
        owner_phone=owner.phone,
        source=book.sources[0].code if book.sources else "",
        rate_class=book.rate_card.default_class if book.rate_card.enabled else "",
    )


def copied(
    source: ClassPlan, costs: Iterable[PlanCost], *, department: Department, year: int
) -> tuple[ClassPlan, list[PlanCost]]:
    """A plan as the beginning of another one, unsaved: 沿用 into ``year``, or 复制 within the same."""
    left_out = {"explanation", *(_OF_ITS_YEAR if source.year != year else ())}
    said = {name: getattr(source, name) for name in CONTENT_FIELDS if name not in left_out}
    said["time_slots"] = [slot for slot in source.time_slots if timing.is_slot(slot, year=year)]
    plan = ClassPlan(union=department.union, department=department, year=year, **said)
    return plan, [PlanCost(item=cost.item, amount=cost.amount, note=cost.note) for cost in costs]


def field_of(finding: Finding, plan: ClassPlan, book: Book) -> str:
    """The box in which a finding is mended: the ``id`` to link to."""
    match finding.code:
        case "audience_missing":
            name = "trainees" if plan.audience_units else "audience_units"
        case "time_missing":
            name = "time_slots" if not plan.time_slots else "half_days" if not plan.half_days else "sessions"
        case "category_holder":
            # Whose class it is, or which business: the first is told by the category's own clause.
            name = "category" if not plan.category or "类别依据" in finding.figures else "subject"
        case "off_plan":
            name = next(
                (n for n in ("off_plan_reason", "source") if not getattr(plan, n)), "principal_approval"
            )
        case "owner_missing":
            name = "owner_phone" if plan.owner_name else "owner_name"
        case "module_required":
            name = f"module_{book.modules[0].code}" if book.modules else "hours"
        case "over_ceiling_line" | "over_ceiling_total":
            items = book.rate_card.items
            line = next((item for item in items if finding.message.startswith(item.title)), items[0]).code
            name = f"cost_{line}"
        case code:
            name = _BOX.get(code, "name")
    return f"id_{name}"


_BOX: Final = {
    "survey_missing": "survey_reference",
    "fee_forbidden": "fee",
    "fee_basis": "fee_basis",
    "place_missing": "place",
    "staff_over": "staff",
    "lecture_over": "lecture_hours",
    "hours_fit": "hours",
    "duplicate_plan": "explanation",
}
