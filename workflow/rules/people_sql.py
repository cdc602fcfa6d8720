"""The one statement that answers for a whole list of people: who they are, and what stands against them.

Constant in number, set-based, and every part of it led by an index: ``org_cadre_identity_digest_key``,
``record_by_cadre``, ``span_by_cadre``. What a finding has to name (class, organiser, dates) is read by
subquery for the hits alone, so that a clean person costs three look-ups and nothing else
(docs/decisions/0021-call-ups-and-half-days.md). The bench runs the same text raw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

PERSON: Final = 0
SEAT: Final = 1
RECORD: Final = 2
RUN: Final = 3


class Question(NamedTuple):
    """What is asked of everybody on the list.

    ``keys`` is an array as text (:func:`array`): digests of identity numbers where ``by_digest``, keys of
    cadres else; answers count its places from 1. ``window``: the class's half-days as an ``int4multirange``.
    ``subject`` None: no business is compared. ``earliest``: the first day on which an earlier class of the
    same business may have ended (``by_start``: begun) and still count. ``levels`` None and ``posts_known``
    False: the audience can't be judged by it.
    """

    keys: str
    by_digest: bool
    run: int
    first_day: date
    window: str
    subject: str | None
    earliest: date
    by_start: bool
    levels: list[str] | None
    posts_known: bool
    kinds: list[str]
    leaderships: list[str]
    committee: bool
    appointed_since: date | None


#: Columns of an answer: the place asked about (0 for the whole list), what it is about, and by that
#: PERSON: his key, name, former name, unit and its path today; as JSON what tells against him: ``away`` on
#: the first day, his time in the unit ``ended`` by then, of another post or level than the audience.
#: SEAT: his key, and the run in which he has a live seat at that time, or of that business, or this one.
#: RECORD: his key, and the record of a training of the same business within the window.
#: RUN: deadline, quotas and who counts against them, once.
#: Below 4,096 characters psycopg takes it apart once and not at every call.
_TEXT: Final = f"""
WITH asked AS MATERIALIZED (
    SELECT a.n, c.id, c.name, c.former_name, c.unit_id, c.unit_path, c.post_title, c.status, c.status_on,
        NOT (c.status = 'active' OR COALESCE(%(first_day)s < c.status_on, false)) AS away,
        COALESCE(c.unit_until <= %(first_day)s, false) AS ended,
        %(posts_known)s AND NOT (
            c.kind = ANY(%(kinds)s::text[]) OR c.leadership = ANY(%(leaderships)s::text[])
            OR (%(committee)s AND c.committees <> '{{}}')
            OR COALESCE(c.leadership = 'chair' AND c.appointed_on >= %(appointed_since)s::date, false)
        ) AS other_post,
        CASE WHEN %(levels)s::text[] IS NOT NULL THEN (
            SELECT u.level FROM org_union u WHERE u.id = c.unit_id AND u.level <> ALL(%(levels)s::text[])
        ) END AS other_level
    FROM unnest(%(keys)s::<<type>>[]) WITH ORDINALITY AS a(key, n)
    JOIN org_cadre c ON c.<<column>> = a.key
)
SELECT a.n, {PERSON}, a.id, a.name, a.former_name, a.unit_id, a.unit_path,
       CASE WHEN a.away OR a.ended OR a.other_post OR a.other_level IS NOT NULL THEN jsonb_build_object(
           'away', a.away, 'ended', a.ended, 'status', a.status, 'status_on', a.status_on,
           'other_post', a.other_post, 'post', a.post_title, 'other_level', a.other_level
       )::text END
