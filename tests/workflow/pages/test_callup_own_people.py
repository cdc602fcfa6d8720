"""What a unit's contact sees of a class once he has asked for an exemption: his own people, nobody else's."""

from __future__ import annotations

import re
from datetime import date

import pytest
import time_machine

from org import services as organisation
from org.models import Tenure, User
from org.selectors import standing
from tests.workflow import called as trained_people
from tests.workflow import roster_cast as casts
from tests.workflow import runs
from tests.workflow.roster_cast import Called
from tests.workflow.world import World, at
from workflow.models import ClassPlan, RunRequest, Seat
from workflow.selectors import runs as select
from workflow.services import requests
from workflow.services import seats as services
from workflow.services.seats import Nominee
from workflow.states import DecisionAction, SeatSource

#: Pages and files of the whole class, and of its plan.
WHOLE = (
    "/runs/{run}/quota/",
    "/runs/{run}/seats/",
    "/runs/{run}/seats/?format=xlsx",
    "/runs/{run}/seats/named/",
    "/runs/{run}/seats/on-site/",
    "/runs/{run}/attendance/",
    "/runs/{run}/attendance.xlsx",
    "/runs/{run}/feedback/",
    "/runs/{run}/feedback/?format=xlsx",
    "/runs/{run}/roster/",
    "/runs/{run}/roster.xlsx",
    "/runs/{run}/cards/",
    "/runs/{run}/sign-in/",
    "/runs/{run}/open/",
    "/runs/{run}/request/change/",
    "/nominations/{run}/{other}/",
    "/seats/{theirs}/",
    "/requests/{both}/",
    "/requests/{both}/print/",
    "/plans/{plan}/",
)
#: Pages he may open: none of them names anybody of another unit.
OWN = (
    "/",
    "/done/",
    "/mine/",
    "/runs/",
    "/runs/{run}/",
    "/runs/{run}/notice/",
    "/nominations/",
    "/nominations/{run}/{unit}/",
    "/seats/{mine}/",
    "/requests/{request}/",
    "/requests/{request}/print/",
    "/people/",
    "/search/?q=范",
    "/search/?q=业务急需",
)


@pytest.fixture(autouse=True)
def clock():
    """Ten in the morning of 12 May."""
    with time_machine.travel(at(5, 12, 10), tick=False) as clock:
        yield clock


@pytest.fixture
def called(world: World) -> Called:
    return casts.build(world, trainees=5)


def send(called: Called, code: str, *names: str) -> list[Seat]:
    for name in names:
        trained_people.trained(called.cadres[name], date(2027, 3, 5), subject=called.run.plan.subject)
    return services.nominate(
        run_id=called.run.pk,
        unit_id=called.units[code].pk,
        people=[Nominee(called.cadres[name].pk, "业务急需") for name in names],
        source=SeatSource.PAGE,
        actor=called.contacts[code],
        at=at(5, 10),
    ).seats


def ask(called: Called, actor: User, *seats: Seat) -> RunRequest:
    return services.ask_exemption(
        seat_ids=[seat.pk for seat in seats], reason="业务急需", actor=actor, at=at(5, 12)
    )


@pytest.mark.parametrize("then", ["asked", "returned", "withdrawn", "refused"])
def test_asking_opens_nothing_of_the_class(client, called: Called, then: str) -> None:
    """Nor does having the paper back to mend: neither for who asked nor for others of the unit."""
    mine, kept = send(called, "jia", "丁一鸣", "丁二妹")
    [theirs] = send(called, "yi", "范一舟")
    both = ask(called, called.organiser, kept, theirs)
    contact = called.contacts["jia"]
    colleague = User.objects.get(username="jia-zuzhi-head")
    request = ask(called, contact, mine)
    if then == "returned":
        runs.decide(called.world, request, action=DecisionAction.RETURN, opinion="请写清理由")
    elif then == "refused":
        runs.decide(called.world, request, action=DecisionAction.REFUSE, opinion="不符合规定")
    elif then == "withdrawn":
        requests.withdraw(request_id=request.pk, actor=contact, at=at(5, 12))
    keys = {
        "run": called.run.pk,
        "plan": called.run.plan_id,
        "unit": called.units["jia"].pk,
        "other": called.units["yi"].pk,
        "mine": mine.pk,
        "theirs": theirs.pk,
        "request": request.pk,
        "both": both.pk,
    }
    for user in (contact, colleague):
        client.force_login(user)
        asked = standing(user, date(2027, 5, 12))
        assert not ClassPlan.objects.visible_to(asked).exists()
        seen = [request.pk] if user == contact else []
        assert list(select.requests_seen(asked).values_list("pk", flat=True)) == seen
        if seen:
            page = client.get(f"/requests/{request.pk}/").content.decode()
            there = re.findall(r'href="(/(?:runs|plans|requests|seats)/[^"]*)"', page)
            assert {path: client.get(path).status_code for path in there} == dict.fromkeys(there, 200)
        shut = {path: client.get(path.format(**keys)).status_code for path in WHOLE}
        assert shut == dict.fromkeys(WHOLE, 404)
        for path in OWN:
            if "{request}" in path and not seen:
                continue
            response = client.get(path.format(**keys))
            assert (path, response.status_code) == (path, 200)
            assert "范一舟" not in response.content.decode()


def test_who_follows_at_the_post_finds_the_returned_paper_and_no_more(client, called: Called) -> None:
    [mine] = send(called, "jia", "丁一鸣")
    [theirs] = send(called, "yi", "范一舟")
    request = ask(called, called.contacts["jia"], mine)
    runs.decide(called.world, request, action=DecisionAction.RETURN, opinion="请写清理由")
    after = User.objects.create_user("after", password="guikou-test", name="后任")
    post = Tenure.objects.get(user=called.contacts["jia"]).post
    organisation.appoint(
        post=post, user=after, since=date(2027, 5, 12), actor=called.world.admin, at=at(5, 12)
    )
    client.force_login(after)
    assert client.get(f"/requests/{request.pk}/").status_code == 200
    for path in (f"/runs/{called.run.pk}/seats/", f"/seats/{theirs.pk}/", f"/plans/{called.run.plan_id}/"):
        assert (path, client.get(path).status_code) == (path, 404)


def test_his_way_back_from_a_seat_is_his_own_list(client, called: Called) -> None:
    """And a paper that excuses people of several units, which he may not read, isn't linked."""
    mine, kept = send(called, "jia", "丁一鸣", "丁二妹")
    [theirs] = send(called, "yi", "范一舟")
    both = ask(called, called.organiser, kept, theirs)
    request = ask(called, called.contacts["jia"], mine)
    client.force_login(called.contacts["jia"])
    page = client.get(f"/seats/{mine.pk}/").content.decode()
    assert f'href="/nominations/{called.run.pk}/{called.units["jia"].pk}/">返回名单' in page
    assert f'href="/requests/{request.pk}/"' in page
    page = client.get(f"/seats/{kept.pk}/").content.decode()
    assert "重复调训审批（审核中）" in page
    assert f"/requests/{both.pk}/" not in page
    client.force_login(called.organiser)
    assert f'href="/requests/{both.pk}/"' in client.get(f"/seats/{kept.pk}/").content.decode()
