"""The ceilings: the worked examples of the documents, and what must hold for any figures."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulebook import loader, rates
from rulebook.schema import RateCard, UnknownCode
from tests.rulebook.conftest import BINHAI

CARD = loader.read(BINHAI).rate_card

people = st.integers(0, 2000)
half_days = st.integers(0, 400)
sessions = st.integers(1, 20)
classes = st.sampled_from([c.code for c in CARD.classes])


def limit(**over: object) -> Decimal:
    fields = {"class_code": "class3", "people": 1, "half_days": 2, "residential": True, "sessions": 1} | over
    return rates.total(rates.ceilings(CARD, **fields))  # type: ignore[arg-type]


def test_35_days_cost_18425_a_person() -> None:
    assert limit(half_days=70) == Decimal("18425.00")


def test_50_trainees_and_5_staff_for_3_days() -> None:
    heads = rates.counted_people(CARD, trainees=50, staff=5)
    assert limit(people=heads, half_days=6) == Decimal("90750.00")


def test_60_people_for_2_days_and_with_6_staff() -> None:
    assert limit(people=60, half_days=4) == Decimal("66000.00")
    assert limit(people=66, half_days=4) == Decimal("72600.00")


def test_not_residential_drops_lodging() -> None:
    lines = rates.ceilings(CARD, class_code="class3", people=83, half_days=4, residential=False)
    assert [(line.item, line.amount) for line in lines] == [
        ("meals", Decimal("21580.00")),
        ("venue", Decimal("8300.00")),
        ("other", Decimal("4980.00")),
    ]
    assert rates.total(lines) == Decimal("34860.00")


def test_a_half_day_counts_half() -> None:
    assert limit(half_days=1) == Decimal("275.00")
    assert limit(half_days=5) == Decimal("1375.00")


def test_thirty_days_are_full_and_the_half_day_after_is_not() -> None:
    assert limit(half_days=60) == Decimal("16500.00")
    assert limit(half_days=61) == Decimal("16692.50")


def test_each_session_has_its_own_thirty_days() -> None:
    assert limit(half_days=40, sessions=2) == 2 * limit(half_days=40) == Decimal("22000.00")


def test_line_shows_its_sum() -> None:
    lodging = rates.ceilings(
        CARD, class_code="class3", people=40, half_days=70, residential=True, sessions=2
    )[0]
    assert lodging.working == "340.00 × 40 人 × 35 天（30 天，另 5 天按 70%） × 2 期"
    assert (lodging.days, lodging.beyond_days) == (Decimal(35), Decimal(5))
    short = rates.ceilings(CARD, class_code="class3", people=40, half_days=5, residential=True)[0]
    assert short.working == "340.00 × 40 人 × 2.5 天"


@pytest.mark.parametrize(("code", "daily"), [("class1", 760), ("class2", 650), ("class3", 550)])
def test_daily_standard(code: str, daily: int) -> None:
    assert rates.daily_standard(CARD, class_code=code, residential=True) == daily
    standards = CARD.rate_class(code).items
    assert rates.daily_standard(CARD, class_code=code, residential=False) == daily - standards["lodging"]


def test_staff_not_counted_when_the_card_says_so() -> None:
    card = CARD.model_copy(update={"count_staff": False})
    assert rates.counted_people(card, trainees=50, staff=5) == 50


@pytest.mark.parametrize(
    ("trainees", "most"), [(0, 0), (9, 0), (10, 1), (40, 4), (45, 4), (99, 9), (100, 10), (300, 10)]
)
def test_staff_limit_rounds_down_and_stops_at_ten(trainees: int, most: int) -> None:
    assert rates.staff_limit(CARD, trainees) == most


def test_lecture_ceiling_is_before_tax_unless_asked() -> None:
    assert rates.lecture_ceiling(CARD, title_code="senior", hours=4) == Decimal("4761.92")
    assert rates.lecture_ceiling(CARD, title_code="associate", hours=8, sessions=3) == Decimal("13800.00")
    after = rates.lecture_ceiling(CARD, title_code="senior", hours=Decimal("2.5"), basis="after_tax")
    assert after == Decimal("2500.00")


@pytest.mark.parametrize(
    ("after", "before"),
    [
        ("0", "0.00"),
        ("800", "800.00"),
        ("801", "801.25"),
        ("2000", "2300.00"),
        ("3360", "4000.00"),
        ("4000", "4761.90"),
        ("6000", "7142.86"),
    ],
)
def test_grossing_up(after: str, before: str) -> None:
    assert rates.before_tax(Decimal(after)) == Decimal(before)


def test_the_books_lecture_rates_are_the_half_day_grossed_up() -> None:
    hours = CARD.lecture_hours_per_half_day
    for rate in CARD.lecture:
        spread = (rates.before_tax(rate.after_tax * hours) / hours).quantize(Decimal("0.01"))
        assert abs(rate.before_tax - spread) <= Decimal("0.01"), rate
    assert [str(rate.before_tax) for rate in CARD.lecture] == ["575.00", "1190.48", "1785.71"]


@pytest.mark.parametrize("wrong", [{"people": -1}, {"half_days": -1}, {"sessions": 0}])
def test_figures_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        limit(**wrong)


def test_lecture_figures_out_of_range_are_refused() -> None:
    for hours, runs in ((-1, 1), (1, 0)):
        with pytest.raises(ValueError, match="hours"):
            rates.lecture_ceiling(CARD, title_code="senior", hours=hours, sessions=runs)
    with pytest.raises(ValueError, match="after_tax"):
        rates.before_tax(Decimal(-1))


def test_unknown_class_or_title_is_named() -> None:
    with pytest.raises(UnknownCode, match="培训类别里没有“class9”"):
        limit(class_code="class9")
    with pytest.raises(UnknownCode, match="师资职称里没有“nobody”"):
        rates.lecture_ceiling(CARD, title_code="nobody", hours=1)


@given(classes, people, half_days, st.booleans(), sessions)
def test_any_ceiling(code: str, heads: int, halves: int, residential: bool, runs: int) -> None:
    """The total equals an independent count in half-day cents; lines have two places."""
    lines = rates.ceilings(
        CARD, class_code=code, people=heads, half_days=halves, residential=residential, sessions=runs
    )
    daily = int(rates.daily_standard(CARD, class_code=code, residential=residential))
    full, beyond = min(halves, 60), max(halves - 60, 0)
    cents = daily * heads * runs * (full * 50 + beyond * 35)
    assert rates.total(lines) == Decimal(cents) / 100
    assert all(line.amount.as_tuple().exponent == -2 for line in lines)
    assert ("lodging" in {line.item for line in lines}) == residential


@given(classes, people, half_days, sessions)
def test_more_never_costs_less(code: str, heads: int, halves: int, runs: int) -> None:
    base = limit(class_code=code, people=heads, half_days=halves, sessions=runs)
    assert limit(class_code=code, people=heads + 1, half_days=halves, sessions=runs) >= base
    assert limit(class_code=code, people=heads, half_days=halves + 1, sessions=runs) >= base
    assert limit(class_code=code, people=heads, half_days=halves, sessions=runs + 1) >= base
    assert limit(class_code=code, people=heads, half_days=halves, sessions=runs, residential=False) <= base


@given(st.integers(0, 5000))
def test_staff_limit_is_never_more_than_a_tenth_or_ten(trainees: int) -> None:
    most = rates.staff_limit(CARD, trainees)
    assert most <= 10
    assert most * 10 <= trainees
    assert most == 10 or (most + 1) * 10 > trainees


@given(st.decimals(0, 100_000, places=2))
def test_withholding_brings_the_payment_back(after: Decimal) -> None:
    gross = rates.before_tax(after)
    if gross <= 800:
        tax = Decimal(0)
    elif gross <= 4000:
        tax = (gross - 800) * Decimal("0.2")
    else:
        tax = gross * Decimal("0.16")
    assert abs(gross - tax - after) <= Decimal("0.01")


def test_cents_in_a_standard_round_half_up(card: RateCard) -> None:
    odd = card.rate_class("class3").model_copy(
        update={"items": {"lodging": Decimal("0.01"), "meals": 0, "venue": 0, "other": 0}}
    )
    lines = rates.ceilings(
        card.model_copy(update={"classes": (odd,)}),
        class_code="class3",
        people=1,
        half_days=1,
        residential=True,
    )
    assert lines[0].amount == Decimal("0.01")
