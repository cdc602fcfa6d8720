"""计划外学员: the organiser sees who stands before him before he takes him in (S25)."""

from __future__ import annotations

import re
from datetime import date

import pytest
import time_machine

from tests.workflow import called as trained_people
from tests.workflow import roster_cast as casts
from tests.workflow.roster_cast import Called
from tests.workflow.world import World, at
from workflow.models import Seat
from workflow.services import seats as services
from workflow.services.seats import Nominee
from workflow.states import SeatSource

AGREED = "乙街道总工会王主席电话同意"


@pytest.fixture(autouse=True)
def clock():
    """The morning of the first day."""
    with time_machine.travel(at(6, 8, 9), tick=False) as clock:
        yield clock


@pytest.fixture
def called(world: World, client) -> Called:
    made = casts.build(world, trainees=4, residential=False, costs={"meals": "400.00"})
    client.force_login(made.organiser)
    return made


def send(called: Called, code: str, *names: str) -> list[Seat]:
    sent = services.nominate(
        run_id=called.run.pk,
        unit_id=called.units[code].pk,
        people=[Nominee(called.cadres[name].pk) for name in names],
        source=SeatSource.PAGE,
        actor=called.contacts[code],
        at=at(5, 10),
    ).seats
    return services.confirm(seat_ids=[seat.pk for seat in sent], actor=called.organiser, at=at(5, 12))


def post(client, called: Called, **data):
    response = client.post(f"/runs/{called.run.pk}/seats/on-site/", data, follow=True)
    return response, response.content.decode()


def lines(text: str) -> list[list[str]]:
    """Name, unit, post, masked number and sending unit of each person shown."""
    body = text[text.index("核对人员") :] if "核对人员" in text else ""
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.S)[1:]
    return [re.findall(r"<td[^>]*>([^<]+)</td>", row)[:5] for row in rows]


def test_he_is_shown_before_he_is_taken_in(client, called: Called) -> None:
    number = called.numbers["范一舟"]
    answer, text = post(client, called, action="find", who=number)
    assert answer.status_code == 200
    assert lines(text) == [
        ["范一舟", "乙街道总工会", "干事", called.cadres["范一舟"].identity_masked, "乙街道总工会"]
    ]
    assert not Seat.objects.exists()
    lacking, text = post(client, called, action="add", who=number, cadre=called.cadres["范一舟"].pk)
    assert (lacking.status_code, "请填写单位确认情况。" in text) == (422, True)
    post(client, called, action="add", who=number, cadre=called.cadres["范一舟"].pk, confirmation=AGREED)
    found = Seat.objects.get()
    assert (found.name, found.source, found.state, found.unit, found.explanation) == (
        "范一舟",
        "on_site",
        "confirmed",
        called.units["yi"],
        AGREED,
    )


def test_of_one_name_the_office_chooses(client, called: Called) -> None:
    other = casts.add_cadre(called, "范二梅", called.units["jia"])
    _, text = post(client, called, action="find", who=" 范二梅 ")
    assert [line[1] for line in lines(text)] == ["甲街道总工会", "乙街道总工会"]
    unchosen, text = post(client, called, action="add", who="范二梅", confirmation=AGREED)
    assert (unchosen.status_code, "请在下面选定一人。" in text) == (422, True)
    # Somebody the search didn't find isn't taken in by his key.
    post(client, called, action="add", who="范二梅", cadre=called.cadres["丁一鸣"].pk, confirmation=AGREED)
    assert not Seat.objects.exists()
    post(client, called, action="add", who="范二梅", cadre=other.pk, confirmation=AGREED)
    assert Seat.objects.get().unit == called.units["jia"]


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("", "请填写证件号码或姓名。"),
        ("查无此人", "干部名册中没有这个姓名的在职干部。"),
        ("110105198006129999", "110105198006129999"),
    ],
)
def test_who_isnt_found_is_said_at_the_field(client, called: Called, who: str, words: str) -> None:
    answer, text = post(client, called, action="find", who=who)
    assert answer.status_code == 422
    assert words in text
    assert 'value="add"' not in text


def test_who_may_not_come_is_seen_at_once(client, called: Called) -> None:
    send(called, "jia", "丁一鸣")
    _, text = post(client, called, action="find", who="丁一鸣")
    assert "已在本班名单中（已确认）" in text
    assert 'name="cadre"' not in text
    assert 'value="add"' not in text


def test_the_class_grows_beyond_its_money_and_nobody_is_blamed(client, called: Called) -> None:
    """A change of the class puts it right: said of the class, with the way there, as long as it holds."""
    send(called, "jia", "丁一鸣", "丁二妹")
    send(called, "yi", "范一舟", "范二梅")
    seats = f"/runs/{called.run.pk}/seats/"
    assert "超出批准人数" not in client.get(seats).content.decode()
    person = called.cadres["丁三立"]
    _, text = post(client, called, action="add", who="丁三立", cadre=person.pk, confirmation=AGREED)
    seat = Seat.objects.get(cadre=person)
    assert (seat.state, seat.findings) == ("confirmed", [])
    assert "批准学员 4 人，现为 5 人，超 1 人。" in text
    assert "差 100.00 元。请核实经费；不够的，请主办部门办理变更申请" in text
    page = client.get(f"/seats/{seat.pk}/").content.decode()
    assert "重复调训审批" not in page
    page = client.get(seats).content.decode()
    assert "差 100.00 元。" in page
    assert f'href="/runs/{called.run.pk}/request/change/"' in page
    assert "须报审批" not in page


def test_who_is_held_waits_for_his_exemption(client, called: Called) -> None:
    trained_people.trained(called.cadres["范一舟"], date(2027, 3, 5), subject=called.run.plan.subject)
    _, text = post(
        client, called, action="add", who="范一舟", cadre=called.cadres["范一舟"].pk, confirmation=AGREED
    )
    assert "范一舟已登记为计划外学员，须报重复调训审批，批准后才能确认。" in text
    assert Seat.objects.get().state == "nominated"
