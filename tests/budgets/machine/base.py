"""The world the random machine acts in, and what must fit after each of its steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from io import StringIO
from typing import ClassVar, TypeVar

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Count, Max
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant

from budgets.models import Account, BudgetLine, Commitment, Entry, Fund, Payment, Project, Settlement
from budgets.selectors import conservation, first_fault, fund_totals
from budgets.services import release_all
from office.refusals import Refused
from org.models import Post, PostKind, Tenure, User
from tests.budgets.cast import NOW, SINCE, Cast, found, fund_of, give
from tests.budgets.machine.model import (
    AFTER_CLOSING,
    FINANCE,
    GIVEN,
    MISFITS,
    ZERO,
    Grant,
    Paid,
    Promise,
    Stand,
    Year,
    money,
)

T = TypeVar("T")


def casts() -> dict[str, Cast]:
    """Two unions, each with a clerk of finance beside its head."""
    both = {code: found(code, name) for code, name in (("binhai", "滨海总工会"), ("mianyang", "绵阳总工会"))}
    for code, cast in both.items():
        post = Post.objects.create(
            union=cast.union,
            department=cast.departments["caiwu"],
            code="caiwu-staff",
            title="科员",
            kind=PostKind.STAFF,
        )
        clerk = User.objects.create_user(f"{code}-clerk", name=f"{cast.union.name[:2]}财务乙")
        Tenure.objects.create(post=post, user=clerk, period=DateRange(SINCE, None))
        cast.posts["clerk"], cast.people["clerk"] = post, clerk
    for cast, other in zip(both.values(), reversed(both.values()), strict=True):
        cast.people["stranger"] = other.finance
    return both


class World(RuleBasedStateMachine):
    """Two years of one union's money, three classes with two lines each; more come while it runs.

    ``done`` and ``refused`` count what each service did and refused over all runs, ``moved`` and ``undone``
    the kinds of entries that came of it and that were reversed.
    """

    casts: ClassVar[dict[str, Cast]]
    done: ClassVar[Counter[str]] = Counter()
    refused: ClassVar[Counter[str]] = Counter()
    moved: ClassVar[Counter[str]] = Counter()
    undone: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.years: dict[int, Year] = {}
        self.grants: dict[int, Grant] = {}
        self.projects: dict[int, Project] = {}
        self.lines: dict[int, BudgetLine] = {}
        self.stand: dict[int, Stand] = {}
        self.promises: dict[int, Promise] = {}
        self.paid: dict[int, Paid] = {}
        self.carried: set[int] = set()
        self.settled: set[tuple[int, int]] = set()
        cast = self.casts["binhai"]
        self.came(fund_of(cast, "5000.00"), "binhai", Decimal(5000))
        self.came(fund_of(cast, "100.00", year=2028), "binhai", Decimal(100))
        first = self.fund(next(iter(self.years)))
        for n in range(3):
            amounts = GIVEN[2 * n : 2 * n + 2]
            self.got(give(cast, first, *amounts), [Decimal(amount) for amount in amounts])

    def teardown(self) -> None:
        # What is only checked at the end of a transaction is checked before this one is undone.
        connection.check_constraints()
        call_command("audit_ledger", stdout=StringIO())
        entries = Entry.objects.order_by()
        self.moved.update(dict(entries.values_list("kind").annotate(Count("pk"))))
        reversals = entries.filter(reverses__isnull=False)
        self.undone.update(dict(reversals.values_list("reverses__kind").annotate(Count("pk"))))
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)

    def tried(self, service: str, act: Callable[[], T], *, allowed: bool) -> T | None:
        """What `act` gives where it is allowed; where it isn't it is refused, and gives None."""
        if not allowed:
            with pytest.raises(Refused):
                act()
            self.refused[service] += 1
            return None
        result = act()
        self.done[service] += 1
        return result

    # What there is

    def came(self, fund: Fund, code: str, amount: Decimal) -> None:
        """A fund was opened."""
        entry = Entry.objects.get(credit__fund=fund)
        self.years[fund.pk] = Year(code, fund.year, amount)
        self.grants[entry.pk] = Grant(entry.pk, entry.kind, fund.pk, amount)

    def got(self, project: Project, amounts: list[Decimal]) -> None:
        """A class was given these amounts, line by line."""
        self.projects[project.pk] = project
        for line, amount in zip(project.lines.order_by("ordinal"), amounts, strict=True):
            self.lines[line.pk] = line
            self.stand[line.pk] = Stand(amount)
        self.year_of(project).free -= sum(amounts, ZERO)

    def fund(self, pk: int) -> Fund:
        """As a page would read it anew."""
        return Fund.objects.select_related("union").get(pk=pk)

    def cast(self, fund: int) -> Cast:
        return self.casts[self.years[fund].code]

    def cast_of(self, project: Project) -> Cast:
        return self.cast(project.fund_id)

    def year_of(self, project: Project) -> Year:
        return self.years[project.fund_id]

    def project_of(self, line: int) -> Project:
        return self.projects[self.lines[line].project_id]

    def own_lines(self, project: Project) -> list[int]:
        return [pk for pk, line in self.lines.items() if line.project_id == project.pk]

    def open_promises(self, fund: int) -> list[Promise]:
        return [p for p in self.promises.values() if p.left and self.project_of(p.line).fund_id == fund]

    def may(self, who: str, year: Year) -> bool:
        return who in FINANCE and not year.closed

    def person(self, who: str, project: Project) -> User:
        return self.cast_of(project).people[who]

    def one_of(self, data: st.DataObject, things: Iterable[T], likely: Callable[[T], object]) -> T:
        """Those for which it would go through come up more often."""
        every = list(things)
        drawn: T = data.draw(st.sampled_from([each for each in every if likely(each)] * 9 + every))
        return drawn

    def amount(self, data: st.DataObject, whole: Decimal) -> Decimal:
        """Any amount, or all there is."""
        drawn: Decimal = data.draw(money | st.just(whole) if whole else money)
        return drawn

    def one_year(self, data: st.DataObject) -> int:
        pk: int = data.draw(st.sampled_from(list(self.years)))
        return pk

    def one_line(self, data: st.DataObject) -> int:
        pk: int = data.draw(st.sampled_from(list(self.lines)))
        return pk

    def one_project(self, data: st.DataObject) -> Project:
        pk: int = data.draw(st.sampled_from(list(self.projects)))
        return Project.objects.select_related("fund", "union").get(pk=pk)

    def shut(self, fund: int, *, closed: bool) -> None:
        """A year was closed or opened again."""
        year = self.years[fund]
        year.closed = closed
        year.last = Entry.objects.aggregate(last=Max("pk"))["last"]

    def let_go(self, promise: Promise, amount: Decimal) -> None:
        """So much of a promise is free again."""
        promise.left -= amount
        self.stand[promise.line].committed -= amount
        self.stand[promise.line].free += amount

    def release_what_is_left(self, project: Project, session: int | None, who: str) -> None:
        """A class or a 期 of it won't be held: nobody's right is asked for here."""
        entries = self.tried(
            "release_all",
            lambda: release_all(
                project=project,
                session_no=session,
                reason="取消",
                actor=self.person(who, project),
                post=None,
                at=NOW,
            ),
            # A class without lines has nothing that the closed year could keep.
            allowed=not self.year_of(project).closed or not self.own_lines(project),
        )
        if entries is None:
            return
        released = {entry.commitment_id: entry for entry in entries}
        for pk, promise in self.promises.items():
            of_it = self.lines[promise.line].project_id == project.pk
            if promise.left and of_it and session in (None, promise.session):
                promise.releases.append((released.pop(pk).pk, promise.left))
                self.let_go(promise, promise.left)
        assert released == {}

    # What must fit

    @invariant()
    def check(self) -> None:
        self.the_rows_are_where_the_arithmetic_has_them()
        self.the_rows_prove_it_by_themselves()

    def the_rows_are_where_the_arithmetic_has_them(self) -> None:
        found: dict[int, dict[str, Decimal]] = {}
        accounts = Account.objects.filter(line__isnull=False).values_list("line", "kind", "balance")
        for line, kind, balance in accounts:
            found.setdefault(line, {})[kind] = balance
        assert {line: (of["line"], of["committed"], of["paid"]) for line, of in found.items()} == {
            line: (stand.free, stand.committed, stand.paid) for line, stand in self.stand.items()
        }
        outstanding = dict(Commitment.objects.values_list("pk", "outstanding"))
        assert outstanding == {pk: promise.left for pk, promise in self.promises.items()}
        free = {pk: total.available for pk, total in fund_totals(self.years).items()}
        assert free == {pk: year.free for pk, year in self.years.items()}
        closed = Fund.objects.filter(closed_on__isnull=False).values_list("pk", flat=True)
        assert set(closed) == {pk for pk, year in self.years.items() if year.closed}
        assert set(Payment.objects.values_list("pk", flat=True)) == set(self.paid)
        assert set(Settlement.objects.values_list("project", "session_no")) == self.settled

    def the_rows_prove_it_by_themselves(self) -> None:
        assert first_fault() is None
        assert all(sums.holds for sums in conservation().values())
        with connection.cursor() as cursor:
            cursor.execute(MISFITS)
            assert cursor.fetchall() == []
            for pk, year in self.years.items():
                if year.closed:
                    cursor.execute(AFTER_CLOSING, [pk, year.last])
                    assert cursor.fetchall() == []
