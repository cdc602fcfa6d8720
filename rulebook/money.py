"""The part of a rule book that says how a class's money is spent: papers, pace, who approves a change."""

from __future__ import annotations

from bisect import bisect_left
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Strict

from rulebook.fields import Code, MonthDay, Rows, Share, Strictly, Text
from rulebook.steps import Step


class PaperSource(StrEnum):
    """Where a paper comes from: uploaded, or known to the system itself."""

    FILE = "file"
    APPROVAL = "approval"
    """The meeting's decision on the class."""
    NOTICE = "notice"
    """The issued 调训通知."""
    TIMETABLE = "timetable"
    """The lessons the second gate approved."""
    ATTENDANCE = "attendance"
    """The attendance as it was closed."""


class Paper(Strictly):
    """A paper a payment rests on. What the system knows needs no upload; a file may replace it."""

    code: Code
    title: Text
    source: Annotated[PaperSource, Strict(False)] = PaperSource.FILE


class PaymentKind(Strictly):
    """A kind of payment and the papers it takes. ``lecture``: to lecturers, by 学时 and title. ``refund``:
    money that comes back. ``opened``: only for a 期 that has passed the second gate."""

    code: Code
    title: Text
    papers: Rows[Code]
    lecture: bool = False
    refund: bool = False
    opened: bool = True
    clause: Text


class Pace(Strictly):
    """What share of the year's money is expected to be spent by the end of a day (支出进度)."""

    until: MonthDay
    share: Share


class Money(Strictly):
    """How money is spent. ``minutes_first``: nothing is paid before the minutes have their number (纪要待补).

    ``transfer`` (调剂), ``budget`` (预算调整), ``carry_over`` (结转) and ``supplement`` (追加) name, in
    order, which of ``steps`` a request passes. ``pace``: days of the year with growing shares.
    """

    clause: Text
    minutes_first: bool
    transfer: Rows[str]
    budget: Rows[str]
    carry_over: Rows[str]
    supplement: Rows[str]
    steps: Rows[Step]
    papers: Rows[Paper]
    kinds: Rows[PaymentKind]
    pace: Rows[Pace]
    pace_clause: Text

    def kind(self, code: str) -> PaymentKind | None:
        """The kind of payment of that code."""
        return next((kind for kind in self.kinds if kind.code == code), None)

    def paper(self, code: str) -> Paper | None:
        """The paper of that code."""
        return next((paper for paper in self.papers if paper.code == code), None)

    def papers_of(self, kind: PaymentKind) -> tuple[Paper, ...]:
        """The papers of a kind of payment, in its order."""
        known = {paper.code: paper for paper in self.papers}
        return tuple(known[code] for code in kind.papers)

    def chain(self, name: str) -> tuple[Step, ...]:
        """The steps of a request about money, in order; ``name`` is one of ``codes.MONEY_CHAINS``."""
        known = {step.key: step for step in self.steps}
        keys: tuple[str, ...] = getattr(self, name)
        return tuple(known[key] for key in keys)

    def expected(self, on: date) -> Decimal:
        """The share of the year's money that should be spent by the end of ``on``: on a straight line
        between the days the book names, from nothing on the last day of the year before."""
        points = [(date(on.year - 1, 12, 31), Decimal(0))]
        points += [(date.fromisoformat(f"{on.year:04d}-{pace.until}"), pace.share) for pace in self.pace]
        place = bisect_left([day for day, _ in points], on)
        if place == len(points):
            return points[-1][1]
        if points[place][0] == on:
            return points[place][1]
        (first, low), (last, high) = points[place - 1], points[place]
        return low + (high - low) * (on - first).days / (last - first).days
