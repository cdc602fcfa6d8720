"""长期未训: three lists of a unit, page by page; the years come from the book."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from org.models import Cadre
from tests.workflow import called
from tests.workflow.world import World, at
from workflow.selectors import people as select
from workflow.views import people_forgotten
from workflow.views.people_forgotten import place_of, written

pytestmark = pytest.mark.django_db

ADDRESS = "workflow:forgotten"


@pytest.fixture(autouse=True)
def today(time_machine) -> None:
    time_machine.move_to(at(6, 1), tick=False)


@pytest.fixture
def authority(world: World, client: Client) -> Client:
    client.force_login(world.people["jiceng-head"])
    return client


def someone(world: World, last: date | None, **fields: object) -> Cadre:
    made = called.cadre(fields.pop("union", world.union), **fields)  # type: ignore[arg-type]
    Cadre.objects.filter(pk=made.pk).update(last_trained=last)
    return made


def asked(client: Client, **said: str):
    return client.get(reverse(ADDRESS), said)


def listed(client: Client, **said: str) -> list[Cadre]:
    shown = [row["cadre"].pk for row in asked(client, **said).context["rows"]]
    cadres = Cadre.objects.in_bulk(shown)
    return [cadres[pk] for pk in shown]


def test_never_trained_and_long_untrained_are_lists_of_their_own(world: World, authority: Client) -> None:
    never = someone(world, None)
    recent = someone(world, date(2026, 6, 2))
    long_ago = [someone(world, date(2024, 5, 31)), someone(world, date(2020, 1, 1))]
    on_the_day = someone(world, date(2024, 6, 1))
    someone(world, None, status="retired")
    assert listed(authority) == [never]
    assert listed(authority, view="long") == list(reversed(long_ago))
    assert listed(authority, view="long", years="1") == [*reversed(long_ago), on_the_day]
    assert [tab["count"] for tab in asked(authority, years="1").context["tabs"]][:2] == [1, 3]
    assert recent not in listed(authority, view="long", years="1")


def test_the_years_are_the_books_unless_asked_otherwise(world: World, authority: Client) -> None:
    answer = asked(authority, view="long")
    assert answer.context["years"] == 3
    assert "现行制度以 3 年未参训为长期未训。" in answer.content.decode()
    for nonsense in ("", "0", "11", "x"):
        assert asked(authority, view="long", years=nonsense).context["years"] == 3


def test_a_unit_below_has_the_book_of_the_union_above(world: World, client: Client) -> None:
    street = called.unit(world)
    client.force_login(street.contact)
    assert asked(client).context["norm"] == 3


def test_by_unit(world: World, authority: Client) -> None:
    street, other = called.unit(world), called.unit(world)
    mine = someone(world, None, union=street.union)
    someone(world, None, union=other.union)
    assert listed(authority, unit=str(street.union.pk)) == [mine]


def test_a_contact_sees_his_unit_alone(world: World, client: Client) -> None:
    street, other = called.unit(world, people=1), called.unit(world, people=1)
    client.force_login(street.contact)
    assert listed(client, unit=str(other.union.pk)) == street.cadres


def test_page_by_page_there_and_back(world: World, authority: Client) -> None:
    people = [someone(world, date(2020, 1, 1 + n % 3)) for n in range(60)]
    order = [cadre.pk for cadre in sorted(people, key=lambda one: (people.index(one) % 3, one.pk))]
    answer = asked(authority, view="long")
    seen = [row["cadre"].pk for row in answer.context["rows"]]
    assert not answer.context["earlier"]
    while later := answer.context["later"]:
        answer = authority.get(reverse(ADDRESS) + later)
        seen += [row["cadre"].pk for row in answer.context["rows"]]
    assert seen == order
    back = authority.get(reverse(ADDRESS) + answer.context["earlier"])
    assert [row["cadre"].pk for row in back.context["rows"]] == order[25:50]
    assert (
        authority.get(reverse(ADDRESS) + answer.context["first"]).context["rows"][0]["cadre"].pk == order[0]
    )


def test_new_chairs_near_and_over_their_limit(world: World, authority: Client) -> None:
    def chair(appointed: date, last: date | None = None, **fields: object) -> Cadre:
        return someone(world, last, leadership="chair", appointed_on=appointed, **fields)

    over = chair(date(2026, 5, 31))
    on_the_day = chair(date(2026, 6, 1))
    near = chair(date(2026, 8, 30), last=date(2026, 8, 29))
    chair(date(2026, 8, 31))
    chair(date(2026, 7, 1), last=date(2026, 7, 1))
    chair(date(2025, 5, 31))
    answer = asked(authority, view="chairs")
    found = [(row["cadre"].pk, row["due"], row["over"]) for row in answer.context["rows"]]
    assert found == [
        (over.pk, date(2027, 5, 31), True),
        (on_the_day.pk, date(2027, 6, 1), False),
        (near.pk, date(2027, 8, 30), False),
    ]
    assert "任职后 12 个月内应参加培训" in answer.content.decode()


def test_without_a_book_new_chairs_arent_judged(world: World, authority: Client, monkeypatch) -> None:
    monkeypatch.setattr(select, "book_over", lambda *_: None)
    answer = asked(authority, view="chairs")
    assert [tab["title"] for tab in answer.context["tabs"]] == ["从未参训", "3 年以上未训"]


def test_counting_stops_somewhere(world: World, authority: Client, monkeypatch) -> None:
    monkeypatch.setattr(people_forgotten, "MOST", 20_000)
    called.unit(world, people=1)
    monkeypatch.setattr(people_forgotten, "count_forgotten", lambda *_, most, **__: most)
    assert asked(authority).context["tabs"][0]["count"] == "2 万以上"


@pytest.mark.parametrize(
    "text", ["", "x", "2021-13-01.5", "2021-05-05", "5", ".", ".x", "2021-05-05.-1", ".99999999999999999999"]
)
def test_a_place_that_is_none_begins_at_the_beginning(world: World, authority: Client, text: str) -> None:
    first = someone(world, None)
    assert place_of(text) is None
    assert listed(authority, after=text) == [first]


def test_places_are_read_as_they_are_written() -> None:
    for text in ("2021-05-05.17", ".17"):
        place = place_of(text)
        assert place is not None
        assert written(place) == text


def cells(content: bytes) -> list[tuple[Any, ...]]:
    sheet = load_workbook(BytesIO(content)).worksheets[0]
    return [row[1:] for row in sheet.iter_rows(min_row=4, values_only=True) if row[1]]


def test_the_workbook_holds_the_whole_list(world: World, authority: Client) -> None:
    people = [someone(world, None) for _ in range(30)]
    rows = cells(authority.get(reverse("workflow:forgotten_export")).content)
    assert [row[0] for row in rows] == [cadre.name for cadre in people]
    assert {row[5] for row in rows} == {"从未参训"}
    chair = someone(world, None, leadership="chair", appointed_on=date(2026, 6, 2))
    rows = cells(authority.get(reverse("workflow:forgotten_export"), {"view": "chairs"}).content)
    assert [(row[0], row[6].date()) for row in rows] == [(chair.name, date(2027, 6, 2))]


@pytest.mark.parametrize("view", ["never", "long", "chairs"])
@pytest.mark.parametrize("count", [2, 25])
def test_the_list_costs_the_same_however_long(
    world: World, authority: Client, django_assert_num_queries, view: str, count: int
) -> None:
    for _ in range(count):
        last = None if view != "long" else date(2020, 1, 1)
        someone(world, last, leadership="chair", appointed_on=date(2026, 6, 2))
    asked(authority, view=view)
    # Session and user, the frame's three, reach's two, units, the book, two counts, the rows.
    with django_assert_num_queries(12):
        assert len(asked(authority, view=view).context["rows"]) == count
