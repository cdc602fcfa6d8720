"""What happens to a class's money: promised, released, paid, given back, reversed, settled."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction
from hypothesis import strategies as st

from budgets.models import Commitment, Entry, Payment, Project
from budgets.services import (
    GivenInvoice,
    PaidRow,
    SettledLine,
    give_back_remainder,
    release,
    reverse_entry,
    reverse_payment,
    set_voucher,
    settle,
)
from tests.budgets.cast import NOW
from tests.budgets.machine.base import World
from tests.budgets.machine.model import FINANCE, ZERO, Paid, Promise, money, people, sessions
from tests.budgets.spend import commit_to, pay_out, refund_of

Row = tuple[int, int | None, Decimal]


class Classes(World):
    """Commitments, payments and settlements."""

    class_acts = (
        "commit",
        "release",
        "release_all",
        "reverse_commitment",
        "reverse_release",
        "pay",
        "pay_what_was_promised",
        "pay_twice_by_one_form",
        "refund",
        "reverse_payment",
        "reverse_refund",
        "set_voucher",
        "change_ones_mind",
        "settle",
        "give_back_remainder",
    )

    def begin(self) -> None:
        """Two promises, a part of one released; two payments, a part of one refunded."""
        first, *_, last = self.lines
        for line, session in ((first, None), (last, 1)):
            self.promised(line, Decimal(150), "caiwu", session)
            self.spent([(line, None, Decimal(90))], session=session)
        self.let_free(next(iter(self.promises)), Decimal(50), "caiwu")
        self.refunded(next(iter(self.paid)), first, Decimal(40), "caiwu")

    def one_payment(self, data: st.DataObject) -> int:
        pk: int = data.draw(st.sampled_from(list(self.paid)))
        return pk

    # 预占

    def commit(self, data: st.DataObject) -> None:
        line = self.one_line(data)
        amount = self.amount(data, self.stand[line].free)
        self.promised(line, amount, data.draw(people), data.draw(sessions))

    def promised(self, line: int, amount: Decimal, who: str, session: int | None) -> None:
        project = self.project_of(line)
        made = self.tried(
            "commit",
            lambda: commit_to(
                self.cast_of(project),
                project,
                str(amount),
                number=int(self.lines[line].item.removeprefix("item-")),
                session_no=session,
                actor=self.person(who, project),
            ),
            allowed=self.may(who, self.year_of(project)) and amount <= self.stand[line].free,
        )
        if made is not None:
            self.promises[made.pk] = Promise(line, amount, ZERO, session)
            self.let_go(self.promises[made.pk], -amount)

    def release(self, data: st.DataObject) -> None:
        pk = self.one_of(data, self.promises, lambda pk: self.promises[pk].left)
        self.let_free(pk, data.draw(st.none() | money), data.draw(people))

    def let_free(self, pk: int, part: Decimal | None, who: str) -> None:
        promise = self.promises[pk]
        project = self.project_of(promise.line)
        amount = promise.left if part is None else part
        entry = self.tried(
            "release",
            lambda: release(
                commitment=Commitment.objects.get(pk=pk),
                amount=part,
                reason="减",
                actor=self.person(who, project),
                at=NOW,
            ),
            allowed=self.may(who, self.year_of(project)) and ZERO < amount <= promise.left,
        )
        if entry is not None:
            promise.releases.append((entry.pk, amount))
            self.let_go(promise, amount)

    def release_all(self, data: st.DataObject) -> None:
        self.release_what_is_left(self.one_project(data), data.draw(sessions), data.draw(people))

    def reverse_commitment(self, data: st.DataObject) -> None:
        pk = self.one_of(data, self.promises, lambda pk: self.promises[pk].left == self.promises[pk].whole)
        self.taken_back(pk, 0, self.promises[pk].whole, data.draw(people))

    def reverse_release(self, data: st.DataObject) -> None:
        if released := [(pk, *one) for pk, promise in self.promises.items() for one in promise.releases]:
            self.taken_back(*data.draw(st.sampled_from(released)), data.draw(people))

    def taken_back(self, pk: int, released: int, amount: Decimal, who: str) -> None:
        """The commitment itself, or the entry of one of its releases."""
        promise = self.promises[pk]
        project = self.project_of(promise.line)
        entries = Commitment.objects.get(pk=pk).entries
        entry = entries.get(pk=released) if released else entries.get(kind="commit")
        short = amount > self.stand[promise.line].free if released else promise.left < promise.whole
        back = self.tried(
            "reverse_entry",
            lambda: reverse_entry(entry=entry, reason="填错", actor=self.person(who, project), at=NOW),
            allowed=self.may(who, self.year_of(project))
            and not short
            and (bool(released) or not promise.reversed),
        )
        if back is None:
            return
        if released:
            promise.releases.remove((released, amount))
            self.let_go(promise, -amount)
        else:
            promise.reversed = True
            self.let_go(promise, amount)

    # 支出

    def pay(self, data: st.DataObject) -> None:
        """Free and promised money of one project together."""
        project = self.one_project(data)
        own = self.own_lines(project)
        sources: list[tuple[int, int | None]] = [(line, None) for line in own]
        sources += [(p.line, pk) for pk, p in self.promises.items() if p.line in own and p.left]
        if not sources:
            return
        chosen = data.draw(st.lists(st.sampled_from(sources), min_size=1, max_size=3, unique=True))
        rows = [
            (line, pk, self.amount(data, self.stand[line].free if pk is None else self.promises[pk].left))
            for line, pk in chosen
        ]
        invoice = data.draw(st.sampled_from(["", "", "11111111", "22222222"]))
        self.spent(rows, who=data.draw(people), invoice=invoice, session=data.draw(sessions))

    def pay_what_was_promised(self, data: st.DataObject) -> None:
        pk = self.one_of(data, self.promises, lambda pk: self.promises[pk].left)
        if (promise := self.promises[pk]).left:
            row = (promise.line, pk, self.amount(data, promise.left))
            self.spent([row], session=promise.session)

    def spent(self, rows: list[Row], *, who: str = "caiwu", invoice: str = "", session: int | None) -> None:
        project = self.project_of(rows[0][0])
        used = any(p.invoice == invoice != "" and not p.reversed for p in self.paid.values())
        made = self.tried(
            "pay",
            lambda: pay_out(
                self.cast_of(project),
                project,
                *[PaidRow(line, amount, promise) for line, promise, amount in rows],
                actor=self.person(who, project),
                session_no=session,
                invoices=[GivenInvoice(invoice)] if invoice else [],
            ),
            allowed=self.may(who, self.year_of(project))
            and not (used and self.cast_of(project) is self.casts["binhai"])
            and all(
                amount <= (self.stand[line].free if promise is None else self.promises[promise].left)
                and (promise is None or self.promises[promise].session in (None, session))
                for line, promise, amount in rows
            ),
        )
        if made is not None:
            self.paid[made.pk] = Paid(rows, invoice=invoice)
            for row in rows:
                self.move_paid(row, 1)

    def move_paid(self, row: Row, way: int) -> None:
        line, promise, amount = row
        self.stand[line].paid += way * amount
        if promise is None:
            self.stand[line].free -= way * amount
        else:
            self.stand[line].committed -= way * amount
            self.promises[promise].left -= way * amount

    def pay_twice_by_one_form(self, data: st.DataObject) -> None:
        """The same key with the same content is the same payment, whatever happened since."""
        pk = self.one_payment(data)
        done = Payment.objects.get(pk=pk)
        if done.refunds_id is None:
            rows = [PaidRow(line, amount, promise) for line, promise, amount in self.paid[pk].rows]
            sent = {"key": done.key, "session_no": done.session_no}
            assert pay_out(self.cast_of(done.project), done.project, *rows, **sent) == done

    def stands(self, pk: int) -> bool:
        """A payment or a refund of which nothing came back."""
        return not self.paid[pk].reversed and not any(self.paid[pk].back.values())

    def refund(self, data: st.DataObject) -> None:
        pk = self.one_of(data, self.paid, lambda pk: self.paid[pk].refunds is None and self.stands(pk))
        line = data.draw(st.sampled_from(sorted({row[0] for row in self.paid[pk].rows})))
        self.refunded(pk, line, self.amount(data, self.refundable(pk, line)), data.draw(people))

    def refundable(self, pk: int, line: int) -> Decimal:
        paid = self.paid[pk]
        return sum((row[2] for row in paid.rows if row[0] == line), ZERO) - paid.back.get(line, ZERO)

    def refunded(self, pk: int, line: int, amount: Decimal, who: str) -> None:
        paid, project = self.paid[pk], self.project_of(line)
        made = self.tried(
            "refund",
            lambda: refund_of(
                self.cast_of(project),
                Payment.objects.get(pk=pk),
                PaidRow(line, amount),
                actor=self.person(who, project),
            ),
            allowed=self.may(who, self.year_of(project))
            and not paid.reversed
            and paid.refunds is None
            and amount <= self.refundable(pk, line),
        )
        if made is None:
            return
        paid.back[line] = paid.back.get(line, ZERO) + amount
        self.stand[line].paid -= amount
        self.stand[line].free += amount
        self.paid[made.pk] = Paid([(line, None, amount)], refunds=pk)

    def reverse_payment(self, data: st.DataObject) -> None:
        self.take_back(data, refunds=False)

    def reverse_refund(self, data: st.DataObject) -> None:
        self.take_back(data, refunds=True)

    def take_back(self, data: st.DataObject, *, refunds: bool) -> None:
        """A payment or a refund, whole."""
        pk = self.one_of(
            data, self.paid, lambda pk: (self.paid[pk].refunds is not None) is refunds and self.stands(pk)
        )
        who, by_entry = data.draw(people), data.draw(st.booleans())
        paid, kept = self.paid[pk], Payment.objects.get(pk=pk)
        project = self.project_of(paid.rows[0][0])

        def act() -> list[Entry]:
            given: dict[str, Any] = {"reason": "填错", "actor": self.person(who, project), "at": NOW}
            if by_entry:
                return reverse_entry(entry=kept.entries.order_by("id")[0], **given)
            return reverse_payment(payment=kept, **given)

        short = paid.refunds is not None and paid.rows[0][2] > self.stand[paid.rows[0][0]].free
        entries = self.tried(
            "reverse_entry" if by_entry else "reverse_payment",
            act,
            allowed=self.may(who, self.year_of(project))
            and not paid.reversed
            and not any(paid.back.values())
            and not short,
        )
        if entries is None:
            return
        assert len(entries) == len(paid.rows)
        paid.reversed = True
        if paid.refunds is None:
            for row in paid.rows:
                self.move_paid(row, -1)
            return
        line, _, amount = paid.rows[0]
        self.paid[paid.refunds].back[line] -= amount
        self.stand[line].paid += amount
        self.stand[line].free -= amount

    def set_voucher(self, data: st.DataObject) -> None:
        pk, who = self.one_payment(data), data.draw(people)
        project = self.project_of(self.paid[pk].rows[0][0])
        payment = Payment.objects.get(pk=pk)
        self.tried(
            "set_voucher",
            lambda: set_voucher(payment=payment, voucher=f"记-{pk}", actor=self.person(who, project), at=NOW),
            allowed=self.may(who, self.year_of(project)),
        )

    def change_ones_mind(self, data: st.DataObject) -> None:
        """The caller's transaction fails after the money moved."""
        line = self.one_line(data)
        amount = self.amount(data, self.stand[line].free)
        project = self.project_of(line)
        if self.year_of(project).closed or amount > self.stand[line].free:
            return
        with transaction.atomic():
            pay_out(self.cast_of(project), project, PaidRow(line, amount))
            transaction.set_rollback(True)

    # 决算

    def settle(self, data: st.DataObject) -> None:
        """A 期, and what is left goes back to the fund."""
        session, who = data.draw(st.integers(1, 2)), data.draw(people)
        explained = data.draw(st.sampled_from([True, True, True, False]))
        project = self.one_project(data)
        stands = {line: self.stand[line] for line in self.own_lines(project)}
        lines = [
            SettledLine(
                line, "费用", s.paid, s.free + s.committed + s.paid, s.paid, "节约" if explained else ""
            )
            for line, s in stands.items()
        ]
        waiting = any(
            p.left and p.session == session and self.lines[p.line].project_id == project.pk
            for p in self.promises.values()
        )
        settlement = self.tried(
            "settle",
            lambda: settle(
                project=project,
                session_no=session,
                trainees=46,
                staff=4,
                days=Decimal(3),
                facts={},
                lines=lines,
                note="",
                actor=self.person(who, project),
                at=NOW,
            ),
            allowed=who in FINANCE
            and (explained or all(line.actual == line.adjusted for line in lines))
            and (project.pk, session) not in self.settled
            and not waiting,
        )
        if settlement is not None:
            self.settled.add((project.pk, session))
            self.give_back(project, who)

    def give_back_remainder(self, data: st.DataObject) -> None:
        """The last settlement or cancellation does it; nobody's right is asked for here."""
        self.give_back(self.one_project(data), data.draw(people))

    def give_back(self, project: Project, who: str) -> None:
        stands = [self.stand[line] for line in self.own_lines(project)]
        entries = self.tried(
            "give_back_remainder",
            lambda: give_back_remainder(
                project=project,
                actor=self.person(who, project),
                post=None,
                at=NOW,
                reason="决算结余收回",
                reference="y",
            ),
            allowed=not self.year_of(project).closed or not any(stand.free for stand in stands),
        )
        if entries is not None:
            for stand in stands:
                self.year_of(project).free += stand.free
                stand.free = ZERO
