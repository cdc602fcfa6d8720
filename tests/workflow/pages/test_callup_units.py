"""The contact's pages: what the unit is called up for, whom to send, its people, its rosters."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from org.models import Cadre, User
from tests.workflow import called as trained_people
from tests.workflow import roster_cast as casts
from tests.workflow import runs
from tests.workflow import world as worlds
from tests.workflow.roster_cast import Called
from tests.workflow.world import World, at
from workflow.models import RosterUpload, RunRequest, Seat
from workflow.services import seats as services
from workflow.services.seats import Nominee
from workflow.states import RequestKind, SeatSource

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\n%%EOF"


@pytest.fixture(autouse=True)
def clock():
    """Ten in the morning of 12 May; a session doesn't last from one month to the next."""
    with time_machine.travel(at(5, 12, 10), tick=False) as clock:
        yield clock


@pytest.fixture
def called(world: World) -> Called:
    return casts.build(world, trainees=5)


def address(called: Called, code: str = "jia") -> str:
    return f"/nominations/{called.run.pk}/{called.units[code].pk}/"


def send(called: Called, code: str, *names: str, explanation: str = "") -> list[Seat]:
    done = services.nominate(
        run_id=called.run.pk,
        unit_id=called.units[code].pk,
        people=[Nominee(called.cadres[name].pk, explanation) for name in names],
        source=SeatSource.PAGE,
        actor=called.contacts[code],
        at=at(5, 10),
    )
    return done.seats


def picks(called: Called, *names: str) -> list[int]:
    return [called.cadres[name].pk for name in names]


def said(client, path: str, data: dict) -> str:
    """What the page says after the form was sent."""
    return client.post(path, data, follow=True).content.decode()


def upload(client, called: Called, content: bytes, **more):
    data = {
        "run": called.run.pk,
        "unit": called.units["jia"].pk,
        "file": SimpleUploadedFile("名册.xlsx", content),
    }
    return client.post("/rosters/new/", data | more)


def test_what_a_unit_is_called_up_for(client, called: Called, django_assert_max_num_queries) -> None:
    send(called, "jia", "丁一鸣")
    client.force_login(called.contacts["jia"])
    with django_assert_max_num_queries(14):
        text = client.get("/nominations/").content.decode()
    assert "工会信息员培训班" in text
    assert "还差 1 人" in text
    assert address(called) in text
    outsider = worlds.found("bing", "丙街道总工会", {"zuzhi": "组织部"}, parent=called.world.union)
    client.force_login(outsider.people["zuzhi-staff"])
    text = client.get("/nominations/").content.decode()
    assert "工会信息员培训班" not in text
    assert "没有这样的班次" in text


def entry(client, called: Called, code: str = "jia") -> tuple[int, bool]:
    """The navigation's number at 名额与报名, and whether it stands out."""
    client.force_login(called.contacts[code])
    items = [item for group in client.get("/").context["nav"] for item in group["items"]]
    return next((item["count"], item["hot"]) for item in items if item["title"] == "名额与报名")


def test_what_a_unit_owes_is_counted_in_the_navigation(client, called: Called, clock) -> None:
    """An unanswered 递补, and a call-up that closes within five days and lacks people; others' count not."""
    deadline = called.run.call_up.deadline
    clock.move_to(deadline - timedelta(days=5, minutes=1))
    assert entry(client, called) == (0, True)
    clock.move_to(deadline - timedelta(days=5))
    assert entry(client, called) == (1, True)
    assert "1 个班 5 日内截止报名、名额还没有报满。" in client.get("/").content.decode()
    assert "即将截止，还差 2 人" in client.get("/nominations/").content.decode()
    clock.move_to(at(5, 12, 10))
    sent = send(called, "jia", "丁一鸣", "丁二妹", "丁三立")
    clock.move_to(deadline - timedelta(hours=1))
    assert entry(client, called) == (0, True)
    services.withdraw(seat_id=sent[0].pk, reason="出差", actor=called.contacts["jia"], at=at(5, 12, 11))
    assert entry(client, called) == (1, True)
    assert "1 人递补待答复。" in client.get("/").content.decode()
    clock.move_to(deadline + timedelta(minutes=1))
    assert entry(client, called) == (1, True)
    assert entry(client, called, "yi") == (0, True)
    services.accept(seat_id=sent[2].pk, actor=called.contacts["jia"], at=at(5, 13))
    assert entry(client, called) == (0, True)


