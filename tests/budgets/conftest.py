from __future__ import annotations

import pytest

from budgets.models import Fund
from tests.budgets.cast import Cast, found, fund_of


@pytest.fixture
def binhai(db: None) -> Cast:
    return found("binhai", "滨海新区总工会")


@pytest.fixture
def mianyang(db: None) -> Cast:
    return found("mianyang", "绵阳市总工会")


@pytest.fixture
def fund(binhai: Cast) -> Fund:
    """100,000.00 yuan, all of it available."""
    return fund_of(binhai, "100000.00")
