"""Uploads are known by their content; each refusal says what is wrong and how to mend it."""

from __future__ import annotations

import datetime
import hashlib
import struct
import zipfile
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from office import uploads
from office.models import StoredFile
from office.refusals import Refused
from office.uploads import clean_name, inspect_xlsx, sniff, store

AT = datetime.datetime(2027, 1, 20, 10, 40, tzinfo=ZoneInfo("Asia/Shanghai"))
XLSX_MAIN = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
DOCX_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\n%%EOF"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
JPG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\0" * 40


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    settings.UPLOAD_MAX_BYTES = 2 * 1024 * 1024


def workbook() -> bytes:
    book = Workbook()
    book.active["A1"] = "班次"
    file = BytesIO()
    book.save(file)
    return file.getvalue()


WHOLE = workbook()


def package(parts: dict[str, bytes], *, main: str = XLSX_MAIN, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("[Content_Types].xml", f'<Types><Override ContentType="{main}"/></Types>')
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def ole(*streams: str) -> bytes:
    """A container as far as anybody looks: header sector, then directory slots of 128 bytes."""
    slots = b"".join(
        (name.encode("utf-16-le").ljust(64, b"\0") + struct.pack("<H", (len(name) + 1) * 2)).ljust(128, b"\0")
        for name in ("Root Entry", *streams)
    )
    return uploads.OLE.ljust(512, b"\0") + slots


def encrypted(content: bytes) -> bytes:
    """Set the flag of encryption on every part, as archives with a password have it."""
    data = bytearray(content)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        position = data.find(mark)
        while position >= 0:
            data[position + offset] |= 1
            position = data.find(mark, position + 4)
    return bytes(data)


def one_locked() -> bytes:
    """Only the last part of the archive is encrypted."""
    data = bytearray(package({"xl/workbook.xml": b"<w/>"}))
    data[data.rfind(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def without_types() -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "x")
    return file.getvalue()


def send(name: str, content: bytes, *allow: str) -> StoredFile:
    return store(SimpleUploadedFile(name, content), allow=frozenset(allow or uploads.LABELS), at=AT)


@pytest.mark.parametrize(
    ("name", "content", "mime"),
    [
        ("计划.xlsx", workbook(), uploads.MIMES["xlsx"]),
        ("调研报告.docx", package({"word/document.xml": b"<w/>"}, main=DOCX_MAIN), uploads.MIMES["docx"]),
        ("通知.PDF", PDF, "application/pdf"),
        ("旧通知.doc", ole("WordDocument"), "application/msword"),
        ("照片.jpeg", JPG, "image/jpeg"),
        ("照片.png", PNG, "image/png"),
    ],
)
def test_kept_as_it_came(db: None, name: str, content: bytes, mime: str) -> None:
    stored = StoredFile.objects.get(pk=send(name, content).pk)
    assert (stored.name, stored.size, stored.mime, stored.stored_at) == (name, len(content), mime, AT)
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert str(stored) == name
    with stored.file.open() as file:
        assert file.read() == content
    assert str(stored.file.name).startswith(f"2027/01/{stored.sha256}")


def test_the_same_file_twice_is_kept_twice(db: None) -> None:
    first, second = send("a.pdf", PDF), send("b.pdf", PDF)
    assert first.file.name != second.file.name
    assert (first.sha256, first.name, second.name) == (second.sha256, "a.pdf", "b.pdf")


XLSX_ONLY = "可以上传：Excel 工作簿（.xlsx）。"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("计划.xlsx", b"", "这个文件是空的，请重新选择文件。"),
        (
            "计划.xlsx",
            b"x" * (2 * 1024 * 1024 + 1),
            "文件超过 2 MB 的上限。请压缩其中的图片，或拆成几个文件后再上传。",
        ),
        ("计划.exe", b"MZ", f"不能上传这种文件。{XLSX_ONLY}"),
        ("计划", workbook(), f"不能上传这种文件。{XLSX_ONLY}"),
        ("计划.pdf", PDF, f"不能上传这种文件。{XLSX_ONLY}"),
        (
            "计划.xls",
            ole("Workbook"),
            "这是旧版 Excel 格式（.xls）。请用 Excel 或 WPS 打开，另存为“Excel 工作簿（.xlsx）”后再上传。",
        ),
        (
            "计划.et",
            ole("Workbook"),
            "这是 WPS 表格格式（.et）。请用 WPS 打开，另存为“Microsoft Excel 文件（.xlsx）”后再上传。",
        ),
        (
            "计划.csv",
            b"a,b",
            "这是文本格式（.csv）。请用 Excel 或 WPS 打开，另存为“Excel 工作簿（.xlsx）”后再上传。",
        ),
        (
            "计划.wps",
            ole("WordDocument"),
            "这是 WPS 文字格式（.wps）。请用 WPS 打开，另存为 Word 文件（.docx）或输出为 PDF后再上传。",
        ),
        (
            "计划.xlsm",
            package({}, main="application/vnd.ms-excel.sheet.macroEnabled.main+xml"),
            "这是带宏的工作簿（.xlsm）。请另存为不带宏的“Excel 工作簿（.xlsx）”后再上传。",
        ),
    ],
)
def test_wrong_kinds(name: str, content: bytes, message: str) -> None:
    with pytest.raises(Refused) as refusal:
        send(name, content, "xlsx")
    assert str(refusal.value) == message


