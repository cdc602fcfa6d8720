"""Names of people as they are written in lists (DOMAIN §4 rows 19–27, 52; X5: the separator is U+00B7)."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final

from org.excel.grid import ERRORS, shown
from org.excel.problems import Problem, Status
from org.excel.readings import EMPTY, Reading, broken, held, rejected

MOST: Final = 60
FIELD: Final = "name"

HAN: Final = "\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af"
#: Compatibility ideographs: some are characters of their own, so they are never mapped.
_COMPATIBLE: Final = "\uf900-\ufaff\U0002f800-\U0002fa1f"
#: A name there is nothing to say about: two to four Chinese characters, no placeholder, no title behind.
PLAIN: Final = re.compile(
    "(?!测试|张三|李四|王五|赵六|某某|姓名|待定|待报|暂无|暂缺)[\u4e00-\u9fff]{2,4}"
    "(?<!同志)(?<!先生)(?<!女士)(?<!老师)(?<!主席)(?<!部长)(?<!科长)(?<!主任)(?<!书记)"
)
_WHOLE: Final = re.compile(f"[{HAN}{_COMPATIBLE}]{{1,25}}(·[{HAN}{_COMPATIBLE}]{{1,25}})*")
_LATIN: Final = re.compile(r"[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ.'’\- ]*")
_SEPARATORS: Final = re.compile(r"\s*[•・‧∙⋅．●·˙･᛫⸱]\s*")
_DOT: Final = re.compile(f"(?<=[{HAN}])\\.(?=[{HAN}])")
_UNSEEN: Final = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad]")
_SEVERAL: Final = re.compile(r"[、，,；;/\n\r]|\s和\s")
_BRACKETS: Final = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]")
_LABEL: Final = re.compile(
    r"^(组长|副组长|班长|领队|联络员|联系人|负责人|学员|姓名|主席|副主席|委员|成员)[:：]\s*"
)
_TITLE: Final = re.compile(r"\s*(副?(主席|部长|科长|主任|书记)|同志|先生|女士|老师)$")
_MARKS: Final = re.compile(r"^[*＊★☆※△▲]+|[*＊★☆※△▲]+$")
_PLACEHOLDER: Final = re.compile(
    r"测试\w{0,4}|test\d*|张三|李四|王五|赵六|某某某?|[×xX*＊]{2,}|[\d]+|姓名|待定|待报|空|无|暂无|暂缺|[\-—/\\]+",
    re.IGNORECASE,
)

#: Radicals of the supplement that stand for a whole character people have in names; NFKC leaves them alone.
RADICALS: Final = str.maketrans(
    {
        **{"\u2e8c": "小", "\u2e8d": "小", "\u2e92": "巳", "\u2e93": "幺", "\u2e9c": "日", "\u2e9d": "月"},
        **{"\u2e9f": "母", "\u2ea0": "民", "\u2ea7": "牛", "\u2ea9": "王", "\u2eac": "示", "\u2eb6": "羊"},
        **{"\u2ebb": "聿", "\u2ebc": "肉", "\u2ec1": "虎", "\u2ec4": "西", "\u2ec5": "见", "\u2ec6": "角"},
        **{"\u2ec9": "贝", "\u2ecb": "车", "\u2ed1": "長", "\u2ed3": "长", "\u2ed4": "门", "\u2ed7": "雨"},
        **{"\u2ed8": "青", "\u2ed9": "韦", "\u2eda": "页", "\u2edb": "风", "\u2edc": "飞", "\u2edd": "食"},
        **{"\u2ee2": "马", "\u2ee3": "骨", "\u2ee4": "鬼", "\u2ee5": "鱼", "\u2ee6": "鸟", "\u2ee7": "卤"},
        **{"\u2ee8": "麦", "\u2ee9": "黄", "\u2eea": "黾", "\u2eeb": "斉", "\u2eec": "齐", "\u2eee": "齿"},
        **{"\u2eef": "竜", "\u2ef0": "龙", "\u2ef1": "龜", "\u2ef2": "亀", "\u2ef3": "龟", "\u2e81": "厂"},
        **{"\u2e84": "乙", "\u2e88": "刀", "\u2e8e": "兀", "\u2e8a": "卜", "\u2ea2": "水", "\u2ecf": "邑"},
        # The Kangxi radicals, which NFKC knows.
        **{chr(code): unicodedata.normalize("NFKC", chr(code)) for code in range(0x2F00, 0x2FD6)},
    }
)


def read_name(value: Any, *, field: str = FIELD, title: str = "姓名") -> Reading:
    """One person's name. ``extra["name_note"]`` holds what was taken off it (a title, a mark)."""
    raw = shown(value)
    text = _UNSEEN.sub("", raw).strip()
    if not text:
        return EMPTY
    if text in ERRORS or text.startswith("="):
        return broken(field, title, text)
    if not isinstance(value, str):
        return held("name_not_text", field, f"{title}“{text}”不是文字。", "请填写姓名。")
    return _Name(field, title, text).read()


