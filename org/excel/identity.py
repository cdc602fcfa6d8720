"""Identity numbers: read exactly, or not at all (DOMAIN §4 rows 1–14, 18; GB 11643-1999)."""

from __future__ import annotations

import datetime
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from stdnum import numdb
from stdnum.cn import ric

from org.excel.grid import ERRORS, shown
from org.excel.problems import Problem, Status
from org.states import Gender, IdentityKind

if TYPE_CHECKING:
    from collections.abc import Sequence

FIELD: Final = "identity_number"
KIND_FIELD: Final = "identity_kind"
YOUNGEST, OLDEST = 16, 80

_AS_TEXT: Final = "请先把整列设为文本格式，再按证件重新填写。"
_CHECK: Final = "请对照证件原件核对后重新填写。"

#: 居民身份证 and the documents that follow its rule; the middle eight digits are the date of birth.
_EIGHTEEN: Final = re.compile(r"[0-9]{17}[0-9X]")
_FIFTEEN: Final = re.compile(r"[0-9]{15}")
_OLD_FOREIGN: Final = re.compile(r"[A-Z]{3}[0-9]{12}")
_PASSPORT: Final = re.compile(r"(?=.*[0-9])[A-Z0-9]{5,15}")
#: The bearer's number for life, and how often the document was renewed, which isn't his.
_HK_MACAO_PERMIT: Final = re.compile(r"([HM][0-9]{8})([0-9]{2})?")
_TAIWAN_PERMIT: Final = re.compile(r"([0-9]{8})([0-9]{2}(?:\([A-Z]\)|[A-Z])?)?")
_OFFICER: Final = re.compile(r"[\u4e00-\u9fff]{1,6}字?第?[0-9]{4,10}号?|(?=.*[0-9])[A-Z0-9]{6,12}")
_MASKED: Final = re.compile(r"[0-9X]*[*＊×Xx#●•]{3,}[0-9X]*")
_SCIENTIFIC: Final = re.compile(r"[0-9](\.[0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_PREFIX: Final = re.compile(
    r"^(ID|身份证件?(号码?)?|证件号码?|居民身份证(号码?)?|公民身份号码)[:：.]?(?=[0-9A-Z])", re.I
)
_REMOVED: Final = re.compile(r"[\s\u200b-\u200f\u2028-\u202f\u2060\ufeff'‘’`´′\"“”\-‐‑‒–—―_]")
_RESIDENT: Final = IdentityKind.RESIDENT.value
_SAID_RESIDENT: Final = frozenset({"", _RESIDENT})
_MALE, _FEMALE = Gender.MALE.value, Gender.FEMALE.value
_CENTENARIANS: Final = frozenset({"996", "997", "998", "999"})
_HK_MACAO_TAIWAN: Final = ("81", "82", "83")

KINDS: Final[dict[str, str]] = {
    **dict.fromkeys(
        ("居民身份证", "身份证", "二代身份证", "二代证", "第二代身份证", "大陆居民身份证", "中国居民身份证"),
        IdentityKind.RESIDENT.value,
    ),
    **dict.fromkeys(
        (
            *("港澳台居民居住证", "港澳居民居住证", "台湾居民居住证", "港澳台居住证", "居住证"),
            *("香港居民居住证", "澳门居民居住证"),
        ),
        IdentityKind.HK_MACAO_TAIWAN.value,
    ),
    **dict.fromkeys(
        ("港澳居民来往内地通行证", "港澳来往内地通行证", "港澳居民通行证", "回乡证"),
        IdentityKind.HK_MACAO_PERMIT.value,
    ),
    **dict.fromkeys(
        ("台湾居民来往大陆通行证", "台湾来往大陆通行证", "台湾居民通行证", "台胞证"),
        IdentityKind.TAIWAN_PERMIT.value,
    ),
    **dict.fromkeys(("护照", "普通护照", "外国护照", "中国护照"), IdentityKind.PASSPORT.value),
    **dict.fromkeys(
        ("军官证", "士官证", "警官证", "文职干部证", "军人证", "军队文职人员证"), IdentityKind.OFFICER.value
    ),
    **dict.fromkeys(
        (
            "外国人永久居留身份证",
            "外国人永久居留证",
            "永久居留身份证",
            "永居证",
            "永久居留证",
            "外国人居留证",
        ),
        IdentityKind.FOREIGN_RESIDENT.value,
    ),
}


