"""Which cadres a person looks at and keeps; who has gone longest without training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from org.models import Cadre, Duty, Union
from org.models.cadres import widest
from org.states import DutyCode

if TYPE_CHECKING:
    from org.models.cadres import CadreQuerySet
    from org.selectors.holders import Standing


@dataclass(frozen=True)
class Reach:
    """Where a person's word counts among the cadres, as paths of unions.

    ``seen``: he looks at the cadres of these unions and of all below them. ``kept``: he also keeps their
    data; ``own``: the data of these units alone, what is below them being the training authority's.
    ``governed``: he acts for the training authority there.
    """

    seen: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    own: frozenset[str] = frozenset()
    governed: tuple[str, ...] = ()
    everywhere: bool = False

    def sees(self, path: str) -> bool:
        return path.startswith(self.seen)

    def keeps(self, path: str) -> bool:
        return self.everywhere or path in self.own or path.startswith(self.kept)

    def governs(self, path: str) -> bool:
        return self.everywhere or path.startswith(self.governed)


def reach(standing: Standing) -> Reach:
    """What his posts and grants come to, in two queries.

    One looks at one's own union and what is below it; the training authority, the secretary of the meeting
    and whoever was granted to look at a union, at that union and below. One keeps the cadres of one's own
    unit; those of the units below are kept by the training authority, or by every post where a union has
    none. The system administrator keeps whatever has to be entered first, and sees nothing by it.
    """
    user = standing.user
    if not user.is_active:
        return Reach()
    ids = (
        standing.union_ids
        | standing.authority_union_ids
        | standing.secretary_union_ids
        | standing.looks_union_ids
    )
    if not ids:
        return Reach(everywhere=user.is_superuser)
    paths = dict(Union.objects.filter(pk__in=ids).order_by().values_list("pk", "path"))
    with_authority = set(
        Duty.objects.on(standing.on)
        .filter(code=DutyCode.TRAINING_AUTHORITY, union__in=standing.union_ids)
        .order_by()
        .values_list("union", flat=True)
    )
    whole = standing.authority_union_ids | (standing.union_ids - with_authority)
    return Reach(
        seen=tuple(widest(paths.values())),
        kept=tuple(widest(paths[pk] for pk in whole if pk in paths)),
        own=frozenset(paths[pk] for pk in standing.union_ids if pk in paths),
        governed=tuple(widest(paths[pk] for pk in standing.authority_union_ids if pk in paths)),
        everywhere=user.is_superuser,
    )


def cadres_seen(standing: Standing) -> CadreQuerySet:
    """The cadres a person looks at (:func:`reach`); nobody for an outsider."""
    return Cadre.objects.within(reach(standing).seen)
