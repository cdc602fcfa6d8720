"""名册: taken in, checked as often as one likes, taken over once. The preview is the commit.

A roster of more than :data:`AT_ONCE` rows is checked apart from the page, as a long task of kind
:data:`KIND`, whose work is :func:`check_upload`.
"""

from __future__ import annotations

import re
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from office import uploads
from office.refusals import Conflict, Refused
from office.wording import moment
from org.excel.grid import shown
from org.excel.roster import uncollected
from org.models import IdentityAccess, Union, mask_identity
from org.selectors import known_mapping
from org.services import long_tasks, remember_mapping
from rulebook.codes import PERSON_RULE_CODES
from rulebook.selectors import book_for
from workflow.models import ClassRun, RosterUpload
from workflow.rules import roster as rules
from workflow.rules.run_gate import RunAct, refusal
from workflow.services import seats
from workflow.services.seating import Nominee
from workflow.states import SeatSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from django.core.files.base import File

    from office.models import StoredFile
    from org.excel.roster import Roster
    from org.models import User
    from workflow.models import Seat
    from workflow.rules.findings import Finding
    from workflow.rules.roster import CheckedRow, CheckResult

    Progress = Callable[[int, int, str], object]

ROSTER_FILES: Final = uploads.TABLES
RECEIPT_FILES: Final = frozenset({"pdf", "jpg", "png"})
AT_ONCE: Final = 2000
#: So many bytes of a sheet tell how many rows it may have.
_FIRST_PART: Final = 1024 * 1024
KIND: Final = "roster_check"
PURPOSE: Final = "roster"
_LONG_NUMBER: Final = re.compile(r"[\dXx]{7,}")
_NOTHING: Final = {"rows": 0, "accepted": 0, "warned": 0, "held": 0, "rejected": 0}


@dataclass(frozen=True)
class Taken:
    """What taking a roster over did. ``notices``: whom the units passed over; ``exempt``: how many wait for
    a 重复调训审批 that somebody has to ask for."""

    seats: list[Seat]
    notices: list[Finding]
    exempt: int


def store(
    *,
    run_id: int,
    unit_id: int | None,
    upload: File[bytes],
    actor: User,
    at: datetime,
    entered: bool = False,
    source_note: str = "",
    receipt: File[bytes] | None = None,
) -> RosterUpload:
    """Keeps a roster and checks it; nobody is nominated yet.

    ``unit_id``: whose list it is; None for one list of several units, which only the organiser hands in.
    ``entered``: 代为录入 by the organiser, with where it came from and the unit's stamped receipt. A file
    that can't be read at all isn't kept. Raises ``Refused``.
    """
    run = _run(run_id)
    unit = None if unit_id is None else Union.objects.get(pk=unit_id)
    _demand(run, unit, entered=entered, actor=actor, at=at)
    note = source_note.strip()
    if entered and not note:
        raise Refused("代为录入须写明名册从哪里来，如“传真收到的报名表”。")
    if entered and receipt is None:
        raise Refused("代为录入须附上单位盖章的回执（扫描件或照片）。")
    with _files() as kept, transaction.atomic():
        file = kept(uploads.store(upload, allow=ROSTER_FILES, at=at))
        proof = kept(uploads.store(receipt, allow=RECEIPT_FILES, at=at)) if receipt is not None else None
        received = RosterUpload.objects.create(
            run=run,
            unit=unit,
            file=file,
            receipt=proof,
            entered=entered,
            source_note=note,
            uploaded_by=actor,
            uploaded_at=at,
        )
        _check_or_queue(received, actor=actor, at=at)
    return received


def rename_columns(
    *, upload_id: int, mapping: Mapping[str, str], sheet: str, actor: User, at: datetime
) -> RosterUpload:
    """Reads the file anew by a person's correction, which is kept for the sender's next file of that form.

    ``mapping``: title of a column → field of the roster, "" for a column to be left out. ``sheet``: which
    sheet to read, "" for the first with a header. Raises ``Refused``, ``Conflict`` once it was taken over.
    """
    with transaction.atomic():
        received = _locked(upload_id, actor=actor, at=at)
        received.mapping, received.sheet = dict(mapping), sheet
        received.save(update_fields=["mapping", "sheet"])
        remember_mapping(
            sender=_sender(received),
            purpose=PURPOSE,
            fingerprint=_read(received, at).header.fingerprint,
            mapping=received.mapping,
            actor=actor,
            at=at,
        )
        _check_or_queue(received, actor=actor, at=at)
    return received