class Identity(NamedTuple):
    """``kind`` is a value of IdentityKind, empty if unknown; ``number`` is empty where none can be taken.

    ``former``: the 15 digits it was made from; ``hint``: what is left of a masked one. ``born_on`` and
    ``gender`` are what the number itself says, or None and empty.
    """

    kind: str
    number: str
    problems: tuple[Problem, ...] = ()
    born_on: datetime.date | None = None
    gender: str = ""
    former: str = ""
    hint: str = ""

    @property
    def text(self) -> str:
        """What the cell reads as."""
        return self.number


def _problem(code: str, status: Status, message: str, mend: str = _CHECK) -> Problem:
    return Problem(code, status, FIELD, message, mend)


def _refused(kind: str, code: str, message: str, mend: str = _CHECK) -> Identity:
    return Identity(kind, "", (_problem(code, Status.REJECTED, message, mend),))


def _held(kind: str, code: str, message: str, mend: str = _CHECK) -> Identity:
    return Identity(kind, "", (_problem(code, Status.HELD, message, mend),))


def read_kind(value: Any) -> tuple[str, tuple[Problem, ...]]:
    """The kind a cell of 证件类型 names; empty for an empty or unknown one, which is held."""
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", shown(value)))
    if not text:
        return "", ()
    kind = KINDS.get(re.sub(r"\(.*?\)", "", text), KINDS.get(text, ""))
    if kind:
        return kind, ()
    known = "、".join(label for _, label in IdentityKind.choices)
    message = f"证件类型“{text[:20]}”不在可选范围内。"
    return "", (Problem("identity_kind_unknown", Status.HELD, KIND_FIELD, message, f"可填：{known}。"),)


def read_identity(
    value: Any, *, kind: str = "", today: datetime.date | None = None, typeless: bool = False
) -> Identity:
    """One cell of an identity number; ``kind`` a value of :class:`IdentityKind` or empty if unknown.

    ``today`` judges dates of birth to come and ages out of range; without it nobody is too young.
    ``typeless``: the cell is from a text file, where a number that Excel has cut looks like any other.
    Reading a read number gives the same number. A numeric cell of more than 15 digits is refused by its type:
    its last digits are lost, and what is left may be another person's valid number.
    """
    if not isinstance(value, str):
        return _typed(value, kind, today)
    if len(value) == 18 and (kind == IdentityKind.RESIDENT or not kind) and _EIGHTEEN.fullmatch(value):
        text = value if value.isascii() else unicodedata.normalize("NFKC", value)
    else:
        text = _stripped(value)
    if not text:
        return _held(
            kind, "identity_missing", "身份证号是空的，仅凭姓名和单位不能确定是谁。", "请补填证件号码。"
        )
    if text in ERRORS or text.startswith("="):
        return _refused(
            kind, "cell_error", f"身份证号的单元格是“{text[:30]}”，不是号码。", "请直接填写号码。"
        )
    if _SCIENTIFIC.fullmatch(text):
        return _refused(kind, *_as_number(text))
    if kind in ("", IdentityKind.RESIDENT):
        return _resident(text, kind, today, typeless)
    return _other(text, kind, today)


def read_identities(
    values: Sequence[Any], kinds: Sequence[str], *, today: datetime.date, typeless: bool = False
) -> list[Identity]:
    """:func:`read_identity` of each value with its kind; the usual sound number is told quickly."""
    found: list[Identity] = []
    births: dict[str, datetime.date | None] = {}
    for value, kind in zip(values, kinds, strict=True):
        if type(value) is str and len(value) == 18 and kind in _SAID_RESIDENT and _EIGHTEEN.fullmatch(value):
            day = value[6:14]
            if day not in births:
                births[day] = _usual_birth(day, today)
            born = births[day]
            if (
                born is not None
                and value[17] == ric.calc_check_digit(value)
                and value[0] not in "89"
                and _known_area(value[:6])
                and not (typeless and value.endswith("000"))
            ):
                gender = _MALE if value[16] in "13579" else _FEMALE
                found.append(Identity._make((_RESIDENT, value, (), born, gender, "", "")))
                continue
        found.append(read_identity(value, kind=kind, today=today, typeless=typeless))
    return found


def _usual_birth(digits: str, today: datetime.date) -> datetime.date | None:
    """A date of birth there is nothing to say about."""
    born = _date(digits)
    return born if born and YOUNGEST <= _age(born, today) <= OLDEST else None


