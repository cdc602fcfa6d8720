"""Start, approval by a person, approval by whoever has a permission: viewflow's own nodes and views."""

from __future__ import annotations

from viewflow import this
from viewflow.workflow import flow, lock
from viewflow.workflow.flow.views import UpdateProcessView
from viewflow.workflow.models import Process


class ApproveFlow(flow.Flow):
    """With the lock viewflow advises for PostgreSQL; its default is none, and loses approvals."""

    process_class = Process
    process_title = "Class plan"
    lock_impl = lock.select_for_update_lock
    start = flow.StartHandle().Next(this.first)
    first = flow.View(UpdateProcessView.as_view(fields=[])).Assign(username="a").Next(this.second)
    second = flow.View(UpdateProcessView.as_view(fields=[])).Permission("viewflow.change_task").Next(this.end)
    end = flow.End()
