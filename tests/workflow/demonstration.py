"""Long work for tests: it writes aliases of a unit, can be held at a gate, and can be killed there."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from django.db import OperationalError, transaction
from django.utils import timezone

from office.refusals import Refused
from org.models import Cadre, LongTask, Union, UnitAlias
from org.services.long_tasks import Progress
from workflow.jobs import job


@job("demonstration")
def demonstrate(task: LongTask, progress: Progress) -> dict[str, Any]:
    """Write so many ``rows`` for the ``union``; each run and end is a line in ``log``.

    With row ``stop_at`` half written it touches ``reached``, beside the file ``gate``, and waits for that.
    """
    params = task.params
    union = Union.objects.get(pk=params["union"])
    note(params, f"run {task.pk} {os.getpid()}")
    for row in range(params["rows"]):
        progress(row, params["rows"], f"第 {row} 行")
        with transaction.atomic():
            UnitAlias.objects.get_or_create(union=union, key=str(row), defaults={"alias": f"名称{row}"})
            if row == params.get("stop_at"):
                wait_at(Path(params["gate"]))
    note(params, f"end {task.pk} {os.getpid()}")
    return {"summary": f"写入 {params['rows']} 行", "url": f"/search/?q={union.code}", "link": "查看单位"}


@job("patience")
def wait_for_ever(task: LongTask, progress: Progress) -> dict[str, Any]:
    """Ends only when it is cancelled or interrupted; what it has begun to write is dropped with it."""
    note(task.params, f"run {task.pk} {os.getpid()}")
    with transaction.atomic():
        UnitAlias.objects.create(union_id=task.params["union"], key="x", alias="半截")
        while True:
            progress(1, 2)
            time.sleep(0.01)


@job("refusing")
def refuse(task: LongTask, progress: Progress) -> dict[str, Any]:
    """Says no in words."""
    progress(0, 1)
    raise Refused("第 3 行：没有身份证号，请补填。")


@job("broken")
def break_down(task: LongTask, progress: Progress) -> dict[str, Any]:
    """A mistake of the program."""
    raise ZeroDivisionError("secret of the program")


@job("disturbed")
def be_disturbed(task: LongTask, progress: Progress) -> dict[str, Any]:
    """What the database says when it goes away."""
    raise OperationalError("server closed the connection unexpectedly")


def note(params: dict[str, Any], line: str) -> None:
    if "log" in params:
        with Path(params["log"]).open("a") as file:
            file.write(f"{line}\n")


def wait_at(gate: Path) -> None:
    gate.with_name("reached").touch()
    while not gate.exists():
        time.sleep(0.02)


@job("held import")
def held_import(task: LongTask, progress: Progress) -> dict[str, Any]:
    """The real import in batches of two, held at ``gate`` when ``stop_after`` rows are in."""
    from org.loading import run
    from workflow.services.people_imports import import_people

    run.BATCH = 2  # type: ignore[attr-defined]
    params = task.params

    def held(done: int, total: int, message: str) -> None:
        progress(done, total, message)
        if Cadre.objects.count() == params["stop_after"]:
            wait_at(Path(params["gate"]))

    return import_people(
        register=params["register"],
        file_id=params["file_id"],
        progress=held,
        actor=task.created_by,
        at=timezone.now(),
    )
