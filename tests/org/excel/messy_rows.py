"""The rows of the messy workbook: what stands in them, and what is to become of each (DOMAIN §4)."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any, Final

from org.excel.headers import CADRES, RECORDS, ROSTER
from org.excel.values import Span
from tests.org.excel.messy import FACTORY, UNIT, Row, numbered
from tests.org.numbers import resident

ROWS: Final[list[Row]] = []
_serial = iter(range(100_000))
_names = (
    f"{family}{middle}{given}"
    for family in "秦尤许何吕施孔曹严华金魏陶姜"
    for middle in "思若云知"
    for given in "远水舒秋行和鸣"
)


def add(case: int, label: str, status: str = "accepted", /, *codes: str, **more: Any) -> Row:
    """One row: cells, ``values`` and ``normalised`` it must have, ``layout``; the other cells are sound."""
    values, normalised = more.pop("values", {}), more.pop("normalised", {})
    layout = more.pop("layout", ROSTER)
    cells = {"name": next(_names), "identity_number": resident(next(_serial)), "unit": UNIT} | more
    if layout is RECORDS:
        cells.pop("unit")
        cells = {"class_name": "经审干部培训班", "starts_on": "2025-09-01", "ends_on": "2025-09-05"} | cells
    row = Row(case, label, cells, status, codes, values, normalised, layout)
    ROWS.append(row)
    return row


def number(body: str) -> dict[str, str]:
    return {"identity_number": numbered(body)}


def identity(text: Any) -> dict[str, Any]:
    return {"identity_number": text}


W, Q, R = "warned", "held", "rejected"
NO_NUMBER: Final = {"identity_number": None}
X: Final = next(n for n in (numbered(f"11010519750612{order}") for order in range(100, 200)) if n[17] == "X")

# 1–14, 18: numbers of documents. The floats are the vectors of DOMAIN §4 row 1.
add(1, "valid-number", R, "identity_as_number", **identity(110105199003071976), values=NO_NUMBER)
add(1, "cut-by-excel", R, "identity_as_number", **identity(110105199003078000), values=NO_NUMBER)
add(1, "scientific-text", R, "identity_as_number", **identity("1.10105E+17"), values=NO_NUMBER)
add(
    *(2, "fifteen-as-number", W, "identity_fifteen", "identity_number_cell"),
    **identity(110105491231002),
    values={"identity_number": "11010519491231002X", "identity_former": "110105491231002"},
    normalised={"identity_number": ["110105491231002", "11010519491231002X"]},
)
add(
    *(3, "lower-case-x"),
    **identity(X.lower()),
    values={"identity_number": X},
    normalised={"identity_number": [X.lower(), X]},
)
WIDE: Final = numbered("11010519750612010")
add(
    *(4, "full-width"),
    **identity(WIDE.translate({48 + i: 0xFF10 + i for i in range(10)} | {ord("X"): "Ｘ"})),
    values={"identity_number": WIDE},
)
for index, (name, written) in enumerate(
    {
        "spaces": " {} {}\u3000{}\u00a0",
        "hyphens": "{}-{}-{}",
        "apostrophe": "'{}{}{}",
        "prefix": "ID:{}{}{}",
        "zero-width": "{}\u200b{}{}\ufeff",
        "tab": "{}\t{}{}",
    }.items()
):
    sound = numbered(f"110105197507{index + 11}11{index}")
    add(
        *(5, name),
        **identity(written.format(sound[:6], sound[6:14], sound[14:])),
        values={"identity_number": sound},
        normalised={"identity_number": [written.format(sound[:6], sound[6:14], sound[14:]), sound]},
    )
add(
    *(6, "fifteen", W, "identity_fifteen"),
    **identity("110105560107001"),
    values={"identity_number": numbered("11010519560107001"), "identity_former": "110105560107001"},
)
add(6, "centenarian", Q, "identity_centenarian", **identity("110105491231998"), values=NO_NUMBER)
add(7, "seventeen", R, "identity_length", **identity(X[:17]), values=NO_NUMBER)
add(7, "nineteen", R, "identity_length", **identity("1" + X), values=NO_NUMBER)
add(8, "check-digit", R, "identity_check_digit", **identity(X[:17] + "1"), values=NO_NUMBER)
add(9, "no-such-day", R, "identity_birth", **identity("110105199002290018"), values=NO_NUMBER)
add(10, "born-tomorrow", R, "identity_birth_future", **number("11010520260302001"), values=NO_NUMBER)
add(10, "fifteen-years", W, "identity_age", **number("11010520100302001"))
add(10, "sixteen-years", **number("11010520100301001"))
add(10, "eighty-years", **number("11010519450302001"))
add(10, "eighty-one-years", W, "identity_age", **number("11010519450301001"))
add(11, "area", W, "identity_area", **number("16010119750612001"))
add(
    *(12, "gender", Q, "gender_differs"),
    **number("11010519750613002"),
    gender="男",
    values={"gender": "male"},
)
add(12, "gender-agrees", **number("11010519750613004"), gender="女", values={"gender": "female"})
BORN: Final = {"born_on": datetime.date(1980, 6, 12), "born_precision": "day"}
add(13, "same-month", born_on="1980.6", values=BORN)
add(13, "same-month-as-date", born_on=datetime.date(1980, 6, 12), values=BORN)
add(13, "other-month", W, "birth_differs", born_on="1980.5", values=BORN)
add(13, "other-year", W, "date_year_only", "birth_differs", born_on="1981", values=BORN)
HONGKONG: Final = numbered("81000019750612001")
add(
    *(14, "hong-kong"),
    **identity(HONGKONG),
    identity_kind="港澳台居民居住证",
    values={"identity_kind": "hk_macao_taiwan", "identity_number": HONGKONG},
)
add(
    *(14, "hong-kong-unsaid", W, "identity_kind_inferred"),
    **number("82000019750612003"),
    values={"identity_kind": "hk_macao_taiwan"},
)
add(
    *(14, "hong-kong-as-resident", Q, "identity_kind_mismatch"),
    **number("83000019750612003"),
    identity_kind="身份证",
)
add(
    *(14, "passport"),
    **identity("e 1234 5678"),
    identity_kind="护照",
    values={"identity_kind": "passport", "identity_number": "E12345678"},
)
add(
    *(14, "officer"),
    **identity("军字第 2001988 号"),
    identity_kind="军官证",
    values={"identity_kind": "officer", "identity_number": "军字第2001988号"},
)
add(
    *(14, "foreigner-new"),
    **number("91110519750612001"),
    identity_kind="外国人永久居留身份证",
    values={"identity_kind": "foreign_resident"},
)
add(
    *(14, "foreigner-old"),
    **identity("chn110019750723"),
    identity_kind="永居证",
    values={"identity_kind": "foreign_resident", "identity_number": "CHN110019750723"},
)
add(
    *(14, "hong-kong-permit"),
    **identity("h 0123 4567"),
    identity_kind="港澳居民来往内地通行证",
    values={"identity_kind": "hk_macao_permit", "identity_number": "H01234567"},
)
add(
    *(14, "macao-permit-renewed", W, "identity_renewals"),
    **identity("M0123456702"),
    identity_kind="回乡证",
    values={"identity_kind": "hk_macao_permit", "identity_number": "M01234567"},
)
add(
    *(14, "taiwan-permit"),
    **identity("01234567"),
    identity_kind="台胞证",
    values={"identity_kind": "taiwan_permit", "identity_number": "01234567"},
)
add(
    *(14, "taiwan-permit-renewed", W, "identity_renewals"),
    **identity("0123456803(B)"),
    identity_kind="台湾居民来往大陆通行证",
    values={"identity_kind": "taiwan_permit", "identity_number": "01234568"},
)
add(14, "taiwan-permit-cut", R, "identity_format", **identity(1234567), identity_kind="台胞证")
add(14, "permit-of-another", R, "identity_format", **identity("K01234567"), identity_kind="回乡证")
# Who lives on the mainland and travels there has a paper of nearly that name.
add(
    *(14, "permit-of-whom", Q, "identity_kind_unknown", "identity_kind_missing"),
    **identity("C12345678"),
    identity_kind="港澳通行证",
    values=NO_NUMBER,
)
add(14, "pass-without-kind", Q, "identity_kind_missing", **identity("H12345678"), values=NO_NUMBER)
add(14, "pass-as-resident", R, "identity_length", **identity("H12345678"), identity_kind="身份证")
add(14, "passport-as-text", R, "identity_format", **identity("无"), identity_kind="护照")
add(14, "kind-unknown", Q, "identity_kind_unknown", identity_kind="驾驶证")
add(15, "no-number", Q, "identity_missing", **identity(None), values=NO_NUMBER)
add(18, "masked", R, "identity_masked", **identity("110105********002X"), values={
    "identity_number": None, "identity_hint": "110105********002X"
})  # fmt: skip

# 16, 17, 47: rows of one file beside one another.
TWICE: Final = number("11010519760101001")
add(16, "two-names", Q, "identity_two_names", **TWICE, name="张炜明")
add(16, "two-names-other", Q, "identity_two_names", **TWICE, name="张伟明")
add(17, "same-name", W, "same_name_in_unit", name="王芳菲")
add(17, "same-name-other", W, "same_name_in_unit", name="王芳菲")
SAME: Final = number("11010519760102001")
TWO_UNITS: Final = number("11010519760103001")
add(47, "two-units", W, "identity_two_units", **TWO_UNITS, name="韩双城")
add(47, "two-units-other", W, "identity_two_units", **TWO_UNITS, name="韩双城", unit=FACTORY)

# 19–27, 52: names.
add(19, "aligned", name="张\u3000三丰"[:2] + "帆", values={"name": "张帆"})
add(19, "three-with-space", Q, "name_spaces", name="张 一帆")
for index, dot in enumerate("·•・‧∙⋅．●"):
    add(20, f"separator-{index}", name=f"买买提{dot}艾力{'甲乙丙丁戊己庚辛'[index]}", values={
        "name": f"买买提·艾力{'甲乙丙丁戊己庚辛'[index]}"
    })  # fmt: skip
add(20, "separator-full-stop", name="买买提.艾力壬", values={"name": "买买提·艾力壬"})
add(20, "separator-space", Q, "name_spaces", name="买买提 艾力癸")
add(20, "initials", name="J. R. Smith", values={"name": "J. R. Smith"})
LONG: Final = "阿卜杜热合曼·" + "麦麦提吐尔逊江" * 3
add(21, "long", name=LONG, values={"name": LONG})
add(22, "extension", name="𬀪思远", values={"name": "𬀪思远"})
add(22, "question-mark", R, "name_unreadable", name="王?远")
add(22, "replacement", R, "name_unreadable", name="王\ufffd远")
add(22, "private-use", R, "name_unreadable", name="王\ue001远")
add(22, "pinyin", Q, "name_pinyin", name="王yan")
add(23, "kangxi-radical", W, "name_radical", name="⾦⼀帆", values={"name": "金一帆"}, normalised={
    "name": ["⾦⼀帆", "金一帆"]
})  # fmt: skip
add(23, "radical-supplement", W, "name_radical", name="⻢如龙", values={"name": "马如龙"})
add(23, "compatibility", W, "name_compatibility", name="\uf9d1如龙", values={"name": "\uf9d1如龙"})
VARIANT: Final = number("11010519760104001")
add(24, "variant", Q, "identity_two_names", **VARIANT, name="吕同尘")
add(24, "variant-other", Q, "identity_two_names", **VARIANT, name="呂同尘")
for index, (name, written) in enumerate(
    {
        "brackets": "高远山（主席）",
        "comrade": "高远水 同志",
        "star": "高远峰*",
        "label": "组长：高远川",
    }.items()
):
    plain = f"高远{'山水峰川'[index]}"
    add(25, name, W, "name_title", name=written, values={"name": plain, "name_note": written})
add(26, "several", R, "name_several", name="高一帆、高二帆", values={"name": None})
add(27, "former-name", former_name="秦旧名", values={"former_name": "秦旧名"}, layout=CADRES)
add(52, "test", W, "placeholder", name="测试")
add(52, "zhang-san", W, "placeholder", name="张三")
add(52, "crosses", W, "placeholder", name="XXX")
add(52, "digits", W, "placeholder", name="123456")

# 30, 33–36: units. 30 "merged" and "merged-below" share one merged cell.
add(30, "merged", values={"unit": UNIT, "unit_id": 1})
add(30, "merged-below", unit=None, values={"unit": UNIT, "unit_id": 1}, normalised={"unit": ["", UNIT]})
add(30, "blank", Q, "unit_missing", unit=None, values={"unit": None})
add(34, "short", unit="区总", values={"unit": UNIT, "unit_id": 1}, normalised={"unit": ["区总", UNIT]})
add(34, "other-short", unit="样例总工会", values={"unit_id": 1})
add(34, "unknown", Q, "unit_unknown", unit="没听说过的工会", values={"unit": None})
add(35, "old-name", W, "unit_note", unit="老街街道工会", values={"unit": "新街街道总工会", "unit_id": 2})
add(35, "homonyms", Q, "unit_ambiguous", unit="朝阳街道总工会", values={"unit": None})
add(36, "brackets", unit="样例机械(天津)有限公司工会", values={"unit_id": 3})
add(36, "suffix", Q, "unit_unknown", unit="样例机械（天津）公司工会")
add(
    *(33, "combined", Q, "unit_and_post_split"),
    layout=CADRES,
    unit=None,
    unit_and_post="样例区总工会基层工作部部长",
    values={"unit": UNIT, "unit_id": 1, "post_title": "基层工作部部长"},
    normalised={"unit_and_post": ["样例区总工会基层工作部部长", f"{UNIT}｜基层工作部部长"]},
)

# 37–39, 41: dates, as 任职日期 of a cadre.
SEPTEMBER: Final = {"appointed_on": datetime.date(2023, 9, 1), "appointed_precision": "day"}
for name, text in {
    "dots": "2023.9.1",
    "hyphens": "2023-9-1",
    "chinese": "2023年9月1日",
    "compact": "20230901",
    "slashes": "2023/09/01",
    "full-width": "２０２３．９．１",
    "han-digits": "二〇二三年九月一日",
}.items():
    add(37, name, layout=CADRES, appointed_on=text, values=SEPTEMBER)
add(37, "cell", layout=CADRES, appointed_on=datetime.date(2023, 9, 1), values=SEPTEMBER)
add(37, "compact-number", layout=CADRES, appointed_on=20230901, values=SEPTEMBER)
add(37, "two-digit-year", W, "date_two_digit_year", layout=CADRES, appointed_on="23.9.1", values=SEPTEMBER)
add(37, "no-year", R, "date_no_year", layout=CADRES, appointed_on="九月一日", values={"appointed_on": None})
MONTH: Final = {"appointed_on": datetime.date(2023, 9, 1), "appointed_precision": "month"}
add(38, "month", layout=CADRES, appointed_on="2023年9月", values=MONTH)
add(38, "month-number", layout=CADRES, appointed_on=2023.9, values=MONTH)
add(38, "month-format", layout=CADRES, appointed_on=datetime.date(2023, 9, 1), values=MONTH)
add(38, "october-or-january", Q, "date_january_or_october", layout=CADRES, appointed_on=2023.1)
add(38, "month-of-record", Q, "date_no_day", layout=RECORDS, ends_on="2025年9月")
add(39, "serial", W, "date_serial", layout=CADRES, appointed_on=45170, values=SEPTEMBER)
add(41, "impossible", R, "date_impossible", layout=CADRES, appointed_on="2023-02-30")
add(41, "leap-day", layout=CADRES, appointed_on="2024年2月29日", values={
    "appointed_on": datetime.date(2024, 2, 29)
})  # fmt: skip
add(41, "day-or-month", Q, "date_order", layout=CADRES, appointed_on="3/4/2023")


def period(*days: str) -> dict[str, Span]:
    return {"period": Span(*map(datetime.date.fromisoformat, days))}


FIVE: Final = period("2026-09-01", "2026-09-05")
for name, text in {"days": "9月1日-5日", "dash": "9.1—9.5", "to": "2026年9月1日至9月5日"}.items():
    add(40, name, layout=RECORDS, starts_on=None, ends_on=None, period=text, values=FIVE)
add(40, "cross-month", layout=RECORDS, starts_on=None, ends_on=None, period="9月28日至10月2日", values=(
    period("2026-09-28", "2026-10-02")
))  # fmt: skip
add(
    40,
    "month-unsaid",
    Q,
    "period_crosses",
    layout=RECORDS,
    starts_on=None,
    ends_on=None,
    period="9月28日-2日",
)
add(
    40,
    "cross-year",
    Q,
    "period_crosses",
    layout=RECORDS,
    starts_on=None,
    ends_on=None,
    period="12月30日-1月3日",
)

# 42–46: the other columns.
answer: Any
for name, (answer, value) in {
    **{"yes": ("是", True), "tick": ("√", True), "one": (1, True), "y": ("Y", True), "have": ("有", True)},
    **{"no": ("否", False), "blank": (None, None), "true": (True, True)},
}.items():
    add(42, name, lodging=answer, values={"lodging": value})
MOBILE: Final = {"phone": "13800138000"}
add(43, "number", phone=13800138000, values=MOBILE)
add(43, "float-text", phone="13800138000.0", values=MOBILE)
add(43, "country", phone="+86 138 0013 8000", values=MOBILE)
add(43, "landline", phone="022-62345678", values={"phone": "022-62345678"})
add(43, "two", W, "phone_several", phone="138 0013 8000/022-62345678", values={
    **MOBILE, "phone_note": "022-62345678"
})  # fmt: skip
add(43, "cut", R, "phone_cut", phone="1.38E+10", values={"phone": None})
add(43, "short", R, "phone_unreadable", phone="1380013800")
add(
    *(44, "aliases"),
    political_status="党员",
    ethnicity="汉",
    education="本科",
    values={"political_status": "中共党员", "ethnicity": "汉族", "education": "大学本科"},
    normalised={
        "political_status": ["党员", "中共党员"],
        "ethnicity": ["汉", "汉族"],
        "education": ["本科", "大学本科"],
    },
)
add(44, "unknown", Q, "choice_unknown", education="自学")
add(44, "kind", kind="兼", values={"kind": "part_time"})
add(45, "acting", post_title="副主席(主持工作)", values={
    "post_title": "副主席（主持工作）", "posts": ["副主席"], "leadership": "vice_chair"
})  # fmt: skip
add(45, "rank", post_title="四级调研员", values={"posts": [], "rank": "四级调研员"})
add(45, "two", post_title="部长兼办公室主任", values={"posts": ["部长", "办公室主任"]})
add(45, "short-word", post_title="财会", values={"post_title": "财会"})
add(45, "unknown", Q, "post_unknown", post_title="见附件", values={"post_title": "见附件"})
for name, answer, hours in (
    *(("hours", "32学时", "32"), ("half", "4.5", "4.5"), ("h", "16h", "16"), ("han", "三十二", "32")),
    *(("days", "4天", "32"), ("number", 8, "8")),
):
    add(46, name, layout=RECORDS, hours=answer, values={"hours": Decimal(hours)})
add(46, "nought", R, "hours_range", layout=RECORDS, hours="0")
add(46, "negative", R, "hours_unreadable", layout=RECORDS, hours="-4")
add(46, "a-day-of-25-hours", R, "hours_too_many", layout=RECORDS, hours="125")

# 49: what formulas leave in cells.
add(49, "error-cell", R, "cell_error", **identity("#N/A"))
add(49, "error-name", R, "cell_error", name="#REF!")
add(49, "formula-text", R, "formula", name="=CMD()")
add(49, "formula-in-remark", lodging_need="=CMD()", values={"lodging_need": "=CMD()"})

# 48, 50, 51: only the database knows. To the reader such a person is like any other.
for case, name in ((48, "in-another-class"), (50, "over-quota"), (51, "retired")):
    add(case, name)
