"""Workbooks as finance softwares export them, for the tests of 对账."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from budgets.models import Fund, Project
from office.models import StoredFile
from org.models import LongTask
from tests.workflow.money.spending import NOW
from tests.workflow.world import World
from workflow.excel.vouchers import read_vouchers
from workflow.rules.reconciling import BookedRow, Reconciled
from workflow.rules.taking_over import Wish
from workflow.services import reconciling

HEAD = ("凭证字号", "记账日期", "项目代码", "摘要", "对方单位", "借方金额", "明细科目", "发票号")


def line(project: Project | str, **changes: Any) -> list[Any]:
    """记-0012 of 10 June: 500.00 for the venue."""
    values = {
        "凭证字号": "记-0012",
        "记账日期": "2027-06-10",
        "项目代码": project if isinstance(project, str) else project.number,
        "摘要": "场地租用费",
        "对方单位": "区委党校",
        "借方金额": 500,
        "明细科目": "业务支出-培训费-场地费",
        "发票号": "",
    } | changes
    return [values[title] for title in HEAD]


def content(*lines: list[Any], head: tuple[str, ...] = HEAD) -> bytes:
    book = Workbook()
    for row in (head, *lines):
        book.worksheets[0].append(list(row))
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def upload(*lines: list[Any], name: str = "6月明细账.xlsx") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content(*lines))


def read(file: StoredFile) -> tuple[BookedRow, ...]:
    with file.file.open() as stored:
        return read_vouchers(stored.read(), file.name, today=NOW.date(), year=2027).rows


def receive(world: World, *lines: list[Any], month: int = 6, who: str = "caiwu-staff") -> LongTask:
    """Finance hands a workbook in."""
    return reconciling.receive(
        fund=fund_of(world), month=month, upload=upload(*lines), read=read, actor=world.people[who], at=NOW
    )


def compared(world: World, task: LongTask) -> Reconciled:
    rows = read(reconciling.file_of(task))
    return reconciling.compared(fund_of(world), task.params["month"], rows)[0]


def fund_of(world: World) -> Fund:
    assert world.fund is not None
    return Fund.objects.select_related("union").get(pk=world.fund.pk)


def take_over(
    world: World,
    task: LongTask,
    *numbers: int,
    chosen: dict[int, str] | None = None,
    sessions: dict[int, str] | None = None,
    **more: Any,
) -> list[tuple[int, bool, str]]:
    """(row, done, text) of each row asked for; ``chosen``: row → line, ``sessions``: row → 期."""
    chosen, sessions = chosen or {}, sessions or {}
    outcomes = reconciling.take_over(
        task_id=task.pk,
        fund=fund_of(world),
        read=read,
        wishes={number: Wish(chosen.get(number), sessions.get(number)) for number in numbers},
        defaults=reconciling.Defaults(more.pop("kind", "other")),
        actor=more.pop("actor", world.people["caiwu-staff"]),
        at=more.pop("when", NOW),
    )
    return [(one.row, one.done, one.text) for one in outcomes]


def fits(found: Reconciled) -> list[tuple[str, list[int], list[int]]]:
    """(fit, rows, payments) of each pair."""
    return [
        (pair.fit.value, [row.number for row in pair.rows], [one.payment for one in pair.ours])
        for pair in found.pairs
    ]
