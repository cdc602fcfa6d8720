"""师资差旅费 is paid by its vouchers from its own line; no fee is taken from there (X1 art. 10, 17)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from budgets.models import Payment
from budgets.services import GivenFee, PaidRow
from office.refusals import Refused
from tests.workflow.money import spending as acts
from tests.workflow.pages.meeting_room import as_
from tests.workflow.test_settling import ended
from tests.workflow.test_settling import pay as booked
from tests.workflow.world import World
from workflow.models import ClassRun
from workflow.rules.reconciling import BookedRow
from workflow.rules.settling import figures_of, findings_of
from workflow.rules.taking_over import tell
from workflow.selectors.reconciling import Choice

D = Decimal
COSTS = {"meals": "8000.00", "lecture": "9000.00", "lecturer_travel": "2600.00"}
TAUGHT = {"lecturer_title": "senior", "lecture_hours": D(8)}


def travelling(world: World) -> ClassRun:
    """A class behind the second gate with 2,600 yuan for its lecturers' travel."""
    return acts.ready(world, costs=COSTS, **TAUGHT)


def travel(run: ClassRun, **more: Any) -> dict[str, Any]:
    """What finance fills in; the vouchers with it."""
    given = {"kind": "lecturer_travel", "item": "lecturer_travel", "title": "授课教师往返车票"}
    return given | {"files": {"travel_vouchers": [acts.file("车票.pdf")]}} | more


def test_it_is_paid_by_vouchers_and_the_timetable(world: World) -> None:
    run = travelling(world)
    with pytest.raises(Refused, match="办理师资差旅费还缺“差旅票据”"):
        acts.pay(world, run, "1310.00", **travel(run, files={}))
    assert acts.balances(run, "lecturer_travel") == (D("2600.00"), D("0.00"), D("0.00"))
    paid = acts.pay(world, run, "1310.00", **travel(run))
    assert [paper.code for paper in paid.papers.all()] == ["travel_vouchers", "timetable"]
    assert paid.findings == []
    assert acts.balances(run, "lecturer_travel") == (D("1290.00"), D("0.00"), D("1310.00"))


def test_without_a_timetable_it_waits(world: World) -> None:
    run = travelling(world)
    run.lessons.all().delete()
    with pytest.raises(Refused, match="还缺“课程表”"):
        acts.pay(world, run, "1310.00", **travel(run))


def test_a_fee_is_not_taken_from_it(world: World) -> None:
    run = travelling(world)
    fee = GivenFee("何老师", "senior", D(1), D("900.00"), D("1000.00"))
    fields: dict[str, Any] = {
        "kind": "lecture",
        "fees": [fee],
        "files": {"slip": [acts.file("签收单.pdf")]},
        "note": "有原因",
    }
    with pytest.raises(Refused, match="讲课费不能从“师资差旅费”列支。请从“师资费（税前）”列支"):
        acts.pay(world, run, "1000.00", item="lecturer_travel", **fields)
    parts = [
        PaidRow(acts.line(run, "lecture").pk, D("999.99")),
        PaidRow(acts.line(run, "lecturer_travel").pk, D("0.01")),
    ]
    with pytest.raises(Refused, match="讲课费不能从“师资差旅费”列支"):
        acts.pay(world, run, rows=parts, **fields)
    promised = acts.commit(world, run, "1000.00", item="lecturer_travel")
    with pytest.raises(Refused, match="讲课费不能从“师资差旅费”列支"):
        acts.pay(world, run, "1000.00", item="lecturer_travel", commitment=promised, **fields)
    assert not Payment.objects.exists()
    assert acts.pay(world, run, "1000.00", item="lecture", **fields).findings == []


def test_what_was_paid_for_travel_takes_nothing_from_the_fees(world: World) -> None:
    run = travelling(world)
    acts.pay(world, run, "2600.00", **travel(run))
    # 8 of the timetable's 16 学时 at their full rate.
    fee = GivenFee("何老师", "senior", D("7.5"), D("7500.00"), D("8928.60"))
    slip = {"slip": [acts.file("签收单.pdf")]}
    assert acts.pay(world, run, "8928.60", kind="lecture", item="lecture", fees=[fee], files=slip).pk


