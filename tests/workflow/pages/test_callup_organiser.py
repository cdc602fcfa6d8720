"""The organiser's pages of a call-up: quotas, the notice, people, sign-in, feedback, papers."""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO

import pytest
import time_machine
from docx import Document
from openpyxl import load_workbook

from org.models import Union
from org.states import UnionLevel
from tests.workflow import called as trained_people
from tests.workflow import roster_cast as casts
from tests.workflow import runs
from tests.workflow import world as worlds
from tests.workflow.roster_cast import Called
from tests.workflow.world import World, at
from workflow.models import Attendance, CallUp, Quota, RunRequest, Seat
from workflow.services import seats as services
from workflow.services.seats import Nominee
from workflow.states import Half, Presence, SeatSource


@pytest.fixture(autouse=True)
def clock():
    """Ten in the morning of 12 May; a session doesn't last from one month to the next."""
    with time_machine.travel(at(5, 12, 10), tick=False) as clock:
        yield clock


@pytest.fixture
def called(world: World) -> Called:
    return casts.build(world, trainees=5)


def page(client, called: Called, name: str, **data):
    """GET of a page of the run; its text."""
    response = client.get(f"/runs/{called.run.pk}/{name}/", data)
    return response.status_code, response.content.decode()


def send(called: Called, code: str, *names: str, explanation: str = "", when=None) -> list[Seat]:
    """The unit's contact nominates these people."""
    done = services.nominate(
        run_id=called.run.pk,
        unit_id=called.units[code].pk,
        people=[Nominee(called.cadres[name].pk, explanation) for name in names],
        source=SeatSource.PAGE,
        actor=called.contacts[code],
        at=when or at(5, 10),
    )
    return done.seats


@pytest.mark.django_db
class TestQuotas:
    @pytest.fixture
    def unsent(self, world: World) -> Called:
        return casts.build(world, trainees=5, seats={}, issued=False)

    def test_shared_out_with_a_reserve(self, client, unsent: Called) -> None:
        jia, yi = unsent.units["jia"], unsent.units["yi"]
        client.force_login(unsent.organiser)
        status, text = page(client, unsent, "quota")
        assert status == 200
        assert "还有 5 人没有分" in text
        assert text.index("滨海新区总工会") < text.index("甲街道总工会") < text.index("乙街道总工会")
        data = {
            f"seats_{jia.pk}": "２",
            f"reserve_{jia.pk}": "1",
            f"note_{jia.pk}": "女职工 1 人",
            f"seats_{yi.pk}": "2人",
            "reserve_seats": "1",
        }
        response = client.post(f"/runs/{unsent.run.pk}/quota/", data, follow=True)
        assert "名额分配已保存。" in response.content.decode()
        assert "正好分完" in response.content.decode()
        found = list(Quota.objects.filter(run=unsent.run).values_list("unit", "seats", "reserve", "note"))
        assert found == [(jia.pk, 2, 1, "女职工 1 人"), (yi.pk, 2, 0, "")]
        assert CallUp.objects.get(run=unsent.run).reserve_seats == 1

    def test_units_the_class_isnt_for_are_marked(self, client, world: World) -> None:
        """街镇 alone: of the two units below, the one that is no town."""
        called = casts.build(world, trainees=5, seats={}, issued=False, audience_units=["town"])
        Union.objects.filter(pk=called.units["jia"].pk).update(level=UnionLevel.TOWN)
        client.force_login(called.organiser)
        _, text = page(client, called, "quota")
        rows = re.findall(r'<th scope="row" class="name">([^<]+)(<br>)?', text)
        assert dict(rows) == {"滨海新区总工会": "<br>", "甲街道总工会": "", "乙街道总工会": "<br>"}
        assert text.count("不在本班对象的单位级别之内") == 2

    def test_too_many_are_refused_and_what_was_typed_stays(self, client, unsent: Called) -> None:
        jia = unsent.units["jia"]
        client.force_login(unsent.organiser)
        response = client.post(f"/runs/{unsent.run.pk}/quota/", {f"seats_{jia.pk}": "6"})
        text = response.content.decode()
        assert response.status_code == 422
        assert "名额合计 6 人，超过 5 人。请核减后再保存。" in text
        assert 'value="6"' in text
        assert not Quota.objects.exists()

    def test_a_unit_further_down_is_added_by_its_name(self, client, unsent: Called) -> None:
        deep = worlds.found("shequ", "甲一社区工会", {"zuzhi": "组织部"}, parent=unsent.units["jia"])
        client.force_login(unsent.organiser)
        response = client.post(
            f"/runs/{unsent.run.pk}/quota/", {"action": "add", "add": "甲一社区工会、没有的单位、乙街工会"}
        )
        text = response.content.decode()
        assert f'name="seats_{deep.union.pk}"' in text
        assert "没有找到单位“没有的单位”，请按单位全称填写。习惯叫法可以请管理员加为别名。" in text
        assert "没有找到单位“乙街工会”，请按单位全称填写。您要找的是不是：乙街道总工会" in text


