from django.apps import AppConfig


class WorkflowConfig(AppConfig):
    """计划、审批、会议."""

    name = "workflow"
    verbose_name = "计划与审批"
