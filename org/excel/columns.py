"""A whole column at once: equal cells are read once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from org.excel import values, words
from org.excel.amounts import read_amount
from org.excel.headers import HALF_DAY, Field
from org.excel.names import PLAIN
from org.excel.phones import MOBILE
from org.excel.values import Reading, fold
from org.states import CadreKind, Gender, UnionLevel

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from org.unit_names import UnitMatch

Reader = Callable[[Any], Reading]


@dataclass(frozen=True)
class Context:
    """What reading needs to know beyond the cell. ``choices``: field → word → what is stored."""

    today: datetime.date
    units: Callable[[str], UnitMatch] | None = None
    year: int | None = None
    hours_per_day: Decimal | None = None
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    date1904: bool = False
    typeless: bool = False


_CHOICES = {
    "gender": (words.GENDERS, dict(Gender.choices)),
    "kind": (words.CADRE_KINDS, dict(CadreKind.choices)),
    "level": (words.LEVELS, dict(UnionLevel.choices)),
    "political_status": (words.POLITICAL, None),
    "ethnicity": (words.ETHNICITIES, None),
    "education": (words.EDUCATION, None),
}


def reader_of(known: Field, context: Context) -> Reader:
    """How the cells of a field are read; ``identity`` and ``identity_kind`` belong to the row."""
    name, title = known.name, known.title
    if name in context.choices:
        choices = {fold(word): code for word, code in context.choices[name].items()}
        return partial(values.read_choice, field=name, title=title, choices=choices)
    match known.reader:
        case "date":
            return partial(
                values.read_date,
                field=name,
                title=title,
                today=context.today,
                date1904=context.date1904,
                month_enough=name in {"born_on", "appointed_on"},
            )
        case "period":
            return partial(values.read_period, field=name, title=title, year=context.year)
        case "hours":
            return partial(values.read_hours, field=name, title=title, hours_per_day=context.hours_per_day)
        case "unit":
            return partial(values.read_unit, field=name, title=title, units=context.units)
        case "unit_and_post":
            return partial(_unit_and_post, title=title, context=context)
        case "former_name":
            return partial(values.read_name, field=name, title=title)
        case kind if kind in _CHOICES:
            choices, labels = _CHOICES[kind]
            return partial(values.read_choice, field=name, title=title, choices=choices, labels=labels)
        case kind:
            return partial(_PLAIN[kind], field=name, title=title)


_PLAIN: dict[str, Callable[..., Reading]] = {
    "amount": read_amount,
    "attendance": values.read_attendance,
    "code": values.read_label,
    "committees": values.read_committees,
    "label": values.read_label,
    "labels": values.read_labels,
    "name": values.read_name,
    "phone": values.read_phone,
    "post": values.read_post,
    "rank": values.read_rank,
    "text": values.read_text,
    "yes_no": values.read_yes_no,
}


def half_day(name: str) -> Field:
    """The field of a column of attendance."""
    return Field(name, name.removeprefix(HALF_DAY), "attendance")


def _unit_and_post(value: Any, *, title: str, context: Context) -> Reading:
    unit, post = values.split_unit(value, field="unit_and_post", title=title, units=context.units)
    extra = dict(unit.extra or {})
    extra["unit"] = unit.value
    if post:
        read = values.read_post(post)
        extra |= {"post_title": read.value, **(read.extra or {})}
    text = f"{unit.text}｜{post}" if post else unit.text
    return Reading(text or None, text, unit.problems, extra)


#: Readers' names → texts that read as themselves: told without asking the reader.
_USUAL: dict[str, re.Pattern[str]] = {"name": PLAIN, "phone": MOBILE}


def read_column(known: Field, cells: list[Any], context: Context) -> tuple[list[Reading], Iterable[Reading]]:
    """A reading for each cell, and the readings that differ."""
    read = reader_of(known, context)
    if len(set(map(type, cells)) & _ALIKE) > 1:
        # 1, 1.0 and True are one key to a dictionary, but not one cell.
        typed = {key: read(key[1]) for key in {(type(cell), cell) for cell in cells}}
        return [typed[type(cell), cell] for cell in cells], typed.values()
    distinct = set(cells)
    if usual := _USUAL.get(known.reader):
        memo = {
            cell: Reading(cell, cell) if type(cell) is str and usual.fullmatch(cell) else read(cell)
            for cell in distinct
        }
    else:
        memo = {cell: read(cell) for cell in distinct}
    return [memo[cell] for cell in cells], memo.values()


_ALIKE: frozenset[type] = frozenset({bool, int, float})
