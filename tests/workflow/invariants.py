"""What must be true of the whole database at any moment, asked in SQL: each query names the rows at fault."""

from __future__ import annotations

from django.db import connection

from workflow.states import PENDING, TASK_OF_MONEY, TASK_OF_REQUEST, TASK_OF_STATE, PlanState, RequestState

_OPEN = "workflow_worktask t WHERE t.plan_id = p.id AND t.request_id IS NULL AND t.is_open"
_PENDING = ", ".join(f"'{state.value}'" for state in sorted(PENDING))
_KINDS = " OR ".join(
    f"(p.state = '{PlanState(state).value}' AND t.kind = '{kind.value}')"
    for state, kind in TASK_OF_STATE.items()
)
_REQUEST_KINDS = " OR ".join(
    f"(q.state = '{RequestState(state).value}' AND t.kind = '{kind.value}')"
    for state, kind in TASK_OF_REQUEST.items()
)

_MONEY_KINDS = " OR ".join(
    f"(q.state = '{RequestState(state).value}' AND t.kind = '{kind.value}')"
    for state, kind in TASK_OF_MONEY.items()
)

#: What was adjusted of a project's lines since its appropriation, by item: more, less, moved between lines.
_ADJUSTED = """
    SELECT l.project_id, l.item,
           sum(CASE WHEN a.id = e.credit_id THEN e.amount ELSE -e.amount END) AS amount
    FROM budgets_entry e JOIN budgets_account a ON a.id IN (e.debit_id, e.credit_id)
    JOIN budgets_budgetline l ON l.id = a.line_id
    WHERE e.kind IN ('adjust', 'recall', 'transfer') GROUP BY 1, 2"""

#: The budget of every line: what is free, committed and paid of it.
_BUDGETS = """
    SELECT l.project_id, l.item, sum(a.balance) AS balance FROM budgets_budgetline l
    JOIN budgets_account a ON a.line_id = l.id GROUP BY 1, 2 HAVING sum(a.balance) <> 0"""

