"""Remove files that no row names: what a rolled back transaction or a killed process left behind."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from office.models import StoredFile

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "删除没有登记的上传文件（事务回滚或进程中断留下的），默认只动一天以前的"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--hours", type=int, default=24, help="只删除至少这么多小时以前的文件")
        parser.add_argument("--dry-run", action="store_true", help="只列出，不删除")

    def handle(self, *args: Any, hours: int, dry_run: bool, **options: Any) -> None:
        folder = Path(settings.MEDIA_ROOT)
        # A file is written before its row: young ones may still get theirs.
        latest = (timezone.now() - datetime.timedelta(hours=hours)).timestamp()
        old = [file for file in folder.rglob("*") if file.is_file() and file.stat().st_mtime <= latest]
        known = set(StoredFile.objects.values_list("file", flat=True))
        stray = sorted(file for file in old if file.relative_to(folder).as_posix() not in known)
        for file in stray:
            self.stdout.write(file.relative_to(folder).as_posix())
            if not dry_run:
                file.unlink()
        self.stdout.write(f"{'可删除' if dry_run else '已删除'} {len(stray)} 个文件")
