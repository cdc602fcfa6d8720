"""What stands against a row of the finance software before it is taken over; the 期 it is booked for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from budgets.models import Payment
from budgets.services import GivenInvoice
from tests.workflow import runs
from tests.workflow.money import booked
from tests.workflow.money import spending as acts
from tests.workflow.money.booked import compared, line, receive, take_over
from tests.workflow.money.spending import NOW
from tests.workflow.world import World
from workflow.models import ClassRun
from workflow.rules.reconciling import BookedRow
from workflow.rules.spending import case_of, cases_of
from workflow.rules.taking_over import WHOLE, Stand, Wish, row_faults, tell
from workflow.selectors.reconciling import Choice
from workflow.services import reconciling
from workflow.states import RequestKind

D = Decimal


def standing(world: World, *rows: list[Any], picked: set[int] | None = None, **more: Any) -> dict[int, Stand]:
    """How the rows stand in the preview; ``wishes`` as chosen on it."""
    return reconciling.judged(
        booked.fund_of(world),
        compared(world, receive(world, *rows)),
        wishes=more.pop("wishes", {}),
        picked=picked,
        kind=more.pop("kind", "other"),
        at=NOW,
    )


def against(stand: Stand) -> list[tuple[str, str]]:
    return [(one.code, one.message) for one in stand.against]


def settled(run: ClassRun) -> ClassRun:
    """Its 决算 is done; straight through the states."""
    run = acts.end_attendance(run)
    run.settle()
    run.save(update_fields=["state"])
    return run


def two_sessions(world: World, *, second: date | None = None) -> ClassRun:
    """A class of two 期, the first of 8 and 9 June; the second opened where it has a day."""
    run = acts.ready(world, sessions=2)
    if second is not None:
        runs.open_run(world, run.plan.runs.get(session_no=2), first=second)
    return run


# ---- what stands against a row


def test_nothing_is_against_a_row_that_can_be_paid(world: World) -> None:
    run = acts.ready(world)
    stand = standing(world, line(acts.project_of(run)))[2]
    assert (against(stand), stand.session, stand.sessions, stand.may) == ([], "1", (), True)
    assert stand.choice is not None
    assert stand.choice.line == acts.line(run).pk


@pytest.mark.parametrize(
    ("end", "message"),
    [
        (settled, "《工会信息员培训班》已办结决算，不再用款，不能预占或支付。"),
        (None, "《工会信息员培训班》已取消办班，不再用款，不能预占或支付。"),
    ],
)
def test_a_class_that_is_over_is_named_with_its_page(world: World, end: Any, message: str) -> None:
    run = acts.ready(world)
    if end is not None:
        end(run)
    else:
        runs.grant(world, run, RequestKind.CANCEL)
    row = line(acts.project_of(run))
    stand = standing(world, row)[2]
    assert [one for one in against(stand) if one[0] == "not_opened"] == [("not_opened", message)]
    found = next(one for one in stand.against if one.code == "not_opened")
    assert found.mend == "请核对项目编号；确属这一期的，留在对账差异表中说明。"
    assert found.links == [{"page": "run", "pk": run.pk, "text": "打开班次"}]
    # Nothing on the page mends it.
    assert not stand.may
    (_, done, text), *_ = take_over(world, receive(world, row), 2)
    assert (done, message in text, Payment.objects.count()) == (False, True, 0)


def test_minutes_and_gate_are_named_before_the_import(world: World) -> None:
    run = runs.planned_run(world)
    stand = standing(world, line(acts.project_of(run)))[2]
    assert [one.code for one in stand.against] == ["minutes_first", "not_opened"]
    assert [[link["page"] for link in one.links] for one in stand.against] == [["meeting"], ["run"]]
    assert not stand.may


def test_amounts_add_up_over_the_rows_of_the_sheet(world: World) -> None:
    run = acts.ready(world)
    promised = acts.commit(world, run, "300.00", payee="丽水宾馆")
    project = acts.project_of(run)
    amounts = ("1200.00", "600.00", "500.00", "250.00", "100.00")
    payees = ("区委党校", "区委党校", "区委党校", "丽水宾馆", "丽水宾馆")
    rows = [
        line(project, 凭证字号=f"记{n}", 借方金额=amount, 对方单位=payee)
        for n, (amount, payee) in enumerate(zip(amounts, payees, strict=True))
    ]
    found = standing(world, *rows)
    short = (
        "“场地、资料、交通费”可用 1,700.00 元，表中第 2 行先用 1,200.00 元，本笔 600.00 元，差 100.00 元。"
    )
    assert against(found[3]) == [("free", short)]
    assert found[3].against[0].links == [{"page": "money_transfer", "pk": project.pk, "text": "申请调剂"}]
    # The row that is short takes nothing from the next one; commitments are counted by themselves.
    assert against(found[4]) == []
    assert (against(found[5]), found[5].choice and found[5].choice.commitment) == ([], promised.pk)
    assert against(found[6]) == [
        (
            "free",
            "“场地、资料、交通费”未支付预占 300.00 元，"
            "表中第 5 行先用 250.00 元，本笔 100.00 元，差 50.00 元。",
        )
    ]
    # Only what is ticked counts.
    fewer = standing(world, *rows, picked={3, 4})
    assert [row for row, stand in fewer.items() if stand.against] == []


def test_the_import_takes_what_the_preview_said(world: World) -> None:
    run = acts.ready(world)
    project = acts.project_of(run)
    rows = [line(project, 凭证字号=f"记{n}", 借方金额=900) for n in range(4)]
    task = receive(world, *rows)
    said = standing(world, *rows)
    assert [row for row, stand in said.items() if not stand.against] == [2, 3]
    told = take_over(world, task, 2, 3, 4, 5)
    assert [done for _, done, _ in told] == [True, True, False, False]
    assert acts.balances(run) == (D("200.00"), D("0.00"), D("1800.00"))


def test_an_invoice_used_before_or_above_is_named(world: World) -> None:
    run = acts.ready(world)
    project = acts.project_of(run)
    used = acts.pay(world, run, "10.00", paid_on=date(2027, 5, 1), invoices=[GivenInvoice("777")])
    found = standing(
        world,
        line(project, 凭证字号="记1", 发票号="No.777"),
        line(project, 凭证字号="记2", 借方金额=20, 发票号="888"),
        line(project, 凭证字号="记3", 借方金额=30, 发票号="８８８"),
        line(project, 凭证字号="记4", 借方金额=40, 发票号="999、999"),
    )
    assert against(found[2]) == [
        ("invoice", f"发票 No.777 已用于 {used.number}“场地定金”（{project.number}，10.00 元）。")
    ]
    assert found[2].against[0].links == [{"page": "payment", "pk": used.pk, "text": "打开原支付"}]
    assert (against(found[3]), against(found[5])) == ([], [])
    assert against(found[4]) == [("invoice", "发票 ８８８ 在表中第 3 行已用。")]
    assert not found[4].may


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"amount": D("-30.00")}, "-30.00 元是退款或红字，不能导入。"),
        ({"payee": ""}, "没有收款单位。"),
        ({"title": ""}, "没有摘要。"),
        ({"title": "字" * 121}, "摘要有 121 个字，最多 120 个。"),
        ({"handler": "字" * 51}, "经办人有 51 个字，最多 50 个。"),
        ({"voucher": "9" * 41}, "凭证号有 41 个字，最多 40 个。"),
        ({"on": date(2027, 6, 21)}, "2027-06-21 还没有到，支付日期不能晚于今天。"),
        ({"amount": None}, "这一行看不懂，不能导入。"),
    ],
)
def test_what_a_row_itself_lacks(row: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {
        "on": date(2027, 6, 1),
        "title": "餐费",
        "payee": "食堂",
        "amount": D("1.00"),
    }
    assert row_faults(BookedRow(2, **given), date(2027, 6, 20)) == []
    (found,) = row_faults(BookedRow(2, **given | row), date(2027, 6, 20))
    assert (found.message, bool(found.mend)) == (message, "看不懂" not in message)


def test_a_kind_the_book_of_the_class_lacks_is_chosen_anew(world: World) -> None:
    run = acts.ready(world)
    stand = standing(world, line(acts.project_of(run)), kind="nothing")[2]
    assert ([code for code, _ in against(stand)], stand.may) == (["kind"], True)


def test_what_lecturers_get_is_entered_one_by_one(world: World) -> None:
    run = acts.ready(world)
    project = acts.project_of(run)
    stand = standing(world, line(project))[2]
    assert stand.choice is not None
    lecture = Choice("L0", "师资费", 0, "师资费（税前）", D("999.00"), item="lecture")
    row = BookedRow(2, on=date(2027, 6, 1), title="讲课费", payee="何老师", amount=D("1.00"), item="师资费")
    assert tell(row, [*stand.choices, lecture]) == lecture


# ---- 期


def test_a_row_without_a_session_is_not_booked_on_the_whole_class(world: World) -> None:
    run = two_sessions(world)
    row = line(acts.project_of(run), 记账日期="2027-06-15")
    stand = standing(world, row)[2]
    assert against(stand) == [("session", "本班有 2 期，表里没有写期次。")]
    assert stand.against[0].mend == "请选择期次；各期共用的选“全班共用”。"
    assert [value for value, _ in stand.sessions] == ["1", "2", WHOLE]
    assert [label for _, label in stand.sessions] == ["第 1 期 6月8日", "第 2 期（未启动）", "全班共用"]
    assert stand.may
    task = receive(world, row)
    assert [done for _, done, _ in take_over(world, task, 2)] == [False]
    # The whole class is an explicit choice.
    ((_, done, text),) = take_over(world, task, 2, sessions={2: WHOLE})
    paid = Payment.objects.get()
    assert (done, paid.session_no) == (True, None)
    assert text == f"导入为 {paid.number}“场地租用费”500.00 元，全班共用。"


def test_the_session_whose_days_hold_the_payments_day(world: World) -> None:
    run = two_sessions(world, second=date(2027, 6, 15))
    project = acts.project_of(run)
    found = standing(
        world,
        line(project, 凭证字号="记1", 借方金额=1, 记账日期="2027-06-09"),
        line(project, 凭证字号="记2", 借方金额=1, 记账日期="2027-06-15"),
        line(project, 凭证字号="记3", 借方金额=1, 记账日期="2027-06-12"),
    )
    assert [stand.session for stand in found.values()] == ["1", "2", ""]


def test_the_only_session_that_is_not_over(world: World) -> None:
    run = two_sessions(world, second=date(2027, 6, 15))
    settled(run)
    project = acts.project_of(run)
    found = standing(
        world,
        line(project, 凭证字号="记1", 借方金额=1, 记账日期="2027-06-12"),
        line(project, 凭证字号="记2", 借方金额=1, 记账日期="2027-06-09"),
    )
    assert (found[2].session, against(found[2])) == ("2", [])
    # Paid while the first was held, which is settled: named, and another 期 may be chosen.
    assert (found[3].session, [code for code, _ in against(found[3])], found[3].may) == (
        "1",
        ["not_opened"],
        True,
    )
    assert found[3].against[0].mend == ("属于别的期的，请改选期次；确属这一期的，留在对账差异表中说明。")


def test_what_the_sheet_says_and_what_was_chosen(world: World) -> None:
    run = two_sessions(world, second=date(2027, 6, 15))
    project = acts.project_of(run)
    head = (*booked.HEAD, "期次")
    rows = [
        [*line(project, 凭证字号=f"记{n}", 借方金额=1), said] for n, said in enumerate(("第2期", "", "第5期"))
    ]
    file = booked.content(*rows, head=head)
    task = reconciling.receive(
        fund=booked.fund_of(world),
        month=6,
        upload=SimpleUploadedFile("账.xlsx", file),
        read=booked.read,
        actor=world.people["caiwu-staff"],
        at=NOW,
    )
    found = reconciling.judged(
        booked.fund_of(world),
        compared(world, task),
        wishes={3: Wish(session="2")},
        picked=None,
        kind="other",
        at=NOW,
    )
    assert [stand.session for stand in found.values()] == ["2", "2", ""]
    assert against(found[4]) == [("session", "本班有 2 期，没有第 5 期。")]
    told = take_over(world, task, 2, 3, 4, sessions={3: "1", 4: "2"})
    assert [text.partition("，")[2] for _, _, text in told] == ["第 2 期。", "第 1 期。", "第 2 期。"]
    assert list(Payment.objects.order_by("id").values_list("session_no", flat=True)) == [2, 1, 2]


def test_a_commitment_of_another_session_is_named(world: World) -> None:
    run = two_sessions(world, second=date(2027, 6, 15))
    promised = acts.commit(world, run, "300.00", payee="丽水宾馆", session_no=2)
    project = acts.project_of(run)
    row = line(project, 借方金额=80, 对方单位="丽水宾馆", 记账日期="2027-06-12")
    stand = standing(world, row)[2]
    # Told by its payee, the 期 by what was promised.
    assert (stand.choice and stand.choice.commitment, stand.session, against(stand)) == (promised.pk, "2", [])
    other = standing(world, row, wishes={2: Wish(f"C{promised.pk}", "1")})[2]
    assert against(other) == [("promised", "所选预占是第 2 期的。")]
    assert against(standing(world, row, wishes={2: Wish(f"C{promised.pk}", WHOLE)})[2]) == against(other)


def test_a_class_of_one_session_has_no_second(world: World) -> None:
    run = acts.ready(world)
    row = BookedRow(
        2,
        "记1",
        date(2027, 6, 10),
        acts.project_of(run).number,
        "场地",
        "区委党校",
        D("1.00"),
        "场地费",
        session_no=2,
    )
    found, _ = reconciling.compared(booked.fund_of(world), 6, [row])
    stand = reconciling.judged(booked.fund_of(world), found, wishes={}, picked=None, kind="other", at=NOW)[2]
    assert against(stand) == [("session_row", "表里写的是第 2 期，《工会信息员培训班》只有 1 期。")]
    assert not stand.may


def test_several_cases_are_read_as_each_by_itself(world: World, django_assert_num_queries: Any) -> None:
    of = [acts.project_of(two_sessions(world)).pk, acts.project_of(acts.ready(world, name="另一个班")).pk]
    with django_assert_num_queries(3):
        cases = cases_of(of)
        read = {pk: ([run.pk for run in case.runs], case.approval) for pk, case in cases.items()}
    alone = {pk: case_of(pk) for pk in of}
    assert read == {pk: ([run.pk for run in case.runs], case.approval) for pk, case in alone.items() if case}


# ---- which line


def _line_of(item: str) -> str:
    titles = ("住宿费", "伙食费", "场地、资料、交通费", "其他", "师资费（税前）")
    choices = [Choice(f"L{n}", title, n, title, D("999.00")) for n, title in enumerate(titles)]
    told = tell(BookedRow(2, item=item, amount=D("1.00")), choices)
    return told.title if told else ""


@pytest.mark.parametrize(
    ("item", "title"),
    [
        ("伙食费", "伙食费"),
        ("业务支出-培训费-住宿费", "住宿费"),
        ("5001/培训费/餐费", "伙食费"),
        ("会议场地租用", "场地、资料、交通费"),
        ("资料印刷费", "场地、资料、交通费"),
        ("师资费", "师资费（税前）"),
        ("讲课费", "师资费（税前）"),
        ("其他", "其他"),
        ("培训费", ""),
        ("食宿费", ""),
        ("住宿及伙食费", ""),
        ("", ""),
    ],
)
def test_a_line_is_told_by_its_title_or_another_word_for_it(item: str, title: str) -> None:
    assert _line_of(item) == title
