"""Rows of the ledger as somebody without the services would write them, and the ways they come in by."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction

from budgets.models import Commitment, Entry, Payment, Project
from budgets.services import constraint_name
from tests.budgets.cast import NOW, Cast
from tests.budgets.spend import account, line

D = Decimal
Insert = Callable[[list[models.Model]], None]


def columns_of(row: models.Model) -> dict[str, Any]:
    fields = [field for field in row._meta.concrete_fields if field.name != "id"]
    return {
        str(field.column): field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields
    }


def insert_raw(rows: list[models.Model]) -> None:
    """All rows in one INSERT."""
    columns = list(columns_of(rows[0]))
    places = ", ".join(["%s"] * len(columns))
    values = [value for one in rows for value in columns_of(one).values()]
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{rows[0]._meta.db_table}" ({", ".join(columns)}) '
            f"VALUES {', '.join([f'({places})'] * len(rows))}",
            values,
        )


def insert_copy(rows: list[models.Model]) -> None:
    columns = ", ".join(columns_of(rows[0]))
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.cursor.copy(f'COPY "{rows[0]._meta.db_table}" ({columns}) FROM STDIN') as copy,
    ):
        for one in rows:
            copy.write_row(tuple(columns_of(one).values()))


def insert_bulk(rows: list[models.Model]) -> None:
    type(rows[0])._base_manager.bulk_create(rows)


ways_in = pytest.mark.parametrize("insert", [insert_raw, insert_copy, insert_bulk])


def refused(rule: str, act: Callable[..., object], *given: object) -> None:
    """`act` meets that constraint and no other."""
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        act(*given)
    assert constraint_name(error.value) == rule


def a_commitment(cast: Cast, of: Project, **changes: Any) -> Commitment:
    values: dict[str, Any] = {
        "project": of,
        "number": f"YZ-{uuid.uuid4().hex[:8]}",
        "line": line(of),
        "title": "住宿合同",
        "payee": "海河宾馆",
        "key": uuid.uuid4(),
        "created_by": cast.finance,
        "at": NOW,
    }
    return Commitment(**(values | changes))


def a_payment(cast: Cast, project: Project, amount: str, **changes: Any) -> Payment:
    values: dict[str, Any] = {
        "project": project,
        "number": f"ZF-{uuid.uuid4().hex[:8]}",
        "kind": "other",
        "title": "教材费",
        "payee": "新华书店",
        "amount": D(amount),
        "method": "transfer",
        "paid_on": NOW.date(),
        "subject": "cadres",
        "handler": "经办人甲",
        "key": uuid.uuid4(),
        "created_by": cast.finance,
        "at": NOW,
    }
    return Payment(**(values | changes))


def an_entry(
    cast: Cast, kind: str, project: Project, ways: tuple[str, str], amount: str, **changes: Any
) -> Entry:
    """Between two accounts of the first line, or of line ``number``."""
    number = changes.pop("number", 1)
    values: dict[str, Any] = {
        "kind": kind,
        "debit": account(project, ways[0], number),
        "credit": account(project, ways[1], number),
        "amount": D(amount),
        "batch": uuid.uuid4(),
        "project": project,
        "actor": cast.finance,
        "at": NOW,
        "reference": "x",
    }
    return Entry(**(values | changes))


def back(entry: Entry, **changes: Any) -> Entry:
    """The reversal of an entry."""
    values: dict[str, Any] = {
        "kind": "reverse",
        "debit_id": entry.credit_id,
        "credit_id": entry.debit_id,
        "amount": entry.amount,
        "batch": uuid.uuid4(),
        "project_id": entry.project_id,
        "commitment_id": entry.commitment_id,
        "payment_id": entry.payment_id,
        "reverses": entry,
        "actor_id": entry.actor_id,
        "at": NOW,
        "reference": "x",
    }
    return Entry(**(values | changes))
