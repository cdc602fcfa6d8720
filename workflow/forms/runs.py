"""开班申请 and its changes as a form: days and half-days, timetable, people, final budget of one 期.

Rows are added by a button and counted by Django's own management forms; an empty row says nothing. A draft
may lack anything; only what can't be read is a fault (see :mod:`.fields`).
"""

from __future__ import annotations

from dataclasses import fields as fields_of
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.forms import formset_factory

from workflow.costs import cost_titles
from workflow.forms.fields import Choice, Number, Pick, Text
from workflow.rules.terms import LessonTerms, RunTerms, Span
from workflow.states import Half

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.http import QueryDict  # noqa: TID251 - what a form reads

    from rulebook.schema import Book

#: As many rows of each kind as one form takes.
MOST_ROWS: Final = 120

_DATES: Final = ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日"]


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        input_formats=_DATES,
        widget=forms.DateInput({"type": "date", "class": "bare"}, format="%Y-%m-%d"),
        error_messages={"invalid": "这不是日期，请写成 2027-06-08。"},
    )


def _half(label: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=Half.choices, required=False, widget=forms.Select({"class": "bare"})
    )


class SpanForm(forms.Form):
    """One row of 起止: from a half of a day to a half of a day, both included."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        add = self.fields.__setitem__
        add("first", _day("开始日期"))
        add("first_half", _half("开始时段"))
        add("last", _day("结束日期"))
        add("last_half", _half("结束时段"))
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = str(field.label)
        if not self.is_bound and "last_half" not in self.initial:
            self.initial["last_half"] = Half.AFTERNOON.value

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data.get("first") and not data.get("last") and "last" not in self.errors:
            self.add_error("last", "请填写结束日期。")
        if data.get("last") and not data.get("first") and "first" not in self.errors:
            self.add_error("first", "请填写开始日期。")
        return data

    def span(self) -> Span | None:
        """The row; None where it is empty or can't be read."""
        data = getattr(self, "cleaned_data", {})
        if not data.get("first") or not data.get("last") or self.errors:
            return None
        return Span(data["first"], _number(data["first_half"]), data["last"], _number(data["last_half"]))


def _number(half: str) -> int:
    return int(half or Half.MORNING.value)


