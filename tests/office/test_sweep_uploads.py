"""Files without a row go, young ones and known ones stay."""

from __future__ import annotations

import datetime
import os
import time
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from office.uploads import store

AT = datetime.datetime(2027, 1, 20, 10, 40, tzinfo=ZoneInfo("Asia/Shanghai"))
PDF = b"%PDF-1.7\n%%EOF"


def sweep(**options: object) -> list[str]:
    out = StringIO()
    call_command("sweep_uploads", stdout=out, **options)
    return out.getvalue().splitlines()


def age(file: Path, hours: int) -> None:
    then = time.time() - hours * 3600
    os.utime(file, (then, then))


def test_only_old_strays_go(db: None, settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    kept = Path(store(SimpleUploadedFile("a.pdf", PDF), allow=frozenset({"pdf"}), at=AT).file.path)
    stray, young = tmp_path / "2027/01/stray.pdf", tmp_path / "young.pdf"
    for file in (stray, young):
        file.write_bytes(PDF)
    age(kept, 100)
    age(stray, 25)
    age(young, 23)
    assert sweep(dry_run=True) == ["2027/01/stray.pdf", "可删除 1 个文件"]
    assert stray.exists()
    assert sweep() == ["2027/01/stray.pdf", "已删除 1 个文件"]
    assert [kept.exists(), stray.exists(), young.exists()] == [True, False, True]
    assert sweep(hours=1) == ["young.pdf", "已删除 1 个文件"]


def test_no_folder_yet(db: None, settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "none"
    assert sweep() == ["已删除 0 个文件"]
