"""Nothing of the process is edited behind its services' backs.

viewflow registers its processes and tasks for editing; a task changed there would leave the plan's state
behind (docs/decisions/0004).
"""

from __future__ import annotations

from django.contrib import admin
from viewflow.workflow.models import Process, Task

for model in (Process, Task):
    if admin.site.is_registered(model):
        admin.site.unregister(model)
