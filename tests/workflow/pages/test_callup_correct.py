"""更正报名信息: phone, lodging, explanation put right by the unit, by the organiser once he is confirmed."""

from __future__ import annotations

import pytest
import time_machine

from office.refusals import Conflict, Refused
from org.models import User
from tests.workflow import roster_cast as casts
from tests.workflow.roster_cast import Called
from tests.workflow.seat_invariants import faults
from tests.workflow.world import World, at
from workflow.models import Seat
from workflow.services import seats as services
from workflow.services.correcting import Details, correct
from workflow.services.seats import Nominee
from workflow.states import SeatSource


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(at(5, 12, 10), tick=False) as clock:
        yield clock


@pytest.fixture
def called(world: World) -> Called:
    return casts.build(world, trainees=5)


@pytest.fixture
def seat(called: Called) -> Seat:
    done = services.nominate(
        run_id=called.run.pk,
        unit_id=called.units["jia"].pk,
        people=[Nominee(called.cadres["丁一鸣"].pk, phone="13800001111")],
        source=SeatSource.PAGE,
        actor=called.contacts["jia"],
        at=at(5, 10),
    )
    return done.seats[0]


def organiser(called: Called) -> User:
    return called.world.people["xuanchuan-staff"]


def fresh(seat: Seat) -> Seat:
    return Seat.objects.get(pk=seat.pk)


def typed(seat: Seat, **changes: str) -> dict[str, str]:
    """The form as the page shows it, with these changes."""
    seat = fresh(seat)
    shown = {
        "seen_at": seat.changed_at.isoformat(),
        "phone": seat.phone,
        "needs": seat.needs,
        "arrival": seat.arrival,
        "explanation": seat.explanation,
    }
    return shown | changes


def details(seat: Seat, **changes: object) -> Details:
    names = ("phone", "lodging", "needs", "arrival", "explanation")
    return Details(**{name: getattr(seat, name) for name in names} | changes)


def test_the_contact_corrects_until_confirmation_and_the_organiser_after_it(
    client, called: Called, seat: Seat
) -> None:
    path = f"/seats/{seat.pk}/correct/"
    client.force_login(called.contacts["jia"])
    assert path in client.get(f"/seats/{seat.pk}/").content.decode()
    assert 'value="13800001111"' in client.get(path).content.decode()
    text = client.post(
        path, typed(seat, phone="139 0000 2222", needs="清真", explanation="业务骨干"), follow=True
    ).content.decode()
    assert "已更正丁一鸣的手机、食宿需求、说明。" in text
    now = fresh(seat)
    assert (now.phone, now.needs, now.explanation, now.state) == (
        "13900002222",
        "清真",
        "业务骨干",
        "nominated",
    )
    line = now.acts.latest("id")
    assert (line.title, line.reason) == (
        "更正报名信息",
        "手机原为“13800001111”；食宿需求原为“”；说明原为“”",
    )
    services.confirm(seat_ids=[seat.pk], actor=organiser(called), at=at(5, 11))
    assert path not in client.get(f"/seats/{seat.pk}/").content.decode()
    refused = client.post(path, typed(seat, phone="13900003333"))
    assert refused.status_code == 403
    assert "丁一鸣已确认，更正报名信息请与宣传网络部联系。" in refused.content.decode()
    client.force_login(organiser(called))
    assert path in client.get(f"/seats/{seat.pk}/").content.decode()
    client.post(path, typed(seat, phone="13900003333"))
    assert (fresh(seat).phone, fresh(seat).state) == ("13900003333", "confirmed")
    assert faults() == []


def test_what_cant_be_read_is_said_and_what_is_unchanged_leaves_no_line(
    client, called: Called, seat: Seat
) -> None:
    path = f"/seats/{seat.pk}/correct/"
    client.force_login(called.contacts["jia"])
    wrong = client.post(path, typed(seat, phone="1380000"))
    assert wrong.status_code == 422
    assert "手机“1380000”不是电话号码。请填写 11 位手机号。" in wrong.content.decode()
    same = client.post(path, typed(seat), follow=True).content.decode()
    assert "没有改动。" in same
    assert list(fresh(seat).acts.values_list("action", flat=True)) == ["nominate"]
    client.force_login(called.contacts["yi"])
    assert client.get(path).status_code == 404
    assert client.post(path, typed(seat, phone="13900002222")).status_code == 404


def test_two_at_once_are_told_of_each_other(client, called: Called, seat: Seat) -> None:
    path = f"/seats/{seat.pk}/correct/"
    client.force_login(called.contacts["jia"])
    old = typed(seat, phone="13900002222")
    correct(
        seat_id=seat.pk,
        details=details(fresh(seat), phone="13900009999"),
        seen_at=None,
        actor=organiser(called),
        at=at(5, 12, 9),
    )
    answer = client.post(path, old)
    assert answer.status_code == 409
    assert "丁一鸣的报名信息刚被别人改动" in answer.content.decode()
    assert 'value="13900009999"' in answer.content.decode()
    assert fresh(seat).phone == "13900009999"


def test_what_a_warning_was_answered_with_may_be_reworded_not_taken_away(called: Called, seat: Seat) -> None:
    finding = {
        "code": "many_callers",
        "severity": "warn",
        "title": "多头调训",
        "message": "…",
        "clause": "D2-24",
    }
    Seat.objects.filter(pk=seat.pk).update(findings=[finding], explanation="已商定由本班调训")
    now, who = fresh(seat), called.contacts["jia"]
    with pytest.raises(Refused, match="核查有提示，说明不能删去"):
        correct(seat_id=seat.pk, details=details(now, explanation=""), seen_at=None, actor=who, at=at(5, 12))
    changed = correct(
        seat_id=seat.pk,
        details=details(now, explanation="与对方商定由本班调训"),
        seen_at=now.changed_at,
        actor=who,
        at=at(5, 12),
    )
    assert (changed, fresh(seat).explanation) == (["说明"], "与对方商定由本班调训")


def test_nobody_elses_and_nobody_gone(called: Called, seat: Seat) -> None:
    now = details(fresh(seat), phone="13900002222")
    with pytest.raises(Refused, match="只有甲街道总工会的人员和主办部门可以办理"):
        correct(seat_id=seat.pk, details=now, seen_at=None, actor=called.contacts["yi"], at=at(5, 12))
    with pytest.raises(Conflict):
        correct(seat_id=seat.pk, details=now, seen_at=at(5, 1), actor=called.contacts["jia"], at=at(5, 12))
    services.withdraw(seat_id=seat.pk, reason="出差", actor=called.contacts["jia"], at=at(5, 12))
    with pytest.raises(Refused, match="现为“已退出”，报名信息不能再改"):
        correct(seat_id=seat.pk, details=now, seen_at=None, actor=called.contacts["jia"], at=at(5, 12))
