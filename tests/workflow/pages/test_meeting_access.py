"""Who sees a meeting's papers, who prepares it, who records; its prints and exports; what the pages cost."""

from __future__ import annotations

from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from org.models import User
from org.services import share
from tests.workflow import acts
from tests.workflow import world as worlds
from tests.workflow.pages.meeting_room import advised, as_, bulk, posted, queries, waiting, workbook
from tests.workflow.world import World, at
from workflow.models import AgendaItem, ClassPlan, Meeting
from workflow.states import MeetingOutcome


@pytest.fixture(autouse=True)
def january():
    with time_machine.travel(at(1, 20, 16), tick=False):
        yield


def pages(meeting: Meeting) -> list[str]:
    item = AgendaItem.objects.filter(meeting=meeting).first()
    assert item is not None
    names = ("meeting", "meeting_print", "meeting_export", "minutes")
    return [
        *(reverse(f"workflow:{name}", args=[meeting.pk]) for name in names),
        reverse("workflow:agenda_item", args=[item.pk]),
    ]


def test_outsiders_find_nothing(client: Client, world: World) -> None:
    meeting = acts.call(world, *waiting(world))
    other = worlds.build("mianyang", "mianyang-2018.toml", name="绵阳市总工会")
    acts.call(other, *waiting(other, name="绵阳的班"))
    strangers = [world.people["quanyi-staff"], world.people["xuanchuan-head"], other.people["secretary"]]
    for person in strangers:
        client.force_login(person)
        for address in pages(meeting):
            assert client.get(address).status_code == 404, (person, address)
        for name in ("settle", "meeting_add", "minutes", "meeting_balance"):
            assert client.post(reverse(f"workflow:{name}", args=[meeting.pk])).status_code == 404
        item = AgendaItem.objects.get(meeting=meeting)
        assert client.post(reverse("workflow:agenda_remove", args=[item.pk])).status_code == 404
    assert client.get(reverse("workflow:meetings")).context["union"] == other.union
    assert client.get(f"{reverse('workflow:meetings')}?union=binhai").status_code == 404
    assert client.get(f"{reverse('workflow:meeting_new')}?union=binhai").status_code == 404
    as_(client, world, "xuanchuan-staff")
    assert client.get(reverse("workflow:meetings")).status_code == 404
    assert client.get(reverse("workflow:meeting_new")).status_code == 404
    assert AgendaItem.objects.filter(outcome="").count() == 2


def test_another_unions_plan_is_not_put_on_an_agenda(client: Client, world: World) -> None:
    meeting = acts.call(world)
    other = worlds.build("mianyang", "mianyang-2018.toml", name="绵阳市总工会")
    (plan,) = waiting(other, name="绵阳的班")
    as_(client, world, "secretary")
    client.post(reverse("workflow:meeting_add", args=[meeting.pk]), {"pick": [plan.pk]})
    assert not AgendaItem.objects.exists()
    page = client.get(reverse("workflow:meeting", args=[meeting.pk])).text
    assert "绵阳的班" not in page


def test_the_training_authority_prepares_and_doesnt_record(client: Client, world: World) -> None:
    plans = waiting(world)
    as_(client, world, "jiceng-staff")
    client.post(
        reverse("workflow:meeting_new"),
        {"number": "2027年第1次", "held_on": "2027-01-20", "pick": [plans[0].pk]},
    )
    meeting = Meeting.objects.get()
    page = client.get(reverse("workflow:meeting", args=[meeting.pk])).text
    assert "“主席办公会审定”由 办公室 会议秘书（何静） 办理。" in page
    assert "-outcome" not in page
    assert "撤下" in page
    refused = client.post(reverse("workflow:settle", args=[meeting.pk]), posted(meeting)).text
    assert "由 办公室 会议秘书（何静） 办理" in refused
    assert acts.fresh(plans[0]).state == "awaiting_meeting"