def test_the_notice_from_draft_to_units(client, world: World) -> None:
    called = casts.build(world, trainees=4, issued=False)
    address = f"/runs/{called.run.pk}/notice/"
    data = {
        "document_number": "滨工发〔2027〕12号",
        "deadline": "2027-06-01T17:00",
        "contact_name": "吴桐",
        "contact_phone": "022-65300000",
        "action": "issue",
    }
    client.force_login(called.contacts["jia"])
    assert client.get(address).status_code == 404
    client.force_login(called.organiser)
    faulty = client.post(address, data | {"deadline": "2027-06-08T07:00", "contact_phone": "abc"})
    assert (faulty.status_code, "发出调训通知后" in faulty.content.decode()) == (422, False)
    assert "联系电话“abc”不是电话号码" in faulty.content.decode()
    late = client.post(address, data | {"deadline": "2027-06-08T07:00"})
    assert "报名截止时间须早于开班日期 2027年6月8日" in late.content.decode()
    assert 'name="confirmed"' not in late.content.decode()
    asked = client.post(address, data)
    assert "各单位即可报名" in asked.content.decode()
    assert CallUp.objects.get(run=called.run).issued_at is None
    done = client.post(address, data | {"confirmed": "1"}, follow=True)
    assert "调训通知已发出，各单位可以报名。" in done.content.decode()
    client.force_login(called.contacts["jia"])
    read = client.get(address)
    text = read.content.decode()
    paper = client.get(f"/runs/{called.run.pk}/notice.docx")
    assert read.status_code == 200
    assert "关于举办工会信息员培训班的通知" in text
    assert "【调训通知】工会信息员培训班" in text
    assert "保存并发出" not in text
    assert paper["Content-Disposition"].startswith("attachment")
    lines = [line.text for line in Document(BytesIO(paper.content)).paragraphs]
    assert lines[0] == "滨海新区总工会文件"


def test_a_deadline_is_put_off(client, called: Called) -> None:
    client.force_login(called.organiser)
    early = client.post(f"/runs/{called.run.pk}/notice/", {"deadline": "2027-05-25T17:00"})
    assert early.status_code == 422
    assert "只能往后延" in early.content.decode()
    client.post(f"/runs/{called.run.pk}/notice/", {"deadline": "2027-06-03T12:00"})
    assert CallUp.objects.get(run=called.run).deadline == at(6, 3, 12)


def test_people_confirmed_and_turned_away(client, called: Called) -> None:
    first, second, third = send(called, "jia", "丁一鸣", "丁二妹", "丁三立")
    client.force_login(called.organiser)
    act = f"/runs/{called.run.pk}/seats/act/"
    status, text = page(client, called, "seats")
    assert status == 200
    assert "候补" in text
    done = client.post(act, {"action": "confirm", "pick": [first.pk, third.pk]}, follow=True)
    said = done.content.decode()
    assert "已确认 1 人。" in said
    assert "丁三立是候补，有空缺时先通知递补，同意后再确认。" in said
    nothing = client.post(act, {"action": "reject", "pick": [second.pk]}, follow=True)
    assert "不予录取须写明原因。" in nothing.content.decode()
    asked = client.post(act, {"action": "reject", "pick": [second.pk], "reason": "名额调整"})
    assert "不予录取 1 人" in asked.content.decode()
    client.post(act, {"action": "reject", "pick": [second.pk], "reason": "名额调整", "confirmed": "1"})
    _, gone = page(client, called, "seats", view="gone")
    assert "丁二妹" in gone
    assert "丁一鸣" not in gone
    states = dict(Seat.objects.values_list("name", "state"))
    assert states == {"丁一鸣": "confirmed", "丁二妹": "rejected", "丁三立": "offered"}


