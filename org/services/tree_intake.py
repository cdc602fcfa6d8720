"""Many units at once, whatever their order in the list: superiors first, circles refused, nothing twice.

The list waits in a temporary table, so that a million units take no memory here. It grows into the tree from
the top: a unit is ready once its superior's name means exactly one unit and no line of the list that still
waits, or was refused, could be meant by it. A batch is one transaction.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from django.db import IntegrityError, connection, transaction

from office.refusals import Conflict
from org.models import Union
from org.models.cadres import STEP
from org.services import tree_sql as sql
from org.unit_names import unit_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

BATCH: Final = 5000
#: How sure a name is, the surest first: full name, alias, short name, full name behind the superior's.
FULL, ALIAS, SHORT, BEHIND = range(4)
_LEGAL_FORM: Final = re.compile(r"(总工会|工会联合会|工会委员会|工会)$")


@dataclass(frozen=True, slots=True)
class NewUnit:
    """A line of the list, checked; ``parent`` as it is written, empty for the top; ``cells`` the original."""

    number: int
    name: str
    level: str
    parent: str = ""
    short_name: str = ""
    aliases: Sequence[str] = ()
    cells: Sequence[str] = ()


class RefusedUnit(NamedTuple):
    """A line that found no place in the tree: why (``top superior unknown several circle``)."""

    number: int
    parent: str
    why: str
    cells: Sequence[str]


class _Line(NamedTuple):
    number: int
    name: str
    key: str
    short_name: str
    level: str
    parent_id: int | None


class TreeIntake:
    """``stage`` the lines, ``grow`` the tree, read what was ``refused``; one at a time in a connection."""

    def __init__(self) -> None:
        self.staged = 0
        with connection.cursor() as cursor:
            cursor.execute(sql.TABLES)

    def stage(self, units: Sequence[NewUnit]) -> None:
        """Put lines aside; nothing is in the tree yet."""
        with (
            connection.cursor() as cursor,
            cursor.copy(
                "COPY incoming_unit"
                " (number, name, key, short_name, parent, parent_key, level, aliases, alias_keys, cells)"
                " FROM STDIN"
            ) as copy,
        ):
            for unit in units:
                keys = {unit_key(alias): alias for alias in unit.aliases}
                keys.pop(unit_key(unit.name), None)
                copy.write_row(
                    (
                        unit.number,
                        unit.name,
                        unit_key(unit.name),
                        unit.short_name,
                        unit.parent,
                        unit_key(unit.parent),
                        unit.level,
                        list(keys.values()),
                        list(keys),
                        list(unit.cells),
                    )
                )
        self.staged += len(units)

    def grow(self, progress: Callable[[int], None]) -> int:
        """Write what has a place, from the top down; return how many were new. ``progress``: lines done.

        Raises ``Conflict`` if somebody else changed the tree meanwhile; what is written by then stays.
        """
        self._know()
        added = 0
        with connection.cursor() as cursor:
            cursor.execute(sql.TOP_THERE)
            cursor.execute(sql.TOP_NEW)
            moved = True
            while moved or self._settled():
                cursor.execute(sql.READY)
                moved = cursor.rowcount > 0
                cursor.execute(sql.THERE)
                self._aliases()
                while written := self._batch():
                    moved = True
                    added += written
                    cursor.execute("SELECT count(*) FROM incoming_unit WHERE state <> 'waiting'")
                    progress(cursor.fetchone()[0])
        return added

    def refused(self) -> Iterator[RefusedUnit]:
        """The lines without a place, in their order; after the last one the list is gone."""
        with connection.cursor() as cursor:
            last = -1
            while True:
                cursor.execute(
                    "SELECT number, parent, coalesce(why, 'circle'), cells FROM incoming_unit"
                    " WHERE state IN ('waiting', 'bad') AND number > %s ORDER BY number LIMIT %s",
                    [last, BATCH],
                )
                rows = cursor.fetchall()
                if not rows:
                    cursor.execute(sql.GONE)
                    return
                yield from (RefusedUnit(*row) for row in rows)
                last = rows[-1][0]

    def _know(self) -> None:
        """The tree as it is."""
        with transaction.atomic(), connection.cursor() as cursor:
            units = Union.objects.order_by("pk").values_list("pk", "path", "name", "short_name")
            last = 0
            # A piece at a time: while a COPY goes on, the connection can read nothing.
            while rows := list(units.filter(pk__gt=last)[:BATCH]):
                last = rows[-1][0]
                with cursor.copy("COPY known_unit (id, path, key, bare) FROM STDIN") as copy:
                    for pk, path, name, _ in rows:
                        copy.write_row((pk, path, unit_key(name), unit_key(_LEGAL_FORM.sub("", name))))
                with cursor.copy("COPY known_name (key, unit_id, tier) FROM STDIN") as copy:
                    for pk, _, _, short_name in rows:
                        if short_name:
                            copy.write_row((unit_key(short_name), pk, SHORT))
            cursor.execute("INSERT INTO known_name SELECT key, id, %s FROM known_unit", [FULL])
            cursor.execute(
                "INSERT INTO known_name SELECT key, union_id, %s FROM org_unitalias"
                " WHERE valid IS NULL OR valid @> (now() AT TIME ZONE 'Asia/Shanghai')::date",
                [ALIAS],
            )
            cursor.execute(sql.KNOW)
            cursor.execute(sql.INDEXES)

    def _batch(self) -> int:
        """Some ready lines into the tree; how many."""
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    "SELECT DISTINCT ON (parent_id, key) number, name, key, short_name, level, parent_id"
                    " FROM incoming_unit WHERE state = 'ready' ORDER BY parent_id, key, number LIMIT %s",
                    [BATCH],
                )
                lines = sorted(_Line(*row) for row in cursor.fetchall())
                if lines:
                    self._insert(cursor, lines)
                    cursor.execute(sql.REPEATED)
                    self._write_aliases(cursor, "new")
                return len(lines)
        except IntegrityError as error:
            raise Conflict("单位名录刚刚被别人改过，请再运行一次，已导入的不会重复。") from error

    def _insert(self, cursor: Any, lines: Sequence[_Line]) -> None:
        parents = {line.parent_id for line in lines}
        cursor.execute("SELECT id, path, last FROM known_unit WHERE id = ANY(%s)", [list(parents - {None})])
        above: dict[int | None, tuple[str, str | None]] = {pk: (path, last) for pk, path, last in cursor}
        above.setdefault(None, ("", None))
        paths: list[str] = []
        for line in lines:
            path, last = above[line.parent_id]
            step = _next_step(last)
            above[line.parent_id] = (path, step)
            paths.append(path + step)
        cursor.execute(
            sql.INSERT,
            [
                paths,
                [_code(line) for line in lines],
                [line.name for line in lines],
                [line.short_name for line in lines],
                [line.level for line in lines],
                [line.number for line in lines],
                paths,
                [line.key for line in lines],
                [unit_key(_LEGAL_FORM.sub("", line.name)) for line in lines],
                [line.number for line in lines],
            ],
        )
        cursor.execute(
            sql.NAMES,
            [paths, paths, paths, [unit_key(line.short_name) for line in lines]],
        )

    def _aliases(self) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            self._write_aliases(cursor, "known")

    def _write_aliases(self, cursor: Any, state: str) -> None:
        """Aliases of the lines of that state, each once; the lines are done then."""
        cursor.execute(
            sql.ALIASES,
            [state],
        )

    def _settled(self) -> bool:
        """Whether refusing what has no place any more has changed anything; the rest stands in circles."""
        changed = False
        with connection.cursor() as cursor:
            for statement in sql.BAD:
                cursor.execute(statement)
                changed = changed or cursor.rowcount > 0
        return changed


def _next_step(last: str | None) -> str:
    """The step of a path after ``last``; the first one after None."""
    number = Union._str2int(last) + 1 if last else 1
    step: str = Union._int2str(number)
    if len(step) > STEP:
        raise Conflict("一个单位的下级已满，不能再增加。")
    return step.rjust(STEP, "0")


def _code(line: _Line) -> str:
    """The same line under the same superior always has the same code: it can't be written twice."""
    digest = hashlib.sha256(f"{line.parent_id}\n{line.key}".encode()).hexdigest()
    return f"dw-{digest[:24]}"
