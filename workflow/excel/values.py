"""One cell, as an office wrote it, into what a plan stores; or why not and how to mend it."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from office.refusals import Refused
from workflow.excel.columns import Column, Kind, Option, squeeze
from workflow.excel.package import BOOLEAN, DATE, ERROR, NO_RESULT, NUMBER, Cell, plain
from workflow.timing import parse_time

CENT: Final = Decimal("0.01")
MOST_YUAN: Final = Decimal(10) ** 9
UNITS: Final = re.compile(r"(元/人|元/期|元|人次|人|学时|课时|天/期|天|日|期|个)$")
_TENTATIVE: Final = re.compile(r"[（(]\s*(拟|拟定|暂定|待定)\s*[）)]\s*$")
_FREE_SPACE: Final = re.compile(r"[\s\u200b\ufeff]+")
_HALVES: Final = {
    "半": "0.5",
    "一": "1",
    "两": "2",
    "二": "2",
    "三": "3",
    "四": "4",
    "五": "5",
    "六": "6",
    "七": "7",
}


class Unreadable(Exception):  # noqa: N818 - said aloud, it is the answer
    """``problem``: what is wrong with the cell; ``mend``: how to put it right."""

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(problem)
        self.problem, self.mend = problem, mend


def refuse_broken(cell: Cell) -> None:
    """Error values and formulas without a result can't be read in any column."""
    if cell.kind == ERROR:
        raise Unreadable(f"单元格是错误值 {cell.text}。", "请改正公式，或直接填写内容。")
    if cell.kind == NO_RESULT:
        raise Unreadable(
            f"公式 {cell.text[:60]} 没有计算结果。",
            "请在 Excel 或 WPS 中打开、保存一次再上传，或直接填写数值。",
        )


def read(column: Column, cell: Cell, *, year: int, scale: Decimal = Decimal(1)) -> Any:
    """The stored value of ``cell``: text, a code, a list of codes or slots, an int or a Decimal.

    PLACE gives ``(place, tentative)``, DAYS half-days. ``scale``: yuan of one unit of the column.
    Raises :class:`Unreadable`.
    """
    refuse_broken(cell)
    match column.kind:
        case Kind.CHOICE:
            return _choice(column, cell)
        case Kind.MANY:
            return _many(column, cell)
        case Kind.COUNT:
            return _count(column, cell)
        case Kind.HOURS:
            return _hours(cell)
        case Kind.DAYS:
            return _half_days(column, cell)
        case Kind.MONEY:
            return _money(cell, scale)
        case Kind.TIME:
            return _slots(cell, year)
        case Kind.PLACE:
            text = _free(column, cell)
            place = _TENTATIVE.sub("", text)
            return place, place != text
        case _:
            return _free(column, cell)


def _free(column: Column, cell: Cell) -> str:
    if cell.kind == NUMBER and cell.value is not None and len(cell.text.replace(".", "")) > 15:
        raise Unreadable(
            f"“{cell.text}”超过 15 位，Excel 已丢失末尾数字。", "请把单元格设为文本格式后重新填写。"
        )
    text = _FREE_SPACE.sub(" ", cell.text).strip()
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in text):
        raise Unreadable("含有看不见的控制字符。", "请删去后重新填写。")
    if column.most and len(text) > column.most:
        raise Unreadable(f"共 {len(text)} 字，超过 {column.most} 字。", f"请缩写到 {column.most} 字以内。")
    return text


def _closest(options: tuple[Option, ...], most: int = 12) -> str:
    titles = [option.title for option in options]
    return "、".join(titles[:most]) + ("等（见“填写说明”）" if len(titles) > most else "")


def _choice(column: Column, cell: Cell) -> str | bool:
    code = column.lookup.get(squeeze(cell.text))
    if code is None:
        raise Unreadable(
            f"“{_shown(cell)}”不在{column.title}的可选范围内。", f"可填：{_closest(column.options)}。"
        )
    return code == "1" if column.key == "residential" else code


def _many(column: Column, cell: Cell) -> list[str]:
    wanted = column.lookup.get(squeeze(cell.text))
    if wanted is not None:
        return [wanted]
    codes: list[str] = []
    unknown: list[str] = []
    for part in _parts(column, cell.text):
        code = column.lookup.get(squeeze(part))
        if code is None:
            unknown.append(part)
        elif code not in codes:
            codes.append(code)
    if unknown:
        raise Unreadable(
            f"“{'、'.join(unknown)[:60]}”不在{column.title}的可选范围内。",
            f"可填：{_closest(column.options)}；几个之间用顿号隔开。",
        )
    return codes


def _parts(column: Column, text: str) -> list[str]:
    """The names in a cell. A title may itself hold a 顿号: the longest run that is a name comes first."""
    tokens = [part for part in re.split(r"[、,，;；/\n\r]+", text) if part.strip()]
    parts: list[str] = []
    index = 0
    while index < len(tokens):
        for end in range(len(tokens), index, -1):
            joined = "、".join(token.strip() for token in tokens[index:end])
            if end == index + 1 or squeeze(joined) in column.lookup:
                parts.append(joined)
                index = end
                break
    return parts


