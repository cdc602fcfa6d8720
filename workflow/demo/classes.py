"""What has become of each 期 of the classes being held: one in every state, and each kind of trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from workflow.demo.clock import at_work
from workflow.demo.held import ask, held, open_run, run_of, terms
from workflow.demo.planning import plan_year
from workflow.states import RequestKind

if TYPE_CHECKING:
    from datetime import datetime

    from workflow.demo.houses import Built

#: Class and 期 → on which working day from today its opening was asked for; those not named haven't asked.
OPENED = {
    "binhai": {
        ("工会干部素质提升轮训班", 1): -32,
        ("工会干部素质提升轮训班", 2): -9,
        ("街镇工会主席履职专题班", 1): -10,
        ("社会化工会工作者能力提升班", 1): -15,
        ("职工创新工作指导员班", 1): -4,
        ("劳动争议调解实务班", 1): -8,
        ("集体协商指导员实训班", 1): -9,
        ("工会财务规范化实务班", 1): -8,
    },
    "mianyang": {("工会干部履职能力专题班", 1): -32, ("工会干部履职能力专题班", 2): -8},
}
#: These wait for the training authority's signature.
WAITING = {"binhai": "工会新媒体信息员实务班", "mianyang": "集体协商业务实训班"}


def hold_classes(built: Built, now: datetime) -> None:
    """The year in which the demo's classes are held: planned, opened, called up, attended."""
    year = held(built, now)
    plan_year(year)
    today = timezone.localdate(now)
    for (name, session_no), asked in OPENED[built.house.code].items():
        topic, run = run_of(year, name, session_no)
        open_run(year, topic, run, now=now, asked=asked)
    topic, run = run_of(year, WAITING[built.house.code])
    ask(
        run,
        RequestKind.OPEN,
        terms(run, topic, today, built.book),
        actor=run.plan.created_by,
        at=at_work(today, -1, 15),
        reason="按年度计划开班。",
    )
