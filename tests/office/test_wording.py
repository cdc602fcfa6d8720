"""Figures, days and moments as people write them."""

from __future__ import annotations

import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from office import wording

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime.datetime(2027, 3, 1, 9, 0, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "0.00"),
        ("34860", "34,860.00"),
        ("34860.5", "34,860.50"),
        ("0.005", "0.01"),
        ("-0.001", "0.00"),
        ("-1234.5", "-1,234.50"),
        ("1234567890.12", "1,234,567,890.12"),
    ],
)
def test_yuan(amount: str, text: str) -> None:
    assert wording.yuan(Decimal(amount)) == text


@pytest.mark.parametrize(
    ("part", "whole", "share", "text"),
    [
        ("0", "100", 0, "0%"),
        ("6860", "36680", 19, "19%"),
        ("18.49", "100", 18, "18%"),
        ("18.50", "100", 19, "19%"),
        ("0.30", "100", 0, "不足1%"),
        ("2960", "2970", 99, "99%"),
        ("2970", "2970", 100, "100%"),
        ("3000", "2000", 150, "150%"),
        ("-25", "100", -25, "-25%"),
        ("5", "0", 0, "0%"),
    ],
)
def test_shares_are_rounded_half_up_and_whole_only_when_whole(
    part: str, whole: str, share: int, text: str
) -> None:
    assert wording.percent(Decimal(part), Decimal(whole)) == share
    assert wording.percent_text(Decimal(part), Decimal(whole)) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [("34860", "3.49 万元"), ("0", "0.00 万元"), ("12345678", "1,234.57 万元"), ("49.99", "0.00 万元")],
)
def test_wan(amount: str, text: str) -> None:
    assert wording.wan(Decimal(amount)) == text


# The examples of 《正确填写票据和结算凭证的基本规定》 (1409.50 … 325.04) and the corners around them.
CAPITALS = {
    "0": "零元整",
    "0.01": "壹分",
    "0.10": "壹角整",
    "0.15": "壹角伍分",
    "1": "壹元整",
    "1.01": "壹元零壹分",
    "10": "壹拾元整",
    "11": "壹拾壹元整",
    "20.30": "贰拾元叁角整",
    "101": "壹佰零壹元整",
    "110": "壹佰壹拾元整",
    "325.04": "叁佰贰拾伍元零肆分",
    "1001": "壹仟零壹元整",
    "1010": "壹仟零壹拾元整",
    "1409.50": "壹仟肆佰零玖元伍角整",
    "1680.32": "壹仟陆佰捌拾元叁角贰分",
    "6007.14": "陆仟零柒元壹角肆分",
    "10001": "壹万零壹元整",
    "16409.02": "壹万陆仟肆佰零玖元零贰分",
    "34860": "叁万肆仟捌佰陆拾元整",
    "100000": "壹拾万元整",
    "107000.53": "壹拾万柒仟元伍角叁分",
    "1000000": "壹佰万元整",
    "1000100": "壹佰万零壹佰元整",
    "10010000": "壹仟零壹万元整",
    "100000000": "壹亿元整",
    "100000001": "壹亿零壹元整",
    "100010000": "壹亿零壹万元整",
    "1000000000000": "壹万亿元整",
    "1000100000000": "壹万零壹亿元整",
    "1234567890.12": "壹拾贰亿叁仟肆佰伍拾陆万柒仟捌佰玖拾元壹角贰分",
    "-34860": "负叁万肆仟捌佰陆拾元整",
    "0.005": "壹分",
    "-0.001": "零元整",
}


@pytest.mark.parametrize(("amount", "words"), CAPITALS.items())
def test_capital(amount: str, words: str) -> None:
    assert wording.capital_yuan(Decimal(amount)) == words


def test_capital_has_an_end() -> None:
    assert wording.capital_yuan(Decimal("9999999999999999.99")).endswith("元玖角玖分")
    with pytest.raises(ValueError, match="too large"):
        wording.capital_yuan(Decimal("1e16"))


DIGITS = {char: index for index, char in enumerate("零壹贰叁肆伍陆柒捌玖")}
UNITS = {"拾": 10, "佰": 100, "仟": 1000}


def read_integer(words: str) -> int:
    """An independent reader: 亿 first, then 万, then the rest."""
    for unit, value in (("亿", 10**8), ("万", 10**4)):
        if unit in words:
            high, rest = words.split(unit, 1) if unit == "万" else words.rsplit(unit, 1)
            return read_integer(high) * value + read_integer(rest)
    total, digit = 0, 0
    for char in words:
        if char in DIGITS:
            digit = DIGITS[char]
        else:
            total, digit = total + digit * UNITS[char], 0
    return total + digit


def read_back(words: str) -> Decimal:
    sign = -1 if words.startswith("负") else 1
    words = words.removeprefix("负").removesuffix("整")
    whole, yuan, rest = words.rpartition("元")
    cents = 0
    for char, following in pairwise(rest):
        cents += DIGITS.get(char, 0) * {"角": 10, "分": 1}.get(following, 0)
    return sign * (Decimal(read_integer(whole) if yuan else 0) + Decimal(cents) / 100)


