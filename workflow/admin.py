"""Nothing of the process is edited behind its services' backs.

viewflow registers its processes and tasks for editing; a task changed there would leave the plan's state
behind (docs/decisions/0004). The queue's pages are English, and what was retried or cancelled there would
leave its long task behind (docs/decisions/0023).
"""

from __future__ import annotations

from django.contrib import admin
from procrastinate.contrib.django.models import ProcrastinateJob
from viewflow.workflow.models import Process, Task

for model in (Process, Task, ProcrastinateJob):
    if admin.site.is_registered(model):
        admin.site.unregister(model)