#: name → a query of the rows that break it.
QUERIES: dict[str, str] = {
    "a pending plan has exactly one open task": f"""
        SELECT p.id, p.state FROM workflow_classplan p
        WHERE p.state IN ({_PENDING}) AND (SELECT count(*) FROM {_OPEN}) <> 1""",
    "no other plan has an open task": f"""
        SELECT p.id, p.state FROM workflow_classplan p
        WHERE p.state NOT IN ({_PENDING}) AND EXISTS (SELECT 1 FROM {_OPEN})""",
    "the open task is of the state's kind": f"""
        SELECT p.id, p.state, t.kind FROM workflow_classplan p
        JOIN workflow_worktask t ON t.plan_id = p.id AND t.request_id IS NULL AND t.is_open
        WHERE NOT ({_KINDS})""",
    "a request somebody must act on has exactly one open task of its kind, another none": f"""
        SELECT q.id, q.state FROM workflow_runrequest q
        LEFT JOIN workflow_worktask t ON t.request_id = q.id AND t.is_open
        GROUP BY q.id, q.state HAVING count(t.task_ptr_id) <>
            (CASE WHEN q.state IN ('reviewing', 'returned') THEN 1 ELSE 0 END)
        UNION ALL
        SELECT q.id, q.state FROM workflow_runrequest q
        JOIN workflow_worktask t ON t.request_id = q.id AND t.is_open WHERE NOT ({_REQUEST_KINDS})""",
    "a 期 is in 开班审批 while its application is, and only then": """
        SELECT r.id, r.state FROM workflow_classrun r WHERE (r.state = 'opening') <> EXISTS (
            SELECT 1 FROM workflow_runrequest q
            WHERE q.run_id = r.id AND q.kind = 'open' AND q.state = 'reviewing')""",
    "an open 期 has the application that opened it, and its terms": """
        SELECT r.id, r.state FROM workflow_classrun r
        WHERE r.state NOT IN ('planned', 'opening', 'cancelled') AND NOT EXISTS (
            SELECT 1 FROM workflow_runrequest q
            WHERE q.run_id = r.id AND q.kind = 'open' AND q.state = 'approved')""",
    "an approved plan has its 期, and a cancelled one none that lives": """
        SELECT p.id, p.state FROM workflow_classplan p LEFT JOIN LATERAL (
            SELECT count(*) AS n, count(*) FILTER (WHERE state <> 'cancelled') AS live
            FROM workflow_classrun WHERE plan_id = p.id) r ON true
        WHERE (p.state IN ('approved', 'cancelled') AND r.n <> p.sessions)
           OR (p.state = 'approved' AND r.live = 0) OR (p.state = 'cancelled' AND r.live > 0)
           OR (p.state NOT IN ('approved', 'cancelled') AND r.n > 0)""",
    "a request about money somebody must act on has one open task of its kind, another none": f"""
        SELECT q.id, q.state FROM workflow_moneyrequest q
        LEFT JOIN workflow_worktask t ON t.money_id = q.id AND t.is_open
        GROUP BY q.id, q.state HAVING count(t.task_ptr_id) <>
            (CASE WHEN q.state IN ('reviewing', 'returned') THEN 1 ELSE 0 END)
        UNION ALL
        SELECT q.id, q.state FROM workflow_moneyrequest q
        JOIN workflow_worktask t ON t.money_id = q.id AND t.is_open WHERE NOT ({_MONEY_KINDS})""",
    "money moves by its approved request and by no other": """
        SELECT q.id, q.state FROM workflow_moneyrequest q WHERE (q.state = 'approved') <> EXISTS (
            SELECT 1 FROM budgets_entry e
            JOIN budgets_account a ON a.id IN (e.debit_id, e.credit_id)
            JOIN budgets_fund f ON f.id = a.fund_id
            WHERE f.union_id = q.union_id AND e.reference LIKE '%' || nullif(q.code, '') || '%')""",
    "a decision about money is on a task of its request that is closed by him": """
        SELECT d.id FROM workflow_decision d JOIN workflow_worktask t ON t.task_ptr_id = d.task_id
        JOIN viewflow_task b ON b.id = d.task_id
        WHERE t.money_id IS DISTINCT FROM d.money_id
           OR (d.money_id IS NOT NULL AND (t.is_open OR b.owner_id IS DISTINCT FROM d.actor_id))""",
    "a project's lines hold what its living 期 are held by": f"""
        SELECT p.id, coalesce(c.item, b.item), c.amount, b.balance FROM workflow_classplan p
        CROSS JOIN LATERAL (
            SELECT item, sum(amount) AS amount FROM (
                SELECT rc.item, rc.amount
                FROM workflow_classrun r JOIN workflow_runcost rc ON rc.run_id = r.id
                WHERE r.plan_id = p.id AND r.state NOT IN ('planned', 'opening', 'cancelled')
                UNION ALL
                SELECT k.item, CASE WHEN r.session_no < p.sessions THEN trunc(k.amount / p.sessions, 2)
                    ELSE k.amount - trunc(k.amount / p.sessions, 2) * (p.sessions - 1) END
                FROM workflow_classrun r JOIN workflow_plancost k ON k.plan_id = p.id
                WHERE r.plan_id = p.id AND r.state IN ('planned', 'opening')) x
            GROUP BY item HAVING sum(amount) > 0) c
        FULL JOIN ({_BUDGETS}) b ON b.project_id = p.project_id AND b.item = c.item
        WHERE c.amount IS DISTINCT FROM b.balance
          AND COALESCE(p.project_id, b.project_id) NOT IN (
              -- until somebody asks for another budget
              SELECT l.project_id FROM budgets_entry e
              JOIN budgets_account a ON a.id IN (e.debit_id, e.credit_id)
              JOIN budgets_budgetline l ON l.id = a.line_id
              JOIN budgets_project o ON o.id = l.project_id
              JOIN workflow_moneyrequest q ON q.union_id = o.union_id AND e.reference = q.code)""",
    "nobody agrees to a request he handed in last": """
        SELECT d.id FROM workflow_decision d
        WHERE COALESCE(d.request_id, d.money_id) IS NOT NULL AND d.action = 'agree'
          AND d.actor_id = (SELECT s.actor_id FROM workflow_decision s
                            WHERE (s.request_id = d.request_id OR s.money_id = d.money_id)
                            AND s.action = 'submit' AND s.id < d.id ORDER BY s.id DESC LIMIT 1)""",
    "an open task is viewflow's own open task, of an open process of the same plan": """
        SELECT t.task_ptr_id, b.status FROM workflow_worktask t
        JOIN viewflow_task b ON b.id = t.task_ptr_id
        LEFT JOIN workflow_workprocess w ON w.process_ptr_id = b.process_id
        WHERE t.is_open AND (b.status <> 'NEW' OR w.plan_id IS DISTINCT FROM t.plan_id OR NOT w.is_open
                             OR w.request_id IS DISTINCT FROM t.request_id
                             OR w.money_id IS DISTINCT FROM t.money_id)""",
    "viewflow knows no open task that we don't": """
        SELECT b.id, b.status FROM viewflow_task b
        LEFT JOIN workflow_worktask t ON t.task_ptr_id = b.id
        WHERE b.status NOT IN ('DONE', 'CANCELED') AND NOT COALESCE(t.is_open, false)""",
    "an open process has one open task and a closed one none": """
        SELECT w.process_ptr_id, w.is_open FROM workflow_workprocess w
        WHERE (w.is_open::int) <> (
            SELECT count(*) FROM viewflow_task b JOIN workflow_worktask t ON t.task_ptr_id = b.id
            WHERE b.process_id = w.process_ptr_id AND t.is_open)""",
    "a process is finished when it is closed": """
        SELECT w.process_ptr_id, v.status FROM workflow_workprocess w
        JOIN viewflow_process v ON v.id = w.process_ptr_id
        WHERE w.is_open <> (v.status = 'NEW')""",
    "versions are numbered from 1 without gaps and the plan has the last": """
        SELECT p.id FROM workflow_classplan p LEFT JOIN LATERAL (
            SELECT count(*) AS n, min(number) AS low, max(number) AS top FROM workflow_planversion
            WHERE plan_id = p.id) v ON true
        LEFT JOIN workflow_planversion c ON c.id = p.version_id
        WHERE (v.n > 0 AND (v.low <> 1 OR v.top <> v.n)) OR c.number IS DISTINCT FROM v.top
           OR (c.id IS NOT NULL AND c.plan_id <> p.id)""",
    "a plan says what its last version says unless it is being edited": """
        SELECT p.id, p.state FROM workflow_classplan p JOIN workflow_planversion v ON v.id = p.version_id
        WHERE p.state NOT IN ('draft', 'returned', 'withdrawn') AND (
            (v.content->>'trainees')::int <> p.trainees OR v.content->>'name' <> p.name
            OR (v.content->>'half_days')::int <> p.half_days OR v.content->>'place' <> p.place
            OR (SELECT COALESCE(sum((c.value->>'amount')::numeric), 0) FROM jsonb_each(v.content->'costs') c)
               <> (SELECT COALESCE(sum(amount), 0) FROM workflow_plancost WHERE plan_id = p.id))""",
    "a draft has no number and what was submitted has one": """
        SELECT id FROM workflow_classplan WHERE (state = 'draft') <> (serial IS NULL)""",
    "declaration numbers have no gap": """
        SELECT union_id, year FROM workflow_classplan WHERE serial IS NOT NULL
        GROUP BY union_id, year HAVING max(serial) <> count(*) OR min(serial) <> 1""",
    "plan numbers have no gap": """
        SELECT union_id, year FROM workflow_classplan WHERE plan_number IS NOT NULL
        GROUP BY union_id, year HAVING max(right(plan_number, 4)::int) <> count(*)""",
    "approved means number and project, and nothing else has them": """
        SELECT id, state FROM workflow_classplan
        WHERE (state IN ('approved', 'cancelled')) <> (plan_number IS NOT NULL AND project_id IS NOT NULL)
           OR (plan_number IS NULL) <> (project_id IS NULL)""",
    "an approved plan's project holds its cost lines and what was adjusted since": f"""
        SELECT p.id FROM workflow_classplan p WHERE p.project_id IS NOT NULL AND EXISTS (
            SELECT 1 FROM (
                SELECT item, sum(amount) AS amount FROM (
                    SELECT item, amount FROM workflow_plancost WHERE plan_id = p.id
                    UNION ALL SELECT item, amount FROM ({_ADJUSTED}) j WHERE j.project_id = p.project_id) x
                GROUP BY item HAVING sum(amount) <> 0) c
            FULL JOIN (SELECT item, balance FROM ({_BUDGETS}) y WHERE y.project_id = p.project_id) b
                USING (item)
            WHERE c.amount IS DISTINCT FROM b.balance)""",
    "a project belongs to an approved plan of its department": """
        SELECT j.id FROM budgets_project j LEFT JOIN workflow_classplan p ON p.project_id = j.id
        WHERE p.department_id IS DISTINCT FROM j.department_id OR p.plan_number IS DISTINCT FROM j.number""",
    "a fund has what was granted less what its approved plans cost and were adjusted by": f"""
        SELECT f.id FROM budgets_fund f
        JOIN budgets_account a ON a.fund_id = f.id AND a.kind = 'fund'
        JOIN budgets_account s ON s.fund_id = f.id AND s.kind = 'source'
        WHERE a.balance < 0 OR a.balance <> -s.balance - (
            SELECT COALESCE(sum(c.amount), 0) FROM workflow_plancost c
            JOIN workflow_classplan p ON p.id = c.plan_id
            JOIN budgets_project j ON j.id = p.project_id WHERE j.fund_id = f.id) - (
            SELECT COALESCE(sum(x.amount), 0) FROM ({_ADJUSTED}) x
            JOIN budgets_project j ON j.id = x.project_id WHERE j.fund_id = f.id)""",
    "a decision is by one who held the post that day": """
        SELECT d.id, d.action, d.post_title, d.actor_name FROM workflow_decision d
        WHERE d.post_id IS NULL OR NOT EXISTS (
            SELECT 1 FROM org_tenure n WHERE n.post_id = d.post_id AND n.user_id = d.actor_id
            AND n.period @> (d.at AT TIME ZONE 'Asia/Shanghai')::date)""",
    "a review or a settlement is by the post its task lay at": """
        SELECT d.id, d.action FROM workflow_decision d JOIN workflow_worktask t ON t.task_ptr_id = d.task_id
        WHERE t.kind IN ('review', 'decide', 'request', 'money') AND t.post_id <> d.post_id""",
    "nobody reviews what he handed in": """
        SELECT d.id FROM workflow_decision d JOIN workflow_planversion v ON v.id = d.version_id
        WHERE d.request_id IS NULL AND d.action IN ('agree', 'advise_exclusion')
          AND d.actor_id = v.submitted_by_id""",
    "a decision is on a version of its plan and a task of its plan that is closed by him": """
        SELECT d.id FROM workflow_decision d JOIN workflow_planversion v ON v.id = d.version_id
        LEFT JOIN workflow_worktask t ON t.task_ptr_id = d.task_id
        LEFT JOIN viewflow_task b ON b.id = d.task_id
        WHERE v.plan_id <> d.plan_id OR (t.task_ptr_id IS NOT NULL AND (
            t.plan_id <> d.plan_id OR t.request_id IS DISTINCT FROM d.request_id
            OR t.is_open OR b.owner_id IS DISTINCT FROM d.actor_id))""",
    "every closed task has its decision, but for those a withdrawal cancelled": """
        SELECT t.task_ptr_id FROM workflow_worktask t JOIN viewflow_task b ON b.id = t.task_ptr_id
        WHERE t.kind <> '' AND b.status = 'DONE'
          AND NOT EXISTS (SELECT 1 FROM workflow_decision d WHERE d.task_id = t.task_ptr_id)""",
    "the last decision led to the state": """
        SELECT p.id, p.state, d.action, d.return_to FROM workflow_classplan p JOIN LATERAL (
            SELECT action, return_to, id FROM workflow_decision WHERE plan_id = p.id AND request_id IS NULL
            ORDER BY id DESC LIMIT 1) d ON true
        WHERE NOT CASE p.state
            WHEN 'reviewing' THEN d.action IN ('submit', 'agree', 'advise_exclusion')
                 OR (d.action = 'return' AND d.return_to <> 'author')
            WHEN 'awaiting_meeting' THEN d.action IN ('submit', 'agree', 'advise_exclusion', 'resume')
            WHEN 'returned' THEN d.action = 'return' AND d.return_to = 'author'
            WHEN 'deferred' THEN d.action = 'defer'
            WHEN 'approved' THEN d.action IN ('approve', 'approve_changed')
            WHEN 'cancelled' THEN d.action IN ('approve', 'approve_changed')
            WHEN 'excluded' THEN d.action = 'exclude'
            WHEN 'withdrawn' THEN d.action = 'withdraw'
            ELSE false END""",
    "an open agenda item is of a plan that awaits the meeting": """
        SELECT i.id, p.state FROM workflow_agendaitem i JOIN workflow_classplan p ON p.id = i.plan_id
        WHERE i.outcome = '' AND p.state <> 'awaiting_meeting'""",
    "a settled agenda item has its decision": """
        SELECT i.id FROM workflow_agendaitem i WHERE i.outcome <> '' AND NOT EXISTS (
            SELECT 1 FROM workflow_decision d WHERE d.plan_id = i.plan_id AND d.meeting_id = i.meeting_id
            AND d.action <> 'resume')""",
}


_ALL = " UNION ALL ".join(
    f"SELECT '{name.replace(chr(39), chr(39) * 2)}', ROW(x.*)::text FROM ({query}) x"
    for name, query in QUERIES.items()
)


def faults() -> list[tuple[str, str]]:
    """(what must be true, the row that breaks it) for every row at fault, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_ALL)
        return cursor.fetchall()
