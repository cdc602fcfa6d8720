"""What :mod:`bench.load` multiplies plans by: one sample of each state, cloned in SQL, triggers awake."""

from __future__ import annotations

from typing import Final

# The triggers' functions ask for settings that are usually not there and catch the exception. With a
# hundred thousand rows in one transaction each such rollback walks through all postponed checks and the
# load does not end. '{}' switches no trigger off, and the history keeps a context for what was loaded.
NO_EXCEPTIONS: Final = """
SELECT set_config('pgtrigger.ignore', '{}', true), set_config('pghistory.context_id', %s, true),
       set_config('pghistory.context_metadata', '{"load": "bench"}', true)
"""

PLACES: Final = """
CREATE TABLE bench_place AS
SELECT (replace(u.code, 'u', ''))::int AS n, d.ordinal AS d, u.id AS union_id, d.id AS department_id,
       head.id AS head, (SELECT user_id FROM org_tenure WHERE post_id = head.id) AS head_user,
       (SELECT user_id FROM org_tenure t JOIN org_post s ON s.id = t.post_id
         WHERE s.department_id = d.id AND s.kind = 'staff') AS author,
       review.id AS review, finance.id AS finance, keeper.id AS keeper,
       (SELECT user_id FROM org_tenure WHERE post_id = review.id) AS review_user,
       (SELECT user_id FROM org_tenure WHERE post_id = keeper.id) AS keeper_user, b.id AS book_id
FROM org_union u
JOIN org_department d ON d.union_id = u.id
JOIN org_post head ON head.department_id = d.id AND head.kind = 'head'
JOIN org_post review ON review.union_id = u.id AND review.code = 'jiceng-head'
JOIN org_post finance ON finance.union_id = u.id AND finance.code = 'caiwu-head'
JOIN org_post keeper ON keeper.union_id = u.id AND keeper.code = 'secretary'
JOIN rulebook_rulebook b ON b.union_id = u.id
"""

SAMPLES: Final = """
CREATE TABLE bench_plan AS SELECT * FROM workflow_classplan WHERE id = %(waiting)s;
CREATE TABLE bench_cost AS SELECT * FROM workflow_plancost WHERE plan_id = %(waiting)s;
CREATE TABLE bench_version AS SELECT * FROM workflow_planversion WHERE plan_id = %(waiting)s;
CREATE TABLE bench_process AS SELECT p.*, w.plan_id FROM viewflow_process p
    JOIN workflow_workprocess w ON w.process_ptr_id = p.id WHERE w.plan_id = %(waiting)s;
CREATE TABLE bench_start AS SELECT t.* FROM viewflow_task t
    JOIN workflow_workprocess w ON w.process_ptr_id = t.process_id
    WHERE w.plan_id = %(waiting)s AND t.flow_task LIKE '%%.start';
CREATE TABLE bench_task AS SELECT t.* FROM viewflow_task t
    JOIN workflow_worktask w ON w.task_ptr_id = t.id WHERE w.plan_id = %(waiting)s AND w.is_open;
CREATE TABLE bench_work AS SELECT w.* FROM workflow_worktask w WHERE w.plan_id = %(waiting)s AND w.is_open;
CREATE TABLE bench_done AS SELECT t.* FROM viewflow_task t
    JOIN workflow_worktask w ON w.task_ptr_id = t.id WHERE w.plan_id = %(settled)s AND w.step = 'decide';
CREATE TABLE bench_start_work AS SELECT w.* FROM workflow_worktask w
    JOIN bench_start s ON s.id = w.task_ptr_id;
CREATE TABLE bench_submit AS SELECT * FROM workflow_decision
    WHERE plan_id = %(waiting)s AND action = 'submit';
CREATE TABLE bench_approve AS SELECT * FROM workflow_decision
    WHERE plan_id = %(settled)s AND action = 'approve';
"""


def clone(target: str, sample: str, changes: dict[str, str], where: str = "true", more: str = "") -> str:
    """INSERT one copy of ``sample``'s row for each row of ``bench_seed``, with some columns changed."""
    changed = ", ".join(f"'{column}', {value}" for column, value in changes.items())
    return (
        f"INSERT INTO {target} SELECT r.* FROM bench_seed s CROSS JOIN {sample} k {more} "
        f"CROSS JOIN LATERAL jsonb_populate_record(k::{sample}, jsonb_build_object({changed})) c "
        f"CROSS JOIN LATERAL jsonb_populate_record(NULL::{target}, to_jsonb(c)) r WHERE {where}"
    )


