"""Amounts as they stand in a cell."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from org.excel.amounts import read_amount


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        (500, "500.00"),
        (1234.5, "1234.50"),
        (0.1 + 0.2, "0.30"),
        (-12.3, "-12.30"),
        ("1,234.50", "1234.50"),
        ("１２３４．５０元", "1234.50"),
        ("￥ 1 234.5", "1234.50"),
        ("(1,234.50)", "-1234.50"),
        ("－500", "-500.00"),
        ("-0.00", "0.00"),
        (".5", "0.50"),
        ("1234.500", "1234.50"),
    ],
)
def test_what_is_an_amount(cell: Any, amount: str) -> None:
    found = read_amount(cell, field="amount", title="金额")
    assert (str(found.value), found.problems) == (amount, ())


@pytest.mark.parametrize("cell", ["", "  ", "-", "——", "￥"])
def test_what_is_none(cell: str) -> None:
    found = read_amount(cell, field="amount", title="金额")
    assert (found.value, found.problems) == (None, ())


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("五百", "amount_unreadable"),
        ("1.2万", "amount_unreadable"),
        ("12,34", "amount_unreadable"),
        ("1.2.3", "amount_unreadable"),
        (True, "amount_unreadable"),
        ("12.345", "amount_places"),
        (12.345, "amount_places"),
        (1e12, "amount_range"),
        (float("inf"), "amount_range"),
        ("=A1", "formula"),
        ("#REF!", "cell_error"),
    ],
)
def test_what_is_refused_says_how_to_mend(cell: Any, code: str) -> None:
    found = read_amount(cell, field="amount", title="金额")
    assert (found.value, [problem.code for problem in found.problems]) == (None, [code])
    assert all(problem.mend for problem in found.problems)


@given(st.decimals(Decimal("-99999999999.99"), Decimal("99999999999.99"), places=2))
def test_every_amount_is_read_back_from_a_number_and_a_text(amount: Decimal) -> None:
    for cell in (float(amount), str(amount), f"{amount:,}", f"¥{amount}元"):
        if isinstance(cell, str) and cell.startswith("¥-"):
            continue
        assert read_amount(cell, field="amount", title="金额").value == amount
