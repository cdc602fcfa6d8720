"""Phone numbers as they are written in lists (DOMAIN §4 row 43)."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final

from org.excel.grid import ERRORS
from org.excel.problems import Problem, Status
from org.excel.readings import EMPTY, Reading, broken, plain, rejected

MOBILE: Final = re.compile(r"1[3-9][0-9]{9}(?<!000000)")
_LANDLINE: Final = re.compile(r"(010|02\d|0[3-9]\d{2})?([2-9]\d{6,7})(转?\d{1,6})?")
_PHONES: Final = re.compile(r"[/、,;，；|\n\r]|\s{2,}")


def read_phone(value: Any, *, field: str = "phone", title: str = "手机") -> Reading:
    """A mobile number of 11 digits or a landline; of two the first, the rest in ``extra["phone_note"]``."""
    text = unicodedata.normalize("NFKC", plain(value))
    if not text:
        return EMPTY
    if text in ERRORS or text.startswith("="):
        return broken(field, title, text)
    if re.fullmatch(r"\d(\.\d+)?E\+?\d+|1[3-9]\d{3}0{6}", text, re.IGNORECASE):
        return rejected(
            "phone_cut",
            field,
            f"{title}“{text}”按科学计数保存过，后面的数字已经丢失。",
            "请设为文本格式后重新填写。",
        )
    parts = [_one_phone(part) for part in _PHONES.split(text) if part.strip()]
    if not parts or not parts[0]:
        return rejected(
            "phone_unreadable", field, f"{title}“{text[:30]}”不是电话号码。", "请填写 11 位手机号。"
        )
    if len(parts) == 1:
        return Reading(parts[0], parts[0])
    note = "/".join(filter(None, parts[1:]))
    problem = Problem(
        "phone_several", Status.WARNED, field, f"{title}有几个号码，取第一个 {parts[0]}。", "请核对。"
    )
    return Reading(parts[0], parts[0], (problem,), {"phone_note": note or text})


def _one_phone(text: str) -> str:
    """One number in its usual form, or empty."""
    bare = re.sub(r"[\s\-()—–.]", "", re.sub(r"\.0+$", "", text.strip()))
    bare = re.sub(r"^(\+?0{0,2}86)(?=1[3-9]\d{9}$|0\d{9,11}$)", "", bare)
    if MOBILE.fullmatch(bare):
        return bare
    found = _LANDLINE.fullmatch(bare)
    if not found:
        return ""
    area, number, extension = found.groups()
    # An extension can't be told from the number where nothing separates them.
    if extension and not extension.startswith("转"):
        return ""
    return f"{f'{area}-' if area else ''}{number}{extension or ''}"
