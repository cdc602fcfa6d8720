"""Tables of other kinds than .xlsx: taken where a page asks for them, known by their content all the same."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from office import uploads
from office.models import StoredFile
from office.refusals import Refused
from tests.office.test_uploads import PASSWORD, PDF, PNG, WHOLE, ole, send


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def opendocument(*parts: str) -> bytes:
    """As every program writes it: its kind first, unpacked."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", uploads.MIMES["ods"])
        for name in ("content.xml", *parts):
            archive.writestr(name, "<x/>")
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "mime"),
    [
        ("名册.xls", ole("Workbook"), "application/vnd.ms-excel"),
        ("名册.ods", opendocument("Basic/Standard/script-lb.xml"), uploads.MIMES["ods"]),
        ("名册.csv", "姓名,单位".encode("gbk"), "text/csv"),
        ("名册.CSV", "\ufeff姓名,单位".encode(), "text/csv"),
    ],
)
def test_kept_as_it_came(db: None, name: str, content: bytes, mime: str) -> None:
    stored = StoredFile.objects.get(pk=send(name, content, *uploads.TABLES).pk)
    assert (stored.name, stored.mime) == (name, mime)
    assert str(stored.file.name).endswith(f".{name[-3:].lower()}")


SAVE_AS = "请用 Excel 或 WPS 打开，另存为“Excel 工作簿（.xlsx）”后再上传。"
BAD_TABLES = {
    "名册.xls": [
        (
            b"<html><table></table></html>",
            "文件名写的是 .xls，内容却是文本或网页（可能由 .csv 或网页表格改名）。改名不能转换格式，"
            + SAVE_AS,
        ),
        (WHOLE, "文件名写的是 .xls，内容却是 Excel 工作簿（.xlsx）。" + SAVE_AS),
        (ole("EncryptedPackage"), PASSWORD),
        (
            ole("Workbook", "_VBA_PROJECT"),
            "这个工作簿带有宏，不能接收。请另存为不带宏的“Excel 工作簿（.xlsx）”后再上传。",
        ),
        (PDF, "文件名写的是 .xls，内容却是 PDF 文件（.pdf）。请选择真正的 旧版 Excel 工作簿（.xls）。"),
    ],
    "名册.ods": [
        (
            opendocument("Basic/Standard/Module1.xml"),
            "这个文件带有宏，不能接收。请另存为不带宏的 OpenDocument 表格（.ods）后再上传。",
        ),
        (
            opendocument("Scripts/python/a.py"),
            "这个文件带有宏，不能接收。请另存为不带宏的 OpenDocument 表格（.ods）后再上传。",
        ),
        (
            opendocument()[:-60],
            "这个文件已损坏，打不开。请用原来的软件打开，重新保存为 OpenDocument 表格（.ods）后再上传。",
        ),
        (
            ole("Workbook"),
            "文件名写的是 .ods，内容却不是。这是旧版 Excel 格式（.xls）。" + SAVE_AS,
        ),
    ],
    "名册.csv": [
        (opendocument(), "文件名写的是 .csv，内容却是 OpenDocument 表格（.ods）。" + SAVE_AS),
        (PNG, "文件名写的是 .csv，内容却是 PNG 图片（.png）。请选择真正的 文本表格（.csv）。"),
    ],
}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [(name, content, message) for name, cases in BAD_TABLES.items() for content, message in cases],
)
def test_bad_tables_of_other_kinds(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(Refused) as sent:
        send(name, content, "xlsx", "xls", "ods", "csv")
    assert str(sent.value) == message
    assert not list(tmp_path.iterdir())
