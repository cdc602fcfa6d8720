"""The statements of :mod:`org.services.tree_intake`: a list of units, and the tree it joins.

``incoming_unit.state``: waiting, ready (its superior is sure), new or known (in the tree), done, bad.
"""

from __future__ import annotations

from typing import Final

TABLES: Final = """
    DROP TABLE IF EXISTS incoming_unit, known_unit, known_name;
    CREATE TEMP TABLE incoming_unit (
        number int PRIMARY KEY, name text, key text, short_name text, parent text, parent_key text,
        level text, aliases text[], alias_keys text[], cells text[],
        state text DEFAULT 'waiting', parent_id bigint, why text
    );
    CREATE TEMP TABLE known_unit (id bigint PRIMARY KEY, path text, key text, bare text, last text);
    CREATE TEMP TABLE known_name (key text, unit_id bigint, tier int);
"""
INDEXES: Final = """
    CREATE INDEX ON incoming_unit (key);
    CREATE INDEX ON incoming_unit (parent_key);
    CREATE INDEX ON incoming_unit (state, number);
    CREATE INDEX ON known_unit (path);
    CREATE INDEX ON known_name (key);
    ANALYZE incoming_unit; ANALYZE known_unit; ANALYZE known_name;
"""
GONE: Final = "DROP TABLE IF EXISTS incoming_unit, known_unit, known_name"
#: Last step below each unit, then each name behind its superior's, with and without the legal form of that.
KNOW: Final = """
    UPDATE known_unit p SET last = c.last FROM (
        SELECT left(path, length(path) - 4) AS path, max(right(path, 4)) AS last FROM known_unit GROUP BY 1
    ) c WHERE c.path = p.path;
    INSERT INTO known_name (key, unit_id, tier)
    SELECT DISTINCT front || k.key, k.id, 3 FROM known_unit k
    JOIN known_unit p ON p.path = left(k.path, length(k.path) - 4), unnest(ARRAY[p.key, p.bare]) AS front;
"""
#: The best each waiting superior's name means, where no line of the list can still be meant.
READY: Final = """
    WITH wanted AS (
        SELECT DISTINCT i.parent_key FROM incoming_unit i WHERE i.state = 'waiting' AND i.parent_key <> ''
        AND NOT EXISTS (
            SELECT FROM incoming_unit o WHERE o.key = i.parent_key AND o.state IN ('waiting', 'bad')
        )
    ), best AS (
        SELECT w.parent_key, n.unit_id, n.tier, min(n.tier) OVER (PARTITION BY w.parent_key) AS first
        FROM wanted w JOIN known_name n ON n.key = w.parent_key
    ), sure AS (
        SELECT parent_key, min(unit_id) AS unit_id FROM best WHERE tier = first
        GROUP BY parent_key HAVING count(DISTINCT unit_id) = 1
    )
    UPDATE incoming_unit i SET state = 'ready', parent_id = s.unit_id FROM sure s
    WHERE i.state = 'waiting' AND i.parent_key = s.parent_key
"""
#: Ready lines whose unit is there already, below that superior.
THERE: Final = """
    UPDATE incoming_unit i SET state = 'known' FROM known_unit p, known_unit k
    WHERE i.state = 'ready' AND p.id = i.parent_id AND k.key = i.key
    AND left(k.path, length(k.path) - 4) = p.path
"""
#: The top: there already, or the first of an empty tree.
TOP_THERE: Final = """
    UPDATE incoming_unit i SET state = 'known' FROM (
        SELECT key FROM known_name WHERE tier = 0 GROUP BY key HAVING count(DISTINCT unit_id) = 1
    ) k WHERE i.state = 'waiting' AND i.parent_key = '' AND k.key = i.key
"""
TOP_NEW: Final = """
    UPDATE incoming_unit SET state = 'ready' WHERE state = 'waiting' AND parent_key = ''
    AND NOT EXISTS (SELECT FROM known_unit)
    AND (SELECT count(*) FROM incoming_unit WHERE parent_key = '') = 1
"""
BAD: Final = (
    "UPDATE incoming_unit SET state = 'bad', why = 'top' WHERE state = 'waiting' AND parent_key = ''",
    """
    UPDATE incoming_unit i SET state = 'bad', why = 'superior' WHERE state = 'waiting'
    AND EXISTS (SELECT FROM incoming_unit o WHERE o.key = i.parent_key AND o.state = 'bad')
    AND NOT EXISTS (SELECT FROM incoming_unit o WHERE o.key = i.parent_key AND o.state = 'waiting')
    """,
    # No line of the list can be meant by the superior's name; the tree knows none, or several.
    """
    UPDATE incoming_unit i SET state = 'bad', why = CASE WHEN EXISTS (
        SELECT FROM known_name n WHERE n.key = i.parent_key
    ) THEN 'several' ELSE 'unknown' END
    WHERE state = 'waiting' AND NOT EXISTS (
        SELECT FROM incoming_unit o WHERE o.key = i.parent_key AND o.state IN ('waiting', 'bad')
    )
    """,
)
#: A batch of ready lines into the tree.
INSERT: Final = """
    WITH fresh AS (
        INSERT INTO org_union (path, depth, numchild, code, name, short_name, level, ordinal)
        SELECT p, length(p) / 4, 0, c, n, s, l, o
        FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::int[])
            AS t(p, c, n, s, l, o)
        RETURNING id, path
    ), known AS (
        INSERT INTO known_unit (id, path, key, bare)
        SELECT f.id, f.path, t.key, t.bare FROM fresh f
        JOIN unnest(%s::text[], %s::text[], %s::text[]) AS t(path, key, bare) USING (path)
    ), parents AS (
        UPDATE org_union u SET numchild = numchild + c.count
        FROM (SELECT left(path, length(path) - 4) AS path, count(*) FROM fresh GROUP BY 1) c
        WHERE u.path = c.path
    ), lasts AS (
        UPDATE known_unit k SET last = c.last
        FROM (SELECT left(path, length(path) - 4) AS path, max(right(path, 4)) AS last
              FROM fresh GROUP BY 1) c
        WHERE k.path = c.path
    )
    UPDATE incoming_unit i SET state = 'new' FROM unnest(%s::int[]) AS t(number)
    WHERE i.number = t.number
"""
#: The new units' names: full, short, and behind their superior's.
NAMES: Final = """
    INSERT INTO known_name (key, unit_id, tier)
    SELECT k.key, k.id, 0 FROM known_unit k WHERE k.path = ANY(%s)
    UNION ALL
    SELECT DISTINCT front || k.key, k.id, 3 FROM known_unit k
    JOIN known_unit p ON p.path = left(k.path, length(k.path) - 4),
        unnest(ARRAY[p.key, p.bare]) AS front
    WHERE k.path = ANY(%s)
    UNION ALL
    SELECT t.key, k.id, 2 FROM unnest(%s::text[], %s::text[]) AS t(path, key)
    JOIN known_unit k USING (path) WHERE t.key <> ''
"""
#: Further lines of the same unit under the same superior say nothing new.
REPEATED: Final = """
    UPDATE incoming_unit i SET state = 'known' FROM incoming_unit o
    WHERE i.state = 'ready' AND o.state = 'new' AND o.key = i.key
    AND o.parent_id IS NOT DISTINCT FROM i.parent_id
"""
#: Aliases of the lines of a state, each once; the lines are done then.
ALIASES: Final = """
    WITH done AS (
        UPDATE incoming_unit SET state = 'done' WHERE state = %s
        RETURNING key, parent_id, aliases, alias_keys
    ), meant AS (
        SELECT DISTINCT k.id, a.alias, a.key FROM done d
        JOIN known_unit k ON k.key = d.key
        LEFT JOIN known_unit p ON p.id = d.parent_id,
            unnest(d.aliases, d.alias_keys) AS a(alias, key)
        WHERE d.parent_id IS NULL OR left(k.path, length(k.path) - 4) = p.path
    ), written AS (
        INSERT INTO org_unitalias (union_id, alias, key)
        SELECT DISTINCT ON (id, key) id, alias, key FROM meant
        ON CONFLICT (union_id, key) DO NOTHING RETURNING union_id, key
    )
    INSERT INTO known_name (key, unit_id, tier) SELECT key, union_id, 1 FROM written
"""