@pytest.mark.parametrize("who", ["caiwu-head", "auditor"])
def test_finance_and_auditors_look_and_dont_prepare(client: Client, world: World, who: str) -> None:
    plans = waiting(world)
    meeting = acts.call(world, *plans)
    auditor = User.objects.create_user("auditor", name="审计员")
    assert world.admin is not None
    share(target=world.union, users=[auditor], groups=[], actor=world.admin, at=at(1, 11))
    client.force_login(world.people.get(who, auditor))
    for address in pages(meeting):
        expected = 403 if address.endswith("/minutes/") else 200
        assert client.get(address).status_code == expected, address
    page = client.get(reverse("workflow:meeting", args=[meeting.pk])).text
    assert "撤下" not in page
    assert "-outcome" not in page
    assert client.get(reverse("workflow:meeting_new")).status_code == 403
    assert client.post(reverse("workflow:meeting_add", args=[meeting.pk])).status_code == 403
    item = AgendaItem.objects.get()
    assert client.post(reverse("workflow:agenda_remove", args=[item.pk])).status_code == 403
    client.post(reverse("workflow:settle", args=[meeting.pk]), posted(meeting))
    assert acts.fresh(plans[0]).state == "awaiting_meeting"


def test_the_annex_prints_on_wide_paper_with_room_to_sign(client: Client, world: World) -> None:
    plans = [*waiting(world, 2), advised(world, "与大讲堂重复", name="=1+1 班")]
    meeting = acts.call(world, *plans)
    acts.settle(world, plans[0])
    as_(client, world, "secretary")
    page = client.get(reverse("workflow:meeting_print", args=[meeting.pk])).text
    assert 'class="paper wide"' in page
    for text in ("申报", "核定", "审定结果", "归口管理部门负责人", "=1+1 班（归口建议不列入）", "30,000.00"):
        assert text in page
    sheet = client.get(reverse("workflow:meeting_print", args=[meeting.pk]) + "?paper=sheet").text
    assert "主席办公会审议单" in sheet
    assert "通过 1 项" in sheet
    assert "□通过" in sheet
    book = workbook(client.get(reverse("workflow:meeting_export", args=[meeting.pk])))
    rows = list(book.active.iter_rows(min_row=5, values_only=True))
    assert [row[1] for row in rows[:3]] == ["第00班", "第01班", "=1+1 班"]
    assert book.active["B7"].data_type == "s"
    assert [row[8] for row in rows[:4]] == [10000, 10000, 10000, 30000]
    assert [row[11] for row in rows[:4]] == [10000, None, None, 10000]
    assert rows[0][12] == "通过"


def test_the_list_of_meetings(client: Client, world: World) -> None:
    held = acts.call(world, *waiting(world, 2))
    acts.settle(world, ClassPlan.objects.get(name="第00班"))
    acts.call(world, held=at(2, 5))
    as_(client, world, "caiwu-head")
    page = client.get(reverse("workflow:meetings")).text
    assert "待召开" in page
    assert "纪要待补" in page
    book = workbook(client.get(reverse("workflow:meetings") + "?export=1"))
    rows = [row for row in book.active.iter_rows(min_row=3, values_only=True) if row[1]]
    assert [(row[1], row[5], row[6]) for row in rows] == [("2027年第2次", 0, 0), (held.number, 2, 1)]
    assert client.get(reverse("workflow:meetings") + "?year=2026").context["page"].paginator.count == 0


def test_a_sealed_meeting_keeps_what_it_approved(client: Client, world: World) -> None:
    plans = waiting(world, 2)
    meeting = acts.call(world, *plans)
    acts.settle(world, plans[0], MeetingOutcome.DEFERRED)
    acts.settle(world, plans[1])
    acts.settle(world, plans[0])  # by another meeting
    as_(client, world, "secretary")
    page = client.get(reverse("workflow:meeting", args=[meeting.pk]))
    agenda = page.context["agenda"]
    assert [line.approved is not None for line in agenda.lines] == [False, True]
    assert agenda.totals.approved == Decimal("10000.00")


@pytest.mark.parametrize("name", ["meeting", "meeting_print", "meeting_export"])
def test_an_agenda_costs_the_same_however_long(client: Client, world: World, name: str) -> None:
    few, many = (acts.call(world, *bulk(world, count, "awaiting_meeting")) for count in (5, 60))
    as_(client, world, "secretary")
    client.get(reverse("workflow:meeting", args=[few.pk]))
    short = queries(lambda: client.get(reverse(f"workflow:{name}", args=[few.pk])))
    long = queries(lambda: client.get(reverse(f"workflow:{name}", args=[many.pk])))
    assert long == short
    assert long <= 24
