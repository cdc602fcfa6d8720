"""The plan form: what it reads, what it can't read and how it says so, what it never loses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from org.models import Department, Union
from rulebook import loader
from tests.workflow import test_chains
from tests.workflow.pages.declaring import form_data, fresh, save, save_new, signed_in
from tests.workflow.world import BOOKS, World, at
from workflow.forms.fields import Pick
from workflow.forms.plan import PlanForm
from workflow.models import ClassPlan
from workflow.models.plan import CONTENT_FIELDS


@pytest.fixture(autouse=True)
def january():
    with time_machine.travel(at(1, 11), tick=False):
        yield


@pytest.fixture
def client(world: World):
    return signed_in(world, "xuanchuan-staff")


@pytest.fixture(scope="module")
def book():
    return loader.read(BOOKS / "binhai-2018.toml")


#: Reading needs no database: a department that was never saved will do.
OURS = Department(code="xuanchuan", name="宣传网络部", union=Union(code="binhai", name="滨海新区总工会"))


def read(book: Any, **more: Any) -> PlanForm:
    return PlanForm(form_data(**more), book=book, department=OURS, year=2027, duties=())


def test_every_field_of_a_plan_has_a_place_in_the_form(book) -> None:
    form = read(book)
    lacking = set(CONTENT_FIELDS) - set(form.fields) - {"modules"}
    assert lacking == set()
    assert form.is_valid(), form.errors
    assert set(form.content()) == set(CONTENT_FIELDS)


def test_everything_typed_is_kept(client, world: World) -> None:
    plan = save_new(
        client,
        audience_levels=["middle", "grassroots"],
        audience_posts=["informant", "publicist"],
        audience_note="含社区信息员",
        module_theory="4",
        module_ability="9.5",
        module_knowledge="2.5",
        mode="blended",
        time_slots="3、6、9月",
        sessions="3",
        residential="1",
        implementer="区委党校",
        fee="0",
        fee_basis="无",
        off_plan_reason="上级临时部署",
        principal_approval="赵启明 1月8日批示同意",
        rate_class="class2",
        lecturer_title="senior",
        lecture_hours="8",
        cost_lodging="1000.5",
        note_meals="午餐、工作餐",
        note_other="只有说明",
        cost_lecture="9523.84",
        explanation="与办公室已商量\r\n不重复",
        remark="备注一",
    )
    assert plan.audience_units == ["town"]
    assert plan.audience_levels == ["middle", "grassroots"]
    assert plan.audience_posts == ["informant", "publicist"]
    assert plan.modules == {"theory": 4, "ability": 9.5, "knowledge": 2.5}
    assert (plan.mode, plan.residential, plan.place_tentative) == ("blended", True, True)
    assert plan.time_slots == ["03", "06", "09"]
    assert (plan.sessions, plan.half_days, plan.hours) == (3, 4, Decimal("16.0"))
    assert (plan.rate_class, plan.lecturer_title, plan.lecture_hours) == ("class2", "senior", Decimal("8.0"))
    assert plan.explanation == "与办公室已商量\n不重复"
    assert world.costs(plan) == {
        "lodging": Decimal("1000.50"),
        "meals": Decimal("8000.00"),
        "venue": Decimal("2000.00"),
        "other": Decimal("0.00"),
        "lecture": Decimal("9523.84"),
    }
    page = client.get(reverse("workflow:plan_edit", args=[plan.pk])).content.decode()
    for text in (
        "含社区信息员",
        "3、6、9月",
        "上级临时部署",
        "赵启明 1月8日批示同意",
        "午餐、工作餐",
        "只有说明",
        "1000.50",
        "9523.84",
        "与办公室已商量",
        "备注一",
    ):
        assert text in page
    before = fresh(plan)
    answer = client.post(
        reverse("workflow:plan_edit", args=[plan.pk]),
        {**_as_sent(client, plan), "action": "save"},
    )
    assert answer.status_code == 302
    after = fresh(plan)
    assert {name: getattr(after, name) for name in CONTENT_FIELDS} == {
        name: getattr(before, name) for name in CONTENT_FIELDS
    }


def _as_sent(client, plan: ClassPlan) -> dict[str, Any]:
    """What a browser would send back of the edit page untouched."""
    form = client.get(reverse("workflow:plan_edit", args=[plan.pk])).context["form"]
    sent: dict[str, Any] = {"revision": plan.revision}
    for field in form:
        value = field.value()
        if field.name == "place_tentative":
            value = "on" if value else None
        if value is not None:
            sent[field.name] = value
    return sent


def test_a_draft_with_nothing_but_a_name_is_saved(client) -> None:
    answer = client.post(reverse("workflow:plan_new"), {"name": "待定班次", "year": "2027"})
    plan = ClassPlan.objects.get()
    assert answer.url == reverse("workflow:plan_edit", args=[plan.pk])
    assert (plan.name, plan.category, plan.trainees, plan.sessions) == ("待定班次", "", 0, 1)
    page = client.get(answer.url)
    assert page.status_code == 200
    assert page.context["live"].tally["block"] > 0
    submit = client.get(reverse("workflow:plan_submit", args=[plan.pk]))
    assert submit.status_code == 200
    assert client.get(reverse("workflow:declare")).status_code == 200


def test_a_draft_without_a_name_is_asked_for_one(client) -> None:
    answer = client.post(reverse("workflow:plan_new"), form_data(name="  "))
    assert answer.status_code == 422
    assert answer.context["form"].errors["name"] == ["请填写班次名称。"]
    assert not ClassPlan.objects.exists()


NUMBERS = {
    "trainees": ("每期学员", "60"),
    "staff": ("每期工作人员", "3"),
    "sessions": ("期数", "1"),
    "half_days": ("每期半天数", "4"),
}
DECIMALS = {"hours": "16", "lecture_hours": "8", "module_ability": "4", "cost_meals": "8000.00", "fee": "0"}


@pytest.mark.parametrize("name", [*NUMBERS, *DECIMALS])
def test_text_in_a_number_is_named_with_how_to_mend_it(client, name: str) -> None:
    answer = client.post(reverse("workflow:plan_new"), form_data(**{name: "六十左右"}))
    assert answer.status_code == 422
    example = NUMBERS[name][1] if name in NUMBERS else DECIMALS[name]
    message = f"“六十左右”不是数字，请用阿拉伯数字填写，如 {example}。"
    assert answer.context["form"].errors == {name: [message]}
    page = answer.content.decode()
    assert 'value="六十左右"' in page
    assert f'href="#id_{name}"' in page
    assert "工会信息员培训班" in page
    assert not ClassPlan.objects.exists()


@pytest.mark.parametrize(
    ("name", "typed", "message"),
    [
        ("trainees", "2.5", "“2.5”请填整数，如 60。"),
        ("trainees", "-5", "“-5”是负数，请填不小于 0 的数字。"),
        ("trainees", "100001", "“100001”太大，最多 100,000，请核对单位。"),
        ("staff", "1e3", "“1e3”不是数字，请用阿拉伯数字填写，如 3。"),
        ("sessions", "0", "至少 1，请填写如 1。"),
        ("half_days", "三", "“三”不是数字，请用阿拉伯数字填写，如 4。"),
        ("hours", "16.25", "“16.25”最多写 1 位小数，如 16。"),
        ("cost_meals", "3.5万", "“3.5万”不是数字，请用阿拉伯数字填写，如 8000.00。"),
        ("cost_meals", "8000.005", "“8000.005”最多写 2 位小数，如 8000.00。"),
        ("cost_meals", "9" * 30, "“99999999999999999999”太大，最多 9,999,999,999，请核对单位。"),
        ("fee", "-200", "“-200”是负数，请填不小于 0 的数字。"),
        ("name", "班" * 81, "最多 80 个字，现有 81 个，请精简。"),
        ("purpose", "目" * 501, "最多 500 个字，现有 501 个，请精简。"),
        ("audience_note", "对" * 201, "最多 200 个字，现有 201 个，请精简。"),
        ("place", "地" * 101, "最多 100 个字，现有 101 个，请精简。"),
        ("implementer", "承" * 101, "最多 100 个字，现有 101 个，请精简。"),
        ("owner_name", "人" * 51, "最多 50 个字，现有 51 个，请精简。"),
        ("owner_phone", "1" * 31, "最多 30 个字，现有 31 个，请精简。"),
        ("fee_basis", "据" * 201, "最多 200 个字，现有 201 个，请精简。"),
        ("survey_reference", "调" * 201, "最多 200 个字，现有 201 个，请精简。"),
        ("off_plan_reason", "由" * 301, "最多 300 个字，现有 301 个，请精简。"),
        ("principal_approval", "批" * 201, "最多 200 个字，现有 201 个，请精简。"),
        ("explanation", "说" * 501, "最多 500 个字，现有 501 个，请精简。"),
        ("remark", "注" * 201, "最多 200 个字，现有 201 个，请精简。"),
        ("note_meals", "说" * 101, "最多 100 个字，现有 101 个，请精简。"),
        ("remark", "a\x00b", "含有无法保存的字符，请删去后重新输入。"),
        (
            "time_slots",
            "年中",
            "时间“年中”中的“年中”无法识别，请写成 6月21日、6月上旬、6月、二季度，多期写成 3、6、9月 或 每两月。",  # noqa: E501
        ),
        ("category", "festival", "“festival”不是现行制度中的班次类别，请重新选择。"),
        ("subject", "YW-77", "“YW-77”不是现行制度中的业务编码，请重新选择。"),
        ("source", "cash", "“cash”不是现行制度中的列支渠道，请重新选择。"),
        ("rate_class", "class9", "“class9”不是现行制度中的培训费类别，请重新选择。"),
        ("lecturer_title", "guru", "“guru”不是现行制度中的师资职称，请重新选择。"),
        ("mode", "telepathy", "“telepathy”不是现行制度中的培训方式，请重新选择。"),
        ("audience_units", ["moon"], "“moon”不是现行制度中的对象单位，请重新选择。"),
        ("audience_levels", ["moon"], "“moon”不是现行制度中的对象层级，请重新选择。"),
        ("audience_posts", ["moon"], "“moon”不是现行制度中的对象岗位，请重新选择。"),
    ],
)
def test_what_cant_be_read_stops_saving_and_says_how_to_mend_it(
    book, name: str, typed: Any, message: str
) -> None:
    form = read(book, **{name: typed})
    assert form.errors == {name: [message]}
    # The rest is read all the same: figures and findings beside the form go on.
    plan, _ = form.unsaved(ClassPlan(union=OURS.union, department=OURS, year=2027))
    assert plan.name == ("" if name == "name" else "工会信息员培训班")


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("trainees", "６０", 60),
        ("trainees", "60人", 60),
        ("trainees", " 1,200 人 ", 1200),
        ("sessions", "3期", 3),
        ("sessions", "", 1),
        ("half_days", "4个半天", 4),
        ("hours", "16学时", Decimal("16.0")),
        ("fee", "￥200", Decimal("200.00")),
        ("fee", "200元/人", Decimal("200.00")),
        ("hours", "", Decimal("16.0")),
    ],
)
def test_figures_are_read_as_offices_type_them(book, name: str, typed: str, value: Any) -> None:
    form = read(book, **{name: typed})
    assert form.is_valid(), form.errors
    assert form.content()[name] == value


def test_hours_left_empty_are_those_of_the_modules(book) -> None:
    form = read(book, hours="", module_ability="6", module_theory="2.5")
    assert form.is_valid()
    assert form.content()["hours"] == Decimal("8.5")


def choices(form: PlanForm, name: str) -> Any:
    field = form.fields[name]
    assert isinstance(field, Pick)
    return field.choices


def test_categories_of_other_departments_stand_apart(book) -> None:
    groups = dict(choices(read(book), "category"))
    assert [title for _, title in groups["本部门可以举办"]] == ["业务班", "资格证书班"]
    assert [title for _, title in groups["由其他部门举办"]] == ["主体班"]
    leading = PlanForm(book=book, department=OURS, year=2027, duties={"training_authority"})
    assert [code for code, _ in choices(leading, "category")] == [
        "",
        "core",
        "professional",
        "certification",
    ]


def test_business_codes_are_grouped_by_category(book) -> None:
    groups = dict(choices(read(book), "subject"))
    assert ("YW-03", "YW-03 工会信息员培训") in groups["业务班"]
    assert next(code for code, _ in groups["资格证书班"]) == "ZG-01"
    assert set(groups) == {"", "主体班", "业务班", "资格证书班"}


def test_a_new_line_begins_with_its_writer_and_the_usual_channel(client, world: World) -> None:
    world.people["xuanchuan-staff"].phone = "13800001206"
    world.people["xuanchuan-staff"].save()
    form = client.get(reverse("workflow:plan_new")).context["form"]
    assert form["owner_name"].value() == "林晓峰"
    assert form["owner_phone"].value() == "13800001206"
    assert form["source"].value() == "special"
    assert form["rate_class"].value() == "class3"


def test_a_code_a_later_edition_dropped_stays_until_it_is_changed(client, world: World) -> None:
    plan = world.draft(category="festival", subject="OLD-01", audience_units=["village"], rate_class="class9")
    page = client.get(reverse("workflow:plan_edit", args=[plan.pk]))
    assert page.status_code == 200
    assert "OLD-01（现行制度已无此项，请重新选择）" in page.content.decode()
    answer = save(client, plan, category="festival", subject="OLD-01", audience_units=["village"])
    assert answer.status_code == 302
    kept = fresh(plan)
    assert (kept.category, kept.subject, kept.audience_units) == ("festival", "OLD-01", ["village"])


def test_a_cost_line_the_card_doesnt_know_is_shown_and_kept(client, world: World) -> None:
    plan = world.draft(costs={"meals": "100.00", "transport": "55.00"})
    page = client.get(reverse("workflow:plan_edit", args=[plan.pk])).content.decode()
    assert 'name="cost_transport"' in page
    save(client, plan, cost_transport="60", note_transport="租车", cost_meals="100", cost_venue="")
    assert world.costs(plan) == {"meals": Decimal("100.00"), "transport": Decimal("60.00")}


def test_a_cost_nobody_offered_isnt_taken(client, world: World) -> None:
    plan = save_new(client, cost_gifts="5000")
    assert "gifts" not in world.costs(plan)


def test_a_copy_carries_the_content_into_the_new_year_but_not_its_papers(client, world: World) -> None:
    last = world.draft(
        year=2026,
        when=at(1, 10, year=2026),
        time_slots=["0229", "06U"],
        off_plan_reason="临时",
        principal_approval="同意",
        explanation="上年说明",
    )
    page = client.get(reverse("workflow:plan_new"), {"copy": last.pk, "year": 2027})
    form = page.context["form"]
    assert form["name"].value() == "工会信息员培训班"
    assert form["cost_meals"].value() == "8000.00"
    assert form["time_slots"].value() == "6月上旬"
    for name in ("survey_reference", "off_plan_reason", "principal_approval", "explanation"):
        assert not form[name].value()
    answer = client.post(
        reverse("workflow:plan_new"),
        form_data(copy=last.pk, department=last.department_id, survey_reference=""),
    )
    new = ClassPlan.objects.latest("pk")
    assert answer.url == reverse("workflow:plan_edit", args=[new.pk])
    assert (new.year, new.state, new.serial, new.created_by) == (
        2027,
        "draft",
        None,
        world.people["xuanchuan-staff"],
    )
    assert fresh(last).year == 2026


def test_a_copy_within_the_year_keeps_the_survey(client, world: World) -> None:
    plan = world.draft()
    form = client.get(reverse("workflow:plan_new"), {"copy": plan.pk, "year": 2027}).context["form"]
    assert form["survey_reference"].value() == "2026年信息员需求汇总"


def test_only_the_years_at_hand_are_planned(client) -> None:
    answer = client.get(reverse("workflow:plan_new"), {"year": 2031})
    assert answer.status_code == 403
    assert "现在可以编制 2026—2028 年度的计划，不能编制 2031 年度的。" in answer.content.decode()


def test_without_a_book_in_force_the_page_says_so(client, world: World) -> None:
    with time_machine.travel(at(1, 11, year=2016), tick=False):
        client.force_login(world.people["xuanchuan-staff"])
        # His posts begin in 2020: then he has no department either.
        assert client.get(reverse("workflow:plan_new")).status_code == 403
    client = signed_in(world, "principal")
    answer = client.get(reverse("workflow:plan_new"))
    assert answer.status_code == 403
    assert "您现在没有部门岗位，不能编制年度计划。" in answer.content.decode()


@pytest.mark.parametrize("build", [test_chains.mianyang, test_chains.yanjiang])
def test_the_same_form_serves_another_unions_book(db: None, build: Any) -> None:
    """Choices, costs and checks all come from the book: no union is named in the code."""
    world = build()
    book = world.book.book
    client = signed_in(world, "xuanjiao-staff")
    page = client.get(reverse("workflow:plan_new"))
    form = page.context["form"]
    assert [code for code, _ in choices(form, "source")][1:] == [entry.code for entry in book.sources]
    assert form.module_codes == [entry.code for entry in book.modules]
    assert form.items == [*(item.code for item in book.rate_card.items), "lecture", "lecturer_travel"]
    text = page.content.decode()
    for entry in (*book.audience_units, *book.audience_levels, *book.modules, *book.implementers):
        assert entry.title in text
    sent = {
        **form_data(category=None, subject=None, rate_class=None, module_ability=None),
        "category": world.sound["category"],
        "subject": world.sound["subject"],
        "audience_units": world.sound["audience_units"],
        "source": world.sound["source"],
    }
    costs = {key: value for key, value in sent.items() if key.startswith("cost_") and key[5:] in form.items}
    sent = {key: value for key, value in sent.items() if not key.startswith("cost_")} | costs
    assert client.post(reverse("workflow:plan_new"), sent).status_code == 302
    plan = ClassPlan.objects.get()
    answer = client.get(reverse("workflow:plan_submit", args=[plan.pk]))
    assert [stage.title for stage in answer.context["steps"]] == [step.title for step in book.steps]
    assert answer.context["stops"] == []
