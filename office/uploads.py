"""Uploaded files: known by their content, never by their name; refused with a word on how to mend."""

from __future__ import annotations

import hashlib
import lzma
import re
import struct
import unicodedata
import zipfile
import zlib
from io import BytesIO
from typing import IO, TYPE_CHECKING

import filetype
from django.conf import settings
from django.core.files.base import ContentFile

from office.models import StoredFile
from office.refusals import Refused

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable

    from django.core.files.base import File

LABELS = {
    "xlsx": "Excel 工作簿（.xlsx）",
    "xls": "旧版 Excel 工作簿（.xls）",
    "ods": "OpenDocument 表格（.ods）",
    "csv": "文本表格（.csv）",
    "docx": "Word 文档（.docx）",
    "pdf": "PDF 文件（.pdf）",
    "doc": "Word 97—2003 文档（.doc）",
    "jpg": "JPG 图片（.jpg）",
    "png": "PNG 图片（.png）",
}
MIMES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xls": "application/vnd.ms-excel",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "csv": "text/csv",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
    "doc": "application/msword",
    "jpg": "image/jpeg",
    "png": "image/png",
}
TABLES = frozenset({"xlsx", "xls", "ods", "csv"})
SAME_SUFFIX = {"jpeg": "jpg", "jpe": "jpg"}

# What people send instead of what the page asks for, and how to turn it into that.
OLD_FORMATS = {
    "xls": "这是旧版 Excel 格式（.xls）。请用 Excel 或 WPS 打开，另存为“Excel 工作簿（.xlsx）”后再上传。",
    "et": "这是 WPS 表格格式（.et）。请用 WPS 打开，另存为“Microsoft Excel 文件（.xlsx）”后再上传。",
    "csv": "这是文本格式（.csv）。请用 Excel 或 WPS 打开，另存为“Excel 工作簿（.xlsx）”后再上传。",
    "xlsm": "这是带宏的工作簿（.xlsm）。请另存为不带宏的“Excel 工作簿（.xlsx）”后再上传。",
    "xlsb": "这是二进制工作簿（.xlsb）。请另存为“Excel 工作簿（.xlsx）”后再上传。",
    "wps": "这是 WPS 文字格式（.wps）。请用 WPS 打开，另存为 Word 文件（.docx）或输出为 PDF后再上传。",
    "docm": "这是带宏的文档（.docm）。请另存为不带宏的“Word 文档（.docx）”后再上传。",
}

MAX_ENTRIES = 2000
MAX_UNPACKED = 100 * 1024 * 1024
MAX_RATIO = 100
RATIO_FREE = 10 * 1024 * 1024  # below this even the densest file does no harm
LONGEST_NAME = 120
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
EDGES = re.compile(r"^[\s.]+|[\s.]+$")

# What a damaged or crafted archive makes the standard library raise.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
    EOFError,
    OverflowError,
    ValueError,
    OSError,
    struct.error,
)

ODS_FIRST = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"  # behind the 30 bytes of its header
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAIN_PARTS = {
    b"spreadsheetml.sheet.main+xml": "xlsx",
    b"wordprocessingml.document.main+xml": "docx",
    b"ms-excel.sheet.macroEnabled.main+xml": "xlsm",
    b"ms-excel.sheet.binary.macroEnabled.main": "xlsb",
    b"ms-word.document.macroEnabled.main+xml": "docm",
}
MACRO_PARTS = re.compile(
    # The last: a library of OpenDocument, but not the lists of libraries, which are there without any.
    r"(^|/)(vbaProject\.bin|vbaData\.xml|macrosheets/.+)$|^Basic/[^/]+/(?!script-l[bc]\.xml$).|^Scripts/.",
    re.IGNORECASE,
)