_ID: Final = "s.id"
CLONE: Final = (
    "DROP TABLE IF EXISTS bench_seed",
    # id: plan, version and process alike; tasks are 2·id and 2·id+1. Samples keep ids below 1,000.
    """
    CREATE TEMP TABLE bench_seed AS
    SELECT 1000 + g AS id, p.*, y.year, y.year = %(open_year)s AS open, y.serial, i.subject,
           CASE WHEN y.year < %(open_year)s THEN 'decide' WHEN y.serial <= %(review)s THEN 'review'
                WHEN y.serial <= %(finance)s THEN 'finance' WHEN y.serial <= %(decide)s THEN 'decide'
                ELSE 'sign' END AS step,
           %(now)s::timestamptz - g * interval '20 seconds' AS arrived
    FROM generate_series(%(first)s::int, %(last)s::int) g
    CROSS JOIN LATERAL (SELECT g %% %(a_union)s AS inner_number) u
    CROSS JOIN LATERAL (SELECT %(year)s + inner_number / %(a_year)s AS year,
                               10 + inner_number %% %(a_year)s AS serial) y
    CROSS JOIN LATERAL (SELECT 'YW-' || lpad((1 + y.serial %% 11)::text, 2, '0') AS subject) i
    JOIN bench_place p ON p.n = g / %(a_union)s AND p.d = (g / 3) %% %(departments)s
    """,
    "ANALYZE bench_seed",
    clone(
        "workflow_classplan",
        "bench_plan",
        {
            "id": _ID,
            "union_id": "s.union_id",
            "department_id": "s.department_id",
            "year": "s.year",
            "state": "'draft'",
            "serial": "NULL",
            "version_id": "NULL",
            "subject": "s.subject",
            "name": "'培训班 ' || s.id",
            "created_by_id": "s.author",
            "created_at": "s.arrived",
            "updated_at": "s.arrived",
        },
    ),
    clone(
        "workflow_plancost",
        "bench_cost",
        {"id": "nextval(pg_get_serial_sequence('workflow_plancost', 'id'))", "plan_id": _ID},
    ),
    clone(
        "workflow_planversion",
        "bench_version",
        {
            "id": _ID,
            "plan_id": _ID,
            "book_id": "s.book_id",
            "submitted_by_id": "s.author",
            "submitted_at": "s.arrived",
        },
    ),
    # Without new statistics the planner takes the table for empty and joins row by row.
    "ANALYZE workflow_classplan",
    """UPDATE workflow_classplan p SET state = 'reviewing', serial = s.serial, version_id = s.id, revision = 1
       FROM bench_seed s WHERE p.id = s.id""",
    """UPDATE workflow_classplan p SET state = 'awaiting_meeting' FROM bench_seed s
       WHERE p.id = s.id AND s.step = 'decide'""",
    clone(
        "viewflow_process",
        "bench_process",
        {
            "id": _ID,
            "status": "CASE WHEN s.open THEN 'NEW' ELSE 'DONE' END",
            "created": "s.arrived",
            "finished": "CASE WHEN s.open THEN NULL ELSE s.arrived END",
        },
    ),
    "INSERT INTO workflow_workprocess (process_ptr_id, plan_id, is_open) SELECT id, id, open FROM bench_seed",
    clone("viewflow_task", "bench_start", {"id": "2 * s.id", "process_id": _ID, "created": "s.arrived"}),
    clone("workflow_worktask", "bench_start_work", {"task_ptr_id": "2 * s.id"}),
    clone(
        "viewflow_task",
        "bench_task",
        {
            "id": "2 * s.id + 1",
            "process_id": _ID,
            "created": "s.arrived",
            "flow_task": "replace(k.flow_task, '.review', CASE s.step WHEN 'decide' THEN '.decide'"
            " ELSE '.review' END)",
        },
        "s.open",
    ),
    clone(
        "viewflow_task",
        "bench_done",
        {
            "id": "2 * s.id + 1",
            "process_id": _ID,
            "created": "s.arrived",
            "finished": "s.arrived",
            "owner_id": "s.keeper_user",
        },
        "NOT s.open",
    ),
    clone(
        "workflow_worktask",
        "bench_work",
        {
            "task_ptr_id": "2 * s.id + 1",
            "plan_id": _ID,
            "kind": "CASE s.step WHEN 'decide' THEN 'decide' ELSE 'review' END",
            "step": "s.step",
            "step_title": "s.step",
            "post_id": "CASE s.step WHEN 'review' THEN s.review WHEN 'finance' THEN s.finance"
            " WHEN 'decide' THEN s.keeper ELSE s.head END",
            "is_open": "s.open",
            "arrived_at": "s.arrived",
            "due_at": "s.arrived + interval '7 days'",
        },
    ),
    """INSERT INTO viewflow_task_previous (from_task_id, to_task_id)
       SELECT 2 * id + 1, 2 * id FROM bench_seed""",
    clone(
        "workflow_decision",
        "bench_submit",
        {
            "id": "nextval(pg_get_serial_sequence('workflow_decision', 'id'))",
            "plan_id": _ID,
            "version_id": _ID,
            "actor_id": "s.author",
            "at": "s.arrived",
        },
    ),
    # The money of what was approved: project, line, three accounts, an entry; balances move by trigger.
    """INSERT INTO budgets_project (id, union_id, fund_id, number, name, department_id)
       SELECT s.id, s.union_id, f.id, 'P' || s.year || '-' || lpad(s.serial::text, 4, '0'),
              '培训班 ' || s.id, s.department_id
       FROM bench_seed s JOIN budgets_fund f ON f.union_id = s.union_id AND f.year = s.year
       WHERE NOT s.open""",
    "ANALYZE budgets_project",
    """INSERT INTO budgets_budgetline (id, project_id, item, title, ordinal)
       SELECT id, id, 'meals', '伙食费', 1 FROM bench_seed WHERE NOT open""",
    """INSERT INTO budgets_account (id, kind, fund_id, line_id, balance)
       SELECT 100000 + 3 * s.id + k.o, k.kind, p.fund_id, s.id, 0 FROM bench_seed s
       JOIN budgets_project p ON p.id = s.id
       CROSS JOIN (VALUES (0, 'line'), (1, 'committed'), (2, 'paid')) AS k (o, kind) WHERE NOT s.open""",
    "ANALYZE budgets_budgetline, budgets_account",
    """INSERT INTO budgets_entry (kind, debit_id, credit_id, amount, batch, project_id, actor_id, post_id, at,
                                  reason, reference)
       SELECT 'appropriate', a.id, 100000 + 3 * s.id, 10000, gen_random_uuid(), s.id, s.keeper_user, s.keeper,
              s.arrived, '主席办公会审定', '样本'
       FROM bench_seed s JOIN budgets_project p ON p.id = s.id
       JOIN budgets_account a ON a.fund_id = p.fund_id AND a.kind = 'fund' WHERE NOT s.open""",
    """UPDATE workflow_classplan p SET state = 'approved', project_id = s.id,
              plan_number = 'P' || s.year || '-' || lpad(s.serial::text, 4, '0')
       FROM bench_seed s WHERE p.id = s.id AND NOT s.open""",
    clone(
        "workflow_decision",
        "bench_approve",
        {
            "id": "nextval(pg_get_serial_sequence('workflow_decision', 'id'))",
            "plan_id": _ID,
            "version_id": _ID,
            "task_id": "2 * s.id + 1",
            # Every fourth by the training authority's head: the reviewer whose lists are measured has a past.
            "actor_id": "CASE WHEN s.serial % 4 = 0 THEN s.review_user ELSE s.keeper_user END".replace(
                "%", "%%"
            ),
            "at": "s.arrived",
            "meeting_id": "NULL",
        },
        "NOT s.open",
    ),
    """INSERT INTO office_counter (key, value)
       SELECT kind || ':' || union_id || ':' || year, max(serial) FROM bench_seed
       CROSS JOIN (VALUES ('plan'), ('declaration')) AS k (kind) GROUP BY kind, union_id, year
       ON CONFLICT (key) DO UPDATE SET value = greatest(office_counter.value, excluded.value)""",
    *(
        f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
        for table in (
            "workflow_classplan",
            "workflow_planversion",
            "viewflow_process",
            "viewflow_task",
            "budgets_project",
            "budgets_budgetline",
            "budgets_account",
        )
    ),
)
