"""The classes the documents name, from each department's workbook to the money, through the pages.

Every department's clerk uploads, imports and submits; whoever has the turn agrees from his 待办; the
secretary calls the meeting and records its results. Nobody uses anything but his own pages.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from budgets.models import Fund, Project
from budgets.selectors import fund_totals, project_totals
from tests.workflow.world import at
from workflow.demo.build import found
from workflow.demo.houses import Built
from workflow.demo.lists import costs
from workflow.demo.people import HOUSES, House
from workflow.demo.planning import workbook
from workflow.models import AgendaItem, ClassPlan, Decision, Meeting, PlanCost, WorkTask

YEAR = 2027


class Office:
    """A union's people, each at his own browser."""

    def __init__(self, house: House) -> None:
        self.built: Built = found(house, now=at(11, 2, year=2026))
        self.browsers: dict[str, Client] = {}

    def another_day(self) -> None:
        """Everybody signs in anew."""
        self.browsers.clear()

    def browser(self, who: str) -> Client:
        if who not in self.browsers:
            self.browsers[who] = Client()
            self.browsers[who].force_login(
                self.built.people[who], backend="django.contrib.auth.backends.ModelBackend"
            )
        return self.browsers[who]

    def post(self, who: str, name: str, data: dict[str, Any], *args: object, query: str = "") -> str:
        """Presses a button and reads the page that follows."""
        answer = self.browser(who).post(reverse(f"workflow:{name}", args=args) + query, data, follow=True)
        assert answer.status_code == 200, answer.content.decode()[-3000:]
        return answer.content.decode()

    def get(self, who: str, name: str, *args: object, query: str = "") -> str:
        answer = self.browser(who).get(reverse(f"workflow:{name}", args=args) + query)
        assert answer.status_code == 200
        return answer.content.decode()


def ticks(page: str) -> list[str]:
    """The values of the boxes one may tick."""
    return re.findall(r'name="pick" value="(\d+)"', page)


def import_and_submit(office: Office, house: House) -> None:
    for desk in house.offices:
        clerk = f"{desk.code}-staff"
        content = workbook(house, desk, office.built.book, YEAR)
        page = office.post(
            clerk, "import_new", {"file": SimpleUploadedFile(f"{desk.name}.xlsx", content), "year": YEAR}
        )
        topics = house.topics[desk.code]
        assert 'id="faults"' not in page
        assert f"导入 {len(topics)} 个班次" in page
        action = re.search(r'action="(/imports/\d+/commit/)"', page)
        digest = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
        assert action is not None
        assert digest is not None
        done = office.browser(clerk).post(action[1], {"digest": digest[1], "sheet": ""}, follow=True)
        assert f"已导入：新增 {len(topics)} 个草稿" in done.content.decode()
        picks = ticks(office.get(clerk, "declare", query=f"?year={YEAR}"))
        assert len(picks) == len(topics)
        office.post(clerk, "submit_many", {"pick": picks, "confirmed": "1"})
    assert not ClassPlan.objects.exclude(state="reviewing").exists()


def review(office: Office, house: House) -> None:
    """Each head, the authority, finance and the 分管副主席 empty their 待办 until nothing waits for them."""
    reviewers = [f"{desk.code}-head" for desk in house.offices] + ["leader"]
    for _ in range(12):
        waiting = 0
        for who in reviewers:
            picks = ticks(office.get(who, "inbox"))
            waiting += len(picks)
            if picks:
                office.post(who, "decide_many", {"pick": picks, "confirmed": "1", "opinion": "同意"})
        if not waiting:
            break
    assert set(ClassPlan.objects.values_list("state", flat=True)) == {"awaiting_meeting"}