def store(upload: File[bytes], *, allow: frozenset[str], at: datetime.datetime) -> StoredFile:
    """Check the upload and keep it; ``allow`` holds kinds of :data:`LABELS`, e.g. ``{"pdf", "docx"}``.

    Raises ``Refused`` naming what is wrong and how to mend it: empty, too large, a kind not allowed, content
    that isn't what the name says, an old format, a password, macros, a zip bomb, a damaged file.
    """
    unknown = allow - LABELS.keys()
    if unknown:
        raise ValueError(f"unknown kinds of file: {sorted(unknown)}")
    name = clean_name(upload.name or "")
    suffix = _suffix(name)
    content = _read(upload)
    if suffix not in allow:
        raise Refused(OLD_FORMATS.get(suffix) or f"不能上传这种文件。{_accepted(allow)}")
    kind = sniff(content)
    if kind == "text" and suffix == "csv":
        kind = "csv"
    if kind != suffix:
        raise Refused(_mismatch(suffix, kind))
    if kind in {"xlsx", "ods", "docx"}:
        _inspect_package(BytesIO(content), kind)
    if kind == "xls" and _names_stream(content, "_VBA_PROJECT"):
        raise Refused("这个工作簿带有宏，不能接收。请另存为不带宏的“Excel 工作簿（.xlsx）”后再上传。")
    if kind == "doc" and _names_stream(content, "_VBA_PROJECT"):
        raise Refused("这个文档带有宏，不能接收。请删除宏，或输出为 PDF后再上传。")
    digest = hashlib.sha256(content).hexdigest()
    stored = StoredFile(name=name, size=len(content), mime=MIMES[kind], sha256=digest, stored_at=at)
    stored.file.save(f"upload.{kind}", ContentFile(content), save=False)
    stored.save()
    return stored


def inspect_xlsx(file: IO[bytes]) -> None:
    """Raise ``Refused`` unless ``file`` is a harmless .xlsx workbook; afterwards it stands at its beginning.

    Reads the list of parts and the content types only, no sheet: call it before openpyxl opens the file.
    """
    file.seek(0)
    content = file.read(settings.UPLOAD_MAX_BYTES + 1)
    _check_size(len(content))
    kind = sniff(content)
    if kind != "xlsx":
        raise Refused(_mismatch("xlsx", kind))
    _inspect_package(BytesIO(content), kind)
    file.seek(0)


def sniff(content: bytes) -> str:
    """What the content is: a key of :data:`LABELS` or :data:`OLD_FORMATS`, or one of
    ``encrypted damaged zip text other``. A .csv is ``text``: nothing in it tells.
    """
    if content.startswith(OLE):
        return _sniff_ole(content)
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _sniff_zip(content)
    if b"%PDF-" in content[:1024]:
        return "pdf"
    guess = filetype.guess_extension(content[:8192])
    if guess in {"jpg", "png"}:
        return str(guess)
    utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    return "text" if guess is None and (utf16 or b"\0" not in content[:8192]) else "other"


def clean_name(name: str) -> str:
    """The file's name fit to be shown: no folder, no control or direction marks, at most 120 characters."""
    base = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    # C and Zl, Zp hold line breaks, zero-width marks and the override that makes "fdp.exe" read "exe.pdf".
    base = "".join(char for char in base if unicodedata.category(char) not in UNSEEN)
    base = EDGES.sub("", re.sub(r'[<>:"|?*]', "_", base)) or "未命名"
    stem, dot, suffix = base.rpartition(".")
    if not dot or len(suffix) > 10:
        return EDGES.sub("", base[:LONGEST_NAME])
    return f"{EDGES.sub('', stem[: LONGEST_NAME - len(suffix) - 1])}.{suffix}"


def _suffix(name: str) -> str:
    suffix = name.rpartition(".")[2].lower() if "." in name else ""
    return SAME_SUFFIX.get(suffix, suffix)


def _read(upload: File[bytes]) -> bytes:
    _check_size(upload.size or 0)
    upload.seek(0)
    content: bytes = upload.read(settings.UPLOAD_MAX_BYTES + 1)
    _check_size(len(content))
    return content


def _check_size(size: int) -> None:
    most: int = settings.UPLOAD_MAX_BYTES
    if not size:
        raise Refused("这个文件是空的，请重新选择文件。")
    if size > most:
        raise Refused(f"文件超过 {_megabytes(most)} 的上限。请压缩其中的图片，或拆成几个文件后再上传。")


