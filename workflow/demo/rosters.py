"""A unit's own list as units send them, with the faults such lists have, to try the check of rosters on."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font

from org.models import Cadre, Union
from org.states import CadreStatus

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_HEADER = ("序号", "单位", "姓名", "性别", "身份证号", "职务", "联系方式", "备注")


def sample_roster(unit: Union) -> bytes:
    """An .xlsx of the unit's people: a few in order, then one with each of the usual faults."""
    people = list(Cadre.objects.filter(unit=unit).order_by("pk"))
    active = [cadre for cadre in people if cadre.status == CadreStatus.ACTIVE]
    gone = [cadre for cadre in people if cadre.status != CadreStatus.ACTIVE]
    others = Cadre.objects.active().under(unit.superior or unit).exclude(unit=unit)
    stranger = others.order_by("pk").last()
    rows: list[list[Any]] = [_row(unit.short_name, cadre) for cadre in active[2:5]]
    cut, spaced, masked, differs, titled, checked = active[5:11]
    rows.append(_row(unit.name, cut, number=int(cut.identity_number[:15] + "000")))
    number = spaced.identity_number
    rows.append(_row(unit.short_name, spaced, number=f" {number[:6]} {number[6:14]} {number[14:]} "))
    rows.append(_row(unit.name, masked, number=masked.identity_masked))
    rows.append(_row(unit.name, differs, name=f"{differs.name[:-1]}华"))
    rows.append(_row(unit.name, titled, name=f"{titled.name}（{titled.post_title}）"))
    wrong = "0" if checked.identity_number[-1] != "0" else "1"
    rows.append(_row(unit.name, checked, number=checked.identity_number[:-1] + wrong))
    rows.append(rows[0].copy())
    rows += [_row(unit.name, cadre) for cadre in gone[:1]]
    if stranger is not None:
        rows.append(_row(unit.name, stranger))
    return _written(unit, rows)


def _row(unit: str, cadre: Cadre, *, name: str = "", number: object = None) -> list[Any]:
    return [
        unit,
        name or cadre.name,
        cadre.get_gender_display(),
        number if number is not None else cadre.identity_number,
        cadre.post_title,
        f"{cadre.phone[:3]} {cadre.phone[3:7]} {cadre.phone[7:]}",
        "",
    ]


def _written(unit: Union, rows: list[list[Any]]) -> bytes:
    workbook = Workbook()
    sheet: Worksheet = workbook.worksheets[0]
    sheet.title = "报名表"
    sheet.append([f"{unit.name}参训人员报名表"])
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(_HEADER))
    sheet["A1"].font, sheet["A1"].alignment = Font(bold=True, size=14), Alignment(horizontal="center")
    sheet.append(["填表说明：一人一行，加盖公章后报送。"])
    sheet.append(list(_HEADER))
    for number, row in enumerate(rows, 1):
        sheet.append([number, *row])
    sheet.append(["合计", len(rows)])
    sheet.append(["填表人：", "", "", "", "审核人："])
    for letter, width in zip("ABCDEFGH", (6, 18, 14, 6, 24, 18, 16, 12), strict=True):
        sheet.column_dimensions[letter].width = width
    out = BytesIO()
    workbook.save(out)
    return out.getvalue()
