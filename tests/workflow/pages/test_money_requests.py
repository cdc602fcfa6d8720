"""Requests about money on their pages: drawn up, read, decided, listed; never agreed to in bulk."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from budgets.models import Project
from tests.workflow import acts
from tests.workflow.money import asking
from tests.workflow.pages.declaring import signed_in
from tests.workflow.pages.meeting_room import queries
from tests.workflow.world import World, at
from workflow.models import MoneyRequest
from workflow.states import DecisionAction, MoneyKind

D = Decimal
INBOX = reverse("workflow:inbox")
DONE_SHEET = f"{reverse('workflow:done')}?format=xlsx"


@pytest.fixture(autouse=True)
def january():
    with time_machine.travel(at(1, 13, 10), tick=False):
        yield


@pytest.fixture
def project(world: World) -> Project:
    return asking.project(world)


def url(request: MoneyRequest, name: str = "money_request") -> str:
    return reverse(f"workflow:{name}", args=[request.pk])


def page_of(kind: MoneyKind, project: Project) -> str:
    """The form where a request of that kind is drawn up."""
    names = {
        MoneyKind.TRANSFER: "money_transfer",
        MoneyKind.BUDGET: "money_budget",
        MoneyKind.CARRY_OVER: "money_carry_over",
        MoneyKind.SUPPLEMENT: "fund_supplement",
    }
    of_project = kind in (MoneyKind.TRANSFER, MoneyKind.BUDGET)
    return reverse(f"workflow:{names[kind]}", args=[project.pk if of_project else project.fund_id])


def row(project: Project, number: int, source: str, target: str, amount: str) -> dict[str, Any]:
    """A row of the 调剂 as a browser sends it."""
    return {
        f"source-{number}": asking.line(project, source).pk if source else "",
        f"target-{number}": asking.line(project, target).pk if target else "",
        f"amount-{number}": amount,
    }


def decide(client: Client, request: MoneyRequest, action: str = "agree", opinion: str = "", task: int = 0):
    sent = {"action": action, "opinion": opinion, "task": task or asking.task_of(request).pk}
    return client.post(url(request, "money_request_decide"), sent)


# ---- drawn up


def test_a_transfer_is_typed_and_handed_in(world: World, project: Project) -> None:
    client = signed_in(world, "xuanchuan-staff")
    page = page_of(MoneyKind.TRANSFER, project)
    assert page in client.get(reverse("workflow:project", args=[project.pk])).text
    form = client.get(page)
    assert "伙食费（可用 8,000.00）" in form.text
    sent = row(project, 0, "venue", "meals", "500") | {"reason": "用餐人数增加", "action": "submit"}
    answer = client.post(page, sent)
    request = MoneyRequest.objects.get()
    assert answer["Location"] == url(request)
    assert request.content["shifts"] == [
        {
            "source": asking.line(project, "venue").pk,
            "target": asking.line(project, "meals").pk,
            "amount": "500.00",
        }
    ]
    text = client.get(url(request)).text
    for said in (
        "共调剂 500.00 元",
        "8,500.00",
        "1,500.00",
        "+500.00",
        "用餐人数增加",
        "须经归口审核、财务会审。",
    ):
        assert said in text, said


def test_what_is_typed_stays_while_rows_are_added_and_a_project_is_chosen(
    world: World, project: Project
) -> None:
    other = asking.project(world, name="提高班", subject="YW-04")
    client = signed_in(world, "xuanchuan-staff")
    page = page_of(MoneyKind.TRANSFER, project)
    typed = row(project, 0, "venue", "", "12.5元") | {"reason": "想好了", "rows": "3"}
    more = client.post(page, typed | {"action": "more"})
    assert len(more.context["form"].rows) == 6
    for said in ("12.5元", "想好了"):
        assert said in more.text
    assert "请选择调入的预算行" not in more.text
    chosen = client.post(page, typed | {"action": "choose", "to": other.number})
    assert f"调入：{other.number} 提高班" in chosen.text
    assert "12.5元" in chosen.text
    wrong = client.post(page, typed | {"action": "choose", "to": "P2027-9999"})
    assert "没有找到同一专项预算的项目“P2027-9999”" in wrong.text
    assert not MoneyRequest.objects.exists()


def test_a_department_gives_to_no_project_it_doesnt_see(world: World, project: Project) -> None:
    other = asking.project(world, department="quanyi", name="女工班", subject="YW-07")
    page = page_of(MoneyKind.TRANSFER, project)
    sent = {"action": "choose", "to": other.number, "rows": "3"}
    assert "没有找到" in signed_in(world, "xuanchuan-staff").post(page, sent).text
    assert "女工班" in signed_in(world, "caiwu-staff").post(page, sent).text


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ({"amount-0": "很多"}, "不是数字"),
        ({"amount-0": "-5"}, "是负数"),
        ({"amount-0": ""}, "请填写金额"),
        ({"source-0": ""}, "请选择调出的预算行"),
        ({"target-0": ""}, "请选择调入的预算行"),
        ({"target-0": "999999"}, "请从列表中选择预算行"),
        ({"to": "P2027-9999"}, "没有找到同一专项预算的项目"),
    ],
)
def test_what_is_wrong_with_a_row_is_said_at_its_field(
    world: World, project: Project, typed: dict[str, str], reason: str
) -> None:
    client = signed_in(world, "xuanchuan-staff")
    sent = row(project, 0, "venue", "meals", "500") | {"reason": "x", "action": "submit"} | typed
    answer = client.post(page_of(MoneyKind.TRANSFER, project), sent)
    assert answer.status_code == 422
    assert reason in answer.text
    assert not MoneyRequest.objects.exists()


def test_a_budget_shows_its_floors_and_refuses_less_at_the_field(world: World, project: Project) -> None:
    asking.committed(world, project, "venue", "1500.00")
    client = signed_in(world, "xuanchuan-staff")
    page = page_of(MoneyKind.BUDGET, project)
    text = client.get(page).text
    assert "专项预算可安排 990,000.00 元" in text
    sent = {"line_meals": "8,000.00", "line_venue": "1499.99", "reason": "x", "action": "submit"}
    answer = client.post(page, sent)
    assert answer.status_code == 422
    assert "已支出 0.00 元、预占 1,500.00 元，不得低于 1,500.00 元。" in answer.text
    done = client.post(page, sent | {"line_venue": "1500", "line_lodging": "300"}, follow=True)
    assert (
        "项目预算由 10,000.00 元调整为 9,800.00 元，减少 200.00 元；已支出和预占 1,500.00 元。" in done.text
    )
    lines = MoneyRequest.objects.get().content["lines"]
    assert lines == {"meals": "8000.00", "venue": "1500.00", "lodging": "300.00"}


def test_a_carry_over_says_what_there_is(world: World, project: Project) -> None:
    client = signed_in(world, "caiwu-staff")
    page = page_of(MoneyKind.CARRY_OVER, project)
    assert page in client.get(reverse("workflow:fund", args=[project.fund_id])).text
    assert "下一年还没有设立同一渠道的专项预算" in client.get(page).text
    to = asking.next_fund(world)
    assert str(to) in client.get(page).text
    sent = {"amount": "30,000", "reason": "下年继续", "action": "submit"}
    text = client.post(page, sent, follow=True).text
    assert "从 2027 年结转 30,000.00 元到 2028 年。" in text
    assert "530,000.00" in text


def test_a_supplement_with_its_paper(world: World, project: Project) -> None:
    client = signed_in(world, "caiwu-staff")
    page = page_of(MoneyKind.SUPPLEMENT, project)
    sent = {"amount": "5万", "document": "追加〔2027〕3号", "reason": "新增任务", "action": "submit"}
    assert client.post(page, sent).status_code == 422
    kept = client.post(page, sent | {"amount": "50000"}, follow=True).text
    assert "内容已保存，还没有报送" in kept
    assert "请附上批复或会议纪要等依据文件" in kept
    request = MoneyRequest.objects.get()
    # The draft is gone on with; a second one isn't begun.
    assert client.get(page)["Location"] == url(request, "money_request_edit")
    again = sent | {"amount": "50000", "basis": asking.paper(), "revision": request.revision}
    text = client.post(url(request, "money_request_edit"), again, follow=True).text
    assert "追加〔2027〕3号" in text
    assert "批复.pdf" in text
    stored = client.get(url(request, "money_request_file"))
    assert stored["Content-Disposition"].startswith("attachment")
    assert b"%PDF" in stored.content


def test_the_same_form_sent_twice_is_one_request(world: World, project: Project) -> None:
    client = signed_in(world, "caiwu-staff")
    page = page_of(MoneyKind.CARRY_OVER, project)
    asking.next_fund(world)
    sent = {"amount": "30000", "reason": "下年继续", "action": "submit"}
    first = client.post(page, sent)["Location"]
    again = client.post(page, sent, follow=True)
    assert again.redirect_chain == [(first, 302)]
    assert "已经报送" in again.text
    assert MoneyRequest.objects.count() == 1
    client.post(page, sent | {"amount": "30001"})
    assert MoneyRequest.objects.count() == 2


def test_another_editor_is_told(world: World, project: Project) -> None:
    draft = asking.draft(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project)
    client = signed_in(world, "xuanchuan-head")
    sent = {"line_meals": "8200.00", "line_venue": "2000", "reason": "x", "action": "save", "revision": "0"}
    assert client.post(url(draft, "money_request_edit"), sent).status_code == 302
    answer = client.post(url(draft, "money_request_edit"), sent | {"line_meals": "8300.00"})
    assert answer.status_code == 409
    assert "他人已修改并保存了这份申请" in answer.text
    assert "8300.00" in answer.text


# ---- who sees and who acts


@pytest.mark.parametrize("kind", list(MoneyKind))
@pytest.mark.parametrize(
    ("who", "status"),
    [("xuanchuan-staff", None), ("caiwu-staff", 200), ("jiceng-head", 403), ("quanyi-head", 404)],
)
def test_who_may_ask(world: World, project: Project, kind: MoneyKind, who: str, status: int | None) -> None:
    if status is None:  # the project's own department: its budget, not the fund's money
        status = 200 if kind in (MoneyKind.TRANSFER, MoneyKind.BUDGET) else 404
    assert signed_in(world, who).get(page_of(kind, project)).status_code == status


def test_a_draft_is_its_departments_and_what_is_handed_in_is_its_readers(
    world: World, project: Project
) -> None:
    request = asking.draft(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project)
    readers = {
        "xuanchuan-head": 200,
        "jiceng-head": 404,
        "caiwu-head": 404,
        "quanyi-head": 404,
        "leader": 404,
    }
    for who, status in readers.items():
        assert signed_in(world, who).get(url(request)).status_code == status, who
    asking.submit(world, request)
    readers |= {"jiceng-head": 200, "caiwu-head": 200, "secretary": 200}
    for who, status in readers.items():
        assert signed_in(world, who).get(url(request)).status_code == status, who


def test_the_buttons_are_the_holders_alone(world: World, project: Project) -> None:
    request = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project)
    assert signed_in(world, "jiceng-head").get(url(request)).context["bar"]["form"]
    for who in ("xuanchuan-staff", "caiwu-head", "secretary"):
        assert "form" not in signed_in(world, who).get(url(request)).context["bar"], who
    assert decide(signed_in(world, "caiwu-head"), request).status_code == 422
    assert decide(signed_in(world, "quanyi-head"), request).status_code == 404


# ---- decided


def test_agreed_step_by_step_the_money_moves(world: World, project: Project) -> None:
    request = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project)
    page = signed_in(world, "jiceng-head").get(url(request)).text
    assert "送“财务会审”，由 财务资产部 部长 李想 办理" in page
    assert decide(signed_in(world, "jiceng-head"), request)["Location"] == INBOX
    last = signed_in(world, "caiwu-head")
    assert "增加的从年度专项预算安排" in last.get(url(request)).text
    decide(last, request, opinion="同意")
    assert asking.budgets(project)["meals"] == D("8100.00")
    assert "已批准" in last.get(url(request)).text
    shown = signed_in(world, "xuanchuan-staff").get(reverse("workflow:project", args=[project.pk])).text
    assert url(request) in shown
    assert request.code in shown


def test_without_a_reason_it_is_neither_returned_nor_refused(world: World, project: Project) -> None:
    request = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project)
    client = signed_in(world, "jiceng-head")
    for action in ("return", "refuse"):
        answer = decide(client, request, action)
        assert answer.status_code == 422
        assert "须填写意见" in answer.text
    assert decide(client, request, "nonsense").status_code == 422
    assert asking.fresh(request).state == "reviewing"


def test_the_second_of_two_reads_who_was_faster(world: World, project: Project) -> None:
    request = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project)
    task = asking.task_of(request).pk
    asking.decide(world, request)
    answer = decide(signed_in(world, "jiceng-head"), request, opinion="我也同意", task=task)
    assert answer.status_code == 409
    assert "“归口审核”已由 周敏（基层工作部 部长）" in answer.text
    assert "我也同意" in answer.text


def test_it_is_taken_back_after_asking_and_a_draft_deleted(world: World, project: Project) -> None:
    request = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project)
    client = signed_in(world, "xuanchuan-staff")
    taking = url(request, "money_request_withdraw")
    assert taking in client.get(url(request)).text
    assert "即终止" in client.get(taking).text
    client.post(taking, {"confirmed": "1"})
    assert asking.fresh(request).state == "withdrawn"
    assert client.get(taking).status_code == 403
    draft = asking.draft(world, MoneyKind.BUDGET, asking.budget(), project)
    deleting = url(draft, "money_request_discard")
    assert "不能恢复" in client.get(deleting).text
    client.post(deleting, {"confirmed": "1"})
    assert not MoneyRequest.objects.filter(pk=draft.pk).exists()


def test_the_print_says_who_decided_what(world: World, project: Project) -> None:
    request = asking.grant(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project)
    text = signed_in(world, "xuanchuan-staff").get(url(request, "money_request_print")).text
    for said in ("培训经费预算调整申请审批单", request.code, "财务会审", "李想", "8,100.00", "工作需要"):
        assert said in text, said
    assert "<th>调整后预算</th><td>10,100.00 元</td><th>大写</th><td>壹万零壹佰元整</td>" in text


# ---- lists


def test_the_row_in_the_inbox(world: World, project: Project) -> None:
    request = asking.hand_in(
        world, MoneyKind.TRANSFER, asking.shift(project, "venue", "meals", "500.00"), project
    )
    client = signed_in(world, "jiceng-head")
    answer = client.get(INBOX)
    (row,) = answer.context["rows"]
    assert (row.kind, row.step, row.can_agree, row.money, row.request) == (
        "调剂申请",
        "归口审核",
        False,
        request.pk,
        None,
    )
    assert (row.plan.name, row.plan.people, row.plan.days, row.plan.total, row.plan.department) == (
        "工会信息员培训班",
        "",
        "",
        D("500.00"),
        "宣传网络部",
    )
    assert row.plan.sub == f"{request.code} · 调剂申请 · P2027-0001"
    assert row.limit.text
    assert url(request) in answer.text
    assert 'name="pick"' not in answer.text
    sheet = load_workbook(BytesIO(client.get(f"{INBOX}?format=xlsx").content)).active
    assert any("调剂申请" in line and 500 in line for line in sheet.values)


def test_it_is_found_by_kind_department_and_words_beside_plans(world: World, project: Project) -> None:
    request = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="100000.00"), project)
    plan = acts.pass_to(world, world.draft("quanyi", name="女工班", subject="YW-07"), "review")
    client = signed_in(world, "jiceng-head")

    def found(query: str) -> list[tuple[int | None, str]]:
        return [(row.money, row.plan.name) for row in client.get(f"{INBOX}?{query}").context["rows"]]

    money, other = (request.pk, "工会信息员培训班"), (None, plan.name)
    assert found("") in ([other, money], [money, other])
    assert found("kind=money") == [money]
    assert found("kind=review") == [other]
    assert found(f"department={world.departments['xuanchuan'].pk}") == [money]
    assert found(f"department={world.departments['quanyi'].pk}") == [other]
    assert found(f"q={request.code}") == [money]
    assert found("q=信息员") == [money]
    assert found("category=professional") == [other]
    assert found("found=on") == [money]


def test_bulk_agreement_leaves_it_out_with_the_reason(world: World, project: Project) -> None:
    request = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project)
    plan = acts.pass_to(world, world.draft("quanyi", name="女工班", subject="YW-07"), "review")
    client = signed_in(world, "jiceng-head")
    picks = {"pick": [asking.task_of(request).pk, world.task(plan).pk]}
    before = client.post(reverse("workflow:decide_many"), picks)
    assert [bool(item.reason) for item in before.context["items"]] == [False, True]
    assert "核对余额逐项办理" in before.text
    done = client.post(reverse("workflow:decide_many"), picks | {"confirmed": "1"})
    assert [(line["name"], line["done"]) for line in done.context["results"]] == [
        ("女工班", True),
        ("工会信息员培训班", False),
    ]
    assert asking.fresh(request).state == "reviewing"


def test_what_was_done_and_what_one_asked_and_search(world: World, project: Project) -> None:
    request = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project)
    asking.decide(world, request, opinion="核过了")
    done = signed_in(world, "jiceng-head").get(f"{reverse('workflow:done')}?q=核过了")
    (row,) = done.context["rows"]
    assert (row.money, row.step, row.result, row.plan.state_label) == (
        request.pk,
        "归口审核",
        "同意",
        "审核中",
    )
    assert url(request) in done.text
    kept = load_workbook(BytesIO(signed_in(world, "jiceng-head").get(DONE_SHEET).content)).active
    assert any("核过了" in line and 10100 in line for line in kept.values)
    client = signed_in(world, "xuanchuan-staff")
    own = client.get(f"{reverse('workflow:mine')}?view=money").text
    assert url(request) in own
    assert "财务会审" in own
    for text in (request.code, "工作需要", project.number):
        assert url(request) in client.get(f"{reverse('workflow:search')}?q={text}").text, text
    other = signed_in(world, "quanyi-head").get(f"{reverse('workflow:search')}?q={request.code}").text
    assert url(request) not in other


def test_returned_it_waits_with_whoever_handed_it_in(world: World, project: Project) -> None:
    request = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project)
    asking.decide(world, request, action=DecisionAction.RETURN, opinion="请说明用途")
    client = signed_in(world, "xuanchuan-staff")
    (row,) = client.get(INBOX).context["rows"]
    assert (row.kind, row.money) == ("申请退回修改", request.pk)
    assert "请说明用途" in client.get(url(request, "money_request_edit")).text


def test_the_badges_count_it(world: World, project: Project) -> None:
    asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project)
    assert signed_in(world, "jiceng-head").get(INBOX).context["badges"].waiting == 1
    assert signed_in(world, "xuanchuan-staff").get(INBOX).context["badges"].under_way == 1


def test_a_funds_page_leads_to_everything_asked_about_it(world: World, project: Project) -> None:
    request = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project)
    draft = asking.draft(world, MoneyKind.SUPPLEMENT, asking.amount("1.00"))
    address = reverse("workflow:fund_requests", args=[project.fund_id])
    client = signed_in(world, "caiwu-staff")
    assert address in client.get(reverse("workflow:fund", args=[project.fund_id])).text
    text = client.get(address).text
    assert (url(request) in text, url(draft) in text) == (True, True)
    # What stands in the column of amounts is said of each kind.
    assert '10,100.00<br><span class="faint">调整后总额</span>' in text
    assert '1.00<br><span class="faint">追加额</span>' in text
    text = signed_in(world, "secretary").get(address).text
    assert (url(request) in text, url(draft) in text) == (True, False)
    assert signed_in(world, "xuanchuan-staff").get(address).status_code == 404


# ---- what it costs


@pytest.mark.parametrize("name", ["inbox", "done", "mine", "search", "fund_requests"])
def test_the_lists_cost_the_same_however_many(world: World, project: Project, name: str) -> None:
    args = [project.fund_id] if name == "fund_requests" else []
    address = reverse(f"workflow:{name}", args=args)
    address += {"mine": "?view=money", "search": "?q=信息员"}.get(name, "")
    who = {"done": "caiwu-staff", "mine": "caiwu-staff"}.get(name, "jiceng-head")
    projects = [project, *(asking.project(world, name=f"信息员{n}", subject="YW-04") for n in range(3))]

    def ask(one: Project) -> None:
        asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), one, "caiwu-staff")

    ask(projects[0])
    client = signed_in(world, who)
    client.get(address)
    few = queries(lambda: client.get(address))
    for one in projects[1:]:
        ask(one)
    assert queries(lambda: client.get(address)) == few
    assert few <= 20


@pytest.mark.parametrize("kind", list(MoneyKind))
def test_a_form_and_a_page_are_cheap(world: World, project: Project, kind: MoneyKind) -> None:
    asking.next_fund(world)
    client = signed_in(world, "caiwu-staff")
    assert queries(lambda: client.get(page_of(kind, project))) <= 16
    terms = {
        MoneyKind.TRANSFER: asking.shift(project, "venue", "meals", "1.00"),
        MoneyKind.BUDGET: asking.budget(meals="8100.00"),
    }.get(kind, asking.amount("1.00", "文号"))
    more = {"basis": asking.paper()} if kind == MoneyKind.SUPPLEMENT else {}
    request = asking.hand_in(world, kind, terms, project, "caiwu-staff", **more)
    assert queries(lambda: client.get(url(request))) <= 26


def test_money_between_projects_is_in_the_ledger_of_both(world: World, project: Project) -> None:
    getting = asking.project(world, name="信息员提高班", subject="YW-04")
    request = asking.grant(
        world, MoneyKind.TRANSFER, asking.shift(project, "meals", "meals", "500.00", getting), project
    )
    client = signed_in(world, "caiwu-staff")
    for each, given in ((project, "9500.00"), (getting, "10500.00")):
        address = reverse("workflow:project", args=[each.pk])
        granted = client.get(f"{address}?rows=granted")
        assert sum(row.amount for row in granted.context["movements"]) == D(given)
        line = asking.line(each, "meals").pk
        of_line = client.get(f"{address}?rows=granted&line={line}")
        assert sum(row.amount for row in of_line.context["movements"]) == D(given) - 2000
        page = client.get(address).text
        assert f"{project.number} 伙食费 → {getting.number} 伙食费" in page
        assert request.code in page
    rows = client.get(f"{reverse('workflow:fund_rows', args=[getting.fund_id])}?figure=paid")
    assert rows.status_code == 200
    rows = client.get(
        f"{reverse('workflow:fund_rows', args=[getting.fund_id])}?figure=available&project={getting.pk}"
    )
    assert f"{project.number} 伙食费 → {getting.number} 伙食费" in rows.text
