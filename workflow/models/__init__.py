"""The process: plans and their versions, who must act next, what was decided, meetings, uploads."""

from workflow.models.decision import Decision
from workflow.models.meeting import AgendaItem, Meeting
from workflow.models.plan import ClassPlan, PlanAttachment, PlanCost, PlanImport, PlanVersion
from workflow.models.work import WorkProcess, WorkTask

__all__ = [
    "AgendaItem",
    "ClassPlan",
    "Decision",
    "Meeting",
    "PlanAttachment",
    "PlanCost",
    "PlanImport",
    "PlanVersion",
    "WorkProcess",
    "WorkTask",
]
