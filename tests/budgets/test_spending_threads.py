"""Many at once on one line: paid to its last cent and not beyond, and nobody waits for ever."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from budgets.models import Commitment, Entry, Fund, Payment, Project
from budgets.selectors import conservation, first_fault
from budgets.services import (
    GivenInvoice,
    Shift,
    carry_over,
    close_year,
    give_back_remainder,
    release,
    release_all,
    reverse_entry,
    reverse_payment,
    settle,
    supplement,
    transfer,
)
from office.refusals import Refused
from tests.budgets.cast import NOW, Cast, adjust, found, fund_of, give
from tests.budgets.spend import commit_to, line, pay_out, refund_of, row, stands
from tests.budgets.test_threads import THREADS, race

D = Decimal

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return found("binhai", "滨海新区总工会")


@pytest.fixture
def fund(cast: Cast) -> Fund:
    return fund_of(cast, "100000.00")


def parted(results: list[object], kind: type) -> tuple[list[Any], list[str]]:
    """Those of that kind, and the refusals; nothing else may have come of it."""
    done = [result for result in results if isinstance(result, kind)]
    refusals = [str(result) for result in results if isinstance(result, Refused)]
    assert len(done) + len(refusals) == len(results)
    return done, refusals


def fits() -> None:
    """The ledger proves itself, and no line is below nought."""
    assert first_fault() is None
    assert all(sums.holds for sums in conservation().values())


def test_sixteen_pay_one_line_to_its_end(cast: Cast, fund: Fund) -> None:
    """Ten amounts fit to the cent; whoever came too late is told the figures."""
    project = give(cast, fund, "1000.10")
    results = race(*[lambda: pay_out(cast, project, "100.01")] * THREADS)
    done, refusals = parted(results, Payment)
    assert (len(done), len(refusals)) == (10, 6)
    assert set(refusals) == {
        "“费用1”可用 0.00 元，本次支付 100.01 元，差 100.01 元。"
        "专款专用，不得超预算行开支；确需增加的，请先办理调剂或预算调整。"
    }
    assert stands(project) == {"item-1": ("0.00", "0.00", "1000.10")}
    assert sum(entry.amount for entry in Entry.objects.filter(kind="pay")) == D("1000.10")
    # None is missing for those who were refused.
    assert [payment.number for payment in Payment.objects.order_by("id")] == [
        f"{project.number}-ZF{number:02}" for number in range(1, 11)
    ]
    fits()


def test_sixteen_pay_again_and_again_until_nothing_is_left(cast: Cast, fund: Fund) -> None:
    """Cents that don't divide: each pays what it can, the last ones what is left."""
    project = give(cast, fund, "777.77")
    amounts = ["13.37", "7.77", "3.01", "0.01"]

    def spend(number: int) -> int:
        paid = 0
        for amount in amounts[number % 4 :] + amounts[-1:]:
            for _ in range(200):
                try:
                    pay_out(cast, project, amount)
                except Refused:
                    break
                paid += 1
        return paid

    results = race(*[lambda number=number: spend(number) for number in range(THREADS)])
    assert sum(int(str(result)) for result in results) == Payment.objects.count()
    total = sum(payment.amount for payment in Payment.objects.all())
    free, committed, paid = stands(project)["item-1"]
    assert (D(free) + total, committed, D(paid)) == (D("777.77"), "0.00", total)
    assert D(free) == D("0.00")
    fits()


def test_sixteen_pay_one_commitment_to_its_end(cast: Cast, fund: Fund) -> None:
    """The line has as much again, free and for another: it isn't touched."""
    project = give(cast, fund, "3000.00")
    commitment = commit_to(cast, project, "1000.00")
    commit_to(cast, project, "1000.00")
    part = row(project, "100.00", commitment=commitment)
    done, refusals = parted(race(*[lambda: pay_out(cast, project, part)] * THREADS), Payment)
    assert (len(done), len(refusals)) == (10, 6)
    assert set(refusals) == {
        f"预占 {commitment.number}“住宿合同”未支付余额 0.00 元，本次支付 100.00 元，差 100.00 元。"
        "多出部分请另列一行，从预算行直接支付。"
    }
    assert stands(project) == {"item-1": ("1000.00", "1000.00", "1000.00")}
    fits()


