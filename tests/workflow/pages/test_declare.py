"""年度申报: the department's lines, their counts and sums, what may be done to each, and many at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from org.models import PostKind, Tenure
from tests.workflow import acts
from tests.workflow.pages.declaring import form_data, fresh, signed_in
from tests.workflow.world import SINCE, World, at
from workflow.models import ClassPlan

LIST = "/plans/"


@pytest.fixture(autouse=True)
def january():
    with time_machine.travel(at(1, 15), tick=False):
        yield


@pytest.fixture
def client(world: World) -> Any:
    return signed_in(world, "xuanchuan-staff")


def names(response: Any) -> list[str]:
    return [row["plan"].name for row in response.context["rows"]]


def test_a_class_is_written_saved_and_handed_in(world: World, client: Any) -> None:
    assert client.get(reverse("workflow:declare")).status_code == 200
    assert client.get(reverse("workflow:plan_new")).status_code == 200
    answer = client.post(reverse("workflow:plan_new"), form_data(action="submit"))
    plan = ClassPlan.objects.get()
    assert answer.url == reverse("workflow:plan_submit", args=[plan.pk])
    assert client.get(answer.url).status_code == 200
    answer = client.post(answer.url, {"revision": plan.revision, "explanation": ""}, follow=True)
    assert fresh(plan).state == "reviewing"
    assert "《工会信息员培训班》已报送，申报号 2027-0001。" in answer.content.decode()


def test_an_empty_year_tells_the_first_step(world: World, client: Any) -> None:
    page = client.get(LIST).content.decode()
    assert "宣传网络部 2027 年度还没有编制计划" in page
    assert "第一步：新建一个班次" in page
    assert f"{reverse('workflow:plan_new')}?year=2027&amp;department=" in page
    assert "沿用 2026 年的班次" not in page
    world.draft(year=2026, when=at(1, 10, year=2026))
    page = client.get(LIST).content.decode()
    assert "沿用 2026 年的班次" in page
    last = client.get(LIST, {"year": 2026}).content.decode()
    assert "沿用到 2027 年" in last


def test_what_has_to_be_done_comes_first_with_its_reason(world: World, client: Any) -> None:
    handed_in = world.draft(name="已报送班")
    acts.submit(world, handed_in)
    returned = world.draft(name="退回班", subject="YW-04")
    acts.submit(world, returned)
    acts.decide(world, returned)
    acts.give_back(world, returned, opinion="人数依据不足")
    world.draft(name="草稿班", subject="YW-99", survey_reference="")
    response = client.get(LIST)
    assert names(response) == ["退回班", "草稿班", "已报送班"]
    page = response.content.decode()
    assert "归口审核退回：" in page
    assert "人数依据不足" in page
    assert "1 项不符合" in page
    assert "部门审签：孙莉" in page
    assert "按退回意见改好后报送" in page
    rows = {row["plan"].name: row["may"] for row in response.context["rows"]}
    assert rows["退回班"] == {"edit": True, "submit": True, "withdraw": False, "delete": False}
    assert rows["草稿班"] == {"edit": True, "submit": True, "withdraw": False, "delete": True}
    assert rows["已报送班"] == {"edit": False, "submit": False, "withdraw": True, "delete": False}


def test_counts_and_sums_are_those_of_the_department_and_year(world: World, client: Any) -> None:
    first = world.draft(name="一", trainees=60, sessions=2, time_slots=["03", "06"])
    acts.submit(world, first)
    world.draft(name="二", trainees=40, subject="YW-04", costs={"meals": "500.00"})
    world.draft("quanyi", name="别的部门")
    world.draft(name="上年", year=2026, when=at(1, 10, year=2026))
    response = client.get(LIST)
    assert [(tab["title"], tab["count"]) for tab in response.context["tabs"]] == [
        ("全部", 2),
        ("待报送", 1),
        ("审核中", 1),
        ("待上会", 0),
        ("已审定", 0),
        ("未列入", 0),
    ]
    assert [(s["label"], s["value"], s["note"]) for s in response.context["sums"]] == [
        ("编制合计（元）", "10,500.00", "2 班 3 期 160 人次"),
        ("待报送", "500.00", "1 班 1 期 40 人次"),
        ("审核、上会中", "10,000.00", "1 班 2 期 120 人次"),
        ("已审定", "0.00", "0 班 0 期 0 人次"),
    ]
    assert names(client.get(LIST, {"tab": "todo"})) == ["二"]
    assert names(client.get(LIST, {"tab": "reviewing"})) == ["一"]
    assert names(client.get(LIST, {"q": "二"})) == ["二"]
    assert names(client.get(LIST, {"year": "2026"})) == ["上年"]
    assert "没有符合条件的班次" in client.get(LIST, {"q": "无此班"}).content.decode()


def test_an_approved_class_shows_its_plan_number(world: World, client: Any) -> None:
    plan = world.draft()
    acts.to_meeting(world, plan)
    acts.settle(world, plan)
    page = client.get(LIST, {"tab": "approved"}).content.decode()
    assert "P2027-0001" in page
    assert f'href="{reverse("workflow:plan", args=[plan.pk])}"' in page


@pytest.mark.parametrize(
    "junk", [{"year": "x"}, {"year": "99999"}, {"page": "77"}, {"tab": "x"}, {"department": "x"}]
)
def test_a_nonsense_address_is_the_plain_list(world: World, client: Any, junk: dict[str, str]) -> None:
    world.draft()
    response = client.get(LIST, junk)
    assert names(response) == ["工会信息员培训班"]


def test_somebody_of_two_departments_chooses_one(world: World, client: Any) -> None:
    staff = world.people["xuanchuan-staff"]
    head = world.posts["quanyi-head"]
    Tenure.objects.filter(post=head).delete()
    Tenure.objects.create(post=head, user=staff, period=SINCE, acting=True)
    world.draft(name="宣传班")
    world.draft("quanyi", name="权益班")
    assert names(client.get(LIST)) == ["宣传班"]
    other = world.departments["quanyi"]
    response = client.get(LIST, {"department": other.pk})
    assert names(response) == ["权益班"]
    assert '<select class="bare" name="department">' in response.content.decode()
    new = client.get(reverse("workflow:plan_new"), {"department": other.pk, "year": 2027})
    assert 'name="department"' in new.content.decode()
    client.post(
        reverse("workflow:plan_new"), form_data(department=other.pk, name="权益新班", subject="YW-06")
    )
    assert ClassPlan.objects.get(name="权益新班").department == other


def test_a_department_that_isnt_his_cant_be_chosen(world: World, client: Any) -> None:
    other = world.departments["quanyi"]
    world.draft("quanyi", name="权益班")
    response = client.get(LIST, {"department": other.pk})
    assert response.context["department"] == world.departments["xuanchuan"]
    assert "权益班" not in response.content.decode()
    client.post(reverse("workflow:plan_new"), form_data(department=other.pk))
    assert ClassPlan.objects.latest("pk").department == world.departments["xuanchuan"]


def test_the_head_sees_and_hands_in_his_departments_lines(world: World) -> None:
    plan = world.draft()
    head = signed_in(world, "xuanchuan-head")
    assert names(head.get(LIST)) == ["工会信息员培训班"]
    head.post(reverse("workflow:plan_submit", args=[plan.pk]), {"revision": 0, "explanation": ""})
    assert fresh(plan).state == "reviewing"


def test_without_a_department_the_page_says_why_it_is_empty(world: World) -> None:
    world.draft()
    page = signed_in(world, "principal").get(LIST)
    assert page.status_code == 200
    assert "您没有部门岗位" in page.content.decode()
    assert "工会信息员培训班" not in page.content.decode()


def test_the_list_costs_the_same_at_five_and_at_sixty_lines(
    world: World, client: Any, django_assert_max_num_queries: Any
) -> None:
    def add(number: int) -> None:
        for n in range(number):
            plan = world.draft(name=f"班次{n}", trainees=30 + n)
            if n % 3 == 0:
                acts.submit(world, plan)
            if n % 6 == 0:
                acts.give_back(world, plan, opinion="请核减")

    add(5)
    client.get(LIST)
    with django_assert_max_num_queries(40) as five:
        client.get(LIST)
    add(55)
    with django_assert_max_num_queries(40) as sixty:
        response = client.get(LIST)
    assert len(response.context["rows"]) == 25
    assert len(sixty) <= len(five)
    with django_assert_max_num_queries(len(five)):
        client.get(LIST, {"page": 3})


# ---- many at once


def test_many_are_handed_in_each_with_its_own_result(world: World, client: Any) -> None:
    good = world.draft(name="好班")
    bad = world.draft(name="缺调研班", subject="YW-04", survey_reference="")
    foreign = world.draft("quanyi", name="别的部门")
    gone = world.draft(name="已报过", subject="YW-99")
    acts.submit(world, gone)
    response = client.post(
        reverse("workflow:submit_many"),
        {"pick": [good.pk, bad.pk, foreign.pk, gone.pk, "x"], "confirmed": "1"},
    )
    results = {
        row["plan"].name: (row["decision"] is not None, row["reason"]) for row in response.context["rows"]
    }
    assert results["好班"] == (True, "")
    assert "没有需求调研依据" in results["缺调研班"][1]
    assert "现为“审核中”" in results["已报过"][1]
    assert set(results) == {"好班", "缺调研班", "已报过"}
    assert fresh(good).state == "reviewing"
    assert fresh(bad).state == "draft"
    assert fresh(foreign).state == "draft"
    assert "已报送 1 班，未报送 2 班" in response.content.decode()


def test_many_are_asked_about_first_where_there_is_no_javascript(world: World, client: Any) -> None:
    plan = world.draft(name="好班")
    response = client.post(reverse("workflow:submit_many"), {"pick": [plan.pk]})
    page = response.content.decode()
    assert "报送 1 个班次：好班。" in page
    assert f'<input type="hidden" name="pick" value="{plan.pk}">' in page
    assert fresh(plan).state == "draft"


def test_many_without_any_ticked_says_so(world: World, client: Any) -> None:
    response = client.post(
        reverse("workflow:submit_many"), {"back": "https://elsewhere.example/"}, follow=True
    )
    assert response.redirect_chain == [(reverse("workflow:declare"), 302)]
    assert "请先勾选要报送的班次。" in response.content.decode()


def test_many_is_no_page_to_open(client: Any) -> None:
    assert client.get(reverse("workflow:submit_many")).status_code == 405


# ---- deleting


def test_a_draft_is_deleted_after_asking(world: World, client: Any) -> None:
    plan = world.draft()
    url = reverse("workflow:plan_delete", args=[plan.pk])
    assert "删除后不能恢复" in client.get(url).content.decode()
    assert "删除后不能恢复" in client.post(url).content.decode()
    assert ClassPlan.objects.filter(pk=plan.pk).exists()
    response = client.post(url, {"confirmed": "1"}, follow=True)
    assert not ClassPlan.objects.filter(pk=plan.pk).exists()
    assert "《工会信息员培训班》已删除。" in response.content.decode()


def test_what_was_handed_in_isnt_deleted(world: World, client: Any) -> None:
    plan = world.draft()
    acts.submit(world, plan)
    response = client.post(reverse("workflow:plan_delete", args=[plan.pk]), {"confirmed": "1"})
    assert response.status_code == 403
    assert "《工会信息员培训班》现为“审核中”，不能办理这一操作。" in response.content.decode()
    assert ClassPlan.objects.filter(pk=plan.pk).exists()


# ---- who may


PAGES = ("plan_edit", "plan_submit", "withdraw", "plan_delete")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_another_departments_plan_isnt_there(world: World, page: str, method: str) -> None:
    plan = world.draft()
    acts.submit(world, plan)
    outsider = signed_in(world, "quanyi-staff")
    assert getattr(outsider, method)(reverse(f"workflow:{page}", args=[plan.pk])).status_code == 404
    assert outsider.get(reverse("workflow:plan_new"), {"copy": plan.pk}).status_code == 404


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("who", ["jiceng-head", "caiwu-head", "secretary"])
def test_reviewers_may_look_but_are_told_why_they_may_not_act(world: World, page: str, who: str) -> None:
    plan = world.draft()
    acts.submit(world, plan)
    acts.decide(world, plan)
    acts.give_back(world, plan, opinion="请核减") if page != "withdraw" else None
    client = signed_in(world, who)
    response = client.post(
        reverse(f"workflow:{page}", args=[plan.pk]), form_data(confirmed="1", revision="9")
    )
    text = response.content.decode()
    if page == "plan_edit":
        assert response.status_code == 409
    else:
        assert response.status_code == 403
    assert "只有宣传网络部的人员可以办理" in text or "现为“退回修改”" in text
    assert fresh(plan).trainees == 60
    assert client.get(reverse(f"workflow:{page}", args=[plan.pk])).status_code == 403


def test_a_draft_is_its_departments_own_business(world: World) -> None:
    plan = world.draft()
    for who in ("jiceng-head", "caiwu-head", "secretary", "principal"):
        client = signed_in(world, who)
        assert client.get(reverse("workflow:plan_edit", args=[plan.pk])).status_code == 404


def test_nobody_signed_in_is_asked_to_sign_in(world: World, client: Any) -> None:
    plan = world.draft()
    client.logout()
    for url in (LIST, reverse("workflow:plan_new"), reverse("workflow:plan_edit", args=[plan.pk])):
        assert client.get(url).url == f"{reverse('login')}?next={url}"


def test_a_colleague_gone_to_another_department_has_no_hand_in_it(world: World, client: Any) -> None:
    plan = world.draft()
    staff = world.people["xuanchuan-staff"]
    Tenure.objects.filter(user=staff).delete()
    assert world.posts["quanyi-staff"].kind == PostKind.STAFF
    assert client.get(reverse("workflow:plan_edit", args=[plan.pk])).status_code == 404
    assert "您没有部门岗位" in client.get(LIST).content.decode()


def test_the_days_left_of_the_window_are_said(world: World, client: Any) -> None:
    assert "申报期 2026年11月1日至2027年1月31日，还有 16 天" in client.get(LIST).content.decode()
    with time_machine.travel(at(1, 31), tick=False):
        client.force_login(world.people["xuanchuan-staff"])
        assert "今日截止" in client.get(LIST).content.decode()
    with time_machine.travel(at(8, 3), tick=False):
        client.force_login(world.people["xuanchuan-staff"])
        assert "已截止：现在报送属计划外" in client.get(LIST).content.decode()
    with time_machine.travel(at(1, 15) + timedelta(days=1), tick=False):
        client.force_login(world.people["xuanchuan-staff"])
        assert "尚未开始" in client.get(LIST, {"year": 2028}).content.decode()
