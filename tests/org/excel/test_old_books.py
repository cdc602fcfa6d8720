"""Old workbooks: what xlrd is handed, and what can't lead it astray."""

from __future__ import annotations

import datetime
import random
import struct
from pathlib import Path

import pytest

from office.refusals import Refused
from org.excel.grid import DAMAGED
from org.excel.tables import read_table
from tests.org.excel.old_books import container, excel5, label, number, record, style

WHOLE = (Path(__file__).parent / "files" / "old.xls").read_bytes()
CELLS = [label(0, 0, "姓名".encode("gbk")), label(1, 0, "秦一帆".encode("gbk"))]


def values(content: bytes) -> list[list[object]]:
    return read_table(content, "名单.xls").values


def test_excel_5_keeps_texts_in_the_encoding_of_its_country() -> None:
    shared = [style(0), style(57), style(14)]
    text = struct.pack("<HHH", 3, 0, 0) + b"\0\0\0\0\0\0\xff\xff" + bytes(8)
    cells = [
        *CELLS,
        number(1, 1, 45170, 1),
        number(1, 2, 45170, 2),
        record(0x06, text) + record(0x207, struct.pack("<H", 4) + "总工".encode("gbk")),
        record(0x205, struct.pack("<HHHBB", 3, 1, 0, 0x2A, 1)),
    ]
    assert values(container(excel5(cells, shared))) == [
        ["姓名"],
        ["秦一帆", "2023年9月", datetime.date(2023, 9, 1)],
        [],
        ["总工", "#N/A"],
    ]


def test_a_formula_before_its_text_may_be_shared() -> None:
    empty = struct.pack("<HHH", 0, 0, 0) + b"\0\0\0\0\0\0\xff\xff" + bytes(8)
    cells = [record(0x06, empty), record(0x4BC, bytes(10)), record(0x207, struct.pack("<H", 2) + b"ab")]
    assert values(container(excel5(cells))) == [["ab"]]


@pytest.mark.parametrize("kind", [0x1B8, 0x1C, 0x1B0, 0x200, 0xBE, 0x8C])
def test_what_a_list_does_not_need_is_not_read(kind: int) -> None:
    """xlrd would refuse such links, notes … or walk each cell of a link over the whole sheet."""
    noise = record(kind, b"\1\2\3")
    assert values(container(excel5([noise, *CELLS, noise], [noise]))) == [["姓名"], ["秦一帆"]]


def test_a_name_can_not_multiply_itself() -> None:
    name = record(0x18, struct.pack("<HBBHHH4B", 0, 0, 1, 9, 0, 0, 0, 0, 0, 0) + b"\0a" + b"\x17\xff")
    assert values(container(excel5(CELLS, [name]))) == [["姓名"], ["秦一帆"]]


def shared_texts(further: int) -> bytes:
    """Three texts of two letters; what follows the first is of that length."""
    one = struct.pack("<HBi", 2, 4, further) + b"ab"
    return record(0xFC, struct.pack("<ii", 3, 3) + one + struct.pack("<HB", 2, 0) + b"cd" + b"\1\0\0e")


LOOPS = {
    "entry-of-itself": container(excel5(CELLS), (1, -1, -1)),
    "entry-in-two-places": container(excel5(CELLS), (2, 2, -1)),
    "small-sectors": container(excel5(CELLS), small=True),
    "text-in-itself": container(excel5(CELLS, [shared_texts(-9)])),
    "styles": container(excel5(CELLS, [style(0)] * 65_537)),
    "older": container(excel5(CELLS).replace(b"\x00\x05\x05\x00", b"\x00\x04\x05\x00", 1)),
    "no-book": container(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
}


@pytest.mark.parametrize("content", LOOPS.values(), ids=LOOPS)
def test_no_file_is_read_for_ever(content: bytes) -> None:
    with pytest.raises(Refused) as refused:
        values(content)
    assert str(refused.value) == DAMAGED


def test_texts_one_behind_the_other_are_read() -> None:
    assert values(container(excel5(CELLS, [shared_texts(0)]))) == [["姓名"], ["秦一帆"]]


@pytest.mark.parametrize("seed", range(4))
def test_bytes_at_random_are_read_or_refused(seed: int) -> None:
    dice = random.Random(seed)
    answers = set()
    for _ in range(60):
        content = bytearray(WHOLE)
        for _ in range(dice.choice((1, 2, 20))):
            content[dice.randrange(8, len(content))] = dice.choice((0, 0x7F, 0x80, 0xFF, dice.randrange(256)))
        if dice.random() < 0.2:
            del content[dice.randrange(100, len(content)) :]
        try:
            read_table(bytes(content), "名单.xls")
        except Refused as refused:
            answers.add("refused" if str(refused) else "without a word")
        else:
            answers.add("read")
    assert answers == {"read", "refused"}
