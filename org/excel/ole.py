"""The small file system inside old Office files ([MS-CFB]): one stream out of it."""

from __future__ import annotations

import struct
from typing import Final

_FREE: Final = 0xFFFFFFFA  # this and above number no sector
_ROOT: Final = 5


class Container:
    """``names``: the streams and folders in it, lower case. Raises ``ValueError`` for bytes out of order."""

    def __init__(self, content: bytes) -> None:
        try:
            self._open(content)
        except (struct.error, IndexError) as error:
            raise ValueError("not a sound OLE container") from error

    def _open(self, content: bytes) -> None:
        self._content = content
        shift, mini_shift = struct.unpack_from("<HH", content, 30)
        if shift not in (9, 12) or not 4 <= mini_shift < shift:
            raise ValueError("sectors of an impossible size")
        self._size, self._mini_size = 1 << shift, 1 << mini_shift
        directory, _, self._cutoff, minifat, _, difat, _ = struct.unpack_from("<7I", content, 48)
        self._fat = self._table(list(struct.unpack_from("<109I", content, 76)), difat)
        self._minifat = _numbers(self._chain(minifat))
        self._streams: dict[str, tuple[int, int]] = {}
        self._mini = b""
        entries = self._chain(directory)
        for at in range(0, len(entries) - 127, 128):
            length = struct.unpack_from("<H", entries, at + 64)[0]
            name = entries[at : at + max(min(length, 64) - 2, 0)].decode("utf-16-le", "replace").lower()
            start, size = struct.unpack_from("<II", entries, at + 116)
            self._streams.setdefault(name, (start, size))
            if entries[at + 66] == _ROOT:
                self._mini = self._chain(start)
        self.names = frozenset(self._streams)

    def stream(self, name: str) -> bytes:
        """The bytes of a stream. Raises ``KeyError`` if there is none of that name."""
        start, size = self._streams[name]
        if size >= self._cutoff:
            return self._chain(start)[:size]
        step = self._mini_size
        parts: list[bytes] = []
        while start < _FREE and len(parts) <= len(self._minifat):
            parts.append(self._mini[start * step : (start + 1) * step])
            start = self._minifat[start] if start < len(self._minifat) else _FREE
        return b"".join(parts)[:size]

    def _sector(self, number: int) -> bytes:
        return self._content[(number + 1) * self._size : (number + 2) * self._size]

    def _table(self, sectors: list[int], further: int) -> list[int]:
        """Which sector follows which."""
        most = len(self._content) // self._size
        while further < most and len(sectors) <= most + 109:
            numbers = _numbers(self._sector(further))
            sectors += numbers[:-1]
            further = numbers[-1]
        return [number for sector in sectors if sector < most for number in _numbers(self._sector(sector))]

    def _chain(self, number: int) -> bytes:
        parts: list[bytes] = []
        while number < len(self._fat) and len(parts) <= len(self._fat):
            parts.append(self._sector(number))
            number = self._fat[number]
        return b"".join(parts)


def _numbers(sector: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(sector) // 4}I", sector[: len(sector) // 4 * 4]))
