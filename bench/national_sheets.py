"""Workbooks of made-up people as units send them: twelve columns, as a roster or as a register."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final

from openpyxl import Workbook

from bench.national_people import NEWCOMERS, STRANGERS, UNKNOWN_AREA, born, number
from org.models import Cadre, Union

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bench.national_world import Size

HEAD: Final = (
    *("序号", "姓名", "性别", "身份证号", "工作单位", "职务", "专兼职", "民族", "出生日期", "手机"),
    *("是否住宿", "备注"),
)
REGISTER_HEAD: Final = (
    *("序号", "姓名", "证件类型", "身份证号", "性别", "单位", "职务", "职级", "专兼职", "任职日期", "手机"),
)
#: Of a hundred people on a roster, those that nobody in the register is.
UNKNOWN: Final = 2


def _write(path: Path, head: Sequence[str], rows: Iterator[Sequence[Any]]) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("名单")
    sheet.append(head)
    for row in rows:
        sheet.append(row)
    book.save(path)


def roster(path: Path, size: Size, count: int, *, seed: int = 1) -> list[str]:
    """A roster of ``count`` people of the first province; the identity numbers in it."""
    chance = random.Random(seed)
    unknown = count * UNKNOWN // 100
    known = chance.sample(range(1, size.first + 1), count - unknown)
    people = Cadre.objects.select_related("unit").in_bulk(known)
    lines: list[list[Any]] = [_line(number(n), people[n], born(n).isoformat()) for n in known]
    stranger = people[known[0]]
    for n in chance.sample(STRANGERS, unknown):
        lines.append(_line(number(n, UNKNOWN_AREA), stranger, born(n).isoformat()))
    chance.shuffle(lines)
    _write(path, HEAD, ([n, *line] for n, line in enumerate(lines, 1)))
    return [line[2] for line in lines]


def _line(identity: str, cadre: Cadre, day: str) -> list[Any]:
    gender = "男" if int(identity[16]) % 2 else "女"
    unit = cadre.unit.name if cadre.unit else ""
    kind = cadre.get_kind_display()
    return [
        *(cadre.name, gender, identity, unit, cadre.post_title, kind, "汉族", day, cadre.phone),
        *("是", "" if int(identity[15]) % 5 else "退伍军人，教龄 3 年"),
    ]


def register(path: Path, count: int) -> None:
    """A register of ``count`` people whom nobody knows yet, in the units there are."""
    chance = random.Random(count)
    units = list(Union.objects.order_by("-pk").values_list("name", flat=True)[:20_000])

    def rows() -> Iterator[Sequence[Any]]:
        for n in NEWCOMERS[:count]:
            identity = number(n, UNKNOWN_AREA)
            gender = "男" if int(identity[16]) % 2 else "女"
            name = "".join(chance.choice(part) for part in ("赵钱孙李周吴郑王", "建国志明", "林森峰岩"))
            yield [
                *(n, name, "居民身份证", identity, gender, units[n % len(units)], "工会干事", "", "专职"),
                *(f"20{10 + n % 15}-0{1 + n % 9}-01", f"1991{n % 10_000_000:07}"),
            ]

    _write(path, REGISTER_HEAD, rows())