class LessonForm(forms.Form):
    """One row of the timetable. A row without topic, lecturer and hours is empty, whatever its day."""

    def __init__(self, *args: Any, book: Book, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        add = self.fields.__setitem__
        add("day", _day("日期"))
        add("half", _half("时段"))
        add("topic", Text(label="授课内容", most=120))
        add("module", Pick(label="内容模块", what="内容模块", choices=_options(book.modules, "不分模块")))
        add("hours", Number(label="学时", most=12, places=1, example="4"))
        add("lecturer", Text(label="授课人", most=50))
        add("lecturer_unit", Text(label="授课人单位及职务", most=120))
        titles = _options(book.rate_card.lecture, "不付讲课费")
        add("lecturer_title", Pick(label="职称", what="师资职称", choices=titles))
        for name, field in self.fields.items():
            kind = "num bare" if name == "hours" else "bare"
            field.widget.attrs |= {"class": kind, "aria-label": str(field.label)}
            if isinstance(field, Pick):
                field.keep(self.initial.get(name, ""))

    @property
    def is_blank(self) -> bool:
        """Whether nothing but the day is filled in."""
        data = getattr(self, "cleaned_data", {})
        return not any(data.get(name) for name in ("topic", "hours", "lecturer", "lecturer_unit"))

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if self.is_blank:
            return data
        for name, what in (("day", "日期"), ("topic", "授课内容"), ("hours", "学时")):
            if not data.get(name) and name not in self.errors:
                self.add_error(name, f"请填写{what}。")
        return data

    def lesson(self) -> LessonTerms | None:
        """The row; None where it is empty or can't be read."""
        data = getattr(self, "cleaned_data", {})
        if not data or self.errors or self.is_blank:
            return None
        return LessonTerms(
            day=data["day"],
            half=_number(data["half"]),
            topic=data["topic"],
            hours=data["hours"],
            module=data["module"],
            lecturer=data["lecturer"],
            lecturer_unit=data["lecturer_unit"],
            lecturer_title=data["lecturer_title"],
        )


def _options(entries: Iterable[Any], none: str) -> list[tuple[str, str]]:
    return [("", none), *((entry.code, entry.title) for entry in entries)]


#: Boxes of the form that are fields of :class:`RunTerms` of the same name.
_SIMPLE: Final = (
    "venue",
    "address",
    "implementer",
    "residential",
    "trainees",
    "staff",
    "hours",
    "owner_name",
    "owner_phone",
    "class_teacher",
    "check_in",
    "note",
)


class RunForm(forms.Form):
    """Everything of :class:`RunTerms`, with the reason and a paper it rests on.

    ``terms``: what the form shows at first; ``items``: cost items beyond the rate card's.
    """

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        files: Any = None,
        *,
        book: Book,
        terms: RunTerms,
        reason: str = "",
        spare: int = 0,
    ) -> None:
        super().__init__(data, files, initial={name: getattr(terms, name) for name in _SIMPLE})
        self.initial["reason"] = reason
        self.book = book
        titles = cost_titles(book)
        self.items = [*titles, *(item for item in terms.costs if item not in titles)]
        add = self.fields.__setitem__
        add("venue", Text(label="地点", most=100))
        add("address", Text(label="详细地址", most=200))
        add("implementer", Text(label="承办机构", most=100))
        add("residential", Choice(label="食宿", yes="住宿", no="走读"))
        add("trainees", Number(label="学员", most=100_000, example="60"))
        add("staff", Number(label="工作人员", most=10_000, example="3"))
        add("hours", Number(label="学时", most=2000, places=1, example="16"))
        add("owner_name", Text(label="项目负责人", most=50))
        add("owner_phone", Text(label="联系电话", most=30))
        add("class_teacher", Text(label="班主任", most=50))
        add("check_in", Text(label="报到时间和地点", most=200))
        add("note", Text(label="备注", most=300, rows=2))
        for item in self.items:
            title = titles.get(item, item)
            attrs = {"placeholder": "0.00", "class": "num bare", "aria-label": f"{title} 本期预算（元）"}
            field = Number(label=title, most=9_999_999_999, places=2, example="8000.00", attrs=attrs)
            add(f"cost_{item}", field)
            self.initial[f"cost_{item}"] = terms.costs.get(item, Decimal(0))
        add("reason", Text(label="理由", most=500, rows=2))
        add("basis", forms.FileField(label="依据文件", required=False))
        spans: Any = formset_factory(SpanForm, extra=0, max_num=MOST_ROWS, absolute_max=MOST_ROWS)
        lessons: Any = formset_factory(LessonForm, extra=0, max_num=MOST_ROWS, absolute_max=MOST_ROWS)
        self.spans = spans(data, initial=[_span_row(span) for span in terms.stretches] or [{}], prefix="span")
        rows = [_lesson_row(lesson) for lesson in terms.lessons]
        self.lessons = lessons(data, initial=rows + [{}] * spare, prefix="lesson", form_kwargs={"book": book})

    def is_valid(self) -> bool:
        """The form and all of its rows."""
        return all([super().is_valid(), self.spans.is_valid(), self.lessons.is_valid()])

    def terms(self) -> RunTerms:
        """What could be read; unreadable boxes count as empty. 学时 left empty are those of the timetable."""
        self.full_clean()
        self.spans.is_valid()
        self.lessons.is_valid()
        data = self.cleaned_data
        spans = (row.span() for row in self.spans)
        lessons = [lesson for row in self.lessons if (lesson := row.lesson()) is not None]
        simple = {name: data[name] for name in _SIMPLE if name in data}
        if not simple.get("hours"):
            simple["hours"] = sum((lesson.hours for lesson in lessons), Decimal("0.0"))
        return RunTerms(
            stretches=tuple(span for span in spans if span is not None),
            lessons=tuple(sorted(lessons, key=lambda lesson: lesson.number)),
            costs={item: sum_ for item in self.items if (sum_ := data.get(f"cost_{item}"))},
            **simple,
        )

    def faults(self) -> list[tuple[str, str, str]]:
        """(id of the box, its label, what is wrong) of the rows; the form's own stand in ``errors``."""
        found = []
        for what, rows in (("起止时间", self.spans), ("课程", self.lessons)):
            for number, row in enumerate(rows, 1):
                found += [
                    (row[name].id_for_label, f"{what}第 {number} 行 {row.fields[name].label}", str(error))
                    for name, errors in row.errors.items()
                    if name in row.fields
                    for error in errors
                ]
        return found