RENAMED_TEXT = (
    "文件名写的是 .xlsx，内容却是文本或网页（可能由 .csv 或网页表格改名）。改名不能转换格式，"
    "请用 Excel 或 WPS 打开，另存为“Excel 工作簿（.xlsx）”后再上传。"
)
PASSWORD = "这个文件设了打开密码，系统读不了。请在 Excel、Word 或 WPS 中取消密码，保存后再上传。"
DAMAGED = "这个文件已损坏，打不开。请用原来的软件打开，重新保存为 Excel 工作簿（.xlsx）后再上传。"
MACROS = "这个文件带有宏，不能接收。请另存为不带宏的 Excel 工作簿（.xlsx）后再上传。"
NOT_IT = "文件名写的是 .xlsx，内容却不是。请选择真正的 Excel 工作簿（.xlsx）。"

BAD_WORKBOOKS = {
    "csv renamed": ("班次,人数\n信息员班,60".encode(), RENAMED_TEXT),
    "csv in GBK renamed": ("班次,人数\n信息员班,60".encode("gbk"), RENAMED_TEXT),
    "csv in UTF-16 renamed": ("班次,人数".encode("utf-16"), RENAMED_TEXT),
    "web page renamed": (b"<html><table></table></html>", RENAMED_TEXT),
    "xls renamed": (
        ole("Workbook"),
        "文件名写的是 .xlsx，内容却不是。这是旧版 Excel 格式（.xls）。请用 Excel 或 WPS 打开，"
        "另存为“Excel 工作簿（.xlsx）”后再上传。",
    ),
    "very old xls renamed": (
        ole("Book"),
        "文件名写的是 .xlsx，内容却不是。这是旧版 Excel 格式（.xls）。请用 Excel 或 WPS 打开，"
        "另存为“Excel 工作簿（.xlsx）”后再上传。",
    ),
    "xlsm renamed": (
        package({}, main="application/vnd.ms-excel.sheet.macroEnabled.main+xml"),
        "文件名写的是 .xlsx，内容却不是。这是带宏的工作簿（.xlsm）。"
        "请另存为不带宏的“Excel 工作簿（.xlsx）”后再上传。",
    ),
    "docx renamed": (
        package({}, main=DOCX_MAIN),
        "文件名写的是 .xlsx，内容却是 Word 文档（.docx）。请选择真正的 Excel 工作簿（.xlsx）。",
    ),
    "pdf renamed": (
        PDF,
        "文件名写的是 .xlsx，内容却是 PDF 文件（.pdf）。请选择真正的 Excel 工作簿（.xlsx）。",
    ),
    "password": (ole("EncryptionInfo", "EncryptedPackage"), PASSWORD),
    "password of a zip": (encrypted(package({"xl/workbook.xml": b"<w/>"})), PASSWORD),
    "macros": (package({"xl/vbaProject.bin": b"x"}), MACROS),
    "macros of 1992": (package({"xl/macrosheets/sheet1.xml": b"<x/>"}), MACROS),
    "password on one part": (one_locked(), PASSWORD),
    "huge list of parts": (package({}, main="x" * 1024 * 1024), NOT_IT),
    "no list of parts": (without_types(), NOT_IT),
    "plain zip": (package({"a.txt": b"x"}, main="text/plain"), NOT_IT),
    "nothing known": (b"\x7fELF\0\0\0\0", NOT_IT),
    "other container": (ole("Contents"), NOT_IT),
    "cut off": (workbook()[:-200], DAMAGED),
}