def test_people_of_several_units_are_excused_on_one_paper(client, called: Called) -> None:
    for name in ("丁一鸣", "范一舟"):
        trained_people.trained(called.cadres[name], date(2027, 3, 5), subject=called.run.plan.subject)
    [one] = send(called, "jia", "丁一鸣", explanation="业务急需")
    client.force_login(called.organiser)
    address = f"/runs/{called.run.pk}/seats/act/"
    [two] = send(called, "yi", "范一舟", explanation="业务急需")
    assert "报重复调训审批</button>" in page(client, called, "seats")[1]
    asks = {"action": "exempt", "pick": [one.pk, two.pk]}
    lacking = client.post(address, asks, follow=True).content.decode()
    assert "报重复调训审批须写明原因。" in lacking
    done = client.post(address, asks | {"reason": "机构改革"}, follow=True).content.decode()
    assert "已为 2 人报重复调训审批，批准后才能确认。" in done
    [request] = RunRequest.objects.filter(kind="exempt")
    assert (request.reason, [line["unit"] for line in request.content["seats"]]) == (
        "机构改革",
        [called.units["jia"].name, called.units["yi"].name],
    )
    again = client.post(address, asks | {"reason": "机构改革"}, follow=True).content.decode()
    assert "丁一鸣的重复调训审批正在办理（审核中）。范一舟的重复调训审批正在办理（审核中）。" in again
    assert RunRequest.objects.filter(kind="exempt").count() == 1


def test_the_list_costs_the_same_for_five_and_for_fifty(
    client, world: World, django_assert_max_num_queries
) -> None:
    called = casts.build(world, trainees=60, seats={"jia": 50, "yi": 5})
    names = [casts.add_cadre(called, f"丁{n}", called.units["jia"]).name for n in range(45)]
    client.force_login(called.organiser)
    send(called, "jia", *names[:5])
    with django_assert_max_num_queries(23):
        page(client, called, "seats")
    send(called, "jia", *names[5:])
    with django_assert_max_num_queries(23):
        status, text = page(client, called, "seats")
    assert status == 200
    assert text.count('name="pick"') == 45


def test_from_the_first_sheet_to_the_records(client, called: Called, clock) -> None:
    sent = send(called, "jia", "丁一鸣", "丁二妹")
    services.confirm(seat_ids=[seat.pk for seat in sent], actor=called.organiser, at=at(5, 12))
    one, two = sent
    client.force_login(called.organiser)
    base = f"/runs/{called.run.pk}"
    clock.move_to(at(6, 8, 9))
    client.force_login(called.organiser)
    assert "开班" in page(client, called, "attendance")[1]
    assert "已开班" in client.post(f"{base}/begin/", follow=True).content.decode()
    data = {f"p_{one.pk}": "present", f"n_{one.pk}": "", f"p_{two.pk}": "leave", f"n_{two.pk}": "就医"}
    saved = client.post(f"{base}/attendance/?half_day=0", data, follow=True).content.decode()
    assert "6月8日（星期二）上午：已保存，改动 2 人。" in saved
    # Hours run on from the first half-day; what is left is told in half-days and in entries.
    assert re.findall(r'data-label="实到学时">(.*?)<', saved) == ["4.0", "0.0"]
    assert "还有 3 个半天没有录齐，共 6 人次。" in saved
    assert re.findall(r'<a href="\?half_day=\d"[^>]*>(.*?) <', saved) == [
        "6-8 上午",
        "6-8 下午",
        "6-9 上午",
        "6-9 下午",
    ]
    future = client.post(f"{base}/attendance/?half_day=2", data, follow=True).content.decode()
    assert "还没有到，不能先录" in future
    book = load_workbook(BytesIO(client.get(f"{base}/attendance.xlsx").content))
    sheet = book.active
    assert [sheet["F4"].value, sheet["F5"].value] == ["到", "请假"]
    for cell in ("G4", "H4", "I4", "G5", "H5"):
        sheet[cell] = "√"
    sheet["I5"] = "早退了"
    clock.move_to(at(6, 9, 17))
    client.force_login(called.organiser)
    wrong = client.post(f"{base}/attendance/read/", {"file": upload(book)})
    assert wrong.status_code == 422
    assert "I5" in wrong.content.decode()
    assert Attendance.objects.count() == 2
    sheet["I5"] = "到"
    read = client.post(f"{base}/attendance/read/", {"file": upload(book)}, follow=True).content.decode()
    assert "已读取 2 人的考勤，改动 6 处。" in read
    asked = client.post(f"{base}/close/").content.decode()
    assert "结束后考勤不能再改" in asked
    closed = client.post(f"{base}/close/", {"confirmed": "1"}, follow=True).content.decode()
    mark = Attendance.objects.get(seat=two, day=date(2027, 6, 8), half=Half.MORNING)
    assert (mark.presence, mark.note) == (Presence.LEAVE, "就医")
    assert "考勤已结束：结业 1 人，未结业 1 人" in closed
    assert "考勤已结束，不能再改。" in closed
    assert "不能办理这一操作" not in closed
    overview = client.get(f"{base}/").content.decode()
    assert "考勤已结束：结业 1 人，未结业 1 人。由财务部门按实到人数办理决算" in overview
    assert f'href="{base}/settlement/">查看决算' in overview
    assert runs.fresh_run(called.run).state == "settling"
    assert dict(Seat.objects.values_list("name", "state")) == {
        "丁一鸣": "completed",
        "丁二妹": "unfinished",
    }


