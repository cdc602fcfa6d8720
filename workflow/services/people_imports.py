"""导入: units, cadres and trainings a union already has, taken in from the page by a long task.

What is taken in, and what is refused, is decided by the loaders the commands use too (``org.loading``,
``training.loading``): batch by batch, so that it may be stopped or killed at any row and done again.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.utils import timezone

from office import uploads
from office.models import StoredFile
from office.refusals import Refused
from org.loading.cadres import CadreLoader
from org.loading.run import Tally, load
from org.loading.units import UnitLoader
from org.selectors import reach, standing, unit_matcher
from org.services import long_tasks
from training.loading import RecordLoader

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable

    from django.core.files.base import File

    from org.loading.run import Loader
    from org.models import LongTask, User
    from org.selectors import Reach

#: The kind of the long task whose work is :func:`import_people`.
KIND: Final = "import_people"


class Register(models.TextChoices):
    """What a file may hold."""

    UNITS = "units", "单位"
    CADRES = "cadres", "干部"
    RECORDS = "records", "培训记录"


def open_to(*, actor: User, at: datetime.datetime) -> list[Register]:
    """What one may take in: the training authority people and trainings, the administrator the tree too."""
    able = reach(standing(actor, timezone.localdate(at)))
    people = [Register.CADRES, Register.RECORDS] if able.governed or able.everywhere else []
    return [*([Register.UNITS] if able.everywhere else []), *people]


def begin_import(*, register: str, upload: File[bytes], actor: User, at: datetime.datetime) -> LongTask:
    """Keep the file and ask for its import. Raises ``Refused`` for a file that can't be kept."""
    chosen = _allowed(register, actor, at)
    with transaction.atomic():
        file = uploads.store(upload, allow=uploads.TABLES, at=at)
        try:
            return long_tasks.begin(
                kind=KIND,
                title=f"导入{chosen.label}：{file.name}",
                params={"register": chosen.value, "file_id": file.pk},
                actor=actor,
                at=at,
            )
        except Exception:
            default_storage.delete(str(file.file.name))
            raise


def import_people(
    *,
    register: str,
    file_id: int,
    progress: Callable[[int, int, str], None],
    actor: User,
    at: datetime.datetime,
) -> dict[str, Any]:
    """Take the file in; what was taken in before is left as it is, so doing it twice comes to the same.

    Returns ``summary``, a line; ``rows``, how many the file had; ``tally``, the counts of
    `org.loading.run.Tally`; ``file_id``, the stored file with the rows that couldn't be taken in, or None.
    Raises ``Refused`` for a file that can't be read, and whatever ``progress`` raises; whole batches stay.
    """
    chosen = _allowed(register, actor, at)
    today = timezone.localdate(at)
    file = StoredFile.objects.get(pk=file_id)
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        load(
            Path(file.file.path),
            _loader(chosen, reach(standing(actor, today)), today=today, at=at),
            today=today,
            progress=progress,
            tally=tally,
            beside=Path(folder) / file.name,
        )
        faults = keep_made(tally.faults, at) if tally.faults is not None else None
    counts = {name: value for name, value in asdict(tally).items() if name != "faults"}
    return {"summary": tally.line, "rows": tally.rows, "tally": counts, "file_id": faults}


def _allowed(register: str, actor: User, at: datetime.datetime) -> Register:
    chosen = Register(register)
    if chosen not in open_to(actor=actor, at=at):
        raise Refused(f"导入{chosen.label}由归口管理部门或系统管理员办理。")
    return chosen


def _loader(register: Register, able: Reach, *, today: datetime.date, at: datetime.datetime) -> Loader:
    if register is Register.UNITS:
        return UnitLoader()
    names = unit_matcher(None, today)
    if register is Register.CADRES:
        return CadreLoader(names, today=today, reach=able)
    return RecordLoader(names, today=today, at=at, reach=able)


def keep_made(path: Path, at: datetime.datetime) -> int:
    """A file of our own making needs no inspection, and may be larger than an upload."""
    content = path.read_bytes()
    stored = StoredFile(
        name=uploads.clean_name(path.name),
        size=len(content),
        mime=uploads.MIMES[path.suffix.lstrip(".")],
        sha256=hashlib.sha256(content).hexdigest(),
        stored_at=at,
    )
    stored.file.save(f"made{path.suffix}", ContentFile(content), save=False)
    stored.save()
    return stored.pk
