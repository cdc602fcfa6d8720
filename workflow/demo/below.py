"""The units below a union of the demo: their posts, who signs in for them, their cadres and records."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from org.models import PostKind, Union
from org.services import add_alias, link_user, move_cadre
from workflow.demo.cadres import Cast, Made, enter, train
from workflow.demo.houses import acting
from workflow.demo.units import UNITS, Unit

if TYPE_CHECKING:
    from org.models import Cadre
    from workflow.demo.houses import Builder, Built

#: Who changed over to another unit of the union, and how many days ago: (from, to, days).
MOVED = {"binhai": (("yunfan", "wangchao", 130), ("zhizao", "xinggang", 75)), "mianyang": ()}


def people_units(built: Built, builder: Builder) -> None:
    """Makes the units with posts, aliases and cadres, links those who sign in, and writes old records."""
    house, today = built.house, timezone.localdate(builder.now)
    superior = built.union.superior
    if superior is None:
        raise RuntimeError(f"{built.union} has nothing above it")
    cast = Cast(house.code, today)
    everybody: list[tuple[Made, Cadre, Unit]] = []
    with acting(built.people[f"{house.authority}-staff"]) as clerk:
        for ordinal, unit in enumerate(UNITS[house.code], 1):
            union = Union.objects.found(
                parent=built.union,
                code=unit.code,
                name=unit.name,
                short_name=unit.short_name,
                level=unit.level,
                ordinal=ordinal,
            )
            built.units[unit.code] = union
            builder.post(built, "chair", "主席", PostKind.LEADER, unit.chair, unit=union)
            builder.post(built, "contact", "联络员", PostKind.STAFF, unit.contact, unit=union)
            if unit.cadre:
                built.people[unit.cadre_login] = builder.person(unit.cadre_login, unit.cadre)
            for alias, until in unit.aliases:
                add_alias(unit=union, alias=alias, until=until, actor=clerk, at=builder.now)
            for made in cast.of(unit):
                cadre = enter(made, unit=union, actor=clerk, at=builder.now)
                if made.login:
                    user = built.people[made.login]
                    cadre = link_user(cadre=cadre, user=user, actor=clerk, at=builder.now)
                everybody.append((made, cadre, unit))
        train(everybody, house=house.code, held_by=built.union, superior=superior, at=builder.now)
        for source, target, days in MOVED[house.code]:
            since = today - timedelta(days=days)
            leaver = next(
                cadre
                for made, cadre, unit in everybody
                if unit.code == source and not made.login and made.is_active and made.since < since
            )
            move_cadre(cadre=leaver, unit=built.units[target], since=since, actor=clerk, at=builder.now)
