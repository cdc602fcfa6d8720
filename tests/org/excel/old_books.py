"""Old workbooks record by record, for what no program writes on purpose."""

from __future__ import annotations

import struct
from collections.abc import Sequence

SECTOR = 512
END, FREE, FAT = -2, -1, -3


def record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def label(row: int, column: int, text: bytes) -> bytes:
    return record(0x204, struct.pack("<HHHH", row, column, 0, len(text)) + text)


def number(row: int, column: int, value: float, style: int = 0) -> bytes:
    return record(0x203, struct.pack("<HHHd", row, column, style, value))


def style(number_format: int) -> bytes:
    return record(0xE0, struct.pack("<HH12x", 0, number_format))


def excel5(cells: Sequence[bytes], shared: Sequence[bytes] = ()) -> bytes:
    """The stream of a workbook with one sheet; ``shared`` are the records before it."""
    before = record(0x809, struct.pack("<HHHH", 0x500, 5, 0, 0)) + record(0x42, struct.pack("<H", 1252))
    before += b"".join(shared)
    place = len(before) + len(record(0x85, bytes(8))) + len(record(0x0A))
    before += record(0x85, struct.pack("<IBBB", place, 0, 0, 1) + b"s") + record(0x0A)
    sheet = record(0x809, struct.pack("<HHHH", 0x500, 0x10, 0, 0)) + b"".join(cells) + record(0x0A)
    return before + sheet


def entry(name: str, kind: int, links: tuple[int, int, int], start: int, size: int) -> bytes:
    written = name.encode("utf-16-le")
    head = written.ljust(64, b"\0") + struct.pack("<HBB3i", len(written) + 2, kind, 1, *links)
    return head + bytes(36) + struct.pack("<iii", start, size, 0)


def container(stream: bytes, links: tuple[int, int, int] = (-1, -1, -1), *, small: bool = False) -> bytes:
    """The stream in its file. ``links``: of its entry; ``small``: in small sectors, each its own next."""
    stream = stream.ljust(4096, b"\0")
    count = -(-len(stream) // SECTOR)
    fats = 1
    while fats * 128 < fats + 2 + count:
        fats += 1
    first = fats + 2  # behind the tables, the directory and the table of small sectors
    chain = [*[FAT] * fats, END, END, *range(first + 1, first + count), END]
    root = entry("Root Entry", 5, (-1, -1, 1), first if small else END, len(stream) if small else 0)
    book = entry("Book", 2, links, 0 if small else first, len(stream))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(24, b"\0") + struct.pack("<HHHHH", 62, 3, 0xFFFE, 9, 6)
    header = header.ljust(44, b"\0") + struct.pack("<ii", fats, fats)
    header += struct.pack("<iiiiii", 0, 1 << 30 if small else 4096, fats + 1 if small else END, small, END, 0)
    header += struct.pack("<109i", *range(fats), *[FREE] * (109 - fats))
    table = struct.pack(f"<{fats * 128}i", *chain, *[FREE] * (fats * 128 - len(chain)))
    directory = (root + book).ljust(SECTOR, b"\0")
    again = struct.pack("<128i", *range(128))
    return header + table + directory + again + stream.ljust(count * SECTOR, b"\0")