@pytest.mark.parametrize("case", BAD_WORKBOOKS)
def test_bad_workbooks(case: str, tmp_path: Path) -> None:
    content, message = BAD_WORKBOOKS[case]
    with pytest.raises(Refused) as sent:
        send("计划.xlsx", content, "xlsx")
    with pytest.raises(Refused) as read:
        inspect_xlsx(BytesIO(content))
    assert str(sent.value) == str(read.value) == message
    assert not list(tmp_path.iterdir())


def bomb_by_ratio() -> bytes:
    return package({"xl/worksheets/sheet1.xml": b"\0" * (11 * 1024 * 1024)})


def bomb_by_size() -> bytes:
    """Parts that compress 60 : 1, so that only their sum is too much."""
    block = bytes(range(256)) * 4 + b"\0" * 60_000
    return package({f"xl/media/{index}": block * 30 for index in range(60)})


def bomb_by_count() -> bytes:
    return package({f"xl/{index}": b"" for index in range(2001)})


def bomb_by_overlap() -> bytes:
    """Two entries of the directory over the same bytes: the sum of the parts exceeds the file."""
    noise = hashlib.shake_256(b"noise").digest(4000)
    data = package({"xl/a": noise}, method=zipfile.ZIP_STORED)
    end = data.rfind(b"PK\x05\x06")
    start = data.find(b"PK\x01\x02", data.find(b"PK\x01\x02") + 4)
    extra = data[start:end].replace(b"xl/a", b"xl/b")
    fields = list(struct.unpack("<4sHHHHIIH", data[end : end + 22]))
    fields[3] += 1
    fields[4] += 1
    fields[5] += len(extra)
    return data[:end] + extra + struct.pack("<4sHHHHIIH", *fields)


def bomb_by_double_name() -> bytes:
    file = BytesIO(package({"xl/a": b"1"}))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(file, "a") as archive:
        archive.writestr("xl/a", b"2")
    return file.getvalue()


@pytest.mark.parametrize(
    ("bomb", "size"),
    [
        (bomb_by_ratio, "11 MB、2 个部件"),
        (bomb_by_size, "104.8 MB、61 个部件"),
        (bomb_by_count, "0 MB、2002 个部件"),
        (bomb_by_overlap, "0 MB、3 个部件"),
        (bomb_by_double_name, "0 MB、3 个部件"),
    ],
)
def test_bombs(bomb, size: str) -> None:
    content = bomb()
    assert len(content) < 2 * 1024 * 1024
    with pytest.raises(Refused) as refusal:
        send("计划.xlsx", content, "xlsx")
    assert str(refusal.value) == (
        f"这个文件展开后有 {size}，超出可以接收的范围。"
        "请删去多余的空行、格式和图片，或把内容复制到新文件后再上传。"
    )
    with pytest.raises(Refused):
        send("调研.docx", content.replace(XLSX_MAIN.encode(), DOCX_MAIN.encode()), "docx")


def test_a_big_honest_workbook_passes(settings) -> None:
    """10,000 rows of an office's table stay far from every limit."""
    settings.UPLOAD_MAX_BYTES = 20 * 1024 * 1024
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for index in range(10_000):
        sheet.append([index, "工会信息员培训班", "基层工会信息员", 60, 2, 550.0, "待定"])
    file = BytesIO()
    book.save(file)
    file.read()
    inspect_xlsx(file)
    assert file.tell() == 0


