"""Somebody before the door of a class who isn't on its list: who he is, and who sends him (S25)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils import timezone

from org.excel.identity import read_identity
from org.models import Cadre
from org.states import IdentityKind
from workflow.models import Quota

if TYPE_CHECKING:
    from collections.abc import Collection

    from org.models import Union
    from workflow.models import ClassRun

#: Fewer digits than these are no identity number.
_DIGITS: Final = 6
_NOBODY: Final = "干部名册中没有这个姓名的在职干部。请核对姓名，或填证件号码；没有登记的请先登记。"
#: How many of one name are shown; one who isn't among them is found by his number.
MOST: Final = 10


@dataclass(frozen=True)
class Comer:
    """A person of the register. ``unit`` sends him: the called unit he belongs to, else his own."""

    cadre: Cadre
    unit: Union | None


def comers(run: ClassRun, text: str) -> tuple[list[Comer], str]:
    """Whom the office means by an identity number or by a whole name, and else why there is nobody.

    A number names one person, by whichever document. A name only lists those of the organiser's union and
    of those below it who bear it: which of them it is, is chosen by looking at unit and number.
    """
    if sum(sign.isdigit() for sign in text) >= _DIGITS:
        found, why = person_of(text)
        people = [found] if found is not None else []
    else:
        named = Cadre.objects.active().under(run.plan.union).filter(name="".join(text.split()))
        people = list(named.select_related("unit").order_by("unit_path", "pk")[:MOST])
        why = "" if people else _NOBODY
    senders = _senders(run, people)
    return [Comer(one, senders.get(one.pk)) for one in people], why


def _senders(run: ClassRun, people: Collection[Cadre]) -> dict[int, Union]:
    called = {quota.unit.path: quota.unit for quota in Quota.objects.filter(run=run).select_related("unit")}
    found = {}
    for one in people:
        if one.unit is None:
            continue
        above = [unit for path, unit in called.items() if one.unit.path.startswith(path)]
        found[one.pk] = max(above, key=lambda unit: len(unit.path)) if above else one.unit
    return found


def person_of(number: str) -> tuple[Cadre | None, str]:
    """The cadre of an identity number as typed, by whichever document; else why there is none."""
    read = read_identity(number, today=timezone.localdate())
    plain = read.number or "".join(number.split()).upper()
    for kind in [read.kind] if read.number else IdentityKind.values:
        found = Cadre.objects.select_related("unit").with_identity(kind, plain).first()
        if found is not None:
            return found, ""
    if not read.number and read.problems:
        problem = read.problems[0]
        return None, f"{problem.message}{problem.mend}"
    return None, "干部名册中没有这个证件号码，请先登记。"
