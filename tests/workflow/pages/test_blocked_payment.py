"""Why a payment or a commitment can't be booked, each reason with the page where it is mended."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from budgets.models import Commitment, Payment
from budgets.services import GivenInvoice, close_year
from rulebook.money import PaperSource
from tests.workflow import runs
from tests.workflow.money import spending as acts
from tests.workflow.money.spending import NOW
from tests.workflow.pages.meeting_room import as_
from tests.workflow.pages.test_spending import filled, form_of, project_url, upload, url
from tests.workflow.world import World, at
from workflow.models import ClassRun
from workflow.rules.spending import case_of, known_of


@pytest.fixture(autouse=True)
def june():
    with time_machine.travel(NOW, tick=False):
        yield


def tried(client: Client, run: ClassRun, kind: str = "advance", **typed: Any) -> Any:
    """The payment form of that kind, sent."""
    page = client.get(f"{project_url(run, 'payment_new')}?kind={kind}")
    answer = client.post(project_url(run, "payment_new"), filled(page, run, **typed))
    assert (answer.status_code, Payment.objects.filter(title="场地定金").exists()) == (422, False)
    return answer


def test_a_line_with_too_little_leads_to_a_transfer(client: Client, world: World) -> None:
    run = acts.ready(world)
    as_(client, world, "caiwu-staff")
    answer = tried(client, run, amount="2500.50", file_contract=upload())
    (found,) = answer.context["live"]["short"]
    assert found["found"].message == (
        "“场地、资料、交通费”本次 2,500.50 元，可用 2,000.00 元，差 500.50 元。"
    )
    assert "专款专用" in found["found"].clause
    assert found["url"] == project_url(run, "money_transfer")
    assert f'<a href="{found["url"]}">申请调剂</a>' in answer.text
    assert client.get(found["url"]).status_code == 200


def test_a_commitment_with_too_little_leads_to_it(client: Client, world: World) -> None:
    run = acts.ready(world)
    promised = acts.commit(world, run, "300.00")
    as_(client, world, "caiwu-staff")
    more: dict[str, Any] = {f"commitment_{promised.pk}": "300.01", "file_contract": upload()}
    answer = tried(client, run, amount="", **more)
    (found,) = answer.context["live"]["short"]
    assert found["found"].message.endswith("本次 300.01 元，未支付余额 300.00 元，差 0.01 元。")
    assert found["url"] == url("commitment", promised.pk)
    assert f'<a href="{found["url"]}">打开预占</a>' in answer.text


def test_nothing_typed_or_enough_there_says_nothing(client: Client, world: World) -> None:
    run = acts.ready(world)
    as_(client, world, "caiwu-staff")
    page = client.get(project_url(run, "payment_new"))
    assert (page.context["live"]["short"], page.context["live"]["lacking"]) == ([], [])
    looked = client.post(project_url(run, "payment_new"), filled(page, run, "2000", action="check"))
    assert (looked.context["live"]["short"], looked.context["live"]["lacking"]) == ([], [])


def test_a_commitment_typed_beyond_the_line_leads_to_a_transfer(client: Client, world: World) -> None:
    run = acts.ready(world)
    as_(client, world, "caiwu-staff")
    page = client.get(project_url(run, "commitment_new"))
    typed = {"line": str(acts.line(run).pk), "amount": "2000.01", "title": "租用", "payee": "区委党校"}
    answer = client.post(project_url(run, "commitment_new"), form_of(page) | typed)
    assert (answer.status_code, Commitment.objects.exists()) == (422, False)
    (found,) = answer.context["obstacles"]
    assert (found["found"].title, found["url"]) == ("可用余额", project_url(run, "money_transfer"))


def test_papers_lead_to_where_they_come_from(client: Client, world: World) -> None:
    run = acts.ready(world)
    as_(client, world, "caiwu-staff")
    answer = tried(client, run, "balance", **{"invoice-0-number": "01234567", "invoice-0-amount": "500"})
    lacking = {row["code"]: row["url"] for row in answer.context["live"]["lacking"]}
    assert lacking == {
        "notice": url("run_notice", run.pk),
        "sign_in": url("run_attendance", run.pk),
        "invoice": "",
        "cost_list": "",
    }
    for code, address in lacking.items():
        # To where the system would get it, and in any case to its box on this page.
        assert f'<a href="#file_{code}">上传文件</a>' in answer.text
        assert f'id="file_{code}"' in answer.text
        if address:
            assert f'<a href="{address}">去办理</a>' in answer.text
            assert client.get(address).status_code == 200


@pytest.mark.parametrize(
    "source", [PaperSource.NOTICE, PaperSource.TIMETABLE, PaperSource.ATTENDANCE, PaperSource.APPROVAL]
)
@pytest.mark.parametrize("session_no", [None, 1, 2, 9])
def test_whatever_the_system_lacks_has_its_page(
    client: Client, world: World, source: PaperSource, session_no: int | None
) -> None:
    """Also where no 期 was opened, or none of that number is there."""
    run = runs.planned_run(world, sessions=2)
    case = case_of(run.plan.project_id)
    assert case is not None
    known = known_of(case, source, session_no)
    assert known is not None
    assert known.why
    as_(client, world, "caiwu-staff")
    assert client.get(reverse(f"workflow:{known.page}", args=[known.pk])).status_code == 200


def test_an_invoice_leads_to_its_earlier_payment(client: Client, world: World) -> None:
    run = acts.ready(world)
    first = acts.pay(
        world,
        run,
        "100.00",
        title="先付",
        paid_on=date(2027, 6, 12),
        invoices=[GivenInvoice("01234567", Decimal("100.00"))],
    )
    as_(client, world, "caiwu-staff")
    typed: dict[str, Any] = {
        "invoice-0-number": "0123-4567",
        "invoice-0-amount": "500",
        "file_contract": upload(),
    }
    answer = tried(client, run, **typed)
    assert [paid.pk for _, paid in answer.context["live"]["uses"]] == [first.pk]
    assert f'<a href="{url("payment", first.pk)}">查看</a>' in answer.text


def test_gate_and_minutes_lead_to_their_pages(client: Client, world: World) -> None:
    run = runs.planned_run(world)
    as_(client, world, "caiwu-staff")
    page = client.get(project_url(run, "payment_new"))
    assert [one["found"].code for one in page.context["obstacles"]] == ["minutes_first", "not_opened"]
    for one in page.context["obstacles"]:
        assert f'<a href="{one["url"]}">' in page.text
        assert client.get(one["url"]).status_code == 200


@pytest.mark.parametrize(
    ("who", "page", "words"),
    [("caiwu-head", "fund_reopen", "反结账"), ("caiwu-staff", "fund", "打开专项预算")],
)
@pytest.mark.parametrize("form", ["payment_new", "commitment_new"])
def test_a_closed_year_leads_to_its_fund(
    client: Client, world: World, who: str, page: str, words: str, form: str
) -> None:
    run = acts.ready(world)
    fund, later = run.plan.project.fund, at(1, 20, year=2028)
    close_year(fund=fund, actor=world.people["caiwu-head"], at=later)
    with time_machine.travel(later, tick=False):
        as_(client, world, who)
        answer = client.get(project_url(run, form))
        assert (answer.status_code, "已于2028年1月20日结账" in answer.text) == (403, True)
        assert f'href="{url(page, fund.pk)}">{words}</a>' in answer.text
        assert client.get(url(page, fund.pk)).status_code == 200