def test_paying_and_releasing_one_commitment_dont_wait_for_each_other(cast: Cast, fund: Fund) -> None:
    """Both take the line's accounts first, then the commitment."""
    project = give(cast, fund, "3000.00")
    commitment = commit_to(cast, project, "1600.00")
    part = row(project, "50.00", commitment=commitment)

    def paying() -> object:
        return [pay_out(cast, project, part) for _ in range(4)][-1]

    def releasing() -> object:
        return [
            release(commitment=commitment, amount=D("50.00"), reason="减", actor=cast.finance, at=NOW)
            for _ in range(4)
        ][-1]

    results = race(*[paying, releasing] * 4)
    assert not [result for result in results if isinstance(result, Refused)]
    assert stands(project) == {"item-1": ("2200.00", "0.00", "800.00")}
    fits()


def test_a_class_is_cancelled_while_its_commitments_are_paid(cast: Cast, fund: Fund) -> None:
    project = give(cast, fund, "1000.00", "1000.00")
    promised = [commit_to(cast, project, "100.00", number=1 + n % 2) for n in range(8)]

    def cancel() -> object:
        return release_all(
            project=project, session_no=None, reason="取消", actor=cast.finance, post=None, at=NOW
        )

    rows = [row(project, "100.00", number=1 + n % 2, commitment=one) for n, one in enumerate(promised)]
    results = race(*[partial(pay_out, cast, project, each) for each in rows], cancel)
    paid = [result for result in results if isinstance(result, Payment)]
    assert not Commitment.objects.open().exists()
    assert sum(D(of[2]) for of in stands(project).values()) == 100 * len(paid)
    assert Entry.objects.filter(kind="release").count() == 8 - len(paid)
    fits()


def test_a_payment_is_refunded_and_reversed_once_between_them(cast: Cast, fund: Fund) -> None:
    """Others have paid on the line as well: its account alone would have enough for all of it."""
    project = give(cast, fund, "3000.00")
    pay_out(cast, project, "2000.00")
    paid = pay_out(cast, project, "100.00")

    def undo() -> object:
        return reverse_payment(payment=paid, reason="填错", actor=cast.finance, at=NOW)

    results = race(*[lambda: refund_of(cast, paid, "60.00"), undo] * 6)
    refunds = [result for result in results if isinstance(result, Payment)]
    reversals = [result for result in results if isinstance(result, list)]
    assert len(refunds) + len(reversals) == 1
    back = "60.00" if refunds else "100.00"
    assert stands(project)["item-1"] == (str(900 + D(back)), "0.00", str(2100 - D(back)))
    fits()


@pytest.mark.parametrize("what", ["payment", "commitment"])
def test_the_same_is_reversed_once(cast: Cast, fund: Fund, what: str) -> None:
    project = give(cast, fund, "3000.00")
    pay_out(cast, project, "500.00")
    commit_to(cast, project, "500.00")
    if what == "payment":
        entry = pay_out(cast, project, "100.00").entries.get()
    else:
        entry = commit_to(cast, project, "100.00").entries.get()

    def undo() -> object:
        return reverse_entry(entry=entry, reason="填错", actor=cast.finance, at=NOW)

    done, refusals = parted(race(*[undo] * 8), list)
    assert (len(done), len(refusals)) == (1, 7)
    assert stands(project)["item-1"] == ("2000.00", "500.00", "500.00")
    fits()


def test_one_form_sent_sixteen_times_is_one_payment(cast: Cast, fund: Fund) -> None:
    project = give(cast, fund, "3000.00")
    key = uuid.uuid4()
    results = race(*[lambda: pay_out(cast, project, "100.00", key=key)] * THREADS)
    done, refusals = parted(results, Payment)
    assert {payment.pk for payment in done} == {Payment.objects.get().pk}
    assert set(refusals) <= {"这笔支付刚刚登记过，请到项目页核对。"}
    assert stands(project)["item-1"] == ("2900.00", "0.00", "100.00")
    fits()