def test_a_class_called_off_is_said_to_unit_and_person(client, called: Called, clock) -> None:
    """S20: it stays in sight, with its reason and without a way in, until it would have begun."""
    send(called, "jia", "丁一鸣")
    person = User.objects.create_user("dingyiming", name="丁一鸣")
    Cadre.objects.filter(pk=called.cadres["丁一鸣"].pk).update(user=person)
    runs.grant(called.world, called.run, RequestKind.CANCEL, reason="场地检修")
    client.force_login(called.contacts["jia"])
    text = client.get("/nominations/").content.decode()
    assert "工会信息员培训班" in text
    assert "已取消" in text
    assert "场地检修" in text
    assert address(called) not in text
    assert entry(client, called) == (0, True)
    client.force_login(person)
    mine = client.get("/my-training/").content.decode()
    assert "班次取消" in mine
    assert "不用参加" in mine
    clock.move_to(at(6, 9, 10))
    assert "工会信息员培训班" not in client.get("/my-training/").content.decode()
    client.force_login(called.contacts["jia"])
    assert "工会信息员培训班" not in client.get("/nominations/").content.decode()
    assert "场地检修" in client.get("/nominations/", {"view": "past"}).content.decode()


def test_nothing_before_the_notice(client, world: World) -> None:
    called = casts.build(world, trainees=5, issued=False)
    client.force_login(called.contacts["jia"])
    assert client.get(address(called)).status_code == 404
    assert "工会信息员培训班" not in client.get("/nominations/").content.decode()


def test_the_longest_untrained_stand_first_with_their_classes(client, called: Called) -> None:
    cadres = called.cadres
    trained_people.trained(cadres["丁一鸣"], date(2026, 3, 5), subject="YW-09", class_name="新任干部班")
    trained_people.trained(cadres["丁二妹"], date(2023, 3, 5), subject="YW-09", class_name="岗位轮训班")
    client.force_login(called.contacts["jia"])
    text = client.get(address(called)).content.decode()
    body = text[text.index("可选派人员") :]
    order = sorted(("丁一鸣", "丁二妹", "丁三立", "丁四海", "丁五常"), key=body.index)
    assert order == ["丁三立", "丁四海", "丁五常", "丁二妹", "丁一鸣"]
    assert body.count("长期未训</span>") == 4
    assert "新任干部班" in body
    assert "岗位轮训班" in body
    assert "范一舟" not in text
    only = client.get(address(called), {"forgotten": "on"}).content.decode()
    assert f'value="{cadres["丁一鸣"].pk}"' not in only


def test_ticked_sent_and_beyond_the_quota(client, called: Called) -> None:
    client.force_login(called.contacts["jia"])
    text = said(
        client, address(called), {"action": "nominate", "pick": picks(called, "丁一鸣", "丁二妹", "丁三立")}
    )
    assert "已报名：丁一鸣、丁二妹。" in text
    assert "名额已满，列为候补：丁三立。" in text
    assert "没有参加培训，本次没有报" in text
    again = said(client, address(called), {"action": "nominate", "pick": picks(called, "丁一鸣")})
    assert "有的人员已经报过名，或不在本单位" in again
    foreign = said(client, address(called), {"action": "nominate", "pick": picks(called, "范一舟")})
    assert "有的人员已经报过名，或不在本单位" in foreign
    assert Seat.objects.count() == 3


def test_a_warning_is_answered_on_the_page(client, called: Called) -> None:
    """The same person is wanted by another department on the same days."""
    person = called.cadres["丁一鸣"]
    trained_people.trained(person, date(2027, 3, 5), subject=called.run.plan.subject)
    client.force_login(called.contacts["jia"])
    text = client.get(address(called)).content.decode()
    assert "需审批" in text
    sent = said(
        client,
        address(called),
        {"action": "nominate", "pick": [person.pk], "explanation": "新任信息员，业务急需"},
    )
    assert "丁一鸣须报重复调训审批" in sent
    seat = Seat.objects.get()
    page = client.get(f"/seats/{seat.pk}/").content.decode()
    assert "报重复调训审批" in page
    lacking = said(client, f"/seats/{seat.pk}/act/", {"action": "exempt"})
    assert "报重复调训审批须写明原因。" in lacking
    asked = said(client, f"/seats/{seat.pk}/act/", {"action": "exempt", "reason": "新任信息员，业务急需"})
    assert "丁一鸣：已报重复调训审批。" in asked
    request = RunRequest.objects.get(kind="exempt")
    assert (request.state, request.reason) == ("reviewing", "新任信息员，业务急需")
    assert f"/requests/{request.pk}/" in client.get(f"/seats/{seat.pk}/").content.decode()


