"""As many processes and tasks as the product has, spread the same way: one in five is open."""

from __future__ import annotations

from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.db import connection
from viewflow.workflow.fields import get_flow_ref, get_task_ref

from bench.stock.flows import ApproveFlow
from bench.stock.models import Doc, Log, Todo

BUSY = 1  # the reviewer: 25 open tasks, and one in sixteen of all that is done
PEOPLE = 400


def load(processes: int) -> None:
    """Tables and rows. A start task and a human task a process, as viewflow makes them."""
    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        for model in (Doc, Todo, Log):
            editor.create_model(model)
    User.objects.bulk_create(
        [User(id=number, username=f"u{number}") for number in range(1, PEOPLE + 1)]
        + [User(id=PEOPLE + 1, username="a"), User(id=PEOPLE + 2, username="boss", is_superuser=True)]
    )
    change = Permission.objects.get(codename="change_task", content_type__app_label="viewflow")
    view = Permission.objects.get(codename="view_process", content_type__app_label="viewflow")
    User.objects.get(id=BUSY).user_permissions.add(change, view)
    flow, start = get_flow_ref(ApproveFlow), get_task_ref(ApproveFlow.start)
    first, second = get_task_ref(ApproveFlow.first), get_task_ref(ApproveFlow.second)
    columns = (
        "flow_task, flow_task_type, status, created, started, finished, token, owner_id, owner_permission,"
        " process_id, data"
    )
    people = min(PEOPLE, max(processes // 250, 1))  # 25 open tasks each
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO viewflow_process (id, flow_class, status, created, data)
            SELECT g, %s, CASE WHEN g %% 10 < 8 THEN 'DONE' ELSE 'NEW' END,
                   now() - g * interval '1 minute', '{}' FROM generate_series(1, %s) g""",
            [flow, processes],
        )
        cursor.execute(
            f"""INSERT INTO viewflow_task ({columns})
            SELECT %s, 'START', 'DONE', now() - g * interval '1 minute', now(), now(), 'start', NULL, NULL,
                   g, '{{}}' FROM generate_series(1, %s) g""",
            [start, processes],
        )
        cursor.execute(
            f"""INSERT INTO viewflow_task ({columns})
            SELECT CASE WHEN g %% 10 = 9 THEN %s ELSE %s END, 'HUMAN',
                   CASE WHEN g %% 10 < 8 THEN 'DONE' WHEN g %% 10 = 8 THEN 'ASSIGNED' ELSE 'NEW' END,
                   now() - g * interval '1 minute', NULL, CASE WHEN g %% 10 < 8 THEN now() END, 'start',
                   CASE WHEN g %% 10 < 8 THEN CASE WHEN g <= %s / 16 THEN 1 ELSE 1 + g %% %s END
                        WHEN g %% 10 = 8 THEN 1 + (g / 10) %% %s END,
                   'viewflow.change_task', g, '{{}}' FROM generate_series(1, %s) g""",
            [second, first, processes, people, people, processes],
        )
        cursor.execute(
            """INSERT INTO stock_todo (doc_id, post_id, title, open, created)
            SELECT process_id, coalesce(owner_id, 500 + process_id %% 400), 'Class plan #' || process_id,
                   status IN ('NEW', 'ASSIGNED'), created FROM viewflow_task""",
            [],
        )
        for table in ("viewflow_process", "viewflow_task", "stock_todo", "stock_doc"):
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(%s, 'id'), (SELECT count(*) * 2 FROM viewflow_task))",
                [table],
            )
            cursor.execute(f"VACUUM ANALYZE {table}")
