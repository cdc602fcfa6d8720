"""Lists of cadres as workbooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from office.cells import Column, OfficeSheet, new_book

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Mapping, Sequence

    from openpyxl import Workbook

    from org.models import Cadre
    from org.selectors import Overlooked

CADRES = (
    Column("序号", 6, "center"),
    Column("姓名", 11, "center"),
    Column("证件类型", 14, "center"),
    Column("证件号码", 22, "center"),
    Column("性别", 6, "center"),
    Column("单位", 28),
    Column("职务", 20),
    Column("职级", 14),
    Column("专兼职", 12, "center"),
    Column("任职日期", 14, "date"),
    Column("手机", 15, "center"),
    Column("状态", 12, "center"),
    Column("最近参训", 14, "date"),
)
FORGOTTEN = (
    Column("序号", 6, "center"),
    Column("姓名", 11, "center"),
    Column("单位", 28),
    Column("职务", 20),
    Column("专兼职", 12, "center"),
    Column("任职日期", 14, "date"),
    Column("最近参训", 14, "date"),
)
CHAIRS = (*FORGOTTEN, Column("应参训日期", 14, "date"))


def cadres_book(unit: str, cadres: Sequence[Cadre], numbers: Mapping[int, str]) -> Workbook:
    """The list; ``numbers`` are whole ones by id, else the masked one stands there."""
    book, sheet = new_book("干部名册")
    note = f"共 {len(cadres)} 人" + ("" if numbers else "　证件号码已隐去中间各位")
    table = OfficeSheet(sheet, title=f"{unit}干部名册", note=note, columns=CADRES)
    for ordinal, cadre in enumerate(cadres, 1):
        table.add(
            [
                ordinal,
                cadre.name,
                cadre.get_identity_kind_display(),
                numbers.get(cadre.pk) or cadre.identity_masked,
                cadre.get_gender_display(),
                cadre.unit.name if cadre.unit else "",
                cadre.post_title,
                cadre.rank,
                cadre.get_kind_display(),
                cadre.appointed_on,
                cadre.phone,
                cadre.get_status_display(),
                cadre.last_trained,
            ]
        )
    table.finish(freeze_columns=2)
    return book


def forgotten_book(unit: str, title: str, cadres: Sequence[Overlooked]) -> Workbook:
    """Those without training, in the order of the page."""
    book, sheet = new_book(title)
    table = OfficeSheet(sheet, title=f"{unit}{title}", note=f"共 {len(cadres)} 人", columns=FORGOTTEN)
    for ordinal, cadre in enumerate(cadres, 1):
        table.add(_line(ordinal, cadre))
    table.finish(freeze_columns=2)
    return book


def chairs_book(unit: str, chairs: Iterable[tuple[Overlooked, datetime.date | None]]) -> Workbook:
    """New chairs with the day until when each is to be trained."""
    book, sheet = new_book("新任主席")
    rows = list(chairs)
    table = OfficeSheet(sheet, title=f"{unit}新任主席参训期限", note=f"共 {len(rows)} 人", columns=CHAIRS)
    for ordinal, (cadre, due) in enumerate(rows, 1):
        table.add([*_line(ordinal, cadre), due])
    table.finish(freeze_columns=2)
    return book


def _line(ordinal: int, cadre: Overlooked) -> list[object]:
    return [
        ordinal,
        cadre.name,
        cadre.unit or "",
        cadre.post_title,
        cadre.kind_label,
        cadre.appointed_on,
        cadre.last_trained or "从未参训",
    ]