def test_several_are_excused_on_one_paper(client, called: Called) -> None:
    names = ("丁一鸣", "丁二妹")
    for name in names:
        trained_people.trained(called.cadres[name], date(2027, 3, 5), subject=called.run.plan.subject)
    one, two = send(called, "jia", *names, explanation="新任信息员")
    [free] = send(called, "jia", "丁三立")
    client.force_login(called.contacts["jia"])
    text = client.get(address(called)).content.decode()
    assert text.count('name="seat"') == 2
    asks = {"action": "exempt", "reason": "机构改革，须持证上岗", "seat": [one.pk, two.pk]}
    assert "请先在本单位名单中勾选" in said(client, address(called), asks | {"seat": []})
    assert "请写明理由" in said(client, address(called), asks | {"reason": " "})
    mixed = said(client, address(called), asks | {"seat": [one.pk, free.pk]})
    assert "丁三立没有须经批准的例外。请取消勾选后再报。" in mixed
    assert not RunRequest.objects.filter(kind="exempt").exists()
    done = said(client, address(called), asks)
    assert "已为 2 人报重复调训审批，批准后才能确认。" in done
    assert 'name="seat"' not in done
    request = RunRequest.objects.get(kind="exempt")
    assert [line["name"] for line in request.content["seats"]] == list(names)
    assert set(Seat.objects.filter(exemption=request)) == {one, two}


def test_another_units_seat_isnt_asked_for(client, called: Called) -> None:
    trained_people.trained(called.cadres["范一舟"], date(2027, 3, 5), subject=called.run.plan.subject)
    [theirs] = send(called, "yi", "范一舟", explanation="业务急需")
    client.force_login(called.contacts["jia"])
    asks = {"action": "exempt", "reason": "业务急需", "seat": [theirs.pk]}
    assert "请先在本单位名单中勾选" in said(client, address(called), asks)
    assert not RunRequest.objects.filter(kind="exempt").exists()


def test_late_only_with_a_word(client, called: Called, clock) -> None:
    clock.move_to(at(6, 2, 9))
    client.force_login(called.contacts["jia"])
    data = {"action": "nominate", "pick": picks(called, "丁一鸣"), "explanation": "负责人出差"}
    assert "确需补报的" in said(client, address(called), data)
    assert not Seat.objects.exists()
    said(client, address(called), data | {"late": "1"})
    assert Seat.objects.get().late


def test_somebody_withdraws_and_the_next_is_asked(client, called: Called) -> None:
    one, _, third = send(called, "jia", "丁一鸣", "丁二妹", "丁三立")
    client.force_login(called.contacts["jia"])
    asked = client.post(f"/seats/{one.pk}/act/", {"action": "withdraw", "reason": "住院"})
    assert "丁一鸣：退出" in asked.content.decode()
    said(client, f"/seats/{one.pk}/act/", {"action": "withdraw", "reason": "住院", "confirmed": "1"})
    states = dict(Seat.objects.values_list("name", "state"))
    assert states == {"丁一鸣": "withdrawn", "丁二妹": "nominated", "丁三立": "offered"}
    page = client.get(address(called)).content.decode()
    assert "答复递补" in page
    assert "住院" in page
    text = said(client, f"/seats/{third.pk}/act/", {"action": "accept"})
    assert "丁三立：已同意递补。" in text
    assert Seat.objects.get(pk=third.pk).rank == "formal"


def test_another_comes_instead(client, called: Called) -> None:
    one, _ = send(called, "jia", "丁一鸣", "丁二妹")
    client.force_login(called.contacts["jia"])
    choose = client.get(f"{address(called)}?replace={one.pk}").content.decode()
    assert "选择接替的人" in choose
    assert 'type="radio"' in choose
    data = {"action": "replace", "replace": one.pk, "pick": picks(called, "丁四海"), "explanation": "出差"}
    two_at_once = said(client, address(called), data | {"pick": picks(called, "丁四海", "丁五常")})
    assert "调换须选定一人。" in two_at_once
    assert "已由丁四海接替丁一鸣" in said(client, address(called), data)
    assert Seat.objects.get(name="丁四海").replaces == one


def test_the_organiser_names_and_enters(client, called: Called) -> None:
    client.force_login(called.organiser)
    found = client.get(f"/runs/{called.run.pk}/seats/named/", {"unit": "甲街道总工会"})
    assert found.url == address(called)
    data = {"action": "name", "pick": picks(called, "丁一鸣"), "explanation": "重点工作需要"}
    said(client, address(called), data)
    said(client, address(called), {"action": "nominate", "pick": picks(called, "丁二妹")})
    assert dict(Seat.objects.values_list("name", "source")) == {"丁一鸣": "named", "丁二妹": "entered"}


