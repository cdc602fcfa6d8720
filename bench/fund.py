"""5: sixteen people giving classes money from one fund, beside the one statement nothing beats."""

from __future__ import annotations

import threading
import time
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING

from django.db import connection, connections, transaction

from bench import clock
from bench.load import YEAR, at
from budgets.models import Account, Fund, Project
from budgets.services import LineAmount, appropriate
from org.models import Department

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.load import World

THREADS = 16
HOT = """
CREATE TABLE IF NOT EXISTS bench_hot (id bigint PRIMARY KEY, amount numeric(14, 2), spent numeric(14, 2));
CREATE TABLE IF NOT EXISTS bench_expense (
    id bigserial PRIMARY KEY, hot_id bigint REFERENCES bench_hot, value numeric(12, 2), at timestamptz);
TRUNCATE bench_hot, bench_expense;
INSERT INTO bench_hot VALUES (1, 1000000000, 0);
"""
ONE_STATEMENT = """
WITH u AS (UPDATE bench_hot SET spent = spent + 1 WHERE id = 1 AND spent + 1 <= amount RETURNING id)
INSERT INTO bench_expense (hot_id, value, at) SELECT id, 1, now() FROM u
"""


def together(act: Callable[[], object], seconds: float, *, warm: int = 1) -> float:
    """Seconds for one, all threads together; each has done ``warm`` before, on the connection it keeps."""
    done, faults = [0] * THREADS, []
    start = [0.0]

    def go() -> None:
        start[0] = time.perf_counter()

    barrier = threading.Barrier(THREADS, action=go)

    def work(number: int) -> None:
        try:
            for _ in range(warm):
                act()
            barrier.wait()
            while time.perf_counter() < start[0] + seconds:
                act()
                done[number] += 1
        except Exception as fault:  # noqa: BLE001 - told by the main thread
            faults.append(fault)
            barrier.abort()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return (time.perf_counter() - start[0]) / sum(done)


def contention(world: World, *, rounds: int, seconds: float) -> dict[str, clock.Series]:
    """``product``: a project, its line, three accounts and the entry; ``limit``: one UPDATE and INSERT."""
    with connection.cursor() as cursor:
        cursor.execute(HOT)
    fund = Fund.objects.select_related("union").get(union__code="u0", year=YEAR)
    department = Department.objects.get(union=fund.union, code="xuanchuan")
    actor, post = world.person(0, "secretary"), world.post(0, "secretary")
    numbers = count(1)

    def give() -> None:
        with transaction.atomic():
            appropriate(
                fund=fund,
                number=f"B{next(numbers)}",
                name="测速",
                department=department,
                lines=[LineAmount("meals", "伙食费", Decimal("1.00"))],
                actor=actor,
                post=post,
                at=at(1, 20),
                reason="测速",
                reference="测速",
            )

    def limit() -> None:
        with connection.cursor() as cursor:
            cursor.execute(ONE_STATEMENT)
            if cursor.rowcount != 1:
                raise RuntimeError("over")

    accounts = Account.objects.filter(fund=fund, line=None, kind="fund").values_list("balance", flat=True)
    before, projects = accounts.get(), Project.objects.filter(fund=fund).count()
    series = clock.in_turns(
        {"product": lambda: together(give, seconds), "limit": lambda: together(limit, seconds)}, rounds
    )
    given = Project.objects.filter(fund=fund).count() - projects
    if before - accounts.get() != given:
        raise RuntimeError(f"{given} classes, but {before - accounts.get()} yuan left the fund")
    return series
