"""What is measured in a process of its own, for its memory: ``python -m bench.national_child WORK SCALE …``.

``preview FILE NUMBERS ROUNDS`` takes a roster from upload to finished preview and, in turns, reads it with
calamine and asks the one set-based SQL; ``import FILE`` takes a register in. Prints one line of JSON.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    from bench import national_setup

    national_setup.prepare("", kept=True)

from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection, transaction
from python_calamine import CalamineWorkbook

from bench import national_sheets, national_sql
from bench.national_roster import CODES, MOMENT, Case, Differs, Raw, Roster, answered, asked_by
from bench.national_world import SIZES
from config import embedded
from org.models import Union
from workflow.models import RosterUpload
from workflow.services import rosters

if TYPE_CHECKING:
    from collections.abc import Iterator


def _memory(name: str) -> int:
    """Bytes of this process as the kernel counts them: ``VmRSS`` now, ``VmHWM`` at most."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(name)


@contextmanager
def _watched(figures: dict[str, Any]) -> Iterator[None]:
    """Seconds, and the most memory meanwhile; the count of the most starts anew."""
    Path("/proc/self/clear_refs").write_text("5")
    figures["before"] = _memory("VmRSS")
    start = time.perf_counter()
    yield
    figures["seconds"] = time.perf_counter() - start
    figures["most"] = _memory("VmHWM")


def _take_in(case: Case, name: str, content: bytes) -> RosterUpload:
    """From upload to finished preview: what the page does, and then the worker."""
    run = case.run
    actor = run.plan.created_by
    received = rosters.store(
        run_id=run.pk, unit_id=None, upload=ContentFile(content, name), actor=actor, at=MOMENT
    )
    if received.result is None:
        rosters.check_upload(upload_id=received.pk, progress=lambda *_: None, actor=actor, at=MOMENT)
    return received


def _same(case: Case, received: RosterUpload, raw: Raw, roster: Roster) -> None:
    """Raise where the preview says something else of a person than the set-based SQL."""
    received.refresh_from_db(fields=["result"])
    rows = received.result["rows"]
    lines = raw.rows(national_sql.CHECK, case.parameters(roster))
    for row, line in zip(rows, lines, strict=True):
        said = {finding["code"] for finding in row["findings"]} & set(CODES)
        if said != answered(line):
            raise Differs(f"row {row['row']}: preview {sorted(said)}, SQL {sorted(answered(line))}")


def preview(scale: str, file: str, numbers: str, rounds: str) -> dict[str, Any]:
    """Medians of the rounds; memory of the first, as a worker that was started for it takes it."""
    union = Union.objects.get(code="u0")
    case, raw = Case(SIZES[scale], union), Raw()
    roster = asked_by(Path(numbers).read_text().split())
    content = Path(file).read_bytes()
    taken: dict[str, list[float]] = {"product": [], "read": [], "sql": []}
    memory: dict[str, Any] = {}
    with transaction.atomic():
        with TemporaryDirectory() as folder:
            small = Path(folder, "small.xlsx")
            national_sheets.roster(small, case.size, 50, seed=2)
            _take_in(case, small.name, small.read_bytes())
        for turn in range(int(rounds)):
            figures: dict[str, Any] = {}
            with _watched(figures):
                received = _take_in(case, "roster.xlsx", content)
            taken["product"].append(figures["seconds"])
            if turn == 0:
                memory = figures
                _same(case, received, raw, roster)
            start = time.perf_counter()
            CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()
            read = time.perf_counter()
            raw.rows(national_sql.CHECK, case.parameters(roster))
            taken["read"].append(read - start)
            taken["sql"].append(time.perf_counter() - read)
        transaction.set_rollback(True)
    return memory | {name: statistics.median(seconds) for name, seconds in taken.items()}


def take_register(scale: str, file: str) -> dict[str, Any]:
    """The command, once, from nothing to the last row."""
    figures: dict[str, Any] = {"scale": scale}
    connection.ensure_connection()
    with _watched(figures):
        call_command("import_cadres", file, verbosity=0)
    return figures


if __name__ == "__main__":
    embedded.start()
    works = {"preview": preview, "import": take_register}
    print(json.dumps(works[sys.argv[1]](*sys.argv[2:])))
