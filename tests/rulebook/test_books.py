"""The two documents as data: what they say is in the books, with the clause."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from pathlib import Path

import pytest

from org.states import DutyCode
from rulebook import loader
from rulebook.codes import DUTY_CODES, PLAN_RULE_CODES, RULE_CODES
from rulebook.schema import Book, UnknownCode, find
from rulebook.severity import Severity
from rulebook.travel import TravelRule, travel_rule
from tests.rulebook.conftest import BINHAI, COUNTY, MIANYANG, SHIPPED

ALL = [*sorted(SHIPPED.glob("*.toml")), COUNTY]


@pytest.fixture(scope="module")
def mianyang() -> Book:
    return loader.read(MIANYANG)


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_every_book_is_whole(path: Path) -> None:
    book = loader.read(path)
    assert tuple(book.rules) == RULE_CODES
    assert book.code == path.stem
    assert Book.from_content(book.model_dump(mode="json")) == book
    for _, entries in book.dictionaries():
        for entry in entries:
            assert find(entries, entry.code) is entry
            assert find(entries, f"{entry.code} {entry.title}") is entry
            for alias in entry.aliases:
                assert find(entries, alias) is entry


@pytest.mark.parametrize("path", [BINHAI, MIANYANG], ids=lambda path: path.stem)
def test_every_entry_of_a_shipped_book_has_its_clause(path: Path) -> None:
    book = loader.read(path)
    for name, entries in book.dictionaries():
        assert [entry.code for entry in entries if not entry.clause] == [], name


def test_duty_codes_are_those_of_the_organisation() -> None:
    assert set(DUTY_CODES) == set(DutyCode.values)


def test_binhai_chain(book: Book) -> None:
    assert [step.title for step in book.steps] == ["部门审签", "归口审核", "财务会审", "主席办公会审定"]
    assert [step.key for step in book.review_steps] == ["sign", "review", "finance"]
    assert book.decision_step.holder.code == "decision_body"
    assert [step.key for step in book.steps if step.may_exclude] == ["review"]
    assert {step.stand_in.code for step in book.review_steps if step.stand_in} == {"leader"}


def test_mianyang_chain(mianyang: Book) -> None:
    assert [step.title for step in mianyang.steps] == ["部门审签", "归口审核", "财务会审", "党组会议审定"]
    assert "沿用" in mianyang.carried_on_note
    assert (mianyang.valid_from, mianyang.valid_until) == (datetime.date(2018, 9, 12), None)


def test_binhai_names_every_business_of_the_document(book: Book) -> None:
    titles = {
        category.code: [s.title for s in book.subjects_for(category.code) if not s.catch_all]
        for category in book.categories
    }
    assert titles["professional"] == [
        "工会组织干部培训",
        "工会统计指标培训",
        "工会信息员培训",
        "工会宣传网络培训",
        "工会女工干部培训",
        "法律干部培训",
        "工会财会人员培训",
        "工会经审工作培训",
        "税务代收工作培训",
        "民主管理干部培训",
        "群众性经济技术创新业务培训",
    ]
    assert titles["certification"] == [
        "工会社工师资格培训",
        "心理咨询师培训",
        "劳动保护监督检查员培训",
        "工资集体协商指导员培训",
        "劳动争议调解员培训",
        "劳动关系协调员培训",
        "劳动法律监督员培训",
        "班组长培训",
    ]
    assert titles["core"][0] == "工会干部轮训"
    assert "滨海工会大讲堂" in titles["core"]
    assert len(titles["core"]) == 9


def test_mianyang_names_the_twelve_topics(mianyang: Book) -> None:
    titles = [s.title for s in mianyang.subjects_for("professional") if not s.catch_all]
    assert titles == [
        "工会组建",
        "集体协商",
        "民主管理",
        "社会保障",
        "劳动保护",
        "财务经审",
        "资产监管",
        "心理咨询",
        "产业工会工作",
        "工会企事业管理",
        "社会管理工作",
        "劳动法律法规",
    ]
    assert mianyang.subject("ZT-01").title == "工会干部专题培训"
    assert mianyang.subject("SH-01").categories == ("core", "other")
    assert mianyang.subject("ZG-01").categories == ("certification",)


def test_modules(book: Book, mianyang: Book) -> None:
    assert [m.title for m in book.modules] == ["理论知识", "党性教育", "能力提升", "知识更新"]
    assert [m.title for m in mianyang.modules] == ["政治性", "先进性", "群众性"]


def test_who_may_hold_and_charge(book: Book, mianyang: Book) -> None:
    assert {c.code: (c.held_by, c.fee.value) for c in book.categories} == {
        "core": (("duty:training_authority",), "forbidden"),
        "professional": (("*",), "forbidden"),
        "certification": (("*",), "with_basis"),
    }
    assert {c.code: (c.held_by, c.fee.value) for c in mianyang.categories} == {
        "core": (("*",), "forbidden"),
        "professional": (("*",), "forbidden"),
        "certification": (("*",), "with_basis"),
        "other": (("*",), "with_basis"),
    }


def test_needs_survey_only_where_the_document_asks(book: Book, mianyang: Book) -> None:
    assert book.survey_required
    assert book.rule("survey_missing").severity is Severity.BLOCK
    assert not mianyang.survey_required
    assert mianyang.rule("survey_missing").severity is Severity.OFF


def test_no_module_is_required_where_no_document_says_so(book: Book, mianyang: Book) -> None:
    assert not any(c.required_modules for c in (*book.categories, *mianyang.categories))
    assert loader.read(COUNTY).category("core").required_modules == ("theory",)


@pytest.mark.parametrize("path", [BINHAI, MIANYANG], ids=lambda path: path.stem)
def test_severities_of_plan_rules(path: Path) -> None:
    book = loader.read(path)
    by_severity = {
        severity: {code for code in PLAN_RULE_CODES if book.rule(code).severity == severity}
        for severity in ("hold", "warn")
    }
    assert by_severity == {
        "hold": {"over_ceiling_total", "lecture_over", "staff_over"},
        "warn": {"over_ceiling_line", "module_required", "hours_fit", "duplicate_plan"},
    }
    stops = {"fee_forbidden", "fee_basis", "audience_missing", "time_missing", "place_missing"}
    stops |= {"category_holder", "owner_missing", "off_plan"}
    assert all(book.rule(code).severity is Severity.BLOCK for code in stops)


@pytest.mark.parametrize(
    ("path", "severity", "clause", "rule"),
    [
        (BINHAI, "warn", "参照财行〔2016〕540号 第九条", TravelRule(1, together=False)),
        (MIANYANG, "warn", "《规划》四(五)；财行〔2016〕540号 第九条", TravelRule(1, together=False)),
        (COUNTY, "off", "《办法》未规定", TravelRule(2, together=True)),
    ],
    ids=["binhai", "mianyang", "county"],
)
def test_arriving_and_leaving_take_a_day_each(
    path: Path, severity: str, clause: str, rule: TravelRule
) -> None:
    """X1 art. 9 as the books carry it; the county says otherwise, and nothing while it has no rate card."""
    # As stored and read back, which is how the programs meet a book.
    book = Book.from_content(loader.read(path).model_dump(mode="json"))
    said = book.rule("travel_days")
    assert (said.severity.value, said.clause, travel_rule(book)) == (severity, clause, rule)
    assert travel_rule(book).half_days == 2 * rule.days


def test_a_years_money_grows_or_the_reason_is_recorded(book: Book, mianyang: Book) -> None:
    """B-29, C-20: hard, an exception needs a recorded reason."""
    assert [
        (one.rule("fund_growth").severity, one.rule("fund_growth").clause) for one in (book, mianyang)
    ] == [
        (Severity.HOLD, "《意见》五(二)"),
        (Severity.HOLD, "《规划》四(四)"),
    ]


def test_rate_card(book: Book) -> None:
    card = book.rate_card
    assert (card.enabled, card.default_class) == (True, "class3")
    assert card.rate_class("class3").items == {"lodging": 340, "meals": 130, "venue": 50, "other": 30}
    assert [c.total for c in card.classes] == [760, 650, 550]
    assert [item.title for item in card.items if item.lodging] == ["住宿费"]
    assert card.item("venue").title == "场地、资料、交通费"
    assert (card.full_days, card.beyond_rate, card.staff_ratio, card.staff_max) == (
        30,
        Decimal("0.7"),
        Decimal("0.1"),
        10,
    )


def test_window_opens_the_autumn_before(book: Book) -> None:
    assert book.window.bounds(2027) == (datetime.date(2026, 11, 1), datetime.date(2027, 1, 31))
    county = loader.read(COUNTY)
    assert county.window.bounds(2028) == (datetime.date(2028, 1, 1), datetime.date(2028, 2, 28))


def test_audience_words_of_the_documents_are_understood(book: Book, mianyang: Book) -> None:
    for word in ("功能区", "街镇", "系统工会", "直属单位", "直属国有企业", "重点企业"):
        assert find(book.audience_units, word), word
    for word in ("三委委员", "社会化工会工作者", "社会化工作者", "新任工会主席"):
        assert find(book.audience_posts, word), word
    for word in ("县市区（园区）总工会", "市级各工会工作委员会", "市直各基层工会", "两新组织"):
        assert find(mianyang.audience_units, word), word
    assert find(book.audience_units, "火星") is None


def test_lookups(book: Book) -> None:
    assert book.titles(["town", "YW-03", "gone", "theory"]) == ["街镇", "工会信息员培训", "gone", "理论知识"]
    assert book.unit("town").title == "街镇"
    assert book.level("middle").code == "middle"
    assert book.post("informant").title == "信息员"
    assert book.module("party").title == "党性教育"
    assert book.source("special").title == "工会干部教育培训专项经费"
    assert book.implementer("party-school").title == "区委党校"
    assert book.step("finance").title == "财务会审"
    assert book.rate_card.lecture_rate("senior").after_tax == 1000


@pytest.mark.parametrize(
    "look",
    ["category", "subject", "module", "unit", "level", "post", "source", "implementer", "step", "rule"],
)
def test_unknown_codes_are_named(book: Book, look: str) -> None:
    with pytest.raises(UnknownCode, match=r"没有.*“nope”"):
        getattr(book, look)("nope")


def test_a_book_can_not_be_changed(book: Book) -> None:
    with pytest.raises(ValueError, match="frozen"):
        book.title = "别的"  # type: ignore[misc]


def test_a_longer_chain_is_data_alone() -> None:
    county = loader.read(COUNTY)
    assert [step.key for step in county.steps] == [
        "sign",
        "review",
        "finance",
        "leader",
        "superior",
        "decide",
    ]
    assert county.step("superior").level.value == "superior"
    assert not county.rate_card.enabled
    assert county.rule("duplicate_plan").params == {"season_months": 3}


def test_no_code_knows_a_union_by_name() -> None:
    """Documents are data: a union's code stands in its book and in the demo, nowhere else."""
    root = Path(__file__).parents[2]
    named = re.compile("binhai|mianyang|滨海|绵阳", re.IGNORECASE)
    files = [
        path
        for app in ("rulebook", "workflow", "budgets", "org", "office")
        for path in (root / app).rglob("*.py")
    ]
    assert len(files) > 30
    allowed = {"load_demo.py"}
    found = [
        f"{path.relative_to(root)}:{number}"
        for path in files
        if path.name not in allowed and "demo" not in path.parts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if named.search(line)
    ]
    assert found == []
