"""Who has gone longest without training: every one once, in order, forwards and back, whatever the page."""

from __future__ import annotations

import random
from datetime import date
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from org.models import Cadre, Union
from org.selectors import Overlooked, Place, count_forgotten, forgotten, new_chairs
from org.selectors.forgotten import Stretch
from org.services import register_cadre
from tests.org.cast import Cast, M, day
from tests.org.numbers import resident

pytestmark = pytest.mark.django_db

CUT = day("2021-06-10")


def enter(cast: Cast, serial: int, unit: Union, last: date | None, **fields: object) -> Cadre:
    cadre = register_cadre(
        identity_kind="resident",
        number=resident(serial),
        name=f"{serial}号",
        unit=unit,
        since=day("2019-01-01"),
        actor=cast.admin,
        at=M,
    )
    Cadre.objects.filter(pk=cadre.pk).update(last_trained=last, **fields)
    return cadre


def shown(*cadres: Cadre) -> list[Overlooked]:
    """What the lists show of these cadres."""
    found = [Cadre.objects.select_related("unit").get(pk=cadre.pk) for cadre in cadres]
    return [
        Overlooked(
            pk=cadre.pk,
            name=cadre.name,
            unit=cadre.unit.name if cadre.unit else None,
            post_title=cadre.post_title,
            kind=cadre.kind,
            appointed_on=cadre.appointed_on,
            last_trained=cadre.last_trained,
        )
        for cadre in found
    ]


@pytest.fixture
def cadres(cast: Cast) -> list[Cadre]:
    """Twenty of the district trained on few different days or never, and some who don't belong."""
    chance = random.Random(7)
    days: list[date | None] = [None, day("2019-05-01"), day("2020-05-01"), day("2021-06-09")]
    kept = [enter(cast, n, cast.district, chance.choice(days)) for n in range(20)]
    enter(cast, 50, cast.district, CUT)
    enter(cast, 51, cast.other, None)
    enter(cast, 52, cast.district, None, status="retired")
    return kept


def walk(union: Union, *, never: bool, count: int) -> list[int]:
    """All pages one after another, and back again: the same rows."""
    seen: list[int] = []
    page = forgotten(union, cut=CUT, never=never, count=count)
    assert page.before is None
    pages = [page]
    while page.after is not None:
        page = forgotten(union, cut=CUT, never=never, after=page.after, count=count)
        pages.append(page)
    for page in pages:
        seen += [row.pk for row in page.rows]
    for earlier, later in pairwise(pages):
        assert later.before is not None
        back = forgotten(union, cut=CUT, never=never, before=later.before, count=count)
        assert back.rows == earlier.rows
        assert back.before == earlier.before
    return seen


@pytest.mark.parametrize("count", [1, 3, 7, 25])
def test_each_page_goes_on_where_the_one_before_ended(cast: Cast, cadres: list[Cadre], count: int) -> None:
    rows = Cadre.objects.filter(pk__in=[cadre.pk for cadre in cadres])
    long_ago = list(
        rows.filter(last_trained__isnull=False).order_by("last_trained", "pk").values_list("pk", flat=True)
    )
    never = list(rows.filter(last_trained=None).order_by("pk").values_list("pk", flat=True))
    assert walk(cast.district, never=False, count=count) == long_ago
    assert walk(cast.district, never=True, count=count) == never
    for segment, kept in ((False, long_ago), (True, never)):
        assert count_forgotten(cast.district, cut=CUT, never=segment, most=1000) == len(kept)
        assert count_forgotten(cast.district, cut=CUT, never=segment, most=2) == 2


def test_whoever_comes_and_goes_between_two_pages_moves_nobody(cast: Cast, cadres: list[Cadre]) -> None:
    first = forgotten(cast.district, cut=CUT, count=5)
    assert first.after is not None
    rest = [row.pk for row in forgotten(cast.district, cut=CUT, after=first.after).rows]
    Cadre.objects.filter(pk=first.rows[0].pk).update(last_trained=M.date())
    enter(cast, 60, cast.district, day("2001-01-01"))
    assert [row.pk for row in forgotten(cast.district, cut=CUT, after=first.after).rows] == rest


def test_the_end_of_a_list_that_has_gone_is_empty(cast: Cast, cadres: list[Cadre]) -> None:
    beyond = Place(day("2024-01-01"), 1)
    assert forgotten(cast.district, cut=CUT, after=beyond) == Stretch([], None, None)


@pytest.mark.parametrize("never", [False, True])
def test_a_page_is_one_query_that_enters_the_index_where_the_page_begins(
    cast: Cast, cadres: list[Cadre], never: bool
) -> None:
    place = Place(None if never else day("2020-05-01"), cadres[3].pk)
    with connection.cursor() as cursor:
        # Whatever is known of the few rows there are: an index that begins where the page does needs no sort.
        for off in ("seqscan", "bitmapscan", "sort", "incremental_sort"):
            cursor.execute(f"SET LOCAL enable_{off} = off")
    with CaptureQueriesContext(connection) as queries:
        page = forgotten(cast.district, cut=CUT, never=never, after=place, count=2)
        assert all(row.unit == cast.district.name for row in page.rows)
    assert len(queries) == 1
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {queries[0]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "cadre_untrained_2" in plan
    wanted = "id > " if never else "ROW(last_trained, id) > ROW("
    assert any(wanted in line for line in plan.splitlines() if "Index Cond" in line), plan
    assert "Sort" not in plan, plan


def test_new_chairs_are_those_not_trained_since_they_were_appointed(cast: Cast) -> None:
    until, since = day("2024-05-01"), day("2023-05-01")
    listed = [
        enter(cast, 1, cast.district, None, leadership="chair", appointed_on=day("2023-05-01")),
        enter(cast, 2, cast.district, day("2023-06-30"), leadership="chair", appointed_on=day("2023-07-01")),
    ]
    vice = enter(cast, 3, cast.district, None, leadership="vice_chair", appointed_on=day("2023-06-01"))
    enter(cast, 4, cast.district, day("2023-07-01"), leadership="chair", appointed_on=day("2023-07-01"))
    enter(cast, 5, cast.district, None, leadership="chair", appointed_on=day("2023-04-30"))
    enter(cast, 6, cast.district, None, leadership="chair", appointed_on=day("2024-05-02"))
    enter(cast, 7, cast.district, None, leadership="", appointed_on=day("2023-07-01"))
    enter(cast, 8, cast.other, None, leadership="chair", appointed_on=day("2023-07-01"))
    enter(cast, 9, cast.district, None, leadership="chair", appointed_on=day("2023-07-01"), status="left")
    assert new_chairs(cast.district, since=since, until=until, vice=False).rows == shown(*listed)
    with_vice = new_chairs(cast.district, since=since, until=until, vice=True)
    assert with_vice.rows == shown(listed[0], vice, listed[1])
    first = new_chairs(cast.district, since=since, until=until, vice=True, count=1)
    assert first.after is not None
    rest = new_chairs(cast.district, since=since, until=until, vice=True, after=first.after)
    assert rest.rows == shown(vice, listed[1])


def test_a_union_deeper_than_the_indexes_has_its_list_too(cast: Cast) -> None:
    unit = cast.district
    for depth in range(4):
        unit = Union.objects.found(parent=unit, code=f"d{depth}", name=f"{depth}级工会", level="grassroots")
    cadre = enter(cast, 1, unit, None)
    assert forgotten(unit, cut=CUT, never=True).rows == shown(cadre)
