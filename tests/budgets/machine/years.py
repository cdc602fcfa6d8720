"""What happens to a year's money: opened, added to, handed out, moved, carried over, closed."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from hypothesis import strategies as st

from budgets.models import Account, Entry, Project
from budgets.services import (
    LineAmount,
    Shift,
    appropriate,
    carry_class,
    carry_over,
    close_year,
    constraint_name,
    open_fund,
    rebudget,
    reopen_year,
    restate,
    reverse_entry,
    supplement,
    transfer,
)
from budgets.states import REVERSIBLE, EntryKind, FundStatus
from tests.budgets.cast import NOW
from tests.budgets.machine.base import World
from tests.budgets.machine.model import FINANCE, ZERO, Grant, Promise, money, people


class Years(World):
    """Funds, and budgets as they are given and changed."""

    year_acts = (
        "open_fund",
        "supplement",
        "restate",
        "reverse_grant",
        "reverse_supplement",
        "reverse_what_was_decided",
        "appropriate",
        "rebudget",
        "transfer",
        "carry_over",
        "carry_class",
        "close_year",
        "reopen_year",
        "overdraw_by_hand",
    )

    def open_fund(self, data: st.DataObject) -> None:
        code, year = data.draw(st.sampled_from(["binhai", "mianyang"])), data.draw(st.integers(2027, 2030))
        amount, who = data.draw(money), data.draw(people)
        cast = self.casts[code]
        known = any((y.code, y.year) == (code, year) for y in self.years.values())
        fund = self.tried(
            "open_fund",
            lambda: open_fund(
                union=cast.union,
                year=year,
                source="union-funds",
                title="工会干部教育培训经费",
                amount=amount,
                status=FundStatus.APPROVED,
                basis="预算批复",
                actor=cast.people[who],
                at=NOW,
            ),
            allowed=who in FINANCE and not known,
        )
        if fund is not None:
            self.came(fund, code, amount)

    def supplement(self, data: st.DataObject) -> None:
        """Finance by itself, or whoever agreed last in an approval."""
        pk, approved = self.one_year(data), data.draw(st.booleans())
        self.added(pk, data.draw(money), data.draw(people), approved=approved)

    def added(self, pk: int, amount: Decimal, who: str, *, approved: bool) -> None:
        year, cast = self.years[pk], self.cast(pk)
        entry = self.tried(
            "supplement",
            lambda: supplement(
                fund=self.fund(pk),
                amount=amount,
                basis="追加批复",
                actor=cast.people[who],
                at=NOW,
                approved_as=cast.posts["jiceng"] if approved else None,
            ),
            allowed=not year.closed and (approved or who in FINANCE),
        )
        if entry is not None:
            year.free += amount
            self.grants[entry.pk] = Grant(entry.pk, EntryKind.SUPPLEMENT, pk, amount)

    def restate(self, data: st.DataObject) -> None:
        """What a fund was set up with is mended, with a reason; what it has handed out stays covered."""
        pk, who, amount = self.one_year(data), data.draw(people), data.draw(money)
        reason = data.draw(st.sampled_from(["更正", "更正", ""]))
        year = self.years[pk]
        mine = [each for each in self.grants.values() if each.fund == pk and each.kind == EntryKind.GRANT]
        began = next((each for each in mine if not each.reversed), None)
        whole = data.draw(st.booleans())
        amount = amount + began.amount if whole and began is not None else amount
        entry = self.tried(
            "restate",
            lambda: restate(
                fund=self.fund(pk),
                amount=amount,
                basis="批复",
                reason=reason,
                actor=self.cast(pk).people[who],
                at=NOW,
            ),
            allowed=self.may(who, year)
            and bool(reason)
            and began is not None
            and year.free + amount >= began.amount,
        )
        if entry is not None and began is not None:
            began.reversed = True
            self.grants[entry.pk] = Grant(entry.pk, EntryKind.GRANT, pk, amount)
            year.free += amount - began.amount

    def reverse_grant(self, data: st.DataObject) -> None:
        self.reverse(data, EntryKind.GRANT)

    def reverse_supplement(self, data: st.DataObject) -> None:
        self.reverse(data, EntryKind.SUPPLEMENT)

    def reverse(self, data: st.DataObject, kind: EntryKind) -> None:
        grant = self.one_of(
            data,
            self.grants.values(),
            lambda grant: (
                grant.kind == kind and not grant.reversed and grant.amount <= self.years[grant.fund].free
            ),
        )
        year, who = self.years[grant.fund], data.draw(people)
        back = self.tried(
            "reverse_entry",
            lambda: reverse_entry(
                entry=Entry.objects.get(pk=grant.entry),
                reason="填错",
                actor=self.cast(grant.fund).people[who],
                at=NOW,
            ),
            allowed=self.may(who, year) and not grant.reversed and grant.amount <= year.free,
        )
        if back is not None:
            grant.reversed = True
            year.free -= grant.amount

    def reverse_what_was_decided(self, data: st.DataObject) -> None:
        """Neither what the inbox or the meeting decided nor a reversal is reversed, by whomever."""
        kind = data.draw(st.sampled_from(sorted(set(EntryKind) - REVERSIBLE)))
        entry, who = Entry.objects.filter(kind=kind).order_by("pk").last(), data.draw(people)
        if entry is not None:
            self.tried(
                "reverse_entry",
                lambda: reverse_entry(
                    entry=entry, reason="填错", actor=self.cast(entry.credit.fund_id).people[who], at=NOW
                ),
                allowed=False,
            )

    def appropriate(self, data: st.DataObject) -> None:
        """The meeting approved a class; sometimes it takes all there is."""
        pk, who = self.one_year(data), data.draw(people)
        year, cast = self.years[pk], self.cast(pk)
        amounts = data.draw(st.lists(money | st.just(ZERO), max_size=3) | st.just([year.free]))
        department = data.draw(st.sampled_from(["xuanchuan", "quanyi"]))
        project = self.tried(
            "appropriate",
            lambda: appropriate(
                fund=self.fund(pk),
                number=uuid.uuid4().hex[:20],
                name="女工干部培训班",
                department=cast.departments[department],
                lines=[
                    LineAmount(f"item-{i}", f"费用{i}", amount) for i, amount in enumerate(amounts, start=1)
                ],
                actor=cast.people[who],
                post=None,
                at=NOW,
                reason="审定通过",
                reference="会议纪要",
            ),
            allowed=not year.closed and sum(amounts, ZERO) <= year.free,
        )
        if project is not None:
            self.got(project, amounts)

    def rebudget(self, data: st.DataObject) -> None:
        change, who = data.draw(st.decimals(-900, 900, places=2)), data.draw(people)
        line = self.one_line(data)
        project, year, stand = self.project_of(line), self.year_of(self.project_of(line)), self.stand[line]
        entries = self.tried(
            "rebudget",
            lambda: rebudget(
                project=project,
                deltas={self.lines[line].item: change},
                titles={},
                actor=self.person(who, project),
                post=None,
                at=NOW,
                reason="变更批准",
                reference="y",
            ),
            allowed=not year.closed and change <= year.free and stand.free + change >= 0,
        )
        if entries is not None:
            stand.free += change
            year.free -= change

    def transfer(self, data: st.DataObject) -> None:
        source, who = self.one_of(data, self.lines, lambda line: self.stand[line].free), data.draw(people)
        fund = self.project_of(source).fund_id
        target = self.one_of(
            data, self.lines, lambda line: line != source and self.project_of(line).fund_id == fund
        )
        amount = self.amount(data, self.stand[source].free)
        project = self.project_of(source)
        moved = self.tried(
            "transfer",
            lambda: transfer(
                shifts=[Shift(source, target, amount)],
                actor=self.person(who, project),
                post=None,
                at=NOW,
                reason="x",
                reference="y",
            ),
            allowed=not self.year_of(project).closed
            and source != target
            and project.fund_id == self.project_of(target).fund_id
            and amount <= self.stand[source].free,
        )
        if moved is not None:
            self.stand[source].free -= amount
            self.stand[target].free += amount

    def carry_over(self, data: st.DataObject) -> None:
        """From the first year to the next mostly; only the next of the same union will do."""
        usual, who = data.draw(st.sampled_from([True, True, False])), data.draw(people)
        pk = next(iter(self.years)) if usual else self.one_year(data)
        year = self.years[pk]
        later = [k for k, y in self.years.items() if (y.code, y.year) == (year.code, year.year + 1)]
        to = later[0] if usual else self.one_year(data)
        amount = self.amount(data, year.free)
        entries = self.tried(
            "carry_over",
            lambda: carry_over(
                fund=self.fund(pk),
                to=self.fund(to),
                amount=amount,
                actor=self.cast(pk).people[who],
                post=None,
                at=NOW,
                reason="x",
                reference="y",
            ),
            allowed=to in later and not year.closed and not self.years[to].closed and amount <= year.free,
        )
        if entries is not None:
            year.free -= amount
            self.years[to].free += amount

    def carry_class(self, data: st.DataObject) -> None:
        """A class with its promises, whole or all but an amount; never twice."""
        later = {y.year: pk for pk, y in self.years.items() if y.code == "binhai"}
        project = self.one_of(
            data,
            self.projects.values(),
            lambda p: p.pk not in self.carried and self.years[p.fund_id].year == 2027,
        )
        year, who = self.year_of(project), data.draw(people)
        to = later.get(year.year + 1, project.fund_id) if year.code == "binhai" else self.one_year(data)
        stands = {line: self.stand[line] for line in self.own_lines(project)}
        amounts = {line: stand.free + stand.committed for line, stand in stands.items()}
        less = data.draw(st.booleans())
        if less and amounts:
            line = data.draw(st.sampled_from(list(amounts)))
            amounts[line] = self.amount(data, stands[line].committed)
        right = self.years[to].code == year.code and self.years[to].year == year.year + 1
        later_project = self.tried(
            "carry_class",
            lambda: carry_class(
                project=Project.objects.get(pk=project.pk),
                to=self.fund(to),
                number=uuid.uuid4().hex[:20],
                amounts={self.lines[line].item: amount for line, amount in amounts.items()},
                actor=self.person(who, project),
                post=None,
                at=NOW,
                reason="x",
                reference="y",
            ),
            allowed=right
            and not year.closed
            and not self.years[to].closed
            and project.pk not in self.carried
            and any(amounts.values())
            and all(
                stand.committed <= amounts[line] <= stand.free + stand.committed
                for line, stand in stands.items()
            ),
        )
        if later_project is None:
            return
        self.carried.add(project.pk)
        year.free += sum(
            (stand.free + stand.committed - amounts[line] for line, stand in stands.items()), ZERO
        )
        self.years[to].free += sum(amounts.values(), ZERO)
        self.got(later_project, [amount for amount in amounts.values() if amount])
        self.went_on(project, later_project)

    def went_on(self, project: Project, later: Project) -> None:
        """The promises of a class go with it; nothing is left on its old lines."""
        anew = {made.continues_id: made for made in later.commitments.all()}
        for pk, promise in list(self.promises.items()):
            if promise.left and self.lines[promise.line].project_id == project.pk:
                released = Entry.objects.filter(commitment=pk, kind=EntryKind.RELEASE).latest("pk")
                made, amount = anew.pop(pk), promise.left
                promise.releases.append((released.pk, amount))
                self.let_go(promise, amount)
                self.promises[made.pk] = Promise(made.line_id, amount, ZERO, promise.session)
                self.let_go(self.promises[made.pk], -amount)
        assert anew == {}
        for line in self.own_lines(project):
            self.stand[line].free = ZERO

    def close_year(self, data: st.DataObject) -> None:
        """Sometimes with all promises of the year released before."""
        self.close(self.one_year(data), data.draw(people), clear=data.draw(st.booleans()))

    def close(self, pk: int, who: str, *, clear: bool) -> None:
        year = self.years[pk]
        if clear and not year.closed:
            for project in [each for each in self.projects.values() if each.fund_id == pk]:
                self.release_what_is_left(project, None, who)
        act = self.tried(
            "close_year",
            lambda: close_year(fund=self.fund(pk), actor=self.cast(pk).people[who], at=NOW),
            allowed=self.may(who, year) and not self.open_promises(pk),
        )
        if act is not None:
            self.shut(pk, closed=True)

    def reopen_year(self, data: st.DataObject) -> None:
        """By the head of finance, who says why."""
        pk = self.one_of(data, self.years, lambda pk: self.years[pk].closed)
        if data.draw(st.booleans()):
            self.close(pk, "caiwu", clear=True)
        who, reason = data.draw(
            st.sampled_from([("caiwu", "漏记一笔")] * 2 + [("caiwu", ""), ("clerk", "漏记")])
        )
        act = self.tried(
            "reopen_year",
            lambda: reopen_year(fund=self.fund(pk), reason=reason, actor=self.cast(pk).people[who], at=NOW),
            allowed=who == "caiwu" and bool(reason) and self.years[pk].closed,
        )
        if act is not None:
            self.shut(pk, closed=False)

    def overdraw_by_hand(self, data: st.DataObject) -> None:
        """A row that passes by the services: the database refuses it, in a closed year even what is there."""
        beyond = data.draw(money)
        line = self.one_line(data)
        project = self.project_of(line)
        year = self.year_of(project)
        row = Entry(
            kind=EntryKind.APPROPRIATE,
            debit=Account.objects.get(fund=project.fund_id, kind="fund"),
            credit=Account.objects.get(line=line, kind="line"),
            amount=beyond if year.closed else year.free + beyond,
            batch=uuid.uuid4(),
            project=project,
            actor=self.cast_of(project).finance,
            at=NOW,
        )
        with pytest.raises(IntegrityError) as error, transaction.atomic():
            Entry.objects.bulk_create([row])
        expected = "budgets_entry_closed" if year.closed else "budgets_account_balance"
        assert constraint_name(error.value) == expected