def decide_at_the_meeting(office: Office, house: House) -> None:
    query = f"?union={house.code}&year={YEAR}"
    picks = ticks(office.get("secretary", "meeting_new", query=query))
    office.post(
        "secretary",
        "meeting_new",
        {
            "number": "2026年第11次",
            "held_on": "2026-11-20",
            "chair": "主持人",
            "attendees": "",
            "pick": picks,
        },
        query=query,
    )
    meeting = Meeting.objects.get(body__union__code=house.code)
    results = {f"i{item.pk}-outcome": "passed" for item in AgendaItem.objects.filter(meeting=meeting)}
    assert len(results) == len(picks)
    asked = office.post("secretary", "settle", results, meeting.pk)
    assert f"确定记录 {len(results)} 项" in asked
    assert not ClassPlan.objects.filter(state="approved").exists()
    office.post("secretary", "settle", results | {"confirmed": "1"}, meeting.pk)


@pytest.mark.django_db
@pytest.mark.parametrize("house", HOUSES, ids=lambda house: house.code)
def test_every_class_the_document_names_is_approved_and_funded(house: House) -> None:
    topics = [topic for desk in house.offices for topic in house.topics[desk.code]]
    total = sum((sum(costs(topic).values(), Decimal(0)) for topic in topics), Decimal("0.00"))
    with time_machine.travel(at(11, 3, year=2026), tick=False) as clock:
        office = Office(house)
        office.post(
            f"{house.finance}-head",
            "fund_new",
            {
                "source": office.built.book.sources[0].code,
                "title": "工会干部教育培训专项",
                "amount": str(total),
                "status": "approved",
                "basis": "2027年预算批复",
                "confirmed": "1",
            },
            query=f"?union={house.code}&year={YEAR}",
        )
        clock.move_to(at(11, 5, year=2026))
        office.another_day()
        import_and_submit(office, house)
        clock.move_to(at(11, 10, year=2026))
        office.another_day()
        review(office, house)
        clock.move_to(at(11, 20, 16, year=2026))
        office.another_day()
        decide_at_the_meeting(office, house)

    plans = {plan.name: plan for plan in ClassPlan.objects.all()}
    assert set(plans) == {topic.name for topic in topics}
    assert {plan.state for plan in plans.values()} == {"approved"}
    numbers = sorted(str(plan.plan_number) for plan in plans.values())
    assert numbers == [f"P2027-{n:04}" for n in range(1, len(topics) + 1)]
    funded = project_totals([plan.project_id for plan in plans.values()])
    for topic in topics:
        plan = plans[topic.name]
        asked = sum(costs(topic).values(), Decimal("0.00"))
        assert funded[plan.project_id].appropriated == asked
        assert {c.item: c.amount for c in PlanCost.objects.filter(plan=plan)} == costs(topic)
    fund = Fund.objects.get()
    money = fund_totals([fund.pk])[fund.pk]
    assert (money.granted, money.appropriated, money.available) == (total, total, Decimal("0.00"))
    assert Project.objects.count() == len(topics)
    assert not WorkTask.objects.filter(is_open=True).exists()
    # Nobody decided on his own plan, and everyone signed as his post.
    for decision in Decision.objects.exclude(action="submit").select_related("version"):
        assert decision.actor_id != decision.version.submitted_by_id or decision.action == "approve"
        assert decision.post_title
    call_command("audit_ledger")


def test_the_demo_holds_what_the_documents_name() -> None:
    """《意见》三(一): 11 业务班, 8 资格证书班, 大讲堂 six 期. 《规划》三(二): twelve topics, 社会化工作者."""
    binhai, mianyang = ([t for rows in house.topics.values() for t in rows] for house in HOUSES)
    kinds = {
        kind: {t.subject for t in binhai if t.category == kind} for kind in ("主体班", "业务班", "资格证书班")
    }
    assert kinds["主体班"] == {f"ZT-{n:02}" for n in range(1, 10)}
    assert kinds["业务班"] == {f"YW-{n:02}" for n in range(1, 12)}
    assert kinds["资格证书班"] == {f"ZG-{n:02}" for n in range(1, 9)}
    hall = next(t for t in binhai if t.subject == "ZT-09")
    assert (hall.sessions, hall.when) == (6, "每两月")
    assert {t.subject for t in mianyang} >= {f"YW-{n:02}" for n in range(1, 13)} | {"SH-01", "SH-02", "ZG-01"}
