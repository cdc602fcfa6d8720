"""6: a department's workbook of many lines read, checked and shown, beside openpyxl opening it."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from bench import clock
from bench.load import YEAR, at
from org.models import Department
from rulebook.models import RuleBook
from workflow.excel.plans import cells
from workflow.excel.preview import check, preview
from workflow.excel.template import Heading, filled
from workflow.models import ClassPlan
from workflow.services.imports import receive

if TYPE_CHECKING:
    from bench.load import World


def parse(world: World, *, rounds: int, lines: int) -> tuple[dict[str, clock.Series], int]:
    """Series of the preview, of opening the same file, and how many good rows there are."""
    union = world.unions - 1
    department = Department.objects.select_related("union").get(union__code=f"u{union}", code="xuanchuan")
    book = RuleBook.objects.get(union=department.union).book
    plans = ClassPlan.objects.filter(year=YEAR).prefetch_related("costs").order_by("pk")[:lines]
    values = [cells(book, plan) | {"identity": None} for plan in plans]
    for number, row in enumerate(values):
        row["name"] = f"表格测速 {number}"
    content = filled(book, Heading(department.union.name, department.name, YEAR), values)
    received = receive(
        department=department,
        year=YEAR,
        upload=SimpleUploadedFile("plans.xlsx", content),
        check=lambda received: check(received, at=at(1, 10)),
        actor=world.person(union, "xuanchuan-staff"),
        at=at(1, 10),
    )
    good = len(preview(received, at=at(1, 10)).good)
    if good != len(values):
        fault = preview(received, at=at(1, 10)).faults[0]
        raise RuntimeError(f"{good} of {len(values)} rows are good: {fault}")
    series = clock.in_turns(
        {
            "preview": lambda: clock.once(lambda: preview(received, at=at(1, 10)), 1),
            "unjudged": lambda: clock.once(lambda: preview(received, at=at(1, 10), judged=False), 1),
            "load_workbook": lambda: clock.once(lambda: load_workbook(BytesIO(content)), 1),
        },
        rounds,
    )
    return series, good
