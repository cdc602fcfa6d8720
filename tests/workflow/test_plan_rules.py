"""Every rule of a plan: one plan that breaks it gets that finding and no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from office.refusals import Refused
from rulebook.codes import PLAN_RULE_CODES
from rulebook.schema import Book
from rulebook.severity import Severity
from tests.workflow import acts
from tests.workflow.broken_plans import (
    BINHAI,
    BROKEN,
    MIANYANG,
    Broken,
    facts_of,
    plan_of,
    with_modules,
    with_severity,
    wrong,
)
from tests.workflow.world import World, at
from workflow.models import ClassPlan
from workflow.rules.evaluate import findings_of, findings_of_many
from workflow.rules.findings import Finding, worst
from workflow.rules.money import lecture_ceiling, rate_ceilings
from workflow.rules.plan import check


def name_of(broken: Broken) -> str:
    return f"{broken.code}: {broken.message[:16]}"


def test_nothing_is_wrong_with_the_sound_plan() -> None:
    assert [(f.code, f.severity, f.message) for f in check(facts_of())] == [
        ("survey_missing", "pass", "需求调研：2026年信息员需求汇总。"),
        ("fee_forbidden", "pass", "不向学员收费。"),
        ("audience_missing", "pass", "对象、时间、地点齐全。"),
        ("category_holder", "pass", "业务班可由本部门举办；业务 YW-03 工会信息员培训。"),
        ("hours_fit", "pass", "16 学时，4 个半天。"),
        (
            "over_ceiling_total",
            "pass",
            "综合定额内 10,000.00 元，上限 26,460.00 元（63 人 × 2 天 × 1 期，走读不含住宿），"
            "余 16,460.00 元。",
        ),
        ("off_plan", "pass", "在年度申报期内（2026年11月1日至2027年1月31日）。"),
    ]


def test_every_rule_has_a_plan_that_breaks_it() -> None:
    assert {broken.code for broken in BROKEN} == set(PLAN_RULE_CODES)


@pytest.mark.parametrize("broken", BROKEN, ids=name_of)
def test_a_broken_rule_is_one_finding_and_no_other(broken: Broken) -> None:
    assert wrong(facts_of(**broken.facts)) == [broken.finding()]


@pytest.mark.parametrize("severity", [Severity.BLOCK, Severity.HOLD, Severity.WARN])
@pytest.mark.parametrize("broken", BROKEN, ids=name_of)
def test_it_weighs_what_the_book_says(broken: Broken, severity: Severity) -> None:
    facts = facts_of(**broken.facts)
    facts = replace(facts, book=with_severity(facts.book, severity, broken.code))
    found = wrong(facts)
    assert [(f.code, f.severity) for f in found] == [(broken.code, severity.value)]
    assert (found[0].stops, found[0].asks) == (severity == "block", severity != "block")
    assert found[0].word == {"warn": "提示", "hold": "需审批"}.get(severity, "不符合")


@pytest.mark.parametrize("broken", BROKEN, ids=name_of)
def test_a_rule_that_is_off_is_silent(broken: Broken) -> None:
    facts = facts_of(**broken.facts)
    silent = check(replace(facts, book=with_severity(facts.book, Severity.OFF, broken.code)))
    assert broken.code not in {finding.code for finding in silent}
    assert worst(silent) == "pass"


def test_a_book_without_any_rule_says_nothing() -> None:
    assert check(facts_of(book=with_severity(BINHAI, Severity.OFF, *PLAN_RULE_CODES), place="")) == []


def test_the_other_union_asks_for_no_survey() -> None:
    facts = facts_of(book=MIANYANG, survey_reference="", audience_units=["county"])
    assert "survey_missing" not in {finding.code for finding in check(facts)}
    assert wrong(facts) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"survey_reference": "", "survey_file": True},
        {
            "category": "certification",
            "subject": "ZG-01",
            "fee": Decimal(10),
            "fee_basis": "总工办发〔2017〕1号",
        },
        {"category": "core", "subject": "ZT-01", "duties": ("training_authority",)},
        {"handed_in": at(8, 2), "off_plan_reason": "上级部署", "principal_approval": "同意"},
        {"handed_in": at(11, 1, 0, 0, 2026)},
        {"handed_in": at(1, 31, 23, 59)},
        {"staff": 6},
        {"trainees": 300, "staff": 10},
        {"costs": {"meals": "16380.00", "venue": "6300.00", "other": "3780.00"}},
        {"lecturer_title": "senior", "lecture_hours": Decimal(8), "costs": {"lecture": "9523.84"}},
        {"residential": True, "costs": {"lodging": "42840.00"}},
        {"sessions": 2, "time_slots": ["06", "09"], "costs": {"venue": "12600.00"}},
        {"book": with_modules("theory"), "modules": {"theory": "16"}},
        {"modules": {"theory": "8", "ability": "8"}},
    ],
    ids=str,
)
def test_what_is_just_right_is_no_fault(fields: dict[str, Any]) -> None:
    assert wrong(facts_of(**fields)) == []


@pytest.mark.parametrize("handed_in", [at(10, 31, 23, 59, 2026), at(2, 1, 0, 0)])
def test_a_minute_outside_the_window_is_outside(handed_in: datetime) -> None:
    assert [f.code for f in wrong(facts_of(handed_in=handed_in))] == ["off_plan"]


def test_where_no_card_is_used_no_money_is_judged() -> None:
    card = BINHAI.rate_card.model_copy(update={"enabled": False})
    facts = facts_of(
        book=BINHAI.model_copy(update={"rate_card": card}),
        staff=50,
        costs={"meals": "999999.00", "lecture": "99999.00"},
    )
    assert wrong(facts) == []
    assert rate_ceilings(facts.plan, facts.book) == ()
    assert lecture_ceiling(facts.plan, facts.book) == 0


def test_a_class_that_the_card_no_longer_has_is_its_usual_one() -> None:
    plan = plan_of(rate_class="class9")
    assert rate_ceilings(plan, BINHAI) == rate_ceilings(plan_of(rate_class="class3"), BINHAI)


# ---- the scenarios, with their figures


@pytest.mark.parametrize(
    ("staff", "costs", "limit", "people"),
    [
        (0, ("40800.00", "15600.00", "6000.00", "3600.00"), "66,000.00", 60),
        (6, ("44880.00", "17160.00", "6600.00", "3960.00"), "72,600.00", 66),
    ],
)
def test_s1_the_budget_of_the_informants_class(
    staff: int, costs: tuple[str, ...], limit: str, people: int
) -> None:
    """60 × 2 × 550 = 66 000; with 6 staff 72 600."""
    rows = dict(zip(("lodging", "meals", "venue", "other"), costs, strict=True))
    facts = facts_of(residential=True, staff=staff, costs=rows)
    assert wrong(facts) == []
    [money] = [f for f in check(facts) if f.code == "over_ceiling_total"]
    assert money.figures == {"申报": limit, "上限": limit, "计算": f"{people} 人 × 2 天 × 1 期"}
    assert money.message.endswith("余 0.00 元。")


@pytest.mark.django_db
def test_s1_without_a_survey_nothing_is_handed_in(world: World) -> None:
    plan = world.draft(survey_reference="")
    with pytest.raises(Refused, match=r"没有需求调研依据。.*（《意见》四\(三\)）$"):
        acts.submit(world, plan, when=at(1, 15))


@pytest.mark.django_db
def test_s6_a_class_in_august_needs_reason_channel_and_the_principal(world: World) -> None:
    plan = world.draft(when=at(8, 2))
    assert [f.code for f in findings_of(plan, world.book.book, at=at(8, 2)) if f.asks or f.stops] == [
        "off_plan"
    ]
    with pytest.raises(Refused, match="计划外增加理由、主要负责同志审批意见"):
        acts.submit(world, plan, when=at(8, 2))
    acts.edit(
        world, plan, off_plan_reason="上级临时部署", principal_approval="赵启明 8月1日批准", when=at(8, 2)
    )
    decision = acts.submit(world, plan, when=at(8, 3))
    [finding] = [f for f in decision.findings if f["code"] == "off_plan"]
    assert finding["message"] == "计划外班次，理由：上级临时部署；赵启明 8月1日批准。"


@pytest.mark.django_db
def test_a_plan_stays_in_the_window_it_was_first_handed_in(world: World) -> None:
    plan = world.draft()
    acts.submit(world, plan, when=at(1, 29))
    acts.give_back(world, plan)
    acts.edit(world, plan, trainees=50, when=at(3, 1))
    acts.submit(world, plan, when=at(3, 1))
    found = {f.code: f.severity for f in findings_of(acts.fresh(plan), world.book.book, at=at(3, 1))}
    assert found["off_plan"] == "pass"


def test_s22_a_core_class_charges_nothing() -> None:
    facts = facts_of(
        category="core", subject="ZT-01", duties=("training_authority",), fee=Decimal(200), fee_basis="某文"
    )
    [finding] = wrong(facts)
    assert (finding.code, finding.stops, finding.clause) == ("fee_forbidden", True, "《意见》五(二)")
    assert finding.message == "主体班不得向学员收费，填报了每人 200.00 元。"


def test_s22_a_certificate_needs_its_basis() -> None:
    certificate: dict[str, Any] = {"category": "certification", "subject": "ZG-02", "fee": Decimal(200)}
    [finding] = wrong(facts_of(**certificate))
    assert (finding.code, finding.stops) == ("fee_basis", True)
    assert wrong(facts_of(**certificate, fee_basis="总工发〔2011〕49号")) == []


def test_s23_thirty_five_days_at_seventy_per_cent_beyond_thirty() -> None:
    """18 425 a person: 550 × (30 + 5 × 0.7); staff 5 > 10 % of 40."""
    plan: dict[str, Any] = {"half_days": 70, "hours": Decimal(280), "residential": True, "trainees": 40}
    rows = {"lodging": "455600.00", "meals": "174200.00", "venue": "67000.00", "other": "40200.00"}
    facts = facts_of(**plan, staff=0, costs=rows)
    assert sum(line.amount for line in rate_ceilings(facts.plan, BINHAI)) == 40 * Decimal("18425.00")
    assert wrong(facts) == []
    over = facts_of(**plan, staff=0, costs=rows | {"other": "40200.01"})
    assert [(f.code, f.figures["超出"]) for f in wrong(over)] == [
        ("over_ceiling_total", "0.01"),
        ("over_ceiling_line", "0.01"),
    ]
    [staff] = wrong(facts_of(**plan, staff=5, costs={}))
    assert (staff.code, staff.message) == ("staff_over", "工作人员 5 人，按学员 40 人最多 4 人。")
    assert staff.severity in ("hold", "block")


# ---- anything at all


plans = st.fixed_dictionaries(
    {
        "category": st.sampled_from(["core", "professional", "certification", "", "x"]),
        "subject": st.sampled_from(["ZT-01", "YW-03", "ZG-99", "", "x"]),
        "audience_units": st.lists(st.sampled_from(["town", "zone", "x"]), unique=True),
        "modules": st.dictionaries(
            st.sampled_from(["theory", "party", "x"]), st.sampled_from(["0", "4", "7.5"])
        ),
        "sessions": st.integers(1, 12),
        "time_slots": st.lists(st.sampled_from(["0621", "06U", "06", "Q2"]), unique=True),
        "half_days": st.integers(0, 120),
        "hours": st.decimals(0, 999, places=1),
        "residential": st.booleans(),
        "place": st.sampled_from(["", "区委党校"]),
        "trainees": st.integers(0, 5000),
        "staff": st.integers(0, 500),
        "survey_reference": st.sampled_from(["", "有"]),
        "fee": st.decimals(0, 9999, places=2),
        "fee_basis": st.sampled_from(["", "有"]),
        "source": st.sampled_from(["", "special"]),
        "rate_class": st.sampled_from(["", "class1", "class2", "class3", "x"]),
        "lecturer_title": st.sampled_from(["", "senior", "academician", "x"]),
        "lecture_hours": st.decimals(0, 999, places=1),
    }
)
amounts = st.dictionaries(
    st.sampled_from(["lodging", "meals", "venue", "other", "lecture", "x"]),
    st.decimals(0, 9_999_999, places=2).map(str),
)


@settings(max_examples=150)
@given(plan=plans, costs=amounts, month=st.integers(1, 12), book=st.sampled_from([BINHAI, MIANYANG]))
def test_any_plan_gets_the_same_sound_answer_twice(
    plan: dict[str, Any], costs: dict[str, str], month: int, book: Book
) -> None:
    facts = facts_of(book=book, costs=costs, handed_in=at(month, 15), **plan)
    ceilings = rate_ceilings(facts.plan, book)
    assert all(line.amount >= 0 for line in ceilings)
    assert lecture_ceiling(facts.plan, book) >= 0
    found = check(facts)
    assert found == check(facts)
    weights = ["block", "hold", "warn", "pass"]
    assert [f.severity for f in found] == sorted((f.severity for f in found), key=weights.index)
    for finding in found:
        rule = book.rule(finding.code)
        assert finding.clause == rule.clause
        assert finding.severity in ("pass", rule.severity.value)
        assert (finding.mend == "") == (finding.severity == "pass")
        assert Finding(**finding.as_json()) == finding
    limit = sum(line.amount for line in ceilings)
    asked = sum((Decimal(costs.get(i.code, "0")) for i in book.rate_card.items), Decimal(0))
    assert (asked > limit) == any(f.code == "over_ceiling_total" and f.severity != "pass" for f in found)


@settings(max_examples=100)
@given(
    people=st.integers(0, 5000),
    half_days=st.integers(0, 400),
    sessions=st.integers(1, 12),
    stay=st.booleans(),
)
def test_more_of_anything_never_lowers_a_ceiling(
    people: int, half_days: int, sessions: int, stay: bool
) -> None:
    def total(**more: int) -> Decimal:
        fields = {"trainees": people, "half_days": half_days, "sessions": sessions} | more
        lines = rate_ceilings(plan_of(staff=0, residential=stay, **fields), BINHAI)
        return sum((line.amount for line in lines), Decimal(0))

    base = total()
    assert total(trainees=people + 1) >= base
    assert total(half_days=half_days + 1) >= base
    assert total(sessions=sessions + 1) >= base


# ---- in the database


@pytest.mark.django_db
def test_a_list_of_plans_costs_the_same_queries_whatever_its_length(world: World) -> None:
    book = world.book.book
    for index in range(20):
        plan = world.draft(("xuanchuan", "quanyi")[index % 2])
        if index % 3:
            acts.submit(world, plan, explanation="已比较")
    plans = list(ClassPlan.objects.select_related("department", "version").order_by("-version__number", "pk"))
    costs = []
    for part in (plans[:4], plans):
        with CaptureQueriesContext(connection) as queries:
            found = findings_of_many(part, book, at=at(2, 1))
        costs.append(len(queries))
        assert found == [findings_of(plan, book, at=at(2, 1)) for plan in part]
    assert costs[0] == costs[1] <= 5
    assert findings_of_many([], book, at=at(2, 1)) == []


@pytest.mark.django_db
def test_the_duty_of_the_day_decides_who_may_hold_core_classes(world: World) -> None:
    plan = world.draft("jiceng", category="core", subject="ZT-01")
    assert [f.severity for f in findings_of(plan, world.book.book, at=at(1, 11))] == ["pass"] * 7
    other = world.draft("xuanchuan", category="core", subject="ZT-01")
    assert worst(findings_of(other, world.book.book, at=at(1, 11))) == "block"
