"""Made-up identity numbers by the million: digested and sealed by the product's own functions.

``python -m bench.national_people FIRST LAST`` copies that stretch into ``bench_identity``; the loader starts
one such process a core. Numbers begin with 419000 or 429000: headings of GB/T 2260 (省直辖县级行政单位) that
are in the table of areas but are no place, so none is a real person's.
"""

from __future__ import annotations

import sys
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Of the people in the register, and of those who aren't.
AREA: Final = "419000"
UNKNOWN_AREA: Final = "429000"
#: In the second area: who is new in a register to be taken in, and who is a stranger on a roster.
NEWCOMERS: Final = range(1, 5_000_000)
STRANGERS: Final = range(5_000_000, 10_000_000)
KIND: Final = "resident"
FIRST_BIRTHDAY: Final = date(1966, 1, 1)
BIRTHDAYS: Final = 13_500
BLOCK: Final = 5_000

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK: Final = "10X98765432"


def born(n: int) -> date:
    """The birthday in person ``n``'s number."""
    return FIRST_BIRTHDAY + timedelta(n % BIRTHDAYS)


def number(n: int, area: str = AREA) -> str:
    """Person ``n``'s resident number with its check digit (GB 11643); there are 13.5 million."""
    serial = n // BIRTHDAYS
    if serial > 999:
        raise ValueError(f"no number is left for person {n}")
    digits = f"{area}{born(n):%Y%m%d}{serial:03}"
    return digits + _CHECK[sum(int(d) * w for d, w in zip(digits, _WEIGHTS, strict=True)) % 11]


def _lines(first: int, last: int) -> Iterator[str]:
    """What COPY reads: number of the person, digest, seal, birthday, whether a woman."""
    from office import sealing  # noqa: PLC0415 - Django must be set up

    for n in range(first, last + 1):
        text = number(n)
        sealed = sealing.seal(text, about=KIND).hex()
        digest = sealing.digest(text, about=KIND).hex
        yield f"{n}\t{digest}\t\\\\x{sealed}\t{born(n)}\t{'tf'[int(text[16]) % 2]}\n"


def copy(first: int, last: int) -> None:
    """Append persons ``first`` … ``last`` to ``bench_identity``."""
    from django.db import connection  # noqa: PLC0415 - Django must be set up

    connection.ensure_connection()
    with connection.connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        with cursor.copy("COPY bench_identity (n, digest, sealed, born, female) FROM STDIN") as out:
            block: list[str] = []
            for line in _lines(first, last):
                block.append(line)
                if len(block) == BLOCK:
                    out.write("".join(block))
                    block.clear()
            out.write("".join(block))


if __name__ == "__main__":
    import django

    django.setup()
    copy(int(sys.argv[1]), int(sys.argv[2]))