def test_a_form_of_fees_says_so_while_one_types(world: World, client: Client) -> None:
    run = travelling(world)
    line = acts.line(run, "lecturer_travel")
    address = reverse("workflow:payment_new", args=[run.plan.project_id])
    with time_machine.travel(acts.NOW, tick=False):
        as_(client, world, "caiwu-staff")
        page = client.get(f"{address}?kind=lecturer_travel")
        assert "差旅票据" in page.text
        assert "授课人 <span" not in page.text
        sent = {
            "kind": "lecture",
            "session": "1",
            "paid_on": "2027-06-20",
            f"line_{line.pk}": "500",
            "fee-TOTAL_FORMS": "0",
            "fee-INITIAL_FORMS": "0",
            "invoice-TOTAL_FORMS": "0",
            "invoice-INITIAL_FORMS": "0",
        }
        looked = client.post(address, sent, headers={"HX-Request": "true"})
    said = [each["found"].message for each in looked.context["live"]["odd"]]
    assert "讲课费不能从“师资差旅费”列支。" in said


def test_where_the_book_names_no_such_kind_it_goes_by_other_costs(world: World) -> None:
    run = travelling(world)
    bills = {code: [acts.file(f"{code}.pdf")] for code in ("invoice", "cost_list")}
    fields: dict[str, Any] = {"kind": "other", "files": bills, "unnumbered": "车票 4 张"}
    assert acts.pay(world, run, "1310.00", item="lecturer_travel", **fields).amount == D("1310.00")


def test_it_is_settled_beside_the_quota(world: World) -> None:
    run = ended(world, costs={"meals": "7000.00", "lecturer_travel": "2600.00"})
    booked(world, run, "6500.00")
    quota = [one.message for one in findings_of(figures_of(run)) if one.code.startswith("over_ceiling")]
    booked(world, run, "2600.00", item="lecturer_travel", kind="lecturer_travel")
    figures = figures_of(run)
    (row,) = figures.sheet.beyond
    assert (row.title, row.budget, row.actual, row.ceiling) == (
        "师资差旅费",
        D("2600.00"),
        D("2600.00"),
        None,
    )
    assert figures.sheet.quota is not None
    assert (figures.sheet.quota.actual, figures.sheet.actual) == (D("6500.00"), D("9100.00"))
    again = [one.message for one in findings_of(figures) if one.code.startswith("over_ceiling")]
    assert again == quota


# ───────────── rows of the finance software

LINES = (
    ("meals", "伙食费"),
    ("venue", "场地、资料、交通费"),
    ("lecture", "师资费（税前）"),
    ("lecturer_travel", "师资差旅费"),
)


def told(item: str, lines: tuple[tuple[str, str], ...] = LINES) -> str:
    choices = [
        Choice(f"L{n}", title, n, title, D("999.00"), item=code) for n, (code, title) in enumerate(lines)
    ]
    found = tell(BookedRow(2, on=date(2027, 6, 1), item=item, amount=D("1.00")), choices)
    return found.item if found else ""


@pytest.mark.parametrize(
    ("item", "line"),
    [
        ("师资差旅费", "lecturer_travel"),
        ("差旅费", "lecturer_travel"),
        ("授课人差旅", "lecturer_travel"),
        ("5001/培训费/师资费-差旅费", "lecturer_travel"),
        ("师资费", "lecture"),
        ("讲课费", "lecture"),
        ("场地交通费", "venue"),
    ],
)
def test_travel_and_fees_are_told_apart(item: str, line: str) -> None:
    assert told(item) == line


def test_travel_of_a_class_that_has_no_line_for_it_is_left_to_choose() -> None:
    assert told("师资差旅费", LINES[:3]) == ""


def test_fees_come_from_their_own_line_and_nothing_else_does(world: World) -> None:
    run = travelling(world)
    fee = GivenFee("何老师", "senior", D(1), D("900.00"), D("1000.00"))
    slip = {"slip": [acts.file("签收单.pdf")]}
    with pytest.raises(Refused, match="讲课费不能从“伙食费”列支。请从“师资费（税前）”列支"):
        acts.pay(world, run, "1000.00", item="meals", kind="lecture", fees=[fee], files=slip, note="有原因")
    # By another kind nobody would ask who taught and how long.
    wrong = "“师资费（税前）”须逐人登记授课人、职称和学时，不能按“师资差旅费”支付。请改按“讲课费”办理。"
    with pytest.raises(Refused, match=wrong):
        acts.pay(world, run, "1000.00", **travel(run, item="lecture", note="有原因"))
    assert not Payment.objects.exists()
