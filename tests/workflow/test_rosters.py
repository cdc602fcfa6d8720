"""Rosters taken in: kept and checked, columns named, taken over once exactly as previewed."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from office.models import StoredFile
from office.refusals import Conflict, Refused
from org.models import HeaderMapping, IdentityAccess, LongTask
from org.states import CadreStatus
from tests.workflow import roster_cast as casts
from tests.workflow.roster_cast import Called
from tests.workflow.world import World, at
from workflow.models import RosterUpload, Seat
from workflow.services import rosters
from workflow.services.seats import Nominee, nominate
from workflow.states import SeatSource

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\n%%EOF"


@pytest.fixture
def called(world: World) -> Called:
    return casts.build(world)


@pytest.fixture
def folder(settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


def store(called: Called, content: bytes, name: str = "名册.xlsx", **more) -> RosterUpload:
    """By the contact of 甲街道 unless told otherwise."""
    given = {
        "run_id": called.run.pk,
        "unit_id": called.units["jia"].pk,
        "upload": SimpleUploadedFile(name, content),
        "actor": called.contacts["jia"],
        "at": at(5, 10),
    }
    return rosters.store(**given | more)


def commit(called: Called, received: RosterUpload, **more) -> rosters.Taken:
    given = {
        "upload_id": received.pk,
        "digest": received.result["digest"],
        "explanation": "",
        "actor": called.contacts["jia"],
        "at": at(5, 10),
    }
    return rosters.commit(**given | more)


def seats() -> list[tuple[str, str, str, str]]:
    found = Seat.objects.order_by("unit__ordinal", "unit", "position")
    return list(found.values_list("unit__name", "name", "rank", "source"))


def test_from_the_file_to_the_seats(called: Called) -> None:
    content = called.file("丁一鸣", called.line("丁二妹", 手机="13900001207", 是否住宿="是"), "丁三立")
    received = store(called, content)
    assert received.result["summary"] == {"rows": 3, "accepted": 2, "warned": 1, "held": 0, "rejected": 0}
    assert not Seat.objects.exists()
    taken = commit(called, received)
    assert [seat.name for seat in taken.seats] == ["丁一鸣", "丁二妹", "丁三立"]
    assert taken.exempt == 0
    assert seats() == [
        ("甲街道总工会", "丁一鸣", "formal", "roster"),
        ("甲街道总工会", "丁二妹", "formal", "roster"),
        ("甲街道总工会", "丁三立", "reserve", "roster"),
    ]
    second = Seat.objects.get(name="丁二妹")
    assert (second.phone, second.lodging, second.upload) == ("13900001207", True, received)
    with pytest.raises(Conflict, match=r"^这份名册已由 zuzhi-staff 于 5月10日 09:00 报名"):
        commit(called, received)
    assert Seat.objects.count() == 3


@pytest.mark.parametrize("name", ["名册.csv", "名册.CSV"])
def test_other_formats(called: Called, name: str) -> None:
    lines = [casts.HEAD, called.line("丁一鸣"), called.line("丁二妹")]
    text = "\n".join(",".join(map(str, line)) for line in lines)
    received = store(called, text.encode("gbk"), name)
    assert received.result["summary"]["rows"] == 2
    assert [row["name"] for row in received.result["rows"]] == ["丁一鸣", "丁二妹"]


def test_what_is_held_or_wrong_stays_out(called: Called) -> None:
    number = called.numbers["丁三立"]
    wrong = number[:17] + ("0" if number[17] != "0" else "1")
    received = store(
        called,
        called.file(
            "丁一鸣", called.line("丁二妹", 姓名="丁贰妹"), called.line("丁三立", 身份证号=wrong), "丁四海"
        ),
    )
    commit(called, received)
    assert [name for _, name, _, _ in seats()] == ["丁一鸣", "丁四海"]


def test_warnings_need_an_explanation(called: Called) -> None:
    """Somebody of another unit on the list: taken, if the unit says why."""
    received = store(called, called.file("丁一鸣", "范一舟"))
    with pytest.raises(Refused, match="请填写说明后再报名"):
        commit(called, received)
    commit(called, received, explanation="借调在我单位工作")
    assert dict(Seat.objects.values_list("name", "explanation")) == {
        "丁一鸣": "",
        "范一舟": "借调在我单位工作",
    }


def test_the_preview_is_the_commit(called: Called) -> None:
    """A colleague takes a place between preview and commit: nobody is nominated, the page shows it."""
    received = store(called, called.file("丁一鸣", "丁二妹"))
    nominate(
        run_id=called.run.pk,
        unit_id=called.units["jia"].pk,
        people=[Nominee(called.cadres["丁五常"].pk)],
        source=SeatSource.PAGE,
        actor=called.contacts["jia"],
        at=at(5, 10),
    )
    with pytest.raises(Conflict, match="核查之后情况有了变化"):
        commit(called, received)
    assert Seat.objects.count() == 1
    shown = RosterUpload.objects.get(pk=received.pk)
    assert [row["reserve"] for row in shown.result["rows"]] == [False, True]
    commit(called, shown)
    assert [(name, rank) for _, name, rank, _ in seats()] == [
        ("丁五常", "formal"),
        ("丁一鸣", "formal"),
        ("丁二妹", "reserve"),
    ]


def test_nobody_to_nominate(called: Called) -> None:
    retired = called.cadres["丁一鸣"]
    retired.status, retired.status_on = CadreStatus.RETIRED, at(5, 2).date()
    retired.save()
    received = store(called, called.file("丁一鸣"))
    with pytest.raises(Refused, match="没有可以报名的人员"):
        commit(called, received)


def test_a_long_roster_is_checked_apart(called: Called, monkeypatch) -> None:
    monkeypatch.setattr(rosters, "AT_ONCE", 2)
    received = store(called, called.file("丁一鸣", "丁二妹", "丁三立"))
    assert received.result is None
    task = LongTask.objects.get(pk=received.task_id)
    assert (task.kind, task.title, task.params) == (
        "roster_check",
        "核查名册：名册.xlsx（约 4 行）",
        {"upload_id": received.pk},
    )
    steps: list[tuple[int, int]] = []
    summary = rosters.check_upload(
        upload_id=received.pk,
        progress=lambda done, total, message: steps.append((done, total)),
        actor=called.contacts["jia"],
        at=at(5, 10),
    )
    assert summary == {"rows": 3, "accepted": 2, "warned": 1, "held": 0, "rejected": 0}
    assert steps[0][0] == 0
    assert steps[-1][0] == steps[-1][1]
    received.refresh_from_db()
    commit(called, received)
    assert Seat.objects.count() == 3


def test_a_check_that_is_stopped_writes_nothing(called: Called, monkeypatch) -> None:
    monkeypatch.setattr(rosters, "AT_ONCE", 0)
    received = store(called, called.file("丁一鸣"))

    def stop(done: int, total: int, message: str) -> None:
        if done:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        rosters.check_upload(upload_id=received.pk, progress=stop, actor=called.contacts["jia"], at=at(5, 10))
    received.refresh_from_db()
    assert received.result is None


def test_a_long_file_without_a_header_says_so_where_its_result_is_awaited(
    called: Called, monkeypatch
) -> None:
    monkeypatch.setattr(rosters, "AT_ONCE", 0)
    received = store(called, casts.workbook(["甲", "乙"], ["丙", "丁"]))
    with pytest.raises(Refused, match="没有找到报名表的表头"):
        rosters.check_upload(
            upload_id=received.pk,
            progress=lambda *_: None,
            actor=called.contacts["jia"],
            at=at(5, 10),
        )
    received.refresh_from_db()
    assert received.result["error"].startswith("“Sheet”里没有找到报名表的表头")
    assert received.result["rows"] == []


def test_columns_once_named_are_known_the_next_time(called: Called) -> None:
    number = called.numbers["丁一鸣"]
    content = casts.workbook(["单位", "同志", "身份证号"], ["甲街道总工会", "丁一鸣", number])
    received = store(called, content)
    assert received.result["missing"] == ["姓名"]
    assert received.result["rows"] == []
    rosters.rename_columns(
        upload_id=received.pk,
        mapping={"单位": "unit", "同志": "name", "身份证号": "identity_number"},
        sheet="",
        actor=called.contacts["jia"],
        at=at(5, 10),
    )
    received.refresh_from_db()
    assert received.result["summary"]["accepted"] == 1
    kept = HeaderMapping.objects.get()
    assert (kept.sender, kept.purpose, kept.updated_by) == (
        called.units["jia"],
        "roster",
        called.contacts["jia"],
    )
    again = store(called, content)
    assert again.result["missing"] == []
    other = store(called, content, unit_id=called.units["yi"].pk, actor=called.contacts["yi"])
    assert other.result["missing"] == ["姓名"]


def test_whose_roster_it_may_be(called: Called) -> None:
    content = called.file("丁一鸣")
    yi = called.units["yi"].pk
    with pytest.raises(Refused, match="只有乙街道总工会的人员和主办部门可以办理"):
        store(called, content, unit_id=yi)
    with pytest.raises(Refused, match="可以办理"):
        store(called, content, unit_id=None)
    with pytest.raises(Refused, match="可以办理"):
        store(called, content, entered=True, source_note="传真", receipt=SimpleUploadedFile("a.pdf", PDF))
    assert not RosterUpload.objects.exists()
    store(called, content, unit_id=yi, actor=called.organiser)
    received = store(called, content)
    with pytest.raises(Refused):
        commit(called, received, actor=called.contacts["yi"])


def test_entered_for_a_unit_with_its_receipt(called: Called, folder: Path) -> None:
    content = called.file("丁一鸣", "丁二妹")
    with pytest.raises(Refused, match="代为录入须写明名册从哪里来"):
        store(called, content, entered=True, actor=called.organiser)
    with pytest.raises(Refused, match="代为录入须附上单位盖章的回执"):
        store(called, content, entered=True, source_note="传真", actor=called.organiser)
    received = store(
        called,
        content,
        entered=True,
        source_note="6月1日传真收到",
        receipt=SimpleUploadedFile("回执.pdf", PDF),
        actor=called.organiser,
    )
    assert (received.source_note, received.receipt.name) == ("6月1日传真收到", "回执.pdf")
    commit(called, received, actor=called.organiser)
    assert {source for *_, source in seats()} == {"entered"}


def test_one_list_of_several_units(called: Called) -> None:
    """Each counts against his own unit's quota; whose unit has none, against the nearest above."""
    received = store(called, called.file("丁一鸣", "范一舟", "范二梅"), unit_id=None, actor=called.organiser)
    commit(called, received, actor=called.organiser)
    assert [(unit, name, rank) for unit, name, rank, _ in seats()] == [
        ("甲街道总工会", "丁一鸣", "formal"),
        ("乙街道总工会", "范一舟", "formal"),
        ("乙街道总工会", "范二梅", "formal"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("名册.xlsx", casts.workbook(["甲", "乙"], ["丙", "丁"]), "没有找到报名表的表头"),
        ("名册.docx", b"x", "不能上传这种文件"),
        ("名册.xlsx", casts.workbook(["甲"])[:-60], "损坏"),
    ],
)
def test_a_file_that_cant_be_read_isnt_kept(
    called: Called, folder: Path, name: str, content: bytes, message: str
) -> None:
    with pytest.raises(Refused, match=message):
        store(called, content, name)
    assert not RosterUpload.objects.exists()
    assert not StoredFile.objects.exists()
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_late_rosters_are_taken_with_a_reason(called: Called) -> None:
    received = store(called, called.file("丁一鸣"), at=at(6, 2))
    with pytest.raises(Refused, match="请填写说明"):
        commit(called, received, at=at(6, 2))
    commit(called, received, at=at(6, 2), explanation="负责人出差，晚报一天")
    assert Seat.objects.get().late


def test_whole_numbers_go_out_to_the_sender_and_leave_a_line(called: Called) -> None:
    received = store(called, called.file("丁一鸣", "丁二妹"))
    rosters.hand_out(received, what="名册.xlsx", actor=called.contacts["jia"], at=at(5, 11))
    with pytest.raises(Refused, match="只有上传人 zuzhi-staff 和经授权的人员可以下载"):
        rosters.hand_out(received, what="名册.xlsx", actor=called.organiser, at=at(5, 11))
    line = IdentityAccess.objects.get()
    assert (line.actor, line.count, line.purpose) == (
        called.contacts["jia"],
        2,
        "下载名册“名册.xlsx”：名册.xlsx",
    )
