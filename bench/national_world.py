"""A nation's unions in six levels, and the ones among them that hold classes with all their posts."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from bench.load import YEAR, World
from org.models import Union
from org.states import UnionLevel

if TYPE_CHECKING:
    from collections.abc import Sequence


class Size(NamedTuple):
    """How much is made. ``branches``: provinces, then how many unions each one has below it, level by level;
    several numbers take turns. ``first``: cadres of the first province.
    """

    cadres: int
    first: int
    records: int
    seats: int
    runs: int
    branches: tuple[tuple[int, ...], ...]


SIZES: Final = {
    "national": Size(6_740_000, 300_000, 20_000_000, 1_250_000, 25_000, ((31,), (11,), (8,), (3,), (3, 4))),
    "city": Size(60_000, 20_000, 200_000, 12_500, 250, ((3,), (3,), (4,), (3,), (3,))),
}

_LEVELS: Final = (
    (UnionLevel.PROVINCE, "{:02}省", "总工会"),
    (UnionLevel.CITY, "{:02}市", "总工会"),
    (UnionLevel.DISTRICT, "{:02}区", "总工会"),
    (UnionLevel.TOWN, "{}街道", "总工会"),
    (UnionLevel.GRASSROOTS, "{}厂", "工会委员会"),
)


class NationalWorld(World):
    """Provinces (``u0`` is the first), cities and, last, the nation hold classes; the others send people."""

    def __init__(self, size: Size) -> None:
        self.size = size
        provinces = size.branches[0][0]
        super().__init__(provinces + _below(provinces, size.branches[1]) + 1)

    def _found(self) -> list[Union]:
        nation = _union("", "全国总工会", UnionLevel.NATIONAL, "", 1)
        tree: list[list[tuple[Union, str]]] = [[(nation, "")]]
        for (level, word, ending), branches in zip(_LEVELS, self.size.branches, strict=True):
            many = cycle(branches)
            below: list[tuple[Union, str]] = []
            for parent, place in tree[-1]:
                parent.numchild = next(many)
                for step in range(1, parent.numchild + 1):
                    name = place + word.format(step)
                    code = f"n{level.value}{len(below)}"
                    union = _union(code, name + ending, level, str(parent.path), step)
                    below.append((union, name))
            tree.append(below)
        organisers = [union for union, _ in (*tree[1], *tree[2], *tree[0])]
        for n, union in enumerate(organisers):
            union.code = f"u{n}"
        Union.objects.bulk_create([union for level in tree for union, _ in level], batch_size=5_000)
        return organisers

    def _funds(self, years: Sequence[int] = (YEAR,)) -> None:
        super()._funds(years)


def _union(code: str, name: str, level: UnionLevel, above: str, step: int) -> Union:
    fields: dict[str, Any] = {
        "path": Union._get_path(above, len(above) // Union.steplen + 1, step),
        "depth": len(above) // Union.steplen + 1,
        "numchild": 0,
    }
    return Union(code=code, name=name, level=level, ordinal=step, **fields)


def _below(parents: int, branches: Sequence[int]) -> int:
    many = cycle(branches)
    return sum(next(many) for _ in range(parents))
