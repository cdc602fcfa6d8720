"""``manage.py load_rulebook FILE…``: check rule books and put them in force."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pghistory
from django.core.management.base import BaseCommand
from django.utils import timezone

from rulebook import loader

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    """One result line a file; a file with faults doesn't keep the others from loading, but exits 1."""

    help = "检查并载入制度文件（TOML）；没有变化的不重复载入，有变化的成为新的一版。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", metavar="文件")

    def handle(self, *args: Any, **options: Any) -> None:
        faulty = False
        for file in options["files"]:
            try:
                # Nobody is signed in at a prompt: the history says which file came by which way.
                with pghistory.context(command="load_rulebook", file=file):
                    row, created = loader.load(file, at=timezone.now())
            except loader.BookFaults as found:
                faulty = True
                self.stderr.write(self.style.ERROR(f"{file}：未载入，有 {len(found.faults)} 处问题"))
                for fault in found.faults:
                    self.stderr.write("  " + "：".join(part for part in (fault.key, fault.reason) if part))
                continue
            said = f"已载入第 {row.edition} 版" if created else f"没有变化，仍为第 {row.edition} 版"
            self.stdout.write(f"{file}：{row.title}，{said}")
        if faulty:
            raise SystemExit(1)