@given(st.decimals("-9999999999999999.99", "9999999999999999.99", places=2, allow_nan=False))
def test_capital_can_be_read_back(amount: Decimal) -> None:
    words = wording.capital_yuan(amount)
    assert read_back(words) == amount
    assert "零零" not in words
    assert "零元" not in words or words == "零元整"
    assert not any(f"零{unit}" in words for unit in "拾佰仟万亿角分")
    assert words.endswith(("整", "分"))


@given(st.integers(0, 10**16 - 1), st.integers(0, 10**16 - 1))
def test_capital_tells_amounts_apart(a: int, b: int) -> None:
    assert (wording.capital_yuan(Decimal(a)) == wording.capital_yuan(Decimal(b))) == (a == b)


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13812341206", "····1206"),
        ("022-65301234", "····1234"),
        ("6530123", "····0123"),
        ("120", "····"),
        ("123456", "····"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_mask_phone(phone: str, masked: str) -> None:
    assert wording.mask_phone(phone) == masked


def test_chinese_date() -> None:
    assert wording.chinese_date(datetime.date(2027, 6, 1)) == "2027年6月1日"
    late = datetime.datetime(2027, 5, 31, 16, 30, tzinfo=datetime.UTC)
    assert wording.chinese_date(late) == "2027年6月1日"


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime.datetime(2027, 1, 20, 10, 40, tzinfo=SHANGHAI), "1月20日 10:40"),
        (datetime.datetime(2026, 12, 31, 9, 5, tzinfo=SHANGHAI), "2026年12月31日 09:05"),
        (datetime.datetime(2026, 12, 31, 16, 5, tzinfo=datetime.UTC), "1月1日 00:05"),
        (datetime.datetime(2028, 1, 1, 0, 0, tzinfo=SHANGHAI), "2028年1月1日 00:00"),
    ],
)
def test_moment(at: datetime.datetime, text: str) -> None:
    assert wording.moment(at, NOW) == text


def test_moment_without_now_is_of_the_clock() -> None:
    this = datetime.datetime.now(SHANGHAI)
    assert wording.moment(this) == f"{this.month}月{this.day}日 {this:%H:%M}"


@pytest.mark.parametrize(
    ("span", "text"),
    [
        ({"seconds": 59}, "不到 1 分钟"),
        ({"seconds": -5}, "不到 1 分钟"),
        ({"minutes": 40, "seconds": 30}, "40 分钟"),
        ({"hours": 3, "minutes": 59}, "3 小时"),
        ({"hours": 26}, "1 天 2 小时"),
        ({"days": 2, "minutes": 59}, "2 天"),
    ],
)
def test_lasting(span: dict[str, int], text: str) -> None:
    assert wording.lasting(datetime.timedelta(**span)) == text


@pytest.mark.parametrize(
    ("half_days", "text"), [(0, "0"), (1, "0.5"), (3, "1.5"), (4, "2"), (-1, "-0.5"), (20, "10")]
)
def test_days_text(half_days: int, text: str) -> None:
    assert wording.days_text(half_days) == text


def render(text: str, query: str = "", **values: Any) -> str:
    request = RequestFactory().get(f"/{query}")
    return Template("{% load office %}" + text).render(Context({"request": request, **values}))


def test_filters() -> None:
    at = datetime.datetime(2027, 1, 20, 10, 40, tzinfo=SHANGHAI)
    text = (
        "{{ a|yuan }}|{{ a|wan }}|{{ a|capital }}|{{ p|phone }}|{{ d|cdate }}|{{ at|moment:now }}"
        "|{{ s|lasting }}|{{ h|days }}"
    )
    values: dict[str, Any] = {
        "a": Decimal(34860),
        "p": "13812341206",
        "d": datetime.date(2027, 6, 1),
        "at": at,
        "now": NOW,
        "s": datetime.timedelta(hours=3),
        "h": 3,
    }
    assert render(text, **values) == (
        "34,860.00|3.49 万元|叁万肆仟捌佰陆拾元整|····1206|2027年6月1日|1月20日 10:40|3 小时|1.5"
    )
    nothing: dict[str, Any] = dict.fromkeys(values)
    assert render(text, **nothing) == "|||||||"
    assert render("{{ a|yuan }}{{ b|yuan }}{{ missing|yuan }}", a=5, b="") == "5.00"


def test_query_string() -> None:
    query = "?q=班&page=2&state=a&state=b"
    assert render("{% qs page=3 %}", query) == "?q=%E7%8F%AD&amp;page=3&amp;state=a&amp;state=b"
    assert render("{% qs page=None q='' state='c' %}", query) == "?state=c"
    assert render("{% qs page=None %}", "?page=1") == "?"