def test_the_list_one_nominates_from_costs_the_same_however_long(
    client, world: World, django_assert_max_num_queries
) -> None:
    called = casts.build(world, trainees=60, seats={"jia": 30, "yi": 5})
    client.force_login(called.contacts["jia"])
    with django_assert_max_num_queries(30):
        client.get(address(called))
    for n in range(45):
        casts.add_cadre(called, f"丁{n}", called.units["jia"])
    send(called, "jia", *(f"丁{n}" for n in range(20)))
    with django_assert_max_num_queries(30):
        text = client.get(address(called)).content.decode()
    assert text.count('name="pick"') == 30


def test_a_unit_sees_its_own_people_only(client, called: Called) -> None:
    [own] = send(called, "jia", "丁一鸣")
    [other] = send(called, "yi", "范一舟")
    outsider = worlds.found("bing", "丙街道总工会", {"zuzhi": "组织部"}, parent=called.world.union)
    client.force_login(called.contacts["jia"])
    assert client.get(f"/seats/{own.pk}/").status_code == 200
    assert client.get(f"/seats/{other.pk}/").status_code == 404
    assert client.post(f"/seats/{other.pk}/act/", {"action": "withdraw"}).status_code == 404
    assert client.get(address(called, "yi")).status_code == 404
    assert client.post(address(called, "yi"), {"pick": [1]}).status_code == 404
    assert "范一舟" not in client.get(address(called)).content.decode()
    assert 'value="confirm"' not in client.get(f"/seats/{own.pk}/").content.decode()
    client.force_login(outsider.people["zuzhi-staff"])
    for path in (f"/seats/{own.pk}/", address(called), f"/rosters/new/?run={called.run.pk}"):
        assert (path, client.get(path).status_code) == (path, 404)


def test_a_roster_from_the_file_to_the_list(client, called: Called) -> None:
    client.force_login(called.contacts["jia"])
    assert client.get(f"/rosters/new/?run={called.run.pk}").status_code == 200
    content = called.file("丁一鸣", called.line("丁二妹", 姓名="丁贰妹"), "丁三立", "丁四海")
    sent = upload(client, called, content)
    received = RosterUpload.objects.get()
    assert sent.url == f"/rosters/{received.pk}/"
    text = client.get(sent.url).content.decode()
    assert "报名 3 人（候补 1）" in text
    assert called.numbers["丁一鸣"] not in text
    assert "名单上写“丁贰妹”" in text
    todo = client.get(sent.url, {"view": "todo"}).content.decode()
    assert "丁贰妹" in todo
    assert "丁三立" not in todo
    done = said(client, f"{sent.url}commit/", {"digest": received.result["digest"], "explanation": ""})
    assert "已报名 3 人，其中候补 1 人。" in done
    assert list(Seat.objects.order_by("position").values_list("name", "rank")) == [
        ("丁一鸣", "formal"),
        ("丁三立", "formal"),
        ("丁四海", "reserve"),
    ]
    assert "不能重复报名" in client.get(sent.url).content.decode()


def test_the_rows_to_mend_can_be_mended_and_sent_again(client, called: Called) -> None:
    client.force_login(called.contacts["jia"])
    number = called.numbers["丁二妹"]
    wrong = number[:17] + ("0" if number[17] != "0" else "1")
    sent = upload(client, called, called.file("丁一鸣", called.line("丁二妹", 身份证号=wrong)))
    file = client.get(f"{sent.url}errors/")
    sheet = load_workbook(BytesIO(file.content)).active
    assert [cell.value for cell in sheet[3]] == [*casts.HEAD, "原行号", "核查结果", "问题", "怎么改"]
    assert [cell.value for cell in sheet[4]][2:6] == ["丁二妹", sheet["D4"].value, "干事", wrong]
    assert (sheet["J4"].value, sheet["K4"].value) == (3, "不符合")
    assert "校验不符" in sheet["L4"].value
    assert sheet.max_row == 4
    sheet["F4"] = number
    mended = BytesIO()
    sheet.parent.save(mended)
    again = upload(client, called, mended.getvalue())
    result = RosterUpload.objects.get(pk=int(again.url.split("/")[2])).result
    assert result["summary"] == {"rows": 1, "accepted": 1, "warned": 0, "held": 0, "rejected": 0}