def check_again(*, upload_id: int, actor: User, at: datetime) -> RosterUpload:
    """Checks a roster anew: people, classes or the book may have changed. Raises as the others do."""
    with transaction.atomic():
        received = _locked(upload_id, actor=actor, at=at)
        _check_or_queue(received, actor=actor, at=at)
    return received


@uncollected()
def check_upload(
    *, upload_id: int, progress: Callable[[int, int, str], object], actor: User, at: datetime
) -> dict[str, Any]:
    """The work of a long task: checks the roster and keeps the result; returns its summary.

    ``progress(done, total, message)`` may raise to stop. Nothing is written but the result, once, at the end;
    of a file that can't be read, why. Raises ``Refused`` for such a one.
    """
    received = _uploads().get(pk=upload_id)
    if received.committed_at is not None:
        return dict((received.result or {}).get("summary", {}))
    waiting = RosterUpload.objects.filter(pk=upload_id, committed_at__isnull=True)
    try:
        result = _result(received, at=at, progress=progress)
    except Refused as refused:
        waiting.update(result={"error": str(refused), "summary": _NOTHING, "rows": [], "missing": []})
        raise
    waiting.update(result=result, mapping=received.mapping)
    return dict(result["summary"])


def commit(*, upload_id: int, digest: str, explanation: str, actor: User, at: datetime) -> Taken:
    """Nominates the people of a checked roster, once, exactly as its preview said.

    ``digest``: of the preview the actor saw. ``explanation``: the unit's answer to what is warned of. Raises
    ``Conflict`` when it was taken over already or the preview no longer holds (then the new one is kept for
    the page to show), ``Refused`` for whoever may not nominate or where nobody can be nominated.
    """
    with transaction.atomic():
        received = _locked(upload_id, actor=actor, at=at)
        result = _checked(received, at=at)
        if result.digest == digest:
            return _take_over(received, result, explanation=explanation.strip(), actor=actor, at=at)
        received.result = stored(result, at=at)
        received.save(update_fields=["result"])
    raise Conflict("核查之后情况有了变化（有人被别的班确认，或名额、名册有改动）。请核对新的结果后再报名。")


def _take_over(
    received: RosterUpload, result: CheckResult, *, explanation: str, actor: User, at: datetime
) -> Taken:
    going = result.going_in
    if not going:
        raise Refused("没有可以报名的人员。")
    if not explanation and any(asks(row.findings) for row in going):
        raise Refused("名册里有提示或需审批的人员，请填写说明后再报名。")
    by_unit: dict[int, list[CheckedRow]] = {}
    for row in going:
        by_unit.setdefault(row.unit_id or 0, []).append(row)
    seated: list[Seat] = []
    notices: list[Finding] = []
    for unit_id, rows in by_unit.items():
        done = seats.nominate(
            run_id=received.run_id,
            unit_id=unit_id,
            people=[_nominee(row, explanation if asks(row.findings) else "") for row in rows],
            source=SeatSource.ENTERED if received.entered else SeatSource.ROSTER,
            actor=actor,
            at=at,
            upload=received,
            late_ok=bool(explanation),
        )
        if left := next((one for one in done.results if one.seat is None), None):
            raise Conflict(f"第 {left.nominee.row} 行 {left.nominee.name}：{left.reason}名册没有报名。")
        seated += done.seats
        notices += done.notices
    received.result = stored(result, at=at)
    received.committed_at = at
    received.save(update_fields=["result", "committed_at"])
    return Taken(seated, notices, sum(1 for row in going if row.needs_exemption))