def _span_row(span: Span) -> dict[str, Any]:
    return {one.name: getattr(span, one.name) for one in fields_of(span)}


def _lesson_row(lesson: LessonTerms) -> dict[str, Any]:
    return {one.name: getattr(lesson, one.name) for one in fields_of(lesson)}


_LESSON: Final = ("day", "half", "topic", "module", "hours", "lecturer", "lecturer_unit", "lecturer_title")


def with_blank(data: QueryDict, prefix: str, more: int) -> QueryDict:
    """A copy of what was posted with ``more`` empty rows after those of ``prefix``."""
    copied = data.copy()
    copied[f"{prefix}-TOTAL_FORMS"] = str(min(_count(data, prefix) + more, MOST_ROWS))
    return copied


def laid_out(data: QueryDict, half_days: Iterable[tuple[date, int]]) -> QueryDict:
    """A copy of what was posted with a timetable row for every half-day that has none; empty rows go."""
    rows = [
        {name: data.get(f"lesson-{number}-{name}", "") for name in _LESSON}
        for number in range(_count(data, "lesson"))
    ]
    kept = [row for row in rows if any(row[name].strip() for name in ("topic", "hours", "lecturer"))]
    taught = {(row["day"], row["half"]) for row in kept}
    wanted = [(day.isoformat(), str(int(half))) for day, half in half_days]
    kept += [{"day": day, "half": half} for day, half in wanted if (day, half) not in taught]
    kept.sort(key=lambda row: (row["day"], row["half"]))
    copied = data.copy()
    for name in [name for name in copied if name.startswith("lesson-") and not name.endswith("_FORMS")]:
        del copied[name]
    for number, row in enumerate(kept[:MOST_ROWS]):
        for name, value in row.items():
            copied[f"lesson-{number}-{name}"] = value
    copied["lesson-TOTAL_FORMS"] = str(min(len(kept), MOST_ROWS))
    return copied


def shifted(data: QueryDict, by: timedelta) -> QueryDict:
    """A copy of what was posted with every lesson so much later (课程顺延)."""
    copied = data.copy()
    for number in range(_count(data, "lesson")):
        name = f"lesson-{number}-day"
        try:
            copied[name] = (date.fromisoformat(copied.get(name, "")) + by).isoformat()
        except (ValueError, OverflowError):
            continue  # an empty or unreadable day stays as it is
    return copied


def _count(data: QueryDict, prefix: str) -> int:
    text = data.get(f"{prefix}-TOTAL_FORMS", "0")
    return min(int(text), MOST_ROWS) if text.isascii() and text.isdigit() else 0


class ReasonForm(forms.Form):
    """What is asked without terms: to cancel, to exempt. A reason, and a paper it rests on."""

    def __init__(self, data: Any = None, files: Any = None, *, reason: str = "", hint: str = "") -> None:
        super().__init__(data, files, initial={"reason": reason})
        self.fields["reason"] = Text(label="理由", most=500, rows=4, help_text=hint)
        self.fields["basis"] = forms.FileField(label="依据文件", required=False)


class RunFilter(forms.Form):
    """班次: narrowed by department and year, searched by name, code or place."""

    department = forms.ChoiceField(label="部门", required=False, widget=forms.Select({"class": "bare"}))
    year = forms.ChoiceField(label="年度", required=False, widget=forms.Select({"class": "bare"}))
    q = forms.CharField(
        label="在本列表中查找",
        required=False,
        max_length=100,
        widget=forms.TextInput({"class": "bare", "placeholder": "班次、编号、地点"}),
    )

    def __init__(self, data: Any, *, departments: Iterable[tuple[int, str]], years: Iterable[int]) -> None:
        super().__init__(data)
        self.fields["department"].choices = [  # type: ignore[attr-defined]
            ("", "全部部门"),
            *((str(pk), name) for pk, name in departments),
        ]
        self.fields["year"].choices = [  # type: ignore[attr-defined]
            ("", "全部年度"),
            *((str(year), f"{year} 年度") for year in years),
        ]
        self.is_valid()

    def asked(self, name: str) -> str:
        """What was asked of a field; the empty string where it doesn't validate."""
        return str(self.cleaned_data.get(name) or "")
