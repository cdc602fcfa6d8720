"""Two of finance take the same rows over at once, from two uploads."""

from __future__ import annotations

from decimal import Decimal

import pytest

from budgets.models import Payment
from budgets.selectors import first_fault
from tests.workflow import acts as doing
from tests.workflow import world as worlds
from tests.workflow.money import booked
from tests.workflow.money import spending as acts
from tests.workflow.money.booked import line, receive, take_over

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_same_rows_from_two_uploads_at_once_are_paid_once() -> None:
    world = worlds.build()
    run = acts.ready(world)
    project = acts.project_of(run)
    rows = [line(project, 凭证字号=f"记-{number}", 借方金额=100) for number in range(1, 6)]
    # The other export has a row more above: the same rows stand elsewhere.
    above = line(project, 凭证字号="记-9", 借方金额=7)
    first, second = receive(world, *rows), receive(world, above, *rows, who="caiwu-head")

    def here() -> list[tuple[int, bool, str]]:
        return take_over(world, first, 2, 3, 4, 5, 6)

    def there() -> list[tuple[int, bool, str]]:
        return take_over(world, second, 7, 6, 5, 4, 3, actor=world.people["caiwu-head"])

    told = doing.race(here, there)
    assert all(isinstance(one, list) for one in told), told
    done = [row for one in told if isinstance(one, list) for row in one if row[1]]
    assert len(done) == Payment.objects.count() == 5
    assert acts.balances(run) == (Decimal("1500.00"), Decimal("0.00"), Decimal("500.00"))
    assert sorted(Payment.objects.values_list("voucher", flat=True)) == [f"记-{n}" for n in range(1, 6)]
    assert first_fault() is None
    assert [pair.fit.value for pair in booked.compared(world, second).pairs] == ["theirs", *["matched"] * 5]
