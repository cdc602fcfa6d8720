"""长期未训: who of a unit has gone longest without training, and new chairs whose time runs out."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from org.selectors import Place, count_forgotten, forgotten, new_chairs, reach
from rulebook.people import NewChairRule, forgotten_years, new_chair_rule
from rulebook.severity import Severity
from workflow.excel.people import chairs_book, forgotten_book
from workflow.forms.people import ForgottenFilter
from workflow.rules.corresponding import months_after, months_before
from workflow.selectors import people as select
from workflow.views.common import DeskRequest, standing_of, workbook_file

if TYPE_CHECKING:
    from django.urls import URLPattern

    from org.models import Union
    from org.selectors import Overlooked, Stretch
    from rulebook.schema import Book

#: Counted no further than this; so many rows a workbook takes.
MOST = 100_000
#: Where no rule book says after how many years somebody counts as forgotten.
YEARS = 3
#: A new chair's time is running out when it ends within so many days; who is over it by more isn't new.
NEAR = datetime.timedelta(days=90)
OVER = 12
_PLACE = re.compile(r"(\d{4}-\d{2}-\d{2})?\.(\d{1,18})", re.ASCII)
VIEWS = (("never", "从未参训"), ("long", "多年未训"), ("chairs", "新任主席"))


class _Asked:
    """Unit, years and view of the address; 404 for whoever sees no unit's cadres."""

    def __init__(self, request: DeskRequest) -> None:
        self.today = timezone.localdate()
        self.units = select.units_seen(reach(standing_of(request)).seen)
        if not self.units:
            raise Http404
        given = request.GET
        self.unit = self._unit(given.get("unit", ""))
        self.book: Book | None = select.book_over(self.unit, self.today)
        norm = forgotten_years(self.book) if self.book is not None else YEARS
        start = {"unit": str(self.unit.pk), "years": str(norm)}
        self.form = ForgottenFilter(
            {name: given.get(name) or usual for name, usual in start.items()}, self.units
        )
        self.norm = norm
        self.years = int(self.form.asked("years") or norm)
        self.cut = months_before(self.today, 12 * self.years)
        self.limit = self._limit()
        views = [key for key, _ in VIEWS if key != "chairs" or self.limit is not None]
        self.view = given.get("view", "") if given.get("view", "") in views else views[0]
        self.views = views

    def _unit(self, key: str) -> Union:
        return next((unit for unit in self.units if str(unit.pk) == key), self.units[0])

    def _limit(self) -> NewChairRule | None:
        """The norm for new chairs, where a book has one: without it they aren't judged (S13)."""
        if self.book is None or self.book.rule("new_chair").severity == Severity.OFF:
            return None
        return new_chair_rule(self.book)

    def stretch(self, *, after: Place | None, before: Place | None, count: int) -> Stretch:
        """The rows of the view."""
        if self.view == "chairs":
            limit = self.limit
            if limit is None:
                raise Http404
            return new_chairs(
                self.unit,
                since=months_before(self.today, limit.months + OVER),
                until=months_before(self.today + NEAR, limit.months),
                vice=limit.vice,
                after=after,
                before=before,
                count=count,
            )
        return forgotten(
            self.unit, cut=self.cut, never=self.view == "never", after=after, before=before, count=count
        )

    def due(self, cadre: Overlooked) -> datetime.date | None:
        """Until when a new chair is to be trained."""
        if self.limit is None or cadre.appointed_on is None:
            return None
        return months_after(cadre.appointed_on, self.limit.months)

    def address(self, **more: str) -> str:
        """This list at another place or in another view."""
        kept = {"unit": str(self.unit.pk), "years": str(self.years), "view": self.view}
        return f"?{urlencode(kept | more)}"


@require_safe
def forgotten_list(request: DeskRequest) -> HttpResponse:
    """One page from where one is; nothing is counted off, so the last costs what the first does."""
    asked = _Asked(request)
    after, before = (place_of(request.GET.get(name, "")) for name in ("after", "before"))
    stretch = asked.stretch(after=after, before=None if after else before, count=25)
    context = {
        "form": asked.form,
        "unit": asked.unit,
        "years": asked.years,
        "norm": asked.norm if asked.book is not None else None,
        "limit": asked.limit,
        "view": asked.view,
        "tabs": _tabs(asked),
        "rows": [_row(asked, cadre) for cadre in stretch.rows],
        "earlier": asked.address(before=written(stretch.before)) if stretch.before else "",
        "later": asked.address(after=written(stretch.after)) if stretch.after else "",
        "first": asked.address() if stretch.before else "",
        "export": f"export/{asked.address()}",
    }
    return render(request, "workflow/people/forgotten.html", context)


def _tabs(asked: _Asked) -> list[dict[str, Any]]:
    counts: dict[str, Any] = {
        key: count_forgotten(asked.unit, cut=asked.cut, never=key == "never", most=MOST + 1)
        for key in ("never", "long")
    }
    titles = dict(VIEWS) | {"long": f"{asked.years} 年以上未训"}
    return [
        {
            "title": titles[key],
            "url": asked.address(view=key),
            "count": f"{MOST // 10_000} 万以上" if counts.get(key, 0) > MOST else counts.get(key),
            "current": key == asked.view,
        }
        for key in asked.views
    ]


def _row(asked: _Asked, cadre: Overlooked) -> dict[str, Any]:
    due = asked.due(cadre) if asked.view == "chairs" else None
    return {
        "cadre": cadre,
        "since": asked.today.year - cadre.last_trained.year if cadre.last_trained else None,
        "due": due,
        "over": due is not None and due < asked.today,
        "days": (due - asked.today).days if due is not None else None,
    }


@require_safe
def forgotten_export(request: DeskRequest) -> HttpResponse:
    """The view as a workbook."""
    asked = _Asked(request)
    rows = asked.stretch(after=None, before=None, count=MOST).rows
    if asked.view == "chairs":
        book = chairs_book(asked.unit.name, [(cadre, asked.due(cadre)) for cadre in rows])
        return workbook_file(book, f"{asked.unit.name}新任主席参训期限")
    title = "从未参训人员" if asked.view == "never" else f"{asked.years}年以上未训人员"
    return workbook_file(forgotten_book(asked.unit.name, title, rows), f"{asked.unit.name}{title}")


def place_of(text: str) -> Place | None:
    """A place as an address writes it (``2021-05-05.17``, ``.17`` among those never trained)."""
    found = _PLACE.fullmatch(text)
    if found is None:
        return None
    try:
        day = datetime.date.fromisoformat(found[1]) if found[1] else None
    except ValueError:
        return None
    return Place(day, int(found[2]))


def written(place: Place) -> str:
    """The other way round."""
    return f"{place.day or ''}.{place.pk}"


urlpatterns: list[URLPattern] = [
    path("people/forgotten/", forgotten_list, name="forgotten"),
    path("people/forgotten/export/", forgotten_export, name="forgotten_export"),
]