def _sniff_ole(content: bytes) -> str:
    if _names_stream(content, "EncryptedPackage"):
        return "encrypted"
    if _names_stream(content, "WordDocument"):
        return "doc"
    if _names_stream(content, "Workbook") or _names_stream(content, "Book"):
        return "xls"
    return "other"


def _names_stream(content: bytes, name: str) -> bool:
    """Whether an OLE container has an entry of that name: UTF-16 at a directory slot of 128 bytes.

    Slot: 64 bytes of name padded with zeros, then its length in bytes with the closing zero.
    """
    entry = name.encode("utf-16-le").ljust(64, b"\0") + ((len(name) + 1) * 2).to_bytes(2, "little")
    position = content.find(entry)
    while position > 0 and position % 128:
        position = content.find(entry, position + 1)
    return position > 0


def _sniff_zip(content: bytes) -> str:
    if content.startswith(ODS_FIRST, 30):
        return "ods" if _opens(content) else "damaged"
    try:
        with zipfile.ZipFile(BytesIO(content)) as package:
            info = package.getinfo("[Content_Types].xml")
            if info.flag_bits & 1:
                return "encrypted"
            if info.file_size > 1024 * 1024:
                return "zip"
            types = package.read(info)
    except KeyError:
        return "zip"
    except DAMAGE:
        return "damaged"
    return next((kind for part, kind in MAIN_PARTS.items() if part in types), "zip")


def _opens(content: bytes) -> bool:
    try:
        with zipfile.ZipFile(BytesIO(content)):
            return True
    except DAMAGE:
        return False


def _inspect_package(file: IO[bytes], kind: str) -> None:
    """Password, macros, bomb: judged from the central directory, nothing is unpacked."""
    with zipfile.ZipFile(file) as package:  # sniff() has opened it before
        parts = package.infolist()
    if any(part.flag_bits & 1 for part in parts):
        raise Refused(_mismatch(kind, "encrypted"))
    if any(MACRO_PARTS.search(part.filename) for part in parts):
        raise Refused(f"这个文件带有宏，不能接收。请另存为不带宏的 {LABELS[kind]}后再上传。")
    size = file.seek(0, 2)
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    names = {part.filename for part in parts}
    if (
        len(parts) > MAX_ENTRIES
        or len(names) < len(parts)
        or packed > size  # parts that share the same bytes
        or unpacked > MAX_UNPACKED
        or (unpacked > RATIO_FREE and unpacked > MAX_RATIO * max(packed, 1))
    ):
        raise Refused(
            f"这个文件展开后有 {_megabytes(unpacked)}、{len(parts)} 个部件，超出可以接收的范围。"
            "请删去多余的空行、格式和图片，或把内容复制到新文件后再上传。"
        )


def _mismatch(wanted: str, found: str) -> str:
    label = LABELS[wanted]
    if found == "encrypted":
        return "这个文件设了打开密码，系统读不了。请在 Excel、Word 或 WPS 中取消密码，保存后再上传。"
    if found == "damaged":
        return f"这个文件已损坏，打不开。请用原来的软件打开，重新保存为 {label}后再上传。"
    if found in OLD_FORMATS and found != "csv":
        return f"文件名写的是 .{wanted}，内容却不是。{OLD_FORMATS[found]}"
    if found == "text" and wanted in TABLES:
        return (
            f"文件名写的是 .{wanted}，内容却是文本或网页（可能由 .csv 或网页表格改名）。改名不能转换格式，"
            "请用 Excel 或 WPS 打开，另存为“Excel 工作簿（.xlsx）”后再上传。"
        )
    if found in TABLES and wanted in TABLES:
        return (
            f"文件名写的是 .{wanted}，内容却是 {LABELS[found]}。"
            "请用 Excel 或 WPS 打开，另存为“Excel 工作簿（.xlsx）”后再上传。"
        )
    what = f"内容却是 {LABELS[found]}" if found in LABELS else "内容却不是"
    return f"文件名写的是 .{wanted}，{what}。请选择真正的 {label}。"


def _accepted(allow: Iterable[str]) -> str:
    return f"可以上传：{'、'.join(label for kind, label in LABELS.items() if kind in allow)}。"


def _megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:.1f}".removesuffix(".0") + " MB"
