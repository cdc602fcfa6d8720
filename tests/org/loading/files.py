"""Files to import, made up; and what the error file beside one says."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import CommandError, call_command
from openpyxl import Workbook, load_workbook

UNITS = ("单位全称", "简称", "上级单位", "级别", "别名")
CADRES = ("姓名", "证件类型", "身份证号", "性别", "单位", "职务", "职级", "专兼职", "任职日期", "手机")
RECORDS = ("身份证号", "姓名", "班次名称", "业务编码", "开始日期", "结束日期", "学时", "主办单位", "结果")


def workbook(path: Path, *lines: Any) -> Path:
    book = Workbook()
    sheet = book.worksheets[0]
    for line in lines:
        sheet.append(list(line))
    book.save(path)
    return path


def text(path: Path, *lines: Any, encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(lines)
    return path


def run(command: str, path: Path, **options: Any) -> tuple[int, str]:
    """Exit code and what was printed, or the one line of a refusal."""
    out = StringIO()
    try:
        call_command(command, path, quiet=True, stdout=out, stderr=out, **options)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    except CommandError as error:
        return error.returncode, str(error)
    return 0, out.getvalue()


def faults(path: Path) -> list[tuple[str, ...]]:
    """Row number, reason and remedy of each line of the error file; a csv one has them at the end too."""
    beside = path.with_name(f"{path.name}.问题.xlsx")
    rows = list(load_workbook(beside).worksheets[0].iter_rows(values_only=True))
    return [tuple("" if cell is None else str(cell) for cell in row[-3:]) for row in rows[1:]]