def _age(born: datetime.date, today: datetime.date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _stripped(value: str) -> str:
    text = _REMOVED.sub("", unicodedata.normalize("NFKC", value)).upper()
    return _PREFIX.sub("", text)


def _as_number(text: str) -> tuple[str, str, str]:
    return (
        "identity_as_number",
        f"身份证号是按数字保存的（{text}），Excel 只保留前 15 位，末尾几位已经丢失，不能还原。",
        _AS_TEXT,
    )


def _typed(value: Any, kind: str, today: datetime.date | None) -> Identity:
    """A cell that isn't text."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return _refused(kind, "identity_not_text", f"身份证号“{shown(value)}”不是号码。", _AS_TEXT)
    if abs(value) >= 1e15:
        return _refused(kind, *_as_number(shown(value)))
    if value != int(value) or value < 0:
        return _refused(kind, "identity_length", f"身份证号“{shown(value)}”不是号码。", _AS_TEXT)
    digits = str(int(value))
    if len(digits) == 15 and kind in ("", IdentityKind.RESIDENT):
        found = _resident(digits, kind, today, typeless=False)
        warning = _problem(
            "identity_number_cell",
            Status.WARNED,
            "身份证号是按数字保存的；15 位没有丢失，已按旧号读取。",
            "请把整列设为文本格式，避免 18 位号码丢失末尾。",
        )
        return found._replace(problems=(*found.problems, warning))
    if kind in ("", IdentityKind.RESIDENT):
        return _refused(kind, *_length(digits))
    return _other(digits, kind, today)


def _length(text: str) -> tuple[str, str]:
    return "identity_length", f"身份证号“{_masked(text)}”是 {len(text)} 位，应为 18 位。"


def _masked(text: str) -> str:
    """Enough of a wrong number to find it, not enough to use it."""
    return text if len(text) < 11 else f"{text[:6]}…{text[-4:]}"


def _resident(text: str, kind: str, today: datetime.date | None, typeless: bool) -> Identity:
    """A number that claims, or looks, to be of a 居民身份证."""
    if _EIGHTEEN.fullmatch(text):
        if text[:2] in _HK_MACAO_TAIWAN or text[0] == "9":
            return _inferred(text, kind, today)
        if typeless and text.endswith("000"):
            return _held(
                IdentityKind.RESIDENT.value,
                "identity_maybe_cut",
                f"身份证号“{_masked(text)}”末三位是 000，可能是 Excel 另存为文本时丢失了末尾。",
            )
        return _by_rule(text, IdentityKind.RESIDENT.value, today, areas=True)
    if _FIFTEEN.fullmatch(text):
        return _lengthened(text, today)
    if _MASKED.fullmatch(text) and not _EIGHTEEN.fullmatch(text):
        found = _refused(
            kind, "identity_masked", f"身份证号“{text}”中间被遮住，不能用来确定是谁。", "请填写完整的号码。"
        )
        return found._replace(hint=text)
    if kind == IdentityKind.RESIDENT or re.fullmatch(r"[0-9X]+", text):
        if len(text) in (15, 18):
            return _refused(kind, "identity_characters", f"身份证号“{_masked(text)}”里有不该有的字符。")
        return _refused(kind, *_length(text))
    if _OLD_FOREIGN.fullmatch(text):
        return _inferred(text, kind, today)
    return _held(
        "",
        "identity_kind_missing",
        f"“{_masked(text)}”不是居民身份证号，又没有写明证件类型。",
        "请增加“证件类型”一栏并填写，如护照、军官证、港澳居民来往内地通行证。",
    )


def _inferred(text: str, kind: str, today: datetime.date | None) -> Identity:
    """A number that only one other document has. Said to be a 居民身份证, it contradicts itself: held."""
    taken = IdentityKind.HK_MACAO_TAIWAN if text[0] == "8" else IdentityKind.FOREIGN_RESIDENT
    label = taken.label
    if kind:
        return _held(
            kind,
            "identity_kind_mismatch",
            f"证件类型写的是居民身份证，号码“{_masked(text)}”却是{label}的编号。",
            f"请把证件类型改为“{label}”，或改正号码。",
        )
    found = _other(text, taken.value, today)
    warning = Problem(
        "identity_kind_inferred",
        Status.WARNED,
        KIND_FIELD,
        f"没有写证件类型，按号码认作{label}。",
        "请核对，并在“证件类型”一栏写明。",
    )
    return found._replace(problems=(*found.problems, warning))


def _other(text: str, kind: str, today: datetime.date | None) -> Identity:
    label = IdentityKind(kind).label
    if kind == IdentityKind.HK_MACAO_TAIWAN:
        if _EIGHTEEN.fullmatch(text) and text[:2] in _HK_MACAO_TAIWAN:
            return _by_rule(text, kind, today, areas=False)
        wanted = "应为 18 位，以 81、82 或 83 开头"
    elif kind == IdentityKind.FOREIGN_RESIDENT:
        if _EIGHTEEN.fullmatch(text) and text[0] == "9":
            return _by_rule(text, kind, today, areas=False)
        if _OLD_FOREIGN.fullmatch(text):
            return Identity(kind, text)
        wanted = "应为 18 位、以 9 开头，旧证为 3 个字母加 12 位数字"
    elif kind == IdentityKind.HK_MACAO_PERMIT:
        if permit := _HK_MACAO_PERMIT.fullmatch(text):
            return _permit(kind, permit)
        wanted = "应为 H 或 M 加 8 位数字"
    elif kind == IdentityKind.TAIWAN_PERMIT:
        if permit := _TAIWAN_PERMIT.fullmatch(text):
            return _permit(kind, permit)
        wanted = "应为 8 位数字"
    elif kind == IdentityKind.PASSPORT:
        if _PASSPORT.fullmatch(text):
            return Identity(kind, text)
        wanted = "应为 5 至 15 位字母和数字"
    else:
        if _OFFICER.fullmatch(text):
            return Identity(kind, text)
        wanted = "应写成“某字第1234567号”或证上的编号"
    return _refused(kind, "identity_format", f"“{_masked(text)}”不像{label}的号码，{wanted}。")


def _permit(kind: str, found: re.Match[str]) -> Identity:
    """The number for life alone; what follows it on older documents changes with every renewal."""
    number, renewals = found.groups()
    if not renewals:
        return Identity(kind, number)
    warning = _problem(
        "identity_renewals", Status.WARNED, f"“{found[0]}”末尾的“{renewals}”是换证次数，不作为证件号码。"
    )
    return Identity(kind, number, (warning,))


def _by_rule(text: str, kind: str, today: datetime.date | None, *, areas: bool) -> Identity:
    """18 characters of GB 11643: check digit, date, order code."""
    # Base 13 gives the weights of GB 11643 for free; see stdnum.cn.ric.
    expected = ric.calc_check_digit(text)
    if text[17] != expected:
        return _refused(
            kind,
            "identity_check_digit",
            f"身份证号“{_masked(text)}”校验不符：前 17 位无误时末位应为 {expected}，是 {text[17]}。",
            "至少有一位写错了，请对照证件原件逐位核对，不要只改末位。",
        )
    born = _date(text[6:14])
    if born is None:
        return _refused(
            kind,
            "identity_birth",
            f"身份证号里的出生日期 {text[6:10]}年{text[10:12]}月{text[12:14]}日不存在。",
        )
    problems: tuple[Problem, ...] = ()
    if today is not None:
        if born > today:
            return _refused(kind, "identity_birth_future", f"身份证号里的出生日期 {born} 还没有到。")
        age = _age(born, today)
        if not YOUNGEST <= age <= OLDEST:
            problems = (_problem("identity_age", Status.WARNED, f"按身份证号今年 {age} 岁，请核对。"),)
    if areas and not _known_area(text[:6]):
        problems = (
            *problems,
            _problem(
                "identity_area", Status.WARNED, f"身份证号开头的地区代码 {text[:6]} 不在代码表内，请核对。"
            ),
        )
    gender = _MALE if text[16] in "13579" else _FEMALE
    return Identity(kind, text, problems, born, gender)


def _lengthened(text: str, today: datetime.date | None) -> Identity:
    """An old number of 15 digits as 18."""
    kind = IdentityKind.RESIDENT.value
    if text[12:] in _CENTENARIANS:
        found = _held(
            kind,
            "identity_centenarian",
            f"15 位旧号“{_masked(text)}”的顺序码 {text[12:]} 是留给百岁老人的，出生世纪不能确定。",
            "请按现在的 18 位身份证重新填写。",
        )
        return found._replace(former=text)
    body = f"{text[:6]}19{text[6:]}"
    found = _by_rule(body + ric.calc_check_digit(body + "0"), kind, today, areas=True)
    if not found.number:
        return found._replace(former=text)
    warning = _problem(
        "identity_fifteen",
        Status.WARNED,
        "15 位旧身份证号，已按国家标准换算成 18 位。",
        "请按现在的 18 位身份证核对。",
    )
    return found._replace(problems=(*found.problems, warning), former=text)


@lru_cache(maxsize=65536)
def _date(digits: str) -> datetime.date | None:
    try:
        return datetime.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


@lru_cache(maxsize=8192)
def _known_area(code: str) -> bool:
    return any("county" in properties for _, properties in numdb.get("cn/loc").info(code))
