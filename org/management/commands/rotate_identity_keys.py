"""``manage.py rotate_identity_keys``: seal every identity number by the first of GUIKOU_IDENTITY_KEYS."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from office.sealing import SealBroken
from org.loading.command import bar_of
from org.services.rotation import left_to_rotate, rotate_some

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    """Stop it whenever you like: what is done is done, the next run goes on with the rest."""

    help = "用 GUIKOU_IDENTITY_KEYS 的第一个密钥重新加密全部证件号码；网站可以照常运行，中断后再运行即可。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="不显示进度条")

    def handle(self, *args: Any, **options: Any) -> None:
        left = left_to_rotate()
        bar = bar_of(quiet=options["quiet"], unit=" 条", total=left)
        after = done = 0
        try:
            with bar:
                while rotated := rotate_some(after):
                    after, done = rotated.last, done + rotated.done
                    bar.update(rotated.done)
        except SealBroken as error:
            raise CommandError(
                f"有证件号码用现有密钥解不开（{error}）。已换 {done:,} 条。请把当时的密钥也写进"
                " GUIKOU_IDENTITY_KEYS，再运行一次。",
                returncode=1,
            ) from error
        except IntegrityError as error:
            raise CommandError(
                f"有一个证件号码登记了两次，不能继续：{str(error).splitlines()[-1]}。已换 {done:,} 条。",
                returncode=1,
            ) from error
        except KeyboardInterrupt:
            self.stderr.write(f"已停止，已换 {done:,} 条。再运行一次会接着换。")
            sys.exit(130)
        self.stdout.write(f"已换 {done:,} 条证件号码的密钥。" if done else "没有要换密钥的证件号码。")
        self.stdout.write("旧密钥可以从 GUIKOU_IDENTITY_KEYS 中删去，但恢复旧备份时还要用，请另行保存。")
