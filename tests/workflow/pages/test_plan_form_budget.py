"""The budget as one types: the rate card's own figures, 走读, long classes, lecture fees, 按标准填入."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from office.wording import capital_yuan, yuan
from org.models import Department, Union
from rulebook import loader, rates
from tests.workflow.pages.declaring import form_data, save_new, signed_in
from tests.workflow.world import BOOKS, World, at
from workflow.forms.budget import cost_sheet
from workflow.models import ClassPlan, PlanCost


@pytest.fixture
def january():
    with time_machine.travel(at(1, 11), tick=False):
        yield


@pytest.fixture
def client(world: World, january: None):
    return signed_in(world, "xuanchuan-staff")


BOOK = loader.read(BOOKS / "binhai-2018.toml")
CARD = BOOK.rate_card


def cell(page: str, name: str) -> str:
    """The words of the cell htmx picks by its id."""
    found = re.search(rf'id="b-{name}"[^>]*>(.*?)</', page, re.DOTALL)
    assert found is not None, name
    return " ".join(found[1].split())


def answer(client: Any, **more: Any) -> str:
    response = client.post(reverse("workflow:plan_budget"), form_data(**more), headers={"HX-Request": "true"})
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize(
    ("trainees", "staff", "half_days", "sessions", "residential", "rate_class"),
    [
        (80, 3, 4, 1, False, "class3"),
        (80, 3, 4, 1, True, "class3"),
        (120, 10, 10, 3, True, "class2"),
        (200, 0, 1, 6, False, "class1"),
        (40, 4, 70, 1, True, "class3"),
        (40, 4, 61, 2, False, "class3"),
        (0, 0, 0, 1, True, "class3"),
    ],
)
def test_the_answer_says_the_rate_cards_own_figures(
    client: Any, trainees: int, staff: int, half_days: int, sessions: int, residential: bool, rate_class: str
) -> None:
    page = answer(
        client,
        trainees=trainees,
        staff=staff,
        half_days=half_days,
        sessions=sessions,
        residential="1" if residential else "0",
        rate_class=rate_class,
    )
    lines = rates.ceilings(
        CARD,
        class_code=rate_class,
        people=trainees + staff,
        half_days=half_days,
        residential=residential,
        sessions=sessions,
    )
    for line in lines:
        assert cell(page, f"{line.item}-std") == yuan(line.standard)
        assert cell(page, f"{line.item}-most") == yuan(line.amount)
    assert cell(page, "quota-most") == yuan(rates.total(lines))
    if not residential:
        assert cell(page, "lodging-qty") == "走读不列"
        assert cell(page, "lodging-std") == ""


def test_two_days_of_eighty_three_people(client: Any) -> None:
    page = answer(client, trainees="80", staff="3", cost_meals="16600", cost_venue="8300", cost_other="1960")
    assert cell(page, "meals-qty") == "83 人 × 2 天"
    assert cell(page, "meals-most") == "21,580.00"
    assert cell(page, "meals-gap") == "余 4,980.00"
    assert cell(page, "quota-most") == "34,860.00"
    assert cell(page, "quota-asked") == "26,860.00"
    assert cell(page, "quota-gap") == "余 8,000.00"
    assert cell(page, "total") == "26,860.00"
    assert cell(page, "words") == "贰万陆仟捌佰陆拾元整"
    assert cell(page, "average") == "每人每天 161.81 元"
    assert cell(page, "days") == "合 2 天，含报到撤离"
    assert cell(page, "time") == "已识别：6月上旬"


def test_thirty_five_days_count_the_last_five_at_seventy_per_cent(client: Any) -> None:
    """S23: 18 425 yuan a person, staff 5 beyond a tenth of 40 trainees."""
    page = answer(client, trainees="40", staff="0", half_days="70", residential="1")
    assert cell(page, "lodging-qty") == "40 人 × 35 天（5 天按 70%）"
    assert cell(page, "quota-most") == yuan(Decimal("18425.00") * 40)
    page = answer(client, trainees="40", staff="5", half_days="70", residential="1")
    assert "工作人员 5 人，按学员 40 人最多 4 人。" in page
    page = answer(client, trainees="40", staff="4", half_days="70", residential="1")
    assert "最多 4 人" not in page


def test_over_the_standard_is_red_and_named(client: Any) -> None:
    page = answer(client, cost_meals="20000", cost_venue="")
    assert cell(page, "meals-most") == "16,380.00"
    assert cell(page, "meals-gap") == "超 3,620.00"
    assert "伙食费 20,000.00 元，标准 16,380.00 元，超 3,620.00 元。" in page
    assert 'href="#id_cost_meals"' in page


def test_lodging_typed_before_choosing_day_students_stays_in_sight(client: Any) -> None:
    page = answer(client, cost_lodging="1000")
    assert cell(page, "lodging-gap") == "超 1,000.00"
    assert "住宿费 1,000.00 元，走读班不安排住宿，超 1,000.00 元。" in page


def test_lecture_fees_stand_apart_and_before_tax(client: Any) -> None:
    page = answer(client, lecturer_title="senior", lecture_hours="8", sessions="2", cost_lecture="19047.68")
    assert cell(page, "lecture-std") == "1,190.48"
    assert cell(page, "lecture-qty") == "8 学时 × 2 期"
    assert cell(page, "lecture-most") == yuan(
        rates.lecture_ceiling(CARD, title_code="senior", hours=8, sessions=2, basis="before_tax")
    )
    assert cell(page, "lecture-gap") == "余 0.00"
    assert cell(page, "quota-asked") == "10,000.00"
    assert cell(page, "total") == "29,047.68"


def test_lecturers_travel_has_no_standard_and_counts_in_the_total_alone(client: Any) -> None:
    page = answer(client, cost_lecturer_travel="2600", note_lecturer_travel="往返 2 人")
    for part in ("std", "qty", "most", "gap"):
        assert cell(page, f"lecturer_travel-{part}") == ""
    assert cell(page, "quota-asked") == "10,000.00"
    assert cell(page, "total") == "12,600.00"
    assert "城市间交通费按差旅费规定，食宿按本办法标准；综合定额之外另列" in page
    assert "师资费 " not in page
    places = [page.index(f'name="cost_{item}"') for item in ("other", "lecture", "lecturer_travel")]
    assert places == sorted(places)


def test_lecturers_travel_is_saved_and_left_alone_by_filling_in_the_standards(
    client: Any, world: World
) -> None:
    plan = save_new(client, cost_lecturer_travel="2600", note_lecturer_travel="往返 2 人")
    kept = PlanCost.objects.get(plan=plan, item="lecturer_travel")
    assert (kept.amount, kept.note) == (Decimal("2600.00"), "往返 2 人")
    sent = form_data(action="fill", plan=plan.pk, cost_lecturer_travel="2600")
    filled = client.post(reverse("workflow:plan_budget"), sent)
    assert filled.context["form"]["cost_lecturer_travel"].value() == "2600"


def test_unreadable_input_is_named_beside_the_form_and_counts_as_nothing(client: Any) -> None:
    page = answer(client, trainees="六十", cost_meals="八千", time_slots="年中")
    assert "“六十”不是数字" in page
    assert "“八千”不是数字" in page
    assert "时间“年中”中的“年中”无法识别" in page
    assert cell(page, "meals-most") == yuan(Decimal(3 * 130 * 2))
    assert cell(page, "total") == "2,000.00"
    # A name not yet typed is no fault while one types.
    assert "请填写班次名称" not in answer(client, name="")


def test_a_fee_on_a_core_or_professional_class_is_refused_by_its_clause(client: Any) -> None:
    """S22."""
    page = answer(client, fee="200")
    assert "业务班不得向学员收费，填报了每人 200.00 元。" in page
    assert "《意见》五(二)" in page
    assert 'href="#id_fee"' in page
    page = answer(client, category="certification", subject="ZG-01", fee="200")
    assert "资格证书班收费每人 200.00 元，没有收费依据。" in page
    page = answer(client, category="certification", subject="ZG-01", fee="200", fee_basis="津价费〔2026〕8号")
    assert "收费每人 200.00 元，依据：津价费〔2026〕8号。" in page


@pytest.mark.parametrize("url", ["plan_budget", "plan_new"])
def test_filling_in_the_standards_writes_every_amount(client: Any, url: str) -> None:
    """With htmx the amounts come back beside the cells; without, on the full page. Nothing is saved."""
    sent = form_data(
        action="fill",
        residential="1",
        lecturer_title="associate",
        lecture_hours="4",
        cost_meals="1",
        remark="留着",
    )
    response = client.post(reverse(f"workflow:{url}"), sent)
    assert response.status_code == 200
    page = response.content.decode()
    lines = rates.ceilings(CARD, class_code="class3", people=63, half_days=4, residential=True)
    wanted = {line.item: f"{line.amount:.2f}" for line in lines} | {"lecture": "2300.00"}
    form = response.context["form"]
    assert {item: form[f"cost_{item}"].value() for item in wanted} == wanted
    for item, amount in wanted.items():
        assert re.search(rf'<input[^>]*name="cost_{item}"[^>]*value="{amount}"', page) or re.search(
            rf'<input[^>]*value="{amount}"[^>]*name="cost_{item}"', page
        )
    assert form["remark"].value() == "留着"
    assert not ClassPlan.objects.exists()


def test_filling_in_takes_lodging_off_a_class_of_day_students(client: Any) -> None:
    response = client.post(reverse("workflow:plan_new"), form_data(action="fill", cost_lodging="500"))
    assert response.context["form"]["cost_lodging"].value() == "0.00"


def test_recalculating_without_javascript_keeps_all_that_was_typed(client: Any) -> None:
    sent = form_data(action="recompute", trainees="八十", remark="备注")
    response = client.post(reverse("workflow:plan_new"), sent)
    assert response.status_code == 200
    page = response.content.decode()
    for text in ('value="八十"', "备注", "工会信息员培训班", 'value="2,000.00"'):
        assert text in page
    assert not ClassPlan.objects.exists()


def test_the_answer_to_a_saved_plan_knows_its_survey_and_saves_nothing(client: Any, world: World) -> None:
    plan = save_new(client)
    page = answer(client, plan=plan.pk, trainees="90", survey_reference="")
    assert cell(page, "meals-qty") == "93 人 × 2 天"
    assert ClassPlan.objects.get().trainees == 60
    assert PlanCost.objects.filter(plan=plan).count() == 2


def test_the_answer_is_only_for_plans_one_may_see(client: Any, world: World) -> None:
    other = world.draft("quanyi")
    response = client.post(reverse("workflow:plan_budget"), form_data(plan=other.pk))
    assert response.status_code == 404


def test_the_answer_costs_few_queries(client: Any, django_assert_max_num_queries: Any) -> None:
    client.post(reverse("workflow:plan_budget"), form_data())
    with django_assert_max_num_queries(20):
        client.post(reverse("workflow:plan_budget"), form_data())


@given(
    trainees=st.integers(0, 500),
    staff=st.integers(0, 50),
    half_days=st.integers(0, 120),
    sessions=st.integers(1, 12),
    residential=st.booleans(),
    asked=st.dictionaries(
        st.sampled_from(["lodging", "meals", "venue", "other", "lecture", "lecturer_travel", "gifts"]),
        st.decimals(0, 1_000_000, places=2),
    ),
)
def test_the_table_adds_up(
    trainees: int, staff: int, half_days: int, sessions: int, residential: bool, asked: dict[str, Decimal]
) -> None:
    union = Union(code="binhai", name="滨海新区总工会")
    plan = ClassPlan(
        union=union,
        department=Department(code="xuanchuan", union=union),
        year=2027,
        trainees=trainees,
        staff=staff,
        half_days=half_days,
        sessions=sessions,
        residential=residential,
    )
    budget = cost_sheet(plan, [PlanCost(item=item, amount=amount) for item, amount in asked.items()], BOOK)
    assert budget.total == sum(asked.values(), Decimal(0))
    assert budget.subtotal is not None
    assert budget.subtotal.most == sum((row.most for row in budget.quota if row.most is not None), Decimal(0))
    assert budget.subtotal.asked == sum((row.asked for row in budget.quota), Decimal(0))
    assert {row.item for row in budget.quota if not row.applies} == (set() if residential else {"lodging"})
    for row in budget.rows:
        assert row.gap is None or row.most is not None
        assert row.over == (row.most is not None and row.asked > row.most)
        assert (
            row.excess == max(row.asked - row.most, Decimal(0)) if row.most is not None else row.excess == 0
        )
    assert capital_yuan(budget.total).endswith(("整", "分"))
    people_days = (trainees + staff) * Decimal(half_days) / 2 * sessions
    assert (budget.average is None) == (people_days == 0)


def test_without_a_rate_card_only_what_is_asked_is_shown() -> None:
    book = BOOK.model_copy(update={"rate_card": CARD.model_copy(update={"enabled": False})})
    union = Union(code="binhai", name="滨海新区总工会")
    plan = ClassPlan(
        union=union, department=Department(code="x", union=union), year=2027, trainees=60, half_days=4
    )
    budget = cost_sheet(plan, [PlanCost(item="meals", amount=Decimal("500.00"))], book)
    assert budget.subtotal is None
    assert [row.most for row in budget.rows] == [None] * len(budget.rows)
    assert budget.standards() == {}
    assert budget.total == Decimal("500.00")