def _number(cell: Cell) -> Decimal:
    """The number in a cell, be it stored as text: ``60 人``, ``１２，０００.００``, ``¥8,000``."""
    if cell.kind == NUMBER and isinstance(cell.value, Decimal):
        return Decimal(plain(cell.value)) if len(cell.value.as_tuple().digits) > 15 else cell.value
    if cell.kind in {BOOLEAN, DATE}:
        raise Unreadable(f"“{cell.text}”不是数字。", "请填写数字，并把单元格设为常规格式。")
    text = unicodedata.normalize("NFKC", cell.text).replace(" ", "").replace("\u3000", "").lstrip("¥￥")
    if "万" in text:
        raise Unreadable(f"“{_shown(cell)}”带“万”。", "请按元填写，如 1.2万元 写成 12000。")
    text = UNITS.sub("", text)
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", text):
        text = text.replace(",", "")
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", text) or len(text) > 20:
        raise Unreadable(f"“{_shown(cell)}”不是数字。", "请只填写数字。")
    try:
        return Decimal(text)
    except InvalidOperation:  # pragma: no cover - the pattern admits decimals only
        raise Unreadable(f"“{_shown(cell)}”不是数字。", "请只填写数字。") from None


def _count(column: Column, cell: Cell) -> int:
    number = _number(cell)
    if number != number.to_integral_value():
        raise Unreadable(f"{column.title}“{_shown(cell)}”不是整数。", "请填写整数。")
    least = 1 if column.key == "sessions" else 0
    if not least <= number <= column.most:
        raise Unreadable(
            f"{column.title}“{_shown(cell)}”应在 {least} 到 {column.most} 之间。", "请核对后填写。"
        )
    return int(number)


def _hours(cell: Cell) -> Decimal:
    number = _number(cell)
    if number < 0 or number >= 10_000:
        raise Unreadable(f"学时“{_shown(cell)}”应在 0 到 9999 之间。", "请核对后填写。")
    if number != number.quantize(Decimal("0.1")):
        raise Unreadable(f"学时“{_shown(cell)}”最多一位小数。", "请填写整数或一位小数，如 16、3.5。")
    return number


def _half_days(column: Column, cell: Cell) -> int:
    text = squeeze(cell.text)
    if (said := re.fullmatch(r"([半一两二三四五六七])(天|日)?(半)?", text)) and cell.kind != NUMBER:
        number = Decimal(_HALVES[said[1]]) + (Decimal("0.5") if said[3] else 0)
    elif said := re.fullmatch(r"(\d+)天半", text):
        number = Decimal(said[1]) + Decimal("0.5")
    else:
        number = _number(cell)
    if number * 2 != (number * 2).to_integral_value() or not 0 <= number <= column.most:
        raise Unreadable(
            f"天数“{_shown(cell)}”应是 0.5 的倍数，不超过 {column.most} 天。", "半天写 0.5，一天半写 1.5。"
        )
    return int(number * 2)


def _money(cell: Cell, scale: Decimal) -> Decimal:
    number = _number(cell) * scale
    if number < 0:
        raise Unreadable(f"金额“{_shown(cell)}”是负数。", "金额不能小于 0。")
    if number >= MOST_YUAN:
        raise Unreadable(f"金额“{_shown(cell)}”过大。", "请核对单位，金额按元填写。")
    if number != number.quantize(CENT):
        raise Unreadable(
            f"金额“{_shown(cell)}”多于两位小数。", "请四舍五入到分后填写（公式可用 ROUND(…,2)）。"
        )
    return number.quantize(CENT)


def _slots(cell: Cell, year: int) -> list[str]:
    if cell.kind == DATE and isinstance(cell.value, date):
        day = cell.value
        return [f"{day.month:02}" if cell.whole_month else f"{day.month:02}{day.day:02}"]
    try:
        return parse_time(_whole_date(cell.text, year), year=year)
    except Refused as refused:
        problem, _, mend = str(refused).partition("，请")
        raise Unreadable(f"{problem}。", f"请{mend}" if mend else "写法见“填写说明”。") from refused


def _whole_date(text: str, year: int) -> str:
    """2027-06-21, 2027.6.21 and 2027/6 as parse_time knows them."""
    squeezed = squeeze(text)
    if found := re.fullmatch(rf"{year}[-./年](\d{{1,2}})(?:[-./月](\d{{1,2}})日?)?月?", squeezed):
        return f"{found[1]}月{found[2]}日" if found[2] else f"{found[1]}月"
    return text.strip()


def _shown(cell: Cell) -> str:
    text = _FREE_SPACE.sub(" ", cell.text).strip()
    return text if len(text) <= 40 else text[:39] + "…"


def same(cell: Cell | None, value: str | int | Decimal | None) -> bool:
    """Whether the cell still holds what an export wrote there."""
    if cell is None:
        return value is None or (isinstance(value, str) and not value.strip())
    if value is None or cell.kind in {ERROR, NO_RESULT}:
        return False
    if isinstance(value, str):
        return (
            cell.text == value
            or _FREE_SPACE.sub(" ", cell.text).strip() == _FREE_SPACE.sub(" ", value).strip()
        )
    try:
        return _number(cell) == value
    except Unreadable:
        return False
