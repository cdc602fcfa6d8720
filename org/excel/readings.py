"""What reading a cell gives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from org.excel.grid import shown
from org.excel.problems import Problem, Status

if TYPE_CHECKING:
    from collections.abc import Mapping


class Reading(NamedTuple):
    """``value`` as it is stored, None for empty or unreadable; ``text`` what it reads as, to show beside the
    original; ``extra``: further values that follow from the cell, by name.
    """

    value: Any
    text: str = ""
    problems: tuple[Problem, ...] = ()
    extra: Mapping[str, Any] | None = None


EMPTY: Final = Reading(None)
_UNSEEN: Final = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad]")


def plain(value: Any) -> str:
    """What a cell shows, without what can't be seen."""
    text = shown(value)
    # A blank apart, whatever is taken out isn't printable.
    return text.strip() if text.isprintable() else _UNSEEN.sub("", text).strip()


def said(
    status: Status, code: str, field: str, message: str, mend: str = "", value: Any = None, text: str = ""
) -> Reading:
    """A reading with one problem."""
    return Reading(value, text, (Problem(code, status, field, message, mend),))


def warned(code: str, field: str, message: str, mend: str = "", value: Any = None, text: str = "") -> Reading:
    return said(Status.WARNED, code, field, message, mend, value, text)


def held(code: str, field: str, message: str, mend: str = "", value: Any = None, text: str = "") -> Reading:
    return said(Status.HELD, code, field, message, mend, value, text)


def rejected(code: str, field: str, message: str, mend: str = "") -> Reading:
    return said(Status.REJECTED, code, field, message, mend)


def broken(field: str, title: str, text: str) -> Reading:
    """An error value, or a formula without its result, where a value is wanted."""
    if text.startswith("="):
        return rejected(
            "formula",
            field,
            f"{title}是公式 {text[:40]}，没有计算结果。",
            "请直接填写内容，或在 Excel、WPS 中打开并保存一次再上传。",
        )
    return rejected("cell_error", field, f"{title}的单元格是错误值 {text}。", "请改正公式，或直接填写内容。")
