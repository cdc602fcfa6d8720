"""The shape of a rule book: one dated document, written as data.

Every model is frozen and strict: an unknown key, a number in quotes or a
truth value where a number belongs is a fault, never a guess. Money is
``Decimal`` yuan with two places, shares are ``Decimal`` between 0 and 1,
dates are plain dates. A ``Book`` that exists is consistent: references,
sums and the chain were checked by :mod:`rulebook.consistency`.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Self, TypeVar

from pydantic import Field, Strict, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from rulebook import consistency, earlier
from rulebook.codes import LAUNCH_CHAINS
from rulebook.fields import Code, MonthDay, Note, Parameter, Prefix, Rows, Share, Strictly, Text, Yuan
from rulebook.money import Money
from rulebook.severity import Severity
from rulebook.steps import Step


class UnknownCode(LookupError):  # noqa: N818 - said aloud, it is the reason
    """The book has no such code; ``str(e)`` is the Chinese text to show."""


class CategoryKind(StrEnum):
    CORE = "core"
    PROFESSIONAL = "professional"
    CERTIFICATION = "certification"
    OTHER = "other"


class FeePolicy(StrEnum):
    FORBIDDEN = "forbidden"
    WITH_BASIS = "with_basis"


class Entry(Strictly):
    """One code of a dictionary with the words people use for it."""

    code: Code
    title: Text
    aliases: Rows[Text] = ()
    clause: Note = ""

    def answers_to(self, text: str) -> bool:
        """Whether ``text`` is this entry's code, title, alias or "code title"."""
        wanted = "".join(text.split())
        names = (self.code, self.title, f"{self.code}{self.title}", *self.aliases)
        return wanted in {"".join(name.split()) for name in names}


class Launch(Strictly):
    """The second gate: a class, or one 期 of it, asks to open with its real dates (开班申请).

    ``steps`` are the gates there are; the other lists name which of them an
    act passes, in order: an opening as planned (``same``) or not
    (``changed``), and of a class already opened its 变更 (``change``), 延期
    (``postpone``) and 取消 (``cancel``). ``exempt`` decides on calling a
    person up again within the period of ``repeat_call_up`` (重复调训审批).
    ``money_tolerance``: yuan over the planned share of the money that still
    count as planned.
    """

    clause: Text
    money_tolerance: Yuan
    same: Rows[str]
    changed: Rows[str]
    change: Rows[str]
    postpone: Rows[str]
    cancel: Rows[str]
    exempt: Rows[str]
    steps: Rows[Step]

    def step(self, key: str) -> Step:
        for step in self.steps:
            if step.key == key:
                return step
        raise UnknownCode(f"开班审批环节里没有“{key}”")

    def chain(self, name: str) -> tuple[Step, ...]:
        """The steps of an act, in order; ``name`` is one of ``codes.LAUNCH_CHAINS``."""
        if name not in LAUNCH_CHAINS:
            raise UnknownCode(f"开班审批里没有“{name}”这一种")
        keys: tuple[str, ...] = getattr(self, name)
        return tuple(self.step(key) for key in keys)


class Notice(Strictly):
    """The words of a 调训通知 that the union, not the class, decides.

    ``prefix``: the letters of the document number before the year.
    ``issuer``: the union that issues it, in full. ``red_head``: the red
    letters at the top. ``fee_text`` is said of a class that charges nothing,
    ``travel_text`` of every class. ``discipline``: one item a rule.
    """

    prefix: Prefix
    issuer: Text
    red_head: Text
    fee_text: Text
    travel_text: Text
    discipline: Rows[Text]
    clause: Text


class Category(Entry):
    """A class category: who may hold it and whether trainees may be charged."""

    kind: Annotated[CategoryKind, Strict(False)]
    held_by: Rows[Annotated[str, StringConstraints(min_length=1, max_length=60)]]
    fee: Annotated[FeePolicy, Strict(False)]
    required_modules: Rows[str] = ()
    clause: Text


class Subject(Entry):
    """A business code. ``catch_all``: "other" — equal codes prove nothing."""

    categories: Rows[str]
    catch_all: bool = False
    clause: Text


class Window(Strictly):
    """When a year's plan is handed in, both days included."""

    opens: MonthDay
    opens_year_offset: Annotated[int, Field(ge=-1, le=0)] = 0
    closes: MonthDay
    clause: Text

    def bounds(self, year: int) -> tuple[dt.date, dt.date]:
        """First and last day on which plans of ``year`` are inside the window."""
        opens = dt.date.fromisoformat(f"{year + self.opens_year_offset:04d}-{self.opens}")
        return opens, dt.date.fromisoformat(f"{year:04d}-{self.closes}")


class RateItem(Strictly):
    """A line of the comprehensive quota; ``lodging`` lines fall away for 走读."""

    code: Code
    title: Text
    lodging: bool = False
    note: Note = ""


class RateClass(Strictly):
    """A class of training with yuan per person and day for every item."""

    code: Code
    title: Text
    items: dict[str, Yuan]
    total: Yuan


class LectureRate(Strictly):
    """Ceiling of a lecturer's fee in yuan per 学时, after and before tax."""

    code: Code
    title: Text
    after_tax: Yuan
    before_tax: Yuan


