"""The small file system inside old Office files, as xlrd reads it, kept from going round in circles."""

from __future__ import annotations

import struct
from typing import Final

from xlrd.compdoc import CompDoc

#: Far more streams and folders than a workbook without macros has.
_MOST_ENTRIES: Final = 4096


class _Nowhere:
    """Where xlrd's log goes: what a user must know is said by ``Refused``."""

    def write(self, text: str) -> None:
        """Forget it."""


NOWHERE: Final = _Nowhere()


class Container(CompDoc):
    """``names``: the streams and folders in it, lower case. Damaged bytes raise whatever they lead to."""

    def __init__(self, content: bytes) -> None:
        # Sectors used twice are usual in files of some exporters, and Excel reads them.
        super().__init__(content, logfile=NOWHERE, ignore_workbook_corruption=True)
        self.names = frozenset(node.name.lower() for node in self.dirlist)

    def stream(self, name: str) -> bytes:
        """The bytes of a stream, none if there is no such stream."""
        memory, start, size = self.locate_named_stream(name)
        return bytes(memory[start : start + size]) if memory else b""

    def _get_stream(
        self,
        mem: bytes,
        base: int,
        sat: list[int],
        sec_size: int,
        start_sid: int,
        size: int | None = None,
        name: str = "",
        seen_id: int | None = None,
    ) -> bytes:
        if seen_id is None:  # xlrd doesn't look whether the small sectors come round again
            self.seen, seen_id = bytearray(len(sat)), 1
        found: bytes = super()._get_stream(mem, base, sat, sec_size, start_sid, size, name, seen_id)
        if name == "directory":
            # It would walk each entry as often as others point to it.
            links = [link for entry in struct.iter_unpack("<68x3i48x", found) for link in entry if link > 0]
            if len(found) > 128 * _MOST_ENTRIES or len(links) > len(set(links)):
                raise ValueError("the directory is no tree")
        return found