def test_macros_of_old_word() -> None:
    with pytest.raises(Refused, match=r"^这个文档带有宏，不能接收。请删除宏，或输出为 PDF后再上传。$"):
        send("通知.doc", ole("WordDocument", "_VBA_PROJECT"), "doc")


def test_macros_of_word() -> None:
    with pytest.raises(Refused, match=r"^这个文件带有宏"):
        send("通知.docx", package({"word/vbaProject.bin": b"x"}, main=DOCX_MAIN), "docx")


def test_a_stream_name_in_the_text_is_not_a_stream() -> None:
    """ "EncryptedPackage" written in a document's text isn't a directory slot."""
    content = ole("WordDocument") + "EncryptedPackage".encode("utf-16-le") + b"\0" * 200
    assert sniff(content) == "doc"
    entry = "EncryptedPackage".encode("utf-16-le").ljust(64, b"\0") + struct.pack("<H", 34)
    assert sniff(ole("WordDocument") + b"x" * 5 + entry) == "doc"
    assert sniff(ole("WordDocument") + b"x" * 5 + entry + b"\0" * (128 - 5 - 66) + entry) == "encrypted"


def test_a_lying_size_is_read_no_further_than_the_limit() -> None:
    upload = SimpleUploadedFile("a.pdf", PDF + b"x" * (2 * 1024 * 1024))
    upload.size = 10
    with pytest.raises(Refused, match="文件超过 2 MB 的上限"):
        store(upload, allow=frozenset({"pdf"}), at=AT)


def test_unknown_kinds_are_a_programming_error() -> None:
    with pytest.raises(ValueError, match="exe"):
        send("a.exe", b"MZ", "exe", "pdf")


def test_a_refusal_lists_what_is_allowed() -> None:
    with pytest.raises(Refused) as refusal:
        send("a.zip", package({}), "png", "pdf", "docx")
    assert (
        str(refusal.value)
        == "不能上传这种文件。可以上传：Word 文档（.docx）、PDF 文件（.pdf）、PNG 图片（.png）。"
    )


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("计划.xlsx", "计划.xlsx"),
        ("C:\\用户\\计划.xlsx", "计划.xlsx"),
        ("../../etc/passwd", "passwd"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie_ x.pdf"),
        ("计划\u202efdp.xlsx", "计划fdp.xlsx"),
        ('a"b<c>.pdf', "a_b_c_.pdf"),
        ("", "未命名"),
        ("...", "未命名"),
        (" .pdf ", "pdf"),
        ("\xa0.\u2028", "未命名"),
        ("长" * 119 + " 长", "长" * 119),
        ("长" * 200 + ".xlsx", "长" * 115 + ".xlsx"),
        ("x" * 300, "x" * 120),
        ("e\u0301.pdf", "é.pdf"),
    ],
)
def test_names(name: str, cleaned: str) -> None:
    assert clean_name(name) == cleaned


@given(st.text())
def test_any_name_can_be_shown(name: str) -> None:
    cleaned = clean_name(name)
    assert 0 < len(cleaned) <= 120
    assert cleaned == cleaned.strip()
    assert not any(char in cleaned for char in '/\\\r\n\0"<>')
    assert clean_name(cleaned) == cleaned


@given(st.data())
def test_a_damaged_workbook_is_taken_or_refused(data: st.DataObject) -> None:
    """Bytes flipped anywhere: an answer in words, never another exception."""
    content = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(Refused):
        inspect_xlsx(BytesIO(bytes(content)))


@given(st.binary(max_size=400))
def test_any_content_gets_an_answer(content: bytes) -> None:
    assert isinstance(sniff(content), str)
    assert isinstance(sniff(b"PK\x03\x04" + content), str)
    assert isinstance(sniff(uploads.OLE + content), str)


def test_a_stored_file_never_changes(db: None) -> None:
    stored = send("a.pdf", PDF)
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        StoredFile.objects.filter(pk=stored.pk).update(name="b.pdf")
    StoredFile.objects.filter(pk=stored.pk).delete()
