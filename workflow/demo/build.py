"""Builds the demo through the services the pages call; a union that exists is left as it is."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from org.models import Union
from workflow.demo.below import people_units
from workflow.demo.classes import hold_classes
from workflow.demo.houses import Builder, Built
from workflow.demo.people import House
from workflow.demo.planning import plan_year


def load(houses: tuple[House, ...], *, now: datetime) -> list[str]:
    """Loads what isn't there yet, each union in a transaction of its own; names of the unions made."""
    made = []
    for house in houses:
        with transaction.atomic():
            builder = Builder(now)
            if Union.objects.filter(code=house.code).exists():
                continue
            built = builder.organisation(house)
            people_units(built, builder)
            hold_classes(built, now)
            plan_year(built)
            made.append(house.name)
    return made


def found(house: House, *, now: datetime) -> Built:
    """The union with its people, duties and book, before anything was planned."""
    with transaction.atomic():
        return Builder(now).organisation(house)
