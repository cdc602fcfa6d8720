"""Running numbers without gaps and without doubles."""

from __future__ import annotations

from django.db import connection, transaction

_NEXT = """
    INSERT INTO office_counter (key, value) VALUES (%s, 1)
    ON CONFLICT (key) DO UPDATE SET value = office_counter.value + 1
    RETURNING value
"""


def next_number(key: str) -> int:
    """Draw the next number of ``key``, from 1.

    The counter's row stays locked until the surrounding transaction ends: if it rolls back the number
    is handed to the next one, so numbers have no gaps. Draw late in a transaction, others wait for it.

    Raises ``TransactionManagementError`` outside a transaction, where a later failure would leave a gap.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("next_number() must run inside a transaction")
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [key])
        row = cursor.fetchone()
    value: int = row[0]
    return value
