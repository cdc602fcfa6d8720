"""What the product is held against: the same questions in as little SQL, or Django, as will answer them."""

from __future__ import annotations

from typing import Final

#: One round trip for a whole roster, a line a person: who is it and is he in office; when was he last trained
#: in the same business within the window, or where is he called to it; is he firm in another class at that
#: time; does another department call him then; is he in this class already.
CHECK: Final = """
WITH r AS MATERIALIZED (
    SELECT x.n, c.id, c.status = 'active' OR COALESCE(%(first)s < c.status_on, false) AS active
    FROM unnest(%(digests)s::uuid[]) WITH ORDINALITY AS x (digest, n)
    LEFT JOIN org_cadre c ON c.identity_digest = x.digest
), t AS (
    SELECT t.cadre_id, max(t.ends_on) AS trained FROM r JOIN training_trainingrecord t ON t.cadre_id = r.id
    WHERE t.voided_at IS NULL AND t.subject = %(subject)s
      AND t.result IN ('attended', 'completed') AND t.ends_on >= %(since)s
    GROUP BY t.cadre_id
), k AS (
    SELECT k.cadre_id, bool_or(k.run_id = %(run)s) AS here,
           min(k.run_id) FILTER (WHERE k.run_id <> %(run)s AND k.subject = %(subject)s
                                 AND k.span && %(near)s::int4range) AS again,
           min(k.run_id) FILTER (WHERE k.run_id <> %(run)s AND k.firm
                                 AND k.span && %(window)s::int4multirange) AS overlaps,
           min(k.run_id) FILTER (WHERE k.department_id <> %(department)s
                                 AND k.span && %(window)s::int4multirange) AS called
    FROM r JOIN workflow_seatspan k ON k.cadre_id = r.id
    GROUP BY k.cadre_id
)
SELECT r.n, r.id, r.active, t.trained, k.again, k.overlaps, k.called, k.here
FROM r LEFT JOIN t ON t.cadre_id = r.id LEFT JOIN k ON k.cadre_id = r.id ORDER BY r.n
"""

#: The forgotten of a union by anti-join over the records, without the maintained column.
FORGOTTEN_COUNT: Final = """
SELECT count(*) FROM org_cadre c WHERE left(c.unit_path, %(width)s) = %(path)s AND c.status = 'active'
  AND NOT EXISTS (SELECT 1 FROM training_trainingrecord t WHERE t.cadre_id = c.id AND t.ends_on >= %(cut)s
                  AND t.voided_at IS NULL AND t.result IN ('attended', 'completed'))
"""

#: The same from the column the database keeps; {width} is written out so that the index is recognised.
FORGOTTEN_COLUMN: Final = """
SELECT count(*) FROM org_cadre WHERE left(unit_path, {width}) = %(path)s AND status = 'active'
  AND (last_trained < %(cut)s OR last_trained IS NULL)
"""

PAGE: Final = """
SELECT id, name, post_title, unit_id, last_trained FROM org_cadre
WHERE left(unit_path, {width}) = %(path)s AND status = 'active' AND last_trained < %(cut)s
  AND (last_trained, id) > (%(day)s, %(id)s)
ORDER BY last_trained, id LIMIT 25
"""

DEEP_OFFSET: Final = """
SELECT id, name, post_title, unit_id, last_trained FROM org_cadre
WHERE left(unit_path, {width}) = %(path)s AND status = 'active' AND last_trained < %(cut)s
ORDER BY last_trained, id OFFSET %(offset)s LIMIT 25
"""

LAST_DAYS: Final = """
SELECT count(*), max(day) FROM (
    SELECT cadre_id, max(ends_on) AS day FROM training_trainingrecord
    WHERE voided_at IS NULL AND result IN ('attended', 'completed') GROUP BY cadre_id
) r
"""
