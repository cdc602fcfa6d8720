"""A row kept in two tables, written in one statement.

Django saves a child of a concrete model table by table. viewflow's tasks and processes are such rows, and
a decision writes several: with their own statements they are half of what it costs
(docs/decisions/0016-speed.md).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, connection, models

if TYPE_CHECKING:
    from collections.abc import Sequence


class SavedInOneStatement(models.Model):
    """Mixin for a child of one concrete model: ``save()`` writes both rows at once.

    It sends no signals; nothing here listens to any. A save of some fields only, or with a key of one's
    own, goes Django's way.
    """

    class Meta:
        abstract = True

    def save_base(
        self,
        raw: bool = False,
        force_insert: bool | tuple[models.base.ModelBase, ...] = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Any = None,
    ) -> None:
        """See Django; called by ``save()`` when everything about the instance is in order."""
        some = update_fields is not None or bool(self.get_deferred_fields())
        if raw or some or (self._state.adding and self.pk is not None):
            super().save_base(raw, force_insert, force_update, using, update_fields)
        elif self._state.adding:
            self.insert()
        else:
            self._update()

    def insert(self, *, follows: tuple[type[models.Model], str, str, int] | None = None) -> None:
        """Inserts both rows. ``follows``: a link table, its column for this row, for another row, and that
        row's key: the link is inserted with them."""
        parent, child = _tables(type(self))
        values = [*_values(self, parent.fields, add=True), *_values(self, child.fields, add=True)]
        link = ""
        if follows is not None:
            through, own, other, key = follows
            table = _quoted(through._meta.db_table)
            link = (
                f", link AS (INSERT INTO {table} ({_quoted(own)}, {_quoted(other)})"  # noqa: S608 - see _Table
                " SELECT id, %s FROM parent)"
            )
            values.append(key)
        statement = (
            f"WITH parent AS (INSERT INTO {parent.name} ({', '.join(parent.columns)})"  # noqa: S608 - see _Table
            f" VALUES ({_marks(parent.fields)}) RETURNING {parent.key} AS id),"
            f" child AS (INSERT INTO {child.name} ({', '.join([child.key, *child.columns])})"
            f" SELECT id, {_marks(child.fields)} FROM parent){link} SELECT id FROM parent"
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            (key,) = cursor.fetchone()
        for field in (_parents(type(self))[0]._meta.pk, self._meta.pk):
            setattr(self, field.attname, key)
        self._state.adding, self._state.db = False, connection.alias

    def _update(self) -> None:
        parent, child = _tables(type(self))
        statement = (
            f"WITH parent AS (UPDATE {parent.name} SET {_settings(parent.columns)}"  # noqa: S608 - see _Table
            f" WHERE {parent.key} = %s)"
            f" UPDATE {child.name} SET {_settings(child.columns)} WHERE {child.key} = %s"
        )
        values = [
            *_values(self, parent.fields, add=False),
            self.pk,
            *_values(self, child.fields, add=False),
            self.pk,
        ]
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            if cursor.rowcount != 1:
                raise DatabaseError(f"no row of {type(self).__name__} {self.pk}")


class _Table:
    """A table's name and key as SQL, its other fields and their columns.

    Statements are put together from these names of our models only; every value is a parameter.
    """

    def __init__(self, model: type[models.Model]) -> None:
        self.name = _quoted(model._meta.db_table)
        self.key = _quoted(model._meta.pk.column)
        self.fields = [field for field in model._meta.local_concrete_fields if not field.primary_key]
        self.columns = [_quoted(field.column) for field in self.fields]


@cache
def _parents(model: type[models.Model]) -> tuple[type[models.Model], ...]:
    return tuple(model._meta.parents)


@cache
def _tables(model: type[models.Model]) -> tuple[_Table, _Table]:
    (parent,) = _parents(model)
    return _Table(parent), _Table(model)


def _quoted(name: str | None) -> str:
    return str(connection.ops.quote_name(name or ""))


def _marks(fields: Sequence[models.Field[Any, Any]]) -> str:
    return ", ".join(["%s"] * len(fields))


def _settings(columns: Sequence[str]) -> str:
    return ", ".join(f"{column} = %s" for column in columns)


def _values(row: models.Model, fields: Sequence[models.Field[Any, Any]], *, add: bool) -> list[Any]:
    return [field.get_db_prep_save(field.pre_save(row, add), connection) for field in fields]
