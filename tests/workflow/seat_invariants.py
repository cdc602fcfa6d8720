"""What must be true of seats, half-days and quotas at every moment, as SQL that finds what isn't."""

from __future__ import annotations

from django.db import connection

from tests.workflow.test_seat_states import ASTRAY

QUERIES = {
    "half-days are exactly as seats and classes say": ASTRAY,
    "nobody is confirmed in two classes at once": """
        SELECT a.seat_id, b.seat_id FROM workflow_seatspan a JOIN workflow_seatspan b
          ON a.cadre_id = b.cadre_id AND a.id < b.id AND a.span && b.span
        WHERE a.firm AND b.firm""",
    "no more are confirmed than the class was approved for, on-site people apart": """
        SELECT r.id FROM workflow_classrun r WHERE r.trainees < (
            SELECT count(*) FROM workflow_seat s
            WHERE s.run_id = r.id AND s.source <> 'on_site' AND s.state IN ('confirmed', 'completed'))""",
    "a unit holds no more than its quota and what was kept back": """
        SELECT x.run_id FROM (
            SELECT s.run_id, s.unit_id, count(*) - COALESCE(max(q.seats), 0) AS beyond
            FROM workflow_seat s
            LEFT JOIN workflow_quota q ON q.run_id = s.run_id AND q.unit_id = s.unit_id
            WHERE s.source <> 'on_site'
              AND ((s.rank = 'formal' AND s.state IN ('nominated', 'confirmed')) OR s.state = 'offered')
            GROUP BY s.run_id, s.unit_id) x
        JOIN workflow_callup c ON c.run_id = x.run_id
        WHERE x.beyond > 0 GROUP BY x.run_id, c.reserve_seats HAVING sum(x.beyond) > c.reserve_seats""",
    "quotas and what is kept back are the class's trainees at most": """
        SELECT r.id FROM workflow_classrun r JOIN workflow_callup c ON c.run_id = r.id
        WHERE r.trainees < c.reserve_seats + COALESCE(
            (SELECT sum(q.seats) FROM workflow_quota q WHERE q.run_id = r.id), 0)""",
    "nobody has two living seats in a class": """
        SELECT run_id, cadre_id FROM workflow_seat
        WHERE state IN ('nominated', 'offered', 'confirmed', 'completed', 'unfinished')
        GROUP BY run_id, cadre_id HAVING count(*) > 1""",
    "only 候补 are offered a place, and confirmed people are 正式": """
        SELECT id FROM workflow_seat WHERE (state = 'offered' AND rank <> 'reserve')
           OR (state IN ('confirmed', 'completed') AND rank <> 'formal')""",
    "no place is free while somebody of the unit waits for it": """
        SELECT q.id FROM workflow_quota q JOIN workflow_classrun r ON r.id = q.run_id
        WHERE r.state IN ('enrolling', 'running') AND EXISTS (
            SELECT 1 FROM workflow_seat s WHERE s.run_id = q.run_id AND s.unit_id = q.unit_id
            AND s.rank = 'reserve' AND s.state = 'nominated')
        AND q.seats > (
            SELECT count(*) FROM workflow_seat s WHERE s.run_id = q.run_id AND s.unit_id = q.unit_id
            AND s.source <> 'on_site'
            AND ((s.rank = 'formal' AND s.state IN ('nominated', 'confirmed')) OR s.state = 'offered'))""",
    "a class that isn't called up any more has nobody waiting": """
        SELECT s.id FROM workflow_seat s JOIN workflow_classrun r ON r.id = s.run_id
        WHERE s.state IN ('nominated', 'offered') AND r.state NOT IN ('enrolling', 'running')
           OR s.state = 'confirmed' AND r.state NOT IN ('enrolling', 'running')""",
    "who was trained in the business within the year is confirmed by an approved exemption only": """
        SELECT s.id FROM workflow_seat s JOIN workflow_classrun r ON r.id = s.run_id
        JOIN workflow_classplan p ON p.id = r.plan_id
        JOIN training_trainingrecord t ON t.cadre_id = s.cadre_id AND t.subject = p.subject
         AND t.source = 'imported' AND (t.ends_on + interval '12 months')::date >= r.starts_on
        LEFT JOIN workflow_runrequest x ON x.id = s.exemption_id AND x.state = 'approved'
        WHERE s.state IN ('confirmed', 'completed') AND x.id IS NULL""",
    "the last line of a seat is what led to its state": """
        SELECT s.id, s.state, a.action FROM workflow_seat s LEFT JOIN LATERAL (
            SELECT action FROM workflow_seatact x
            WHERE x.seat_id = s.id AND x.action NOT IN ('correct', 'exempt')
            ORDER BY x.id DESC LIMIT 1) a ON true
        WHERE (CASE s.state
            WHEN 'nominated' THEN a.action IN ('nominate', 'enter', 'name', 'on_site', 'accept')
            WHEN 'offered' THEN a.action = 'offer'
            WHEN 'confirmed' THEN a.action = 'confirm'
            WHEN 'completed' THEN a.action = 'complete'
            WHEN 'unfinished' THEN a.action = 'leave_unfinished'
            WHEN 'withdrawn' THEN a.action IN ('withdraw', 'decline')
            WHEN 'replaced' THEN a.action = 'replace'
            WHEN 'rejected' THEN a.action = 'reject'
            WHEN 'released' THEN a.action = 'release' END) IS NOT TRUE""",
    "everybody who finished has his record, and nobody else of the class": """
        SELECT s.id FROM workflow_seat s JOIN workflow_classrun r ON r.id = s.run_id
        WHERE (s.state = 'completed') <> EXISTS (
            SELECT 1 FROM training_trainingrecord t
            WHERE t.cadre_id = s.cadre_id AND t.reference = r.code || '#' || r.id)
          AND s.state IN ('completed', 'unfinished', 'confirmed')""",
    "who came instead stands for one who was replaced": """
        SELECT n.id FROM workflow_seat n JOIN workflow_seat o ON o.id = n.replaces_id
        WHERE o.state <> 'replaced' OR o.run_id <> n.run_id OR o.unit_id <> n.unit_id""",
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
