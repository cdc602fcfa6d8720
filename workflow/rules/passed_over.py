"""多年不训: whom a unit left out that it ought to have thought of first. About the unit, not about a person.

Two lists: people of the unit, and of those below it, without training for the book's number of years, and
chairs newly in office whose time for their first training is running out (A-23, S13).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.db.models import Exists, F, OuterRef, Q

from office.wording import chinese_date
from org.models import Cadre
from org.states import Leadership
from rulebook.people import forgotten_years, new_chair_rule
from workflow.models import Seat
from workflow.rules import person_findings as say
from workflow.rules.corresponding import months_after, months_before
from workflow.states import LIVE_SEATS

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from django.db.models import QuerySet

    from org.models import Union
    from rulebook.schema import Book
    from workflow.models import ClassRun
    from workflow.rules.findings import Finding

#: How many are named; the list of the unit has them all.
NAMED: Final = 10
#: A new chair's time is running out when it ends within so many days of the class.
NEAR: Final = timedelta(days=90)


def passed_over(run: ClassRun, unit: Union, book: Book, *, also: Collection[int] = ()) -> list[Finding]:
    """What is to be said to ``unit`` about whom its list for ``run`` leaves out.

    Who has a live seat in the class isn't left out, nor are the cadres ``also`` being nominated now, nor who
    is on the list of another class of the same year: he is thought of already, and may not be free.
    Two queries; counts stop at a hundred.
    """
    first_day, last_day = run.start()[0], run.end()[0]
    thought_of = Seat.objects.filter(
        Q(run=run)
        | Q(run__starts_on__year=first_day.year)
        | Q(run__starts_on__lte=last_day, run__ends_on__gte=first_day),
        cadre=OuterRef("pk"),
        state__in=LIVE_SEATS,
    )
    people = Cadre.objects.active().under(unit).filter(~Exists(thought_of)).exclude(pk__in=list(also))
    findings = []
    if rule := say.rule_of(book, "passed_over"):
        years = forgotten_years(book)
        if found := forgotten(people, months_before(first_day, 12 * years)):
            findings.append(
                say.finding(
                    rule,
                    f"本单位还有 {_count(found)} {years} 年以上没有参加培训，本次没有报：{_names(found)}。",
                    "请先考虑这些人员；另有安排的，不必处理。",
                    figures={"年数": str(years), "人数": _count(found)},
                    links=[{"cadre": who.pk, "name": who.name, "url_name": "cadre"} for who in found[:NAMED]],
                )
            )
    if rule := say.rule_of(book, "new_chair"):
        limit = new_chair_rule(book)
        chairs = people.filter(
            Q(last_trained=None) | Q(last_trained__lt=F("appointed_on")),
            leadership__in=[Leadership.CHAIR, *([Leadership.VICE_CHAIR] if limit.vice else [])],
            appointed_on__gte=months_before(first_day, 2 * limit.months),
            appointed_on__lte=first_day,
        )
        near = [
            (who, months_after(who.appointed_on, limit.months))
            for who in chairs.order_by("appointed_on", "pk")[:100]
            if who.appointed_on and months_after(who.appointed_on, limit.months) <= first_day + NEAR
        ]
        if near:
            findings.append(_new_chairs(rule, near, limit.months))
    return findings


def forgotten(people: QuerySet[Cadre], cut: date) -> list[Cadre]:
    """Those never trained first, then those last trained before ``cut``, the longest ago first; a hundred."""
    # In the index's own order: to PostgreSQL IS NULL is no constant, by key alone it would sort them all.
    never = people.filter(last_trained=None).order_by("last_trained", "pk")[:100]
    long_ago = people.filter(last_trained__lt=cut).order_by("last_trained", "pk")[:100]
    return [*never, *long_ago][:100]


def _count(people: list[Cadre]) -> str:
    return f"{len(people)} 人" if len(people) < 100 else "100 人以上"


def _names(people: list[Cadre]) -> str:
    told = [
        f"{who.name}（{chinese_date(who.last_trained) if who.last_trained else '从未参训'}）"
        for who in people[:NAMED]
    ]
    return "、".join(told) + ("等" if len(people) > NAMED else "")


def _new_chairs(rule: say.Said, near: list[tuple[Cadre, date]], months: int) -> Finding:
    told = [
        f"{who.name}（{chinese_date(who.appointed_on)}任职，应在{chinese_date(due)}前参训）"
        for who, due in near[:NAMED]
        if who.appointed_on
    ]
    more = "等" if len(near) > NAMED else ""
    return say.finding(
        rule,
        f"新任主席 {len(near)} 人任职后 {months} 个月的培训期限将满或已过，"
        f"本次没有报：{'、'.join(told)}{more}。",
        "请先考虑这些人员；另有安排的，不必处理。",
        figures={"期限": f"{months} 个月", "人数": f"{len(near)} 人"},
        links=[{"cadre": who.pk, "name": who.name, "url_name": "cadre"} for who, _ in near[:NAMED]],
    )