class RateCard(Strictly):
    """The standards money is held against. Ask ``enabled`` before using them."""

    enabled: bool
    title: Text
    clause: Text
    items: Rows[RateItem]
    classes: Rows[RateClass]
    default_class: str
    full_days: Annotated[int, Field(ge=1, le=366)] = 30
    beyond_rate: Share = Decimal("0.7")
    count_staff: bool = True
    staff_ratio: Share = Decimal("0.1")
    staff_max: Annotated[int, Field(ge=0, le=1000)] = 10
    lecture: Rows[LectureRate]
    lecture_hours_per_half_day: Annotated[int, Field(ge=1, le=12)] = 4

    def rate_class(self, code: str) -> RateClass:
        return _one(self.classes, code, "培训类别")

    def item(self, code: str) -> RateItem:
        return _one(self.items, code, "经费项目")

    def lecture_rate(self, code: str) -> LectureRate:
        return _one(self.lecture, code, "师资职称")


class Rule(Strictly):
    """How hard one check bites, by which clause, and why so."""

    title: Text
    severity: Annotated[Severity, Strict(False)]
    clause: Text
    reason: Text
    params: dict[str, Parameter] = Field(default_factory=dict)


class Book(Strictly):
    """A union's document in force, complete enough to run its plans by."""

    code: Code
    union: Code
    title: Text
    short_title: Text
    number: Note = ""
    period: Text
    valid_from: dt.date
    valid_until: dt.date | None = None
    carried_on_note: Note = ""

    steps: Rows[Step]
    launch: Launch
    notice: Notice
    money: Money
    categories: Rows[Category]
    subjects: Rows[Subject]
    modules: Rows[Entry]
    audience_units: Rows[Entry]
    audience_levels: Rows[Entry]
    audience_posts: Rows[Entry]
    implementers: Rows[Entry] = ()
    sources: Rows[Entry]

    survey_required: bool
    window: Window
    max_hours_per_half_day: Annotated[int, Field(ge=1, le=12)]
    duplicate_share: Share
    rate_card: RateCard
    rules: dict[str, Rule]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems = consistency.problems(self)
        if problems:
            raise PydanticCustomError(
                "inconsistent",
                "{reasons}",
                {"reasons": "；".join(f"{consistency.path(p.loc)}：{p.reason}" for p in problems)},
            )
        return self

    @classmethod
    def from_content(cls, content: dict[str, Any]) -> Self:
        """The book again from ``model_dump(mode="json")``, by this or an earlier release."""
        return cls.model_validate_json(json.dumps(earlier.completed(content)))

    @property
    def review_steps(self) -> tuple[Step, ...]:
        """The gates before the meeting."""
        return self.steps[:-1]

    @property
    def decision_step(self) -> Step:
        """The meeting that decides, always the last step."""
        return self.steps[-1]

    def step(self, key: str) -> Step:
        for step in self.steps:
            if step.key == key:
                return step
        raise UnknownCode(f"{self.short_title}的审批环节里没有“{key}”")

    def category(self, code: str) -> Category:
        return _one(self.categories, code, "班次类别")

    def subject(self, code: str) -> Subject:
        return _one(self.subjects, code, "业务编码")

    def module(self, code: str) -> Entry:
        return _one(self.modules, code, "内容模块")

    def unit(self, code: str) -> Entry:
        return _one(self.audience_units, code, "对象单位")

    def level(self, code: str) -> Entry:
        return _one(self.audience_levels, code, "对象层级")

    def post(self, code: str) -> Entry:
        return _one(self.audience_posts, code, "对象岗位")

    def implementer(self, code: str) -> Entry:
        return _one(self.implementers, code, "承办机构")

    def source(self, code: str) -> Entry:
        return _one(self.sources, code, "列支渠道")

    def rule(self, code: str) -> Rule:
        """The rule of that code; every book has all of ``codes.RULE_CODES``."""
        try:
            return self.rules[code]
        except KeyError:
            raise UnknownCode(f"{self.short_title}没有规则“{code}”") from None

    def titles(self, codes: Iterable[str]) -> list[str]:
        """Titles in the order given; a code the book doesn't know stays itself.

        Codes are unique over all dictionaries of a book, so a list may mix
        units, levels, posts and modules.
        """
        known = {entry.code: entry.title for _, entries in self.dictionaries() for entry in entries}
        return [known.get(code, code) for code in codes]

    def subjects_for(self, category: str) -> tuple[Subject, ...]:
        """Business codes that fit a category, in the book's order."""
        return tuple(subject for subject in self.subjects if category in subject.categories)

    def dictionaries(self) -> tuple[tuple[str, tuple[Entry, ...]], ...]:
        """Every dictionary with its key in the TOML file."""
        return (
            ("categories", self.categories),
            ("subjects", self.subjects),
            ("modules", self.modules),
            ("audience_units", self.audience_units),
            ("audience_levels", self.audience_levels),
            ("audience_posts", self.audience_posts),
            ("implementers", self.implementers),
            ("sources", self.sources),
        )


E = TypeVar("E", bound=Entry)
Coded = TypeVar("Coded", Entry, Category, Subject, RateClass, RateItem, LectureRate)


def find(entries: Iterable[E], text: str) -> E | None:
    """The entry a person means by a code, a title or an alias; None if none."""
    return next((entry for entry in entries if entry.answers_to(text)), None)


def _one(entries: Iterable[Coded], code: str, what: str) -> Coded:
    for entry in entries:
        if entry.code == code:
            return entry
    raise UnknownCode(f"{what}里没有“{code}”")
