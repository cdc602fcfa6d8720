"""Which unit a name in a file means. No unit is made from a file's names; what isn't found isn't guessed."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from django.db.models import Q

from office.wording import chinese_date
from org.models import HeaderMapping, Union, UnitAlias
from org.models.cadres import STEP
from org.unit_names import UnitChoice, UnitMatch, unit_key

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterator

#: From sure to doubtful; the first that knows the text decides.
FULL, ALIAS, SHORT, OLD = range(4)
#: What is left off a superior's name in front of a unit's: 某区海棠街道总工会.
_LEGAL_FORM: Final = re.compile(r"(总工会|工会联合会|工会委员会|工会)$")


class _Known(NamedTuple):
    pk: int
    path: str
    name: str
    note: str = ""


def unit_matcher(union: Union | None, on: datetime.date) -> Callable[[str], UnitMatch]:
    """What names of units mean in the area of ``union`` on ``on``: it, those below and those above it.

    None: all unions there are. Two queries now, none later. Full names go before aliases in force, these
    before short names, old aliases come last and are noted; of homonyms the one whose superior is written
    in front of it is meant (某市某区海棠街道总工会), else all are given to choose from.
    """
    names = _Names(union, on)
    found: dict[str, UnitMatch] = {}

    def match(text: str) -> UnitMatch:
        key = unit_key(text)
        if key not in found:
            found[key] = names.match(key)
        return found[key]

    return match


class _Names:
    def __init__(self, union: Union | None, on: datetime.date) -> None:
        self.tiers: tuple[dict[str, list[_Known]], ...] = tuple(defaultdict(list) for _ in range(4))
        #: What a union may be called in front of one below it, by path.
        self.called: dict[str, set[str]] = {}
        self.names: dict[str, str] = {}
        area = Union.objects.order_by("path")
        if union is not None:
            above = [union.path[:end] for end in range(STEP, len(union.path), STEP)]
            area = area.filter(Q(path__startswith=union.path) | Q(path__in=above))
        known: dict[int, _Known] = {}
        for pk, path, name, short_name in area.values_list("pk", "path", "name", "short_name"):
            unit = known[pk] = _Known(pk, path, name)
            self.names[path] = name
            self.tiers[FULL][unit_key(name)].append(unit)
            if short_name and unit_key(short_name) != unit_key(name):
                self.tiers[SHORT][unit_key(short_name)].append(unit)
            self.called[path] = {unit_key(text) for text in (name, _LEGAL_FORM.sub("", name), short_name)}
        aliases = UnitAlias.objects.order_by("id")
        if union is not None:
            aliases = aliases.filter(union__in=area.order_by().values("pk"))
        for pk, alias, key, valid in aliases.values_list("union", "alias", "key", "valid"):
            self._alias(known[pk], alias, key, valid, on)

    def _alias(self, unit: _Known, alias: str, key: str, valid: object, on: datetime.date) -> None:
        first = getattr(valid, "lower", None)
        until = getattr(valid, "upper", None)
        if first is not None and on < first:
            note = f"“{alias}”自{chinese_date(first)}起才用作“{unit.name}”的名称"
        elif until is not None and until <= on:
            note = f"“{alias}”是“{unit.name}”{chinese_date(until)}以前的名称"
        else:
            self.tiers[ALIAS][key].append(unit)
            self.called[unit.path].add(key)
            return
        self.tiers[OLD][key].append(unit._replace(note=note))

    def match(self, key: str) -> UnitMatch:
        if not key:
            return UnitMatch()
        for tier in self.tiers:
            if key in tier:
                return self._choices(tier[key])
        behind = {unit.pk: unit for unit in self._behind_superior(key)}
        return self._choices(list(behind.values()))

    def _behind_superior(self, key: str) -> Iterator[_Known]:
        """The units whose superior stands in front of their own name, by the longest own name there is."""
        for start in range(1, len(key) - 1):
            found = [
                unit
                for tier in self.tiers
                for unit in tier.get(key[start:], ())
                if self._leads_to(key[:start], unit.path)
            ]
            if found:
                yield from found
                return

    def _leads_to(self, front: str, path: str) -> bool:
        """Whether ``front`` is nothing but names of unions above ``path``, from the top down."""
        if not front:
            return True
        for end in range(len(path) - STEP, 0, -STEP):
            above = path[:end]
            for name in self.called.get(above, ()):
                if name and front.endswith(name) and self._leads_to(front.removesuffix(name), above):
                    return True
        return False

    def _choices(self, units: list[_Known]) -> UnitMatch:
        if len(units) == 1:
            return UnitMatch((UnitChoice(units[0].pk, units[0].name, units[0].note),))
        return UnitMatch(tuple(UnitChoice(unit.pk, self._told_apart(unit), unit.note) for unit in units))

    def _told_apart(self, unit: _Known) -> str:
        superior = self.names.get(unit.path[:-STEP])
        return f"{unit.name}（{superior}）" if superior else unit.name


def known_mapping(sender: Union, purpose: str, fingerprint: str) -> dict[str, str]:
    """How the sender's form of that fingerprint was read last (title of a column → field); else empty."""
    row = HeaderMapping.objects.filter(sender=sender, purpose=purpose, fingerprint=fingerprint).first()
    return dict(row.mapping) if row is not None else {}