def test_an_invoice_is_used_once_by_sixteen(cast: Cast, fund: Fund) -> None:
    """Two invoices, typed in either order: nobody waits for somebody who waits for him."""
    project = give(cast, fund, "3000.00")
    pair = [GivenInvoice("11111111"), GivenInvoice("22222222")]
    works = [
        partial(pay_out, cast, project, "100.00", invoices=pair[::order])
        for order in (1, -1) * (THREADS // 2)
    ]
    done, refusals = parted(race(*works), Payment)
    assert len(done) == 1
    assert all(f"已用于 {done[0].number}" in refusal for refusal in refusals)
    assert stands(project)["item-1"] == ("2900.00", "0.00", "100.00")
    fits()


def test_transfers_both_ways_and_payments_over_several_lines(cast: Cast, fund: Fund) -> None:
    """Each names its lines in another order; the accounts are taken in one."""
    first, second = give(cast, fund, "5000.00", "5000.00"), give(cast, fund, "5000.00")
    lines = [line(first).pk, line(first, 2).pk, line(second).pk]

    def shift(source: int, target: int) -> object:
        for _ in range(5):
            transfer(
                shifts=[Shift(lines[source], lines[target], D("1.00"))],
                actor=cast.finance,
                post=None,
                at=NOW,
                reason="x",
                reference="y",
            )
        return None

    def spend(*numbers: int) -> object:
        rows = [row(first, "1.00", number=number) for number in numbers]
        for _ in range(5):
            pay_out(cast, first, *rows)
        return None

    def change() -> object:
        for _ in range(5):
            adjust(cast, first, {"item-1": D("2.00"), "item-2": D("-1.00")})
        return None

    ways = [(0, 1), (1, 0), (2, 0), (0, 2), (1, 2), (2, 1)]
    works: list[Callable[[], object]] = [partial(shift, *way) for way in ways]
    works += [lambda: spend(1, 2), lambda: spend(2, 1), change, change]
    assert race(*works) == [None] * len(works)
    assert stands(first) == {"item-1": ("5010.00", "0.00", "10.00"), "item-2": ("4980.00", "0.00", "10.00")}
    fits()


def test_classes_are_cancelled_and_settled_while_budgets_change_and_the_year_is_closed(
    cast: Cast, fund: Fund
) -> None:
    """Released or left over, money goes back to the fund in one transaction; others have the fund first."""
    projects = [give(cast, fund, "100.00", "100.00") for _ in range(4)]
    for project in projects:
        commit_to(cast, project, "40.00")
    by: dict[str, Any] = {"actor": cast.finance, "post": None, "at": NOW}

    def cancel(project: Project) -> object:
        with transaction.atomic():
            release_all(project=project, session_no=None, reason="取消", **by)
            give_back_remainder(project=project, reason="取消", reference="x", **by)
        return None

    def change(project: Project) -> object:
        for _ in range(3):
            adjust(cast, project, {"item-2": D("1.00")})
        return None

    def close() -> object:
        close_year(fund=fund, actor=cast.finance, at=NOW)
        return None

    works = [partial(act, project) for project in projects for act in (cancel, change, change)]
    results = race(*works, close, close)
    assert len(results) == len(works) + 2
    fund.refresh_from_db()
    if fund.closed_on is not None:
        assert not Commitment.objects.open().exists()
    fits()


def test_years_carry_over_are_added_to_and_closed_without_waiting_in_a_ring(cast: Cast, fund: Fund) -> None:
    later = fund_of(cast, "1000.00", year=2028)

    def carry() -> object:
        for _ in range(5):
            carry_over(
                fund=fund,
                to=later,
                amount=D("1.00"),
                actor=cast.finance,
                post=None,
                at=NOW,
                reason="x",
                reference="y",
            )
        return None

    def add(to: Fund) -> object:
        for _ in range(5):
            supplement(fund=to, amount=D("2.00"), basis="追加", actor=cast.finance, at=NOW)
        return None

    works: list[Callable[[], object]] = [carry, carry, carry, lambda: add(fund), lambda: add(later)]
    works += [lambda: close_year(fund=fund, actor=cast.finance, at=NOW)]
    results = race(*works)
    assert {str(result) for result in results if isinstance(result, Refused)} <= {
        "2027年度 工会干部教育培训经费已于2027年1月20日结账，不能结转；须先由财务负责人反结账。",
        "2027年度 工会干部教育培训经费已于2027年1月20日结账，不能再下达或入账。",
        "年度专项预算刚刚结账，不能再下达或入账。本次未作任何改动。",
    }
    assert Entry.objects.filter(kind="carry_out").count() == Entry.objects.filter(kind="carry_in").count()
    fits()


def test_a_year_closed_while_people_pay_has_all_that_was_paid(cast: Cast, fund: Fund) -> None:
    project = give(cast, fund, "3000.00")

    def spend() -> object:
        paid = 0
        with suppress(Refused):
            for _ in range(6):
                pay_out(cast, project, "1.00")
                paid += 1
        return paid

    def close() -> object:
        close_year(fund=fund, actor=cast.finance, at=NOW)
        return Entry.objects.filter(kind="pay").count()

    results = race(*[spend] * 12, close)
    numbers = [int(str(result)) for result in results]
    total = Payment.objects.count()
    # What the closing saw is what there is: nothing came after it.
    assert total in numbers
    assert sum(numbers) == 2 * total
    assert stands(project)["item-1"] == (f"{3000 - total}.00", "0.00", f"{total}.00")
    fits()


def test_a_year_isnt_closed_over_a_commitment_under_way(cast: Cast, fund: Fund) -> None:
    """Either the commitment comes first and the year stays open, or the year is closed and it is refused."""
    for number in range(6):
        year = fund_of(cast, "100.00", source=f"source-{number}")
        project = give(cast, year, "50.00")
        results = race(
            lambda project=project: commit_to(cast, project, "10.00"),
            lambda year=year: close_year(fund=year, actor=cast.finance, at=NOW),
        )
        year.refresh_from_db()
        committed = [result for result in results if isinstance(result, Commitment)]
        assert bool(committed) != (year.closed_on is not None)
        assert sum(isinstance(result, Refused) for result in results) == 1
    fits()


def waiting_for(number: int) -> None:
    """Until that many of the others' statements wait for a lock."""
    with connection.cursor() as cursor:
        for _ in range(600):
            # Inside a transaction the view stays as it was first seen.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0] >= number:
                return
            cursor.execute("SELECT pg_sleep(0.05)")
    raise AssertionError("nobody waits")


def test_closing_sees_the_commitment_on_a_line_made_while_it_waited(cast: Cast, fund: Fund) -> None:
    """A class is being given its money while the year is closed; somebody commits on its new line at once.

    Closing looked for accounts before the new ones were there. It looks again, and so waits for the
    commitment too.
    """
    other = give(cast, fund, "500.00")
    made: list[Project] = []
    busy, given, visible, promising, free = (threading.Event() for _ in range(5))

    def holding() -> object:
        """Keeps closing waiting at an older line until the commitment is on its way."""
        with transaction.atomic():
            pay_out(cast, other, "1.00")
            busy.set()
            promising.wait(timeout=30)
        free.set()
        return None

    def giving() -> object:
        busy.wait(timeout=30)
        with transaction.atomic():
            made.append(give(cast, fund, "50.00"))
            given.set()
            waiting_for(1)
        visible.set()
        return None

    def closing() -> object:
        given.wait(timeout=30)
        return close_year(fund=fund, actor=cast.finance, at=NOW)

    def committing() -> object:
        visible.wait(timeout=30)
        with transaction.atomic():
            promised = commit_to(cast, made[0], "10.00")
            promising.set()
            free.wait(timeout=30)
            waiting_for(1)
        return promised

    results = race(holding, giving, closing, committing)
    assert [str(result) for result in results if isinstance(result, Refused)] == [
        "2027年度 工会干部教育培训经费还有 1 笔预占未了，共 10.00 元，请先支付、释放或结转后再结账。"
    ]
    fund.refresh_from_db()
    assert fund.closed_on is None
    fits()


def test_a_session_isnt_settled_over_a_commitment_under_way(cast: Cast, fund: Fund) -> None:
    project = give(cast, fund, "500.00")
    held = threading.Event()

    def committing() -> object:
        with transaction.atomic():
            promised = commit_to(cast, project, "10.00", session_no=1)
            held.set()
            waiting_for(1)
        return promised

    def settling() -> object:
        held.wait(timeout=30)
        return settle(
            project=project,
            session_no=1,
            trainees=40,
            staff=4,
            days=D(3),
            facts={},
            lines=[],
            note="",
            actor=cast.finance,
            at=NOW,
        )

    results = race(committing, settling)
    refusals = [str(result) for result in results if isinstance(result, Refused)]
    number = Commitment.objects.get().number
    assert refusals == [f"还有预占未了，请先支付或释放：{number}“住宿合同”10.00 元。"]
