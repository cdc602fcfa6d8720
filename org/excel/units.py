"""Units' names as they are written in lists; the caller knows what they mean (DOMAIN §4 rows 30, 33–36)."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, Final

from org.excel.grid import ERRORS
from org.excel.problems import Problem, Status
from org.excel.readings import EMPTY, Reading, broken, held, plain
from org.unit_names import UnitMatch

if TYPE_CHECKING:
    from collections.abc import Callable

SHORTEST: Final = 2


def unit_text(text: str) -> str:
    """A unit's name as it is shown: no spaces beside Chinese characters, full-width brackets. No suffix is
    taken off: XX公司 and XX有限公司 may be two.
    """
    while (folded := _folded(text)) != text:  # taking out a blank may join what folds together once more
        text = folded
    return folded.replace("(", "（").replace(")", "）")


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).strip()
    return re.sub(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])", "", folded)


def read_unit(value: Any, *, field: str, title: str, units: Callable[[str], UnitMatch] | None) -> Reading:
    """A unit's name as its full name, with ``extra["unit_id"]``. ``units`` is asked with :func:`unit_text` of
    the cell; without ``units`` the text is kept. A blank cell never means the same as above.
    """
    text = plain(value)
    if not text:
        return EMPTY
    if text in ERRORS or text.startswith("="):
        return broken(field, title, text)
    name = unit_text(text)
    return Reading(name, name) if units is None else _matched(name, units(name), field, title)


def _matched(name: str, match: UnitMatch, field: str, title: str) -> Reading:
    if not match.choices:
        return held(
            "unit_unknown",
            field,
            f"{title}“{name[:40]}”不在单位名录里，也不是登记过的别名。",
            "请写单位全称，或请管理员登记这个别名。",
            text=name,
        )
    if len(match.choices) > 1:
        choices = "、".join(choice.name for choice in match.choices[:6])
        message = f"{title}“{name[:40]}”可能是：{choices}。"
        return held("unit_ambiguous", field, message, "请写上级单位加全称。", text=name)
    choice = match.choices[0]
    problems: tuple[Problem, ...] = ()
    if choice.note:
        message = f"{title}“{name[:40]}”：{choice.note}。"
        problems = (Problem("unit_note", Status.WARNED, field, message, "请核对。"),)
    return Reading(choice.name, choice.name, problems, {"unit_id": choice.pk})


def split_unit(
    value: Any, *, field: str, title: str, units: Callable[[str], UnitMatch] | None
) -> tuple[Reading, str]:
    """A combined 工作单位及职务 as the unit's reading and the rest, its post. The longest beginning that is a
    unit is proposed and held: only a person can confirm where the unit ends.
    """
    text = plain(value)
    if not text or text in ERRORS or text.startswith("=") or units is None:
        return read_unit(value, field=field, title=title, units=units), ""
    name = unit_text(text)
    for end in range(len(name), SHORTEST - 1, -1):
        if not (name[end - 1].isalnum() or name[end - 1] == "）"):
            continue
        match = units(name[:end])
        if match.choices:
            found = _matched(name[:end], match, field, title)
            rest = name[end:].lstrip("，,、/| ")
            if len(match.choices) > 1 or not rest:
                return found, rest
            message = f"{title}“{name[:40]}”拆成单位“{found.text}”和职务“{rest[:20]}”。"
            problem = Problem(
                "unit_and_post_split", Status.HELD, field, message, "请确认拆分，或分成两栏填写。"
            )
            return found._replace(problems=(*found.problems, problem)), rest
    return _matched(name, UnitMatch(), field, title), ""
