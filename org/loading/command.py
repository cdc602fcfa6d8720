"""What the three import commands share: arguments, the bar, the summary, the way they end."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pghistory
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from office.refusals import Refused
from org.loading.run import Tally, load
from org.models import Union

if TYPE_CHECKING:
    import datetime

    from django.core.management.base import CommandParser

    from org.loading.run import Loader

#: How a program ends that somebody stopped by Ctrl-C.
STOPPED: Final = 130


def bar_of(*, quiet: bool, unit: str = " 行", total: int | None = None) -> Any:
    """A progress bar; none in a log. Not on the command's own stream, which would end each step's line."""
    return tqdm(
        total=total, unit=unit, disable=quiet or None, file=sys.stderr, dynamic_ncols=True, leave=False
    )


class ImportCommand(BaseCommand, ABC):
    """Exit 0: every row is in or was there; 1: some rows have problems; 2: the file can't be read."""

    name = ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="文件", help=".xlsx、.xls、.ods 或 .csv")
        parser.add_argument("--quiet", action="store_true", help="不显示进度条")

    @abstractmethod
    def loader(self, today: datetime.date, **options: Any) -> Loader:
        """What takes the rows in."""

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        tally = Tally()
        bar = bar_of(quiet=options["quiet"])
        today = timezone.localdate()

        def progress(done: int, total: int, doing: str) -> None:
            bar.total = total or None
            bar.set_description(doing, refresh=False)
            bar.update(done - bar.n)

        try:
            # Nobody is signed in at a prompt: the history says which file came by which way.
            with bar, pghistory.context(command=self.name, file=path.name):
                load(path, self.loader(today, **options), today=today, progress=progress, tally=tally)
        except Refused as refusal:
            raise CommandError(refusal.message, returncode=2) from refusal
        except KeyboardInterrupt:
            self.stderr.write(f"已停止。{tally.line}已写入的不会丢失，再运行一次会从缺的地方补上。")
            sys.exit(STOPPED)
        self.stdout.write(tally.line)
        if tally.faults is not None:
            self.stdout.write(f"有问题的行写在 {tally.faults}，改好后可以直接再导入这个文件。")
        if tally.bad:
            sys.exit(1)

    def union(self, code: str) -> Union | None:
        """The union of that code; None for no code."""
        if not code:
            return None
        found: Union | None = Union.objects.filter(code=code).first()
        if found is None:
            raise Refused(f"没有代码为“{code}”的工会。")
        return found
