"""The process: plans and their versions, 期 and requests about them, people called up, who must act next,
what was decided, meetings, uploads."""

from workflow.models.callup import Attendance, CallUp, Quota, RosterUpload, Seat, SeatAct, SeatSpan
from workflow.models.decision import Decision
from workflow.models.meeting import AgendaItem, Meeting
from workflow.models.money import GrowthReason, MoneyRequest
from workflow.models.plan import ClassPlan, PlanAttachment, PlanCost, PlanImport, PlanVersion
from workflow.models.run import ClassRun, Lesson, RunCost, RunRequest
from workflow.models.work import WorkProcess, WorkTask

__all__ = [
    "AgendaItem",
    "Attendance",
    "CallUp",
    "ClassPlan",
    "ClassRun",
    "Decision",
    "GrowthReason",
    "Lesson",
    "Meeting",
    "MoneyRequest",
    "PlanAttachment",
    "PlanCost",
    "PlanImport",
    "PlanVersion",
    "Quota",
    "RosterUpload",
    "RunCost",
    "RunRequest",
    "Seat",
    "SeatAct",
    "SeatSpan",
    "WorkProcess",
    "WorkTask",
]
