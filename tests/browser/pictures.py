"""Makes a screenshot small: the same picture with 256 colours, which text on white doesn't miss."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOURS = 256
#: Colours that differ less than this in each part count as one.
STEP = 8


def with_palette(png: bytes) -> bytes:
    """An 8-bit RGB or RGBA picture as PNG with a palette. Raises ValueError for any other PNG."""
    width, height, depth, kind, _, _, laced = struct.unpack(">IIBBBBB", _chunk(png, b"IHDR"))
    if depth != 8 or kind not in (2, 6) or laced:
        raise ValueError("8-bit RGB or RGBA, not interlaced, is what a browser writes")
    size = 3 if kind == 2 else 4
    lines = list(_lines(zlib.decompress(_chunk(png, b"IDAT")), width * size, height, size))
    pixels = [list(zip(line[0::size], line[1::size], line[2::size], strict=True)) for line in lines]
    counted = Counter(pixel for line in pixels for pixel in line)
    palette, number = _palette(counted)
    raw = b"".join(b"\x00" + bytes(map(number.__getitem__, line)) for line in pixels)
    return b"".join(
        (
            SIGNATURE,
            _made(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _made(b"PLTE", b"".join(map(bytes, palette))),
            _made(b"IDAT", zlib.compress(raw, 9)),
            _made(b"IEND", b""),
        )
    )


Colour = tuple[int, int, int]


def _palette(counted: Counter[Colour]) -> tuple[list[Colour], dict[Colour, int]]:
    """The commonest colours, near ones left out, and which of them stands for each colour."""
    kept: dict[Colour, Colour] = {}
    for colour, _ in counted.most_common():
        near = (colour[0] // STEP, colour[1] // STEP, colour[2] // STEP)
        if near not in kept and len(kept) < COLOURS:
            kept[near] = colour
    palette = list(kept.values())
    place = {near: index for index, near in enumerate(kept)}
    number = {}
    for colour in counted:
        near = (colour[0] // STEP, colour[1] // STEP, colour[2] // STEP)
        if near not in place:
            place[near] = min(range(len(palette)), key=lambda index: _distance(palette[index], colour))
        number[colour] = place[near]
    return palette, number


def _distance(one: Colour, other: Colour) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _chunk(png: bytes, name: bytes) -> bytes:
    """All chunks of a name together."""
    found, at = [], len(SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == name:
            found.append(png[at + 8 : at + 8 + length])
        at += 12 + length
    if not found:
        raise ValueError(f"no {name.decode()} in this PNG")
    return b"".join(found)


def _made(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _lines(raw: bytes, stride: int, height: int, size: int) -> Iterator[bytearray]:
    """The picture's lines with PNG's five filters taken back."""
    above = bytearray(stride)
    for row in range(height):
        start = row * (stride + 1)
        line = bytearray(raw[start + 1 : start + 1 + stride])
        match raw[start]:
            case 1:
                for i in range(size, stride):
                    line[i] = (line[i] + line[i - size]) & 255
            case 2:
                line = bytearray((a + b) & 255 for a, b in zip(line, above, strict=True))
            case 3:
                for i in range(stride):
                    left = line[i - size] if i >= size else 0
                    line[i] = (line[i] + (left + above[i]) // 2) & 255
            case 4:
                for i in range(stride):
                    left, corner = (line[i - size], above[i - size]) if i >= size else (0, 0)
                    line[i] = (line[i] + _paeth(left, above[i], corner)) & 255
        yield line
        above = line


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    by_left, by_up, by_corner = abs(guess - left), abs(guess - up), abs(guess - corner)
    if by_left <= by_up and by_left <= by_corner:
        return left
    return up if by_up <= by_corner else corner