class _Name:
    """The steps of reading a name that isn't plain, and what was noticed on the way."""

    def __init__(self, field: str, title: str, text: str) -> None:
        self.field, self.title, self.original, self.text = field, title, text, text
        self.problems: list[Problem] = []
        self.note = ""

    def warn(self, code: str, message: str, mend: str = "") -> None:
        self.problems.append(Problem(code, Status.WARNED, self.field, message, mend))

    def read(self) -> Reading:
        placeholder = bool(_PLACEHOLDER.fullmatch(self.text))
        self._radicals()
        if not placeholder:
            self._titles()
        if unreadable := self._unreadable():
            return unreadable
        self.text = self._separated(self.text)
        if not placeholder and _SEVERAL.search(self.text):
            return rejected(
                "name_several",
                self.field,
                f"{self.title}“{self.original[:40]}”里像有几个人。",
                "一行只写一个人，请分成几行。",
            )
        if doubt := self._spaces():
            return doubt
        if len(self.text) > MOST:
            return rejected(
                "name_too_long",
                self.field,
                f"{self.title}有 {len(self.text)} 字，最多 {MOST} 字。",
                "请核对。",
            )
        if placeholder:
            self.warn(
                "placeholder", f"{self.title}“{self.text}”像是测试或占位的内容。", "不是学员的请删去这一行。"
            )
        elif doubt := self._characters():
            return doubt
        extra = {"name_note": self.note} if self.note else None
        return Reading(self.text, self.text, tuple(self.problems), extra)

    def _radicals(self) -> None:
        mapped = self.text.translate(RADICALS)
        if mapped != self.text:
            changed = "、".join(f"“{a}”改为“{b}”" for a, b in zip(self.text, mapped, strict=False) if a != b)
            self.warn(
                "name_radical",
                f"{self.title}里有部首字符，看着一样但不是汉字，已把{changed}。",
                "请核对。",
            )
            self.text = mapped
        if re.search(f"[{_COMPATIBLE}]", self.text):
            self.warn(
                "name_compatibility", f"{self.title}“{self.text}”里有兼容汉字，未作改动。", "请对照证件核对。"
            )

    def _titles(self) -> None:
        kept = self.text
        while (shorter := _without_title(kept)) != kept:
            kept = shorter
        if kept and kept != self.text:
            self.note = self.original
            self.warn(
                "name_title", f"{self.title}“{self.original}”里有称谓或标记，按“{kept}”读取。", "请核对。"
            )
            self.text = kept

    def _unreadable(self) -> Reading | None:
        bad = [
            c for c in self.text if c in "?？\ufffd□" or unicodedata.category(c) in {"Co", "Cn", "Cc", "Cs"}
        ]
        bad = [c for c in bad if c not in "\t\n\r"]
        if not bad:
            return None
        return rejected(
            "name_unreadable",
            self.field,
            f"{self.title}“{self.original}”里有显示不出来的字。",
            "请用支持生僻字的输入法重新填写（GB18030 字库）。",
        )

    def _separated(self, text: str) -> str:
        return _DOT.sub("·", _SEPARATORS.sub("·", text)) if re.search(f"[{HAN}]", text) else text

    def _spaces(self) -> Reading | None:
        """Spaces inside: alignment of a name of two characters, or perhaps a separator."""
        parts = self.text.split()
        if len(parts) < 2 or not re.search(f"[{HAN}]", self.text):
            self.text = " ".join(
                unicodedata.normalize("NFKC", part) if part.isascii() else part for part in parts
            )
            return None
        joined = "".join(parts)
        if len(joined) == 2 and re.fullmatch(f"[{HAN}{_COMPATIBLE}]{{2}}", joined):
            self.text = joined
            return None
        return held(
            "name_spaces",
            self.field,
            f"{self.title}“{self.original}”中间有空格，不能确定是间隔号还是排版。",
            "请去掉空格，或把空格改为间隔号“·”。",
            value=joined,
            text=joined,
        )

    def _characters(self) -> Reading | None:
        if _WHOLE.fullmatch(self.text):
            if len(self.text) > 1:
                return None
            return self._held("name_short", f"{self.title}“{self.text}”只有一个字。", "请填写全名。")
        latin = unicodedata.normalize("NFKC", self.text)
        if _LATIN.fullmatch(latin):
            self.text = latin
            return None
        if re.search("[A-Za-z]", latin) and re.search(f"[{HAN}]", latin):
            return self._held(
                "name_pinyin",
                f"{self.title}“{self.original}”里夹有字母，可能用拼音代替了生僻字。",
                "请填写汉字。",
            )
        return self._held(
            "name_characters", f"{self.title}“{self.original}”里有姓名中不常见的字符。", "请核对。"
        )

    def _held(self, code: str, message: str, mend: str) -> Reading:
        found = held(code, self.field, message, mend, self.text, self.text)
        return found._replace(problems=(*self.problems, *found.problems))


def _without_title(text: str) -> str:
    """The name without one layer of brackets, labels, marks and titles; 张主席 leaves 张, to be held."""
    kept = _MARKS.sub("", _LABEL.sub("", _BRACKETS.sub("", text))).strip()
    return _TITLE.sub("", kept).strip() or kept
