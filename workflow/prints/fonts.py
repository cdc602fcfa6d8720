"""What a computer without the office's fonts takes instead: said in the file's own font table."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Final

#: Font, the others to try in its place, family, kind of letters (panose) as Word's font table wants them.
FALLBACKS: Final = (
    ("方正小标宋简体", "小标宋,华文中宋,STZhongsong,Noto Serif CJK SC,Source Han Serif SC,宋体", "roman"),
    ("仿宋_GB2312", "仿宋,FangSong,华文仿宋,STFangsong,Noto Serif CJK SC,宋体", "modern"),
    ("楷体_GB2312", "楷体,KaiTi,华文楷体,STKaiti,Noto Serif CJK SC,宋体", "modern"),
    ("黑体", "SimHei,华文黑体,STHeiti,Noto Sans CJK SC,Source Han Sans SC", "modern"),
    ("宋体", "SimSun,华文宋体,STSong,Noto Serif CJK SC", "roman"),
)
_PART: Final = "word/fontTable.xml"
_SPACE: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def font_table() -> str:
    """``word/fontTable.xml``: for each font what stands in for it."""
    fonts = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{others}"/><w:charset w:val="86"/>'
        f'<w:family w:val="{family}"/><w:pitch w:val="variable"/></w:font>'
        for name, others, family in FALLBACKS
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f'<w:fonts xmlns:w="{_SPACE}">{fonts}</w:fonts>'
    )


def declare_fallbacks(content: bytes) -> bytes:
    """The .docx with its font table replaced by :func:`font_table`."""
    target = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(content)) as old,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.infolist():
            new.writestr(part, font_table() if part.filename == _PART else old.read(part))
    return target.getvalue()