def upload(book):
    buffer = BytesIO()
    book.save(buffer)
    buffer.seek(0)
    buffer.name = "考勤表.xlsx"
    return buffer


def test_feedback_by_unit(client, called: Called) -> None:
    send(called, "jia", "丁一鸣", "丁二妹", "丁三立")
    client.force_login(called.organiser)
    status, text = page(client, called, "feedback")
    assert status == 200
    assert text.index("甲街道总工会") < text.index("乙街道总工会") < text.index("合计")
    book = load_workbook(BytesIO(client.get(f"/runs/{called.run.pk}/feedback/?format=xlsx").content))
    rows = [[cell.value for cell in row[1:5]] for row in book.active.iter_rows(min_row=3, max_row=6)]
    assert rows == [
        ["单位", "分配", "报名", "确认"],
        ["甲街道总工会", 2, 3, 0],
        ["乙街道总工会", 2, 0, 0],
        ["合计", 4, 3, 0],
    ]


def test_papers_of_the_confirmed(client, called: Called) -> None:
    sent = send(called, "jia", "丁一鸣", "丁二妹")
    services.confirm(seat_ids=[sent[0].pk], actor=called.organiser, at=at(5, 12))
    client.force_login(called.organiser)
    for name, words in (
        ("roster", "工会信息员培训班学员名册"),
        ("cards", "name-card"),
        ("sign-in", "签到表"),
    ):
        status, text = page(client, called, name)
        assert (name, status) == (name, 200)
        assert words in text
        assert "丁一鸣" in text
        assert "丁二妹" not in text
    assert page(client, called, "sign-in")[1].count("6月8日") == 4
    assert page(client, called, "sign-in", half_day="3")[1].count('class="page-of-its-own"') == 1
    book = load_workbook(BytesIO(client.get(f"/runs/{called.run.pk}/roster.xlsx").content))
    assert [cell.value for cell in book.active[4][:2]] == [1, "丁一鸣"]


def test_units_and_outsiders_see_none_of_it(client, called: Called) -> None:
    outsider = worlds.found("bing", "丙街道总工会", {"zuzhi": "组织部"}, parent=called.world.union)
    names = (
        "quota",
        "seats",
        "seats/named",
        "seats/on-site",
        "attendance",
        "feedback",
        "roster",
        "cards",
        "sign-in",
    )
    for user in (called.contacts["jia"], outsider.people["zuzhi-staff"]):
        client.force_login(user)
        assert {name: page(client, called, name)[0] for name in names} == dict.fromkeys(names, 404)
        for name in ("seats/act", "begin", "close", "attendance/read"):
            assert client.post(f"/runs/{called.run.pk}/{name}/").status_code == 404
        for name in ("roster.xlsx", "attendance.xlsx"):
            assert client.get(f"/runs/{called.run.pk}/{name}").status_code == 404
    assert client.get(f"/runs/{called.run.pk}/notice/").status_code == 404