def asks(findings: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the unit has to explain itself: a rule of people warns of somebody, or holds him.

    That he is 候补 needs no explanation; nor does what the reader put right.
    """
    return any(
        finding["severity"] in ("warn", "hold") and finding["code"] in _EXPLAINED for finding in findings
    )


_EXPLAINED: Final = frozenset(PERSON_RULE_CODES) - {"over_quota"}


def _nominee(row: CheckedRow, explanation: str) -> Nominee:
    values = row.source.values
    assert row.known is not None  # noqa: S101 - only the known go in
    return Nominee(
        cadre_id=row.known.cadre_id,
        explanation=explanation,
        name=row.name,
        row=row.number,
        post_title=str(values.get("post_title") or "")[:120],
        phone=str(values.get("phone") or "")[:60],
        lodging=values.get("lodging"),
        needs=str(values.get("lodging_need") or "")[:100],
        arrival=str(values.get("arrival") or "")[:60],
    )


def already(received: RosterUpload, *, now: datetime) -> str | None:
    """Who took it over and when; None while it waits."""
    if received.committed_at is None:
        return None
    who = received.uploaded_by.name
    return f"这份名册已由 {who} 于 {moment(received.committed_at, now)} 报名，不能重复报名。"


def stored(result: CheckResult, *, at: datetime) -> dict[str, Any]:
    """The result as it is kept for the page: what the command prints, and what the page needs beside it."""
    with uncollected():
        return _stored(result, at)


def _stored(result: CheckResult, at: datetime) -> dict[str, Any]:
    roster = result.roster
    return {
        "checked_at": at.isoformat(),
        "digest": result.digest,
        "summary": result.summary,
        "rows": [
            {
                **row.as_json(),
                "unit": str(row.source.values.get("unit") or ""),
                "post": str(row.source.values.get("post_title") or ""),
                "unit_id": row.unit_id,
                "reserve": row.reserve,
                "goes_in": row.goes_in,
                "exempt": row.needs_exemption,
            }
            for row in result.rows
        ],
        **_described(roster),
        "missing": [],
        "header": _columns(roster),
    }


def _described(roster: Roster) -> dict[str, Any]:
    return {
        "sheet": roster.sheet,
        "sheets": list(roster.sheets),
        "skipped": [[row.number, row.text, row.reason] for row in roster.skipped],
        "notes": list(roster.notes),
        "unmapped": list(roster.header.unmapped),
    }


def _unnamed(refused: rules.MissingColumns, *, at: datetime) -> dict[str, Any]:
    """What is kept of a file whose columns somebody has to name first."""
    roster, header = refused.roster, refused.roster.header
    return {
        "checked_at": at.isoformat(),
        "digest": "",
        "summary": _NOTHING | {"rows": len(roster.rows)},
        "rows": [],
        **_described(roster),
        "missing": list(header.missing),
        "header": _columns(roster),
    }


def _columns(roster: Roster) -> dict[str, Any]:
    """The columns with what stands in their first cells; a long number's middle isn't kept."""
    header = roster.header
    return {
        "titles": list(header.titles),
        "columns": dict(header.columns),
        "samples": [_samples(roster, index) for index in range(len(header.titles))],
    }


def _samples(roster: Roster, index: int) -> list[str]:
    texts = (shown(row.cells[index]).strip() for row in roster.rows[:20] if index < len(row.cells))
    filled = [_LONG_NUMBER.sub(lambda found: mask_identity(found[0]), text) for text in texts if text]
    return [text[:30] for text in filled[:2]]


def hand_out(received: RosterUpload, *, what: str, actor: User, at: datetime) -> None:
    """Lets the actor have a file with whole identity numbers, and leaves an IdentityAccess.

    Whoever handed the roster in has it anyway; anybody else needs the permission. Raises ``Refused``.
    """
    if actor.pk != received.uploaded_by_id and not actor.has_perm("org.see_identity"):
        raise Refused(
            f"名册里有完整的证件号码，只有上传人 {received.uploaded_by.name} 和经授权的人员可以下载。"
        )
    rows = int((received.result or {}).get("summary", {}).get("rows", 0))
    IdentityAccess.objects.create(
        actor=actor, at=at, count=rows, purpose=f"下载名册“{received.file.name}”：{what}"[:200]
    )


def content_of(file: StoredFile) -> bytes:
    """The bytes of a stored file."""
    with file.file.open() as stream:
        content: bytes = stream.read()
    return content


def _check_or_queue(received: RosterUpload, *, actor: User, at: datetime) -> None:
    """A short roster is checked now; a long one when a worker gets to it."""
    rows = _rows_at_most(content_of(received.file), received.file.name)
    if rows <= AT_ONCE:
        received.result, received.task = _result(received, at=at), None
    else:
        received.result = None
        received.task = long_tasks.begin(
            kind=KIND,
            title=f"核查名册：{received.file.name}（约 {rows} 行）",
            params={"upload_id": received.pk},
            actor=actor,
            at=at,
        )
    received.save(update_fields=["result", "task", "mapping"])


def _rows_at_most(content: bytes, name: str) -> int:
    """How many rows a file may have, told without reading it; 0 where only reading tells."""
    match name.rpartition(".")[2].lower():
        case "csv":
            return content.count(b"\n")
        case "xlsx":
            with zipfile.ZipFile(BytesIO(content)) as package:
                sheets = [part for part in package.namelist() if part.startswith("xl/worksheets/sheet")]
                return max((_rows_in(package, sheet) for sheet in sheets), default=0)
    return 0


def _rows_in(package: zipfile.ZipFile, sheet: str) -> int:
    """Rows of a sheet, by those in its first part."""
    with package.open(sheet) as whole:
        part = whole.read(_FIRST_PART)
    return part.count(b"<row ") * package.getinfo(sheet).file_size // max(len(part), 1)


def _result(received: RosterUpload, *, at: datetime, progress: Progress | None = None) -> dict[str, Any]:
    try:
        return stored(_checked(received, at=at, progress=progress), at=at)
    except rules.MissingColumns as refused:
        return _unnamed(refused, at=at)


def _checked(received: RosterUpload, *, at: datetime, progress: Progress | None = None) -> CheckResult:
    """Reads and judges the file; a form the sender had corrected once is read as corrected."""
    tell = progress or _silent
    tell(0, 3, "正在读取名册")
    roster = _read(received, at)
    if not received.mapping:
        received.mapping = known_mapping(_sender(received), PURPOSE, roster.header.fingerprint)
        if received.mapping:
            roster = _read(received, at)
    tell(1, 3, f"正在核查 {len(roster.rows)} 人")
    book = book_for(received.run.plan.union, timezone.localdate(at)).book
    result = rules.judge(roster, run=received.run, at=at, book=book, unit=received.unit)
    tell(3, 3, "核查完毕")
    return result


def _silent(done: int, total: int, message: str) -> None:
    """Nobody waits for a word on how far it is."""


def _read(received: RosterUpload, at: datetime) -> Roster:
    return rules.read(
        content=content_of(received.file),
        name=received.file.name,
        run=received.run,
        today=timezone.localdate(at),
        mapping=received.mapping,
        sheet=received.sheet,
    )


def _sender(received: RosterUpload) -> Union:
    """Whose form it is."""
    return received.unit or received.run.plan.union


def _uploads() -> Any:
    return RosterUpload.objects.select_related(
        "run", "run__plan", "run__plan__union", "run__plan__department", "unit", "file", "uploaded_by"
    )


def _locked(upload_id: int, *, actor: User, at: datetime) -> RosterUpload:
    """The upload, its row locked, if it still may be changed by the actor."""
    received: RosterUpload = _uploads().select_for_update(of=("self",)).get(pk=upload_id)
    if reason := already(received, now=at):
        raise Conflict(reason)
    _demand(received.run, received.unit, entered=received.entered, actor=actor, at=at)
    return received


def _run(run_id: int) -> ClassRun:
    return ClassRun.objects.select_related("plan", "plan__union", "plan__department").get(pk=run_id)


def _demand(run: ClassRun, unit: Union | None, *, entered: bool, actor: User, at: datetime) -> None:
    """A list of several units, and one entered for a unit, is the organiser's to hand in."""
    act = RunAct.ENTER if entered or unit is None else RunAct.NOMINATE
    if reason := refusal(act, run, actor=actor, at=at, unit=unit):
        raise Refused(reason)


@contextmanager
def _files() -> Iterator[Callable[[StoredFile], StoredFile]]:
    """Files written here are taken away again when what they belong to isn't kept."""
    names: list[str] = []

    def keep(file: StoredFile) -> StoredFile:
        names.append(str(file.file.name))
        return file

    try:
        yield keep
    except Exception:
        for name in names:
            default_storage.delete(name)
        raise
