"""Wrong files get a clear answer, quickly, and leave nothing behind."""

from __future__ import annotations

import io
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from pytest_django import Settings

from office.refusals import Refused
from tests.workflow.excel.books import edited, filled_book, look, saved, table, upload
from tests.workflow.world import World
from workflow.models import ClassPlan, PlanImport

HEADER = ["序号", "班次名称", "班次类别", "期数", "每期学员人数"]


def repacked(
    content: bytes, change: Callable[[str, bytes], bytes | None], extra: dict[str, bytes] | None = None
) -> bytes:
    """The package with parts changed, dropped (None) or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = change(name, old.read(name))
            if part is not None:
                new.writestr(name, part)
        for name, part in (extra or {}).items():
            new.writestr(name, part)
    return out.getvalue()


def ole(stream: str) -> bytes:
    """An OLE container that names one stream in its directory."""
    sector = bytearray(512)
    name = stream.encode("utf-16-le")
    sector[: len(name)] = name
    sector[64:66] = (len(name) + 2).to_bytes(2, "little")
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + bytes(sector) + bytes(1024)


def macros(world: World) -> bytes:
    return repacked(filled_book(world, [{}]), lambda _, part: part, {"xl/vbaProject.bin": b"x" * 100})


def bomb(_: World) -> bytes:
    zeros = b"<row>" + b" " * (101 * 1024 * 1024)
    return repacked(table([HEADER]), lambda name, part: zeros if name.endswith("sheet1.xml") else part)


def entities(_: World) -> bytes:
    """A billion laughs where a sheet should be."""
    laughs = b'<!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>'
    return repacked(table([HEADER]), lambda name, part: laughs if name.endswith("sheet1.xml") else part)


def a_million_formatted_cells(_: World) -> bytes:
    cells = b"".join(b'<c r="%s%%d" s="1"/>' % letter for letter in (b"A", b"B", b"C", b"D", b"E"))
    body = b"".join(
        b'<row r="%d">' % n + cells.replace(b"%d", b"%d" % n) + b"</row>" for n in range(2, 100_002)
    )
    return repacked(
        table([HEADER]),
        lambda name, part: (
            part.replace(b"</sheetData>", body + b"</sheetData>") if name.endswith("sheet1.xml") else part
        ),
    )


def encrypted(_: World) -> bytes:
    return ole("EncryptedPackage")


def cut_off(world: World) -> bytes:
    return filled_book(world, [{}])[:3000]


def broken_sheet(world: World) -> bytes:
    return repacked(
        filled_book(world, [{}]), lambda name, part: part[:900] if name.endswith("sheet1.xml") else part
    )


def without_workbook(world: World) -> bytes:
    return repacked(filled_book(world, [{}]), lambda name, part: None if name == "xl/workbook.xml" else part)


def no_header(_: World) -> bytes:
    return table([["姓名", "电话"], ["张三", "138"]])


def only_header(_: World) -> bytes:
    return table([HEADER])


def empty_book(_: World) -> bytes:
    return saved(Workbook())


def too_many(_: World) -> bytes:
    return table([HEADER, *([n, f"第{n}班", "业务班", 1, 50] for n in range(2_001))])


BAD = [
    ("计划表.xls", lambda w: ole("Workbook"), "旧版 Excel 格式"),
    ("计划表.xlsx", lambda w: ole("Workbook"), "旧版 Excel 格式"),
    ("计划表.csv", lambda w: "班次名称,人数\n一班,60".encode(), "文本格式（.csv）"),
    ("计划表.xlsx", lambda w: "班次名称,人数\n一班,60".encode("gbk"), "改名不能转换格式"),
    ("计划表.xlsx", lambda w: b"<html><table><tr><td>1</td></tr></table></html>", "改名不能转换格式"),
    ("计划表.xlsx", encrypted, "设了打开密码"),
    ("计划表.xlsm", macros, "带宏的工作簿"),
    ("计划表.xlsx", macros, "带有宏"),
    ("计划表.xlsx", bomb, "超出可以接收的范围"),
    ("计划表.xlsx", entities, "损坏"),
    ("计划表.xlsx", a_million_formatted_cells, "带格式的单元格太多"),
    ("计划表.xlsx", cut_off, "损坏"),
    ("计划表.xlsx", broken_sheet, "损坏"),
    ("计划表.xlsx", without_workbook, "损坏"),
    ("计划表.xlsx", lambda w: b"", "空的"),
    ("计划表.xlsx", empty_book, "没有找到申报表的表头"),
    ("计划表.xlsx", no_header, "没有找到申报表的表头"),
    ("计划表.xlsx", only_header, "表头下面没有填写班次"),
    ("计划表.xlsx", too_many, "超过 2000 个班次"),
    ("计划表.et", lambda w: ole("Workbook"), "WPS 表格格式"),
    ("计划表.pdf", lambda w: b"%PDF-1.7", "不能上传这种文件"),
]


@pytest.mark.parametrize(("name", "make", "answer"), BAD, ids=[f"{n}-{a}" for n, _, a in BAD])
def test_a_wrong_file_is_told_what_is_wrong_and_not_kept(
    world: World,
    name: str,
    make: Callable[[World], bytes],
    answer: str,
    settings: Settings,
    tmp_path: Path,
) -> None:
    settings.MEDIA_ROOT = tmp_path
    content = make(world)
    started = time.perf_counter()
    with pytest.raises(Refused, match=answer):
        upload(world, content, name)
    assert time.perf_counter() - started < 20
    assert not PlanImport.objects.exists()
    assert not ClassPlan.objects.exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_hundred_thousand_empty_rows_are_read_past_in_little_memory(world: World) -> None:
    rows = b"".join(b'<row r="%d" ht="20" customHeight="1"/>' % n for n in range(500, 100_500))
    content = repacked(
        filled_book(world, [{"name": "一班"}]),
        lambda name, part: (
            part.replace(b"</sheetData>", rows + b"</sheetData>") if name.endswith("sheet1.xml") else part
        ),
    )
    tracemalloc.start()
    started = time.perf_counter()
    found = look(upload(world, content))
    spent, (_, peak) = time.perf_counter() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [item.name for item in found.good] == ["一班"]
    assert peak < 64 * 1024 * 1024
    assert spent < 30


def test_strange_but_harmless_things_are_read_and_said(world: World) -> None:
    """Hidden rows, formulas with results, several sheets, an unknown column: read, with a word each."""

    def work(sheet) -> None:
        sheet.row_dimensions[5].hidden = True
        sheet.column_dimensions["C"].hidden = True
        sheet.cell(row=3, column=60).value = "分管领导"
        copy = sheet.parent.copy_worksheet(sheet)
        copy.title = "备份"

    found = look(upload(world, edited(filled_book(world, [{"name": "一班"}, {"name": "二班"}]), work)))
    said = " ".join(found.notes)
    assert "读取的是工作表“计划申报表”；另有可读的工作表：备份" in said
    assert "BH 列“分管领导”" in said
    assert "隐藏的栏目也已读取：班次类别。" in said
    assert [note.problem for note in found.good[1].notes] == ["这一行是隐藏的，仍会导入。"]


def test_the_other_sheet_can_be_chosen(world: World) -> None:
    book = load_workbook(io.BytesIO(filled_book(world, [{"name": "旧班"}])))
    copy = book.copy_worksheet(book.worksheets[0])
    copy.title = "修改稿"
    copy["B4"] = "新班"
    received = upload(world, saved(book))
    assert [item.name for item in look(received).good] == ["旧班"]
    assert [item.name for item in look(received, sheet="修改稿").good] == ["新班"]
