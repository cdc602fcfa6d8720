"""What the tests of spending share: a class whose money may be used, and finance that uses it."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from budgets.models import Account, BudgetLine, Commitment, Payment, Project
from budgets.services import PaidRow
from budgets.states import AccountKind, PayMethod, Subject
from office.models import StoredFile
from tests.workflow import runs
from tests.workflow.world import World, at
from workflow.models import CallUp, ClassRun, Meeting
from workflow.services import meetings, spending
from workflow.services.spending import Paying

#: When finance works in these tests: after everything the world's clock says, before the class.
NOW = at(6, 20, 10)
TODAY = date(2027, 6, 20)
PDF = b"%PDF-1.4\n%made up\n"


def minutes(world: World, run: ClassRun, number: str = "〔2027〕3号") -> Meeting:
    """The number of the minutes of the meeting that approved the class."""
    meeting = Meeting.objects.get(items__plan=run.plan)
    meetings.record_minutes(
        meeting_id=meeting.pk,
        number=meeting.number,
        held_on=meeting.held_on,
        minutes_number=number,
        chair="赵启明",
        attendees="主席、副主席",
        actor=world.people["secretary"],
        at=world.now(),
    )
    meeting.refresh_from_db()
    return meeting


def ready(world: World, **fields: Any) -> ClassRun:
    """A class behind the second gate, its minutes numbered: 伙食费 8000, 场地费 2000."""
    run = runs.opened_run(world, **fields)
    minutes(world, run)
    return run


def project_of(run: ClassRun) -> Project:
    """The money of the class."""
    return Project.objects.select_related("union", "fund").get(pk=run.plan.project_id)


def line(run: ClassRun, item: str = "venue") -> BudgetLine:
    return BudgetLine.objects.get(project=run.plan.project_id, item=item)


def balances(run: ClassRun, item: str = "venue") -> tuple[Decimal, Decimal, Decimal]:
    """(可用, 预占, 支出) of a line."""
    found = dict(Account.objects.filter(line=line(run, item)).values_list("kind", "balance"))
    return found[AccountKind.LINE], found[AccountKind.COMMITTED], found[AccountKind.PAID]


def file(name: str = "合同.pdf") -> StoredFile:
    """An uploaded paper."""
    return spending.keep(SimpleUploadedFile(name, PDF), at=NOW)


def commit(world: World, run: ClassRun, amount: str = "1500.00", **more: Any) -> Commitment:
    """Finance commits part of 场地费."""
    item = more.pop("item", "venue")
    fields: dict[str, Any] = {
        "title": "场地租用合同",
        "payee": "区委党校",
        "session_no": 1,
        "key": uuid.uuid4(),
        "actor": world.people["caiwu-staff"],
        "at": NOW,
    }
    return spending.commit(
        project_id=run.plan.project_id,
        line_id=line(run, item).pk,
        amount=Decimal(amount),
        **(fields | more),
    )


def paying(run: ClassRun, amount: str = "500.00", **more: Any) -> Paying:
    """定金 of the venue with its contract."""
    commitment = more.pop("commitment", None)
    item = more.pop("item", "venue")
    rows = more.pop("rows", None) or [
        PaidRow(line(run, item).pk, Decimal(amount), commitment.pk if commitment is not None else None)
    ]
    fields: dict[str, Any] = {
        "kind": "advance",
        "title": "场地定金",
        "payee": "区委党校",
        "rows": rows,
        "method": PayMethod.TRANSFER,
        "paid_on": TODAY,
        "subject": Subject.CADRES,
        "handler": "林晓峰",
        "session_no": 1,
        "files": {"contract": [file()]},
    }
    return Paying(**(fields | more))


def pay(world: World, run: ClassRun, amount: str = "500.00", **more: Any) -> Payment:
    """Finance pays."""
    actor = more.pop("actor", world.people["caiwu-staff"])
    key, when = more.pop("key", None) or uuid.uuid4(), more.pop("when", NOW)
    return spending.pay(
        project_id=run.plan.project_id, given=paying(run, amount, **more), key=key, actor=actor, at=when
    )


def issue_notice(run: ClassRun, number: str = "滨工发〔2027〕9号") -> None:
    """The 调训通知 went out; straight into the tables."""
    CallUp.objects.create(
        run=run,
        document_number=number,
        issued_on=date(2027, 5, 20),
        deadline=at(5, 31, 17),
        issued_at=at(5, 20),
        issued_by_id=run.plan.created_by_id,
    )


def end_attendance(run: ClassRun) -> ClassRun:
    """Attendance is closed with nobody in the list; straight through the states."""
    run = runs.fresh_run(run)
    run.begin()
    run.save(update_fields=["state"])
    run.close_attendance()
    run.closed_at = at(6, 10, 17)
    run.save(update_fields=["state", "closed_at"])
    return run