FROM asked a
UNION ALL
SELECT a.n, {SEAT}, a.id, '', '', s.run_id, '', (
    SELECT jsonb_build_object(
        'class', CASE WHEN p.sessions > 1 THEN p.name || '（第 ' || r.session_no || ' 期）' ELSE p.name END,
        'run', r.id, 'department_id', p.department_id, 'department', d.name, 'union', o.name,
        'union_id', o.id, 'union_path', o.path, 'starts_on', r.starts_on, 'ends_on', r.ends_on,
        'stretches', r.stretches::text,
        'overlaps', s.span && %(window)s::int4multirange, 'firm', s.firm,
        'subject', s.subject, 'state', (
            SELECT t.state FROM workflow_seat t WHERE t.run_id = s.run_id AND t.cadre_id = s.cadre_id
            AND t.state IN ('completed', 'confirmed', 'nominated', 'offered')
        )
    )::text
    FROM workflow_classrun r JOIN workflow_classplan p ON p.id = r.plan_id
    JOIN org_department d ON d.id = p.department_id JOIN org_union o ON o.id = d.union_id
    WHERE r.id = s.run_id
)
FROM asked a JOIN workflow_seatspan s ON s.cadre_id = a.id
WHERE s.span && %(window)s::int4multirange OR s.subject = %(subject)s OR s.run_id = %(run)s
UNION ALL
SELECT a.n, {RECORD}, a.id, '', '', t.id, '', jsonb_build_object(
    'class', t.class_name, 'starts_on', t.starts_on, 'ends_on', t.ends_on, 'organizer', t.organizer_name,
    'by_superior', t.by_superior, 'subject', t.subject, 'run', (
        SELECT r.id FROM workflow_classrun r JOIN workflow_classplan p ON p.id = r.plan_id
        WHERE r.code = split_part(t.reference, '#', 1) AND p.union_id = t.organizer_id
          AND t.source = 'class_run'
        ORDER BY r.id::text = split_part(t.reference, '#', 2) DESC LIMIT 1
    )
)::text
FROM asked a JOIN training_trainingrecord t ON t.cadre_id = a.id
WHERE t.voided_at IS NULL AND t.ends_on >= %(earliest)s AND t.subject = %(subject)s
  AND t.result IN ('attended', 'completed') AND (t.starts_on >= %(earliest)s OR NOT %(by_start)s)
UNION ALL
SELECT 0, {RUN}, 0, '', '', NULL, '', jsonb_build_object(
    'deadline', (SELECT k.deadline FROM workflow_callup k WHERE k.run_id = %(run)s),
    'quotas', (
        SELECT jsonb_agg(
            jsonb_build_array(q.unit_id, u.path, u.name, q.seats, q.reserve) ORDER BY u.path DESC
        )
        FROM workflow_quota q JOIN org_union u ON u.id = q.unit_id WHERE q.run_id = %(run)s
    ),
    'formal', (
        SELECT jsonb_object_agg(x.unit_id, x.held) FROM (
            SELECT t.unit_id, count(*) AS held FROM workflow_seat t
            WHERE t.run_id = %(run)s AND t.source <> 'on_site'
              AND ((t.rank = 'formal' AND t.state IN ('confirmed', 'nominated')) OR t.state = 'offered')
            GROUP BY t.unit_id
        ) x
    )
)::text
"""  # noqa: S608 - made of constants

#: Asked by digests, as of a roster; and by keys, as of people chosen on a page.
SQL: Final = _TEXT.replace("<<type>>", "uuid").replace("<<column>>", "identity_digest")
SQL_BY_KEY: Final = _TEXT.replace("<<type>>", "bigint").replace("<<column>>", "id")


def array(values: Iterable[object]) -> str:
    """``{1,2,3}``: an array of numbers or digests as PostgreSQL reads it, several times faster than a list
    taken apart by the driver."""
    return "{" + ",".join(map(str, values)) + "}"


def answers(question: Question) -> list[tuple[Any, ...]]:
    """The rows of :data:`SQL`, in no particular order, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(SQL if question.by_digest else SQL_BY_KEY, question._asdict())
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


_MEMBER: Final = """
    SELECT DISTINCT m.cadre_id, u.path, u.name FROM org_membership m JOIN org_union u ON u.id = m.union_id
    WHERE m.cadre_id = ANY(%(ids)s::bigint[]) AND m.period @> %(first_day)s::date
"""


def memberships(cadre_ids: Sequence[int], first_day: date) -> Sequence[tuple[int, str, str]]:
    """(person, path, name) of every unit these people belong to on that day, primary or not."""
    with connection.cursor() as cursor:
        cursor.execute(_MEMBER, {"ids": list(cadre_ids), "first_day": first_day})
        found: Sequence[tuple[int, str, str]] = cursor.fetchall()
    return found