def test_columns_are_named_on_the_page(client, called: Called) -> None:
    client.force_login(called.contacts["jia"])
    number = called.numbers["丁一鸣"]
    content = casts.workbook(["单位", "同志", "身份证号"], ["甲街道总工会", "丁一鸣", number])
    sent = upload(client, called, content)
    text = client.get(sent.url).content.decode()
    assert "还不知道哪一列是：姓名" in text
    # What stands in the columns helps to name them; a number's middle isn't shown.
    assert '<td class="note" data-label="前两格">丁一鸣</td>' in text
    assert f"{number[:6]}********{number[-4:]}" in text
    assert number not in text
    data = {"column_0": "unit", "column_1": "name", "column_2": "name"}
    twice = client.post(f"{sent.url}columns/", data)
    assert twice.status_code == 422
    assert "有两列都选了“姓名”，请只留一列。" in twice.content.decode()
    # What was chosen stands.
    assert twice.content.decode().count('<option value="name" selected>') == 2
    lacking = said(client, f"{sent.url}columns/", {"column_0": "unit", "column_2": "identity_number"})
    assert "还没有指明哪一列是“姓名”，请选好再读取。" in lacking
    text = said(client, f"{sent.url}columns/", data | {"column_2": "identity_number"})
    assert "报名 1 人" in text
    assert "核对栏目</h2>" not in text


def test_its_own_workbook_needs_no_naming_again(client, called: Called) -> None:
    client.force_login(called.contacts["jia"])
    number = called.numbers["丁一鸣"]
    lines = [["单位", "同志", "身份证号"], ["甲街道总工会", "丁一鸣", number[:-1] + "?"]]
    sent = upload(client, called, casts.workbook(*lines))
    data = {"column_0": "unit", "column_1": "name", "column_2": "identity_number"}
    client.post(f"{sent.url}columns/", data)
    sheet = load_workbook(BytesIO(client.get(f"{sent.url}errors/").content)).active
    sheet["C4"] = number
    mended = BytesIO()
    sheet.parent.save(mended)
    again = upload(client, called, mended.getvalue())
    text = client.get(again.url).content.decode()
    assert "报名 1 人" in text
    assert "还不知道哪一列" not in text
    assert "没有读取的栏目" not in text


def test_entered_for_a_unit_needs_its_receipt(client, called: Called) -> None:
    client.force_login(called.organiser)
    content = called.file("丁一鸣")
    lacking = upload(client, called, content, entered="1", source_note="传真")
    assert lacking.status_code == 422
    assert "请附上单位盖章的回执。" in lacking.content.decode()
    sent = upload(
        client,
        called,
        content,
        entered="1",
        source_note="传真",
        receipt=SimpleUploadedFile("回执.pdf", PDF),
    )
    assert "代为录入：传真" in client.get(sent.url).content.decode()
    received = RosterUpload.objects.get()
    receipt = client.get(f"/rosters/{received.pk}/receipt/")
    assert receipt.content == PDF
    client.force_login(called.contacts["jia"])
    assert client.get(f"/rosters/{received.pk}/file/").status_code == 403
    client.force_login(called.contacts["yi"])
    for path in ("", "errors/", "file/", "receipt/"):
        assert client.get(f"/rosters/{received.pk}/{path}").status_code == 404
    for path in ("commit/", "columns/", "check/"):
        assert client.post(f"/rosters/{received.pk}/{path}").status_code == 404


def test_a_bad_file_is_told_at_its_field(client, called: Called) -> None:
    client.force_login(called.contacts["jia"])
    response = upload(client, called, b"x")
    assert response.status_code == 422
    assert "文件名写的是 .xlsx，内容却是文本或网页" in response.content.decode()
    assert not RosterUpload.objects.exists()


def test_the_empty_form_is_read_back(client, called: Called) -> None:
    client.force_login(called.contacts["jia"])
    file = client.get("/rosters/form.xlsx", {"run": called.run.pk, "unit": called.units["jia"].pk})
    book = load_workbook(BytesIO(file.content))
    sheet = book.active
    assert sheet["B4"].value == "甲街道总工会"
    assert sheet["M4"].number_format == "@"
    for cell, value in (("C4", "丁一鸣"), ("M4", called.numbers["丁一鸣"]), ("N4", "13800001206")):
        sheet[cell] = value
    filled = BytesIO()
    book.save(filled)
    upload(client, called, filled.getvalue())
    result = RosterUpload.objects.get().result
    assert result["missing"] == []
    assert [(row["row"], row["name"], row["status"]) for row in result["rows"]] == [(4, "丁一鸣", "accepted")]
