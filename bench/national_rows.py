"""The SQL that makes a nation's rows, set by set, from row numbers; ``{size}`` figures are filled in.

Columns that aren't named take their model's default. Triggers sleep meanwhile (``session_replication_role =
replica``): :data:`PROOFS` then ask whether each row stands as they would have left it.
"""

from __future__ import annotations

from typing import Final

from bench.load_sql import clone
from training.models import _COUNTS_SQL
from workflow.models.guards import SPANS_OF

#: What the nation looks back from: records lie in the five years before, open classes in the 90 days after.
TODAY: Final = "2027-03-01"

UNITS: Final = (
    # The first province's units come first: cadre n is in unit bench_unit_of(n), in the order of the tree.
    """
    CREATE UNLOGGED TABLE bench_unit AS
    SELECT row_number() OVER (ORDER BY path)::int AS n, id, path::text AS path, name
    FROM org_union WHERE depth > 1
    """,
    """
    CREATE FUNCTION bench_unit_of(person bigint) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
        CASE WHEN person <= {first} THEN 1 + person % {first_units}
             ELSE 1 + {first_units} + person % ({units} - {first_units}) END
    """,
    "ALTER TABLE bench_unit ADD PRIMARY KEY (n)",
    "ANALYZE bench_unit",
)

IDENTITIES: Final = """
    CREATE UNLOGGED TABLE bench_identity (n int, digest uuid, sealed bytea, born date, female boolean)
"""

#: Skewed: some have many records, some none at all. 15485863 is a prime that spreads them.
RECORDS: Final = """
    INSERT INTO training_trainingrecord (id, cadre_id, unit_id, class_name, subject, organizer_id,
        organizer_name, by_superior, starts_on, ends_on, hours, result, source, key, recorded_at, voided_at,
        void_reason)
    SELECT g, r.cadre, u.id, '工会干部培训班 ' || g / 50, r.subject, o.union_id, o.name, g % 5 < 3, starts,
           starts + days - 1, 8 * days, CASE WHEN g % 25 = 0 THEN 'failed' ELSE 'completed' END, 'imported',
           md5('bench record ' || g)::uuid, starts + days + 3,
           CASE WHEN g % 200 = 0 THEN starts + days + 30 END,
           CASE WHEN g % 200 = 0 THEN '重复登记' ELSE '' END
    FROM (SELECT g, 1 + (floor({cadres} * random() ^ 2)::bigint * 15485863) % {cadres} AS cadre,
                 (ARRAY[{subjects}])[1 + floor(random() * {subject_count})::int] AS subject,
                 date '{today}' - 5 - floor(random() * 1826)::int AS starts, 1 + g % 5 AS days
          FROM generate_series(1, {records}) g) r
    JOIN bench_organiser o ON o.n = r.g / 50 % {organisers}
    JOIN bench_unit u ON u.n = bench_unit_of(r.cadre)
"""

ORGANISERS: Final = """
    CREATE UNLOGGED TABLE bench_organiser AS
    SELECT substr(code, 2)::int AS n, id AS union_id, name FROM org_union WHERE code ~ '^u[0-9]+$'
"""

LAST: Final = (
    f"""
    CREATE UNLOGGED TABLE bench_last AS SELECT cadre_id, max(ends_on) AS day FROM training_trainingrecord
    WHERE voided_at IS NULL AND result IN ({_COUNTS_SQL}) GROUP BY cadre_id
    """,
    "ANALYZE bench_last",
)

CADRES: Final = """
    INSERT INTO org_cadre (id, identity_kind, identity_sealed, identity_digest, name, gender, born_on, kind,
        post_title, leadership, appointed_on, phone, status, status_on, unit_id, unit_path, last_trained)
    SELECT i.n, 'resident', i.sealed, i.digest,
           substr('赵钱孙李周吴郑王冯陈卫蒋沈韩杨朱许何吕张', 1 + i.dice % 20, 1)
           || substr('建国志明海燕春秀文华永平晓立新成玉兰光辉', 1 + i.dice / 20 % 20, 1)
           || substr('林森峰岩松柏梅竹川江河波涛雷霞云雪晨阳星', 1 + i.dice / 400 % 20, 1),
           CASE WHEN i.female THEN 'female' ELSE 'male' END, i.born,
           CASE WHEN i.n % 1000 < 138 THEN 'full_time' WHEN i.n % 1000 < 160 THEN 'seconded'
                WHEN i.n % 1000 < 200 THEN 'socialized' ELSE 'part_time' END,
           (ARRAY['主席', '副主席', '委员', '组宣委员', '女工委员', '工会干事'])[1 + i.n % 6],
           CASE i.n % 6 WHEN 0 THEN 'chair' WHEN 1 THEN 'vice_chair' ELSE '' END,
           date '{today}' - 100 - (i.n::bigint * 7919 % 3000)::int,
           '1990' || lpad((i.n % 10000000)::text, 7, '0'),
           CASE WHEN i.n % 50 = 0 THEN 'retired' WHEN i.n % 97 = 0 THEN 'transferred' ELSE 'active' END,
           CASE WHEN i.n % 50 = 0 OR i.n % 97 = 0 THEN date '{today}' - 400 END, u.id, u.path, l.day
    FROM (SELECT *, hashint8(n) & 1048575 AS dice FROM bench_identity) i
    JOIN bench_unit u ON u.n = bench_unit_of(i.n)
    LEFT JOIN bench_last l ON l.cadre_id = i.n
"""

#: Every twentieth came from another unit three years ago.
MEMBERSHIPS: Final = """
    INSERT INTO org_membership (period, cadre_id, union_id)
    SELECT CASE WHEN m.moved AND m.nth = 1 THEN daterange('2018-01-01', '2024-03-01')
                WHEN m.moved THEN daterange('2024-03-01', NULL)
                ELSE daterange(date '2016-01-01' + (m.n % 2000)::int, NULL) END, m.n, u.id
    FROM (SELECT n, n % 20 = 0 AS moved, nth FROM generate_series(1, {cadres}) n
          CROSS JOIN generate_series(1, 2) nth WHERE nth = 1 OR n % 20 = 0) m
    JOIN bench_unit u ON u.n = CASE WHEN m.moved AND m.nth = 1 THEN 1 + (m.n * 31) % {units}
                                    ELSE bench_unit_of(m.n) END
"""

_ID: Final = "s.id"

CLASSES: Final = (
    # id: plan, version, project and run alike; samples keep ids below 1,000.
    """
    CREATE UNLOGGED TABLE bench_run AS
    SELECT 1000 + k AS id, p.*, f.id AS fund, 10 + k / {organisers} AS serial,
           'P2027-' || lpad((10 + k / {organisers})::text, 4, '0') AS number,
           (ARRAY[{subjects}])[1 + k % {subject_count}] AS subject, first, first + length AS past
    FROM generate_series(0, {runs} - 1) k
    CROSS JOIN LATERAL (SELECT 2 * (date '{today}' + (k * 37 % 90) - date '2000-01-01') + k / 7 % 2 AS first,
                               2 + k / 3 % 8 AS length) t
    JOIN bench_place p ON p.n = k % {organisers} AND p.d = k / 11 % {departments}
    JOIN budgets_fund f ON f.union_id = p.union_id AND f.year = {year}
    """,
    "ALTER TABLE bench_run ADD PRIMARY KEY (id)",
    "ANALYZE bench_run",
    "CREATE UNLOGGED TABLE bench_sample_plan AS SELECT * FROM workflow_classplan WHERE id = {sample}",
    """CREATE UNLOGGED TABLE bench_sample_version AS
       SELECT * FROM workflow_planversion WHERE plan_id = {sample}""",
    """CREATE UNLOGGED TABLE bench_sample_project AS SELECT * FROM budgets_project
       WHERE id = (SELECT project_id FROM workflow_classplan WHERE id = {sample})""",
    "CREATE UNLOGGED TABLE bench_sample_run AS SELECT * FROM workflow_classrun WHERE plan_id = {sample}",
    "CREATE VIEW bench_seed AS SELECT * FROM bench_run",
    clone(
        "budgets_project",
        "bench_sample_project",
        {
            "id": _ID,
            "union_id": "s.union_id",
            "fund_id": "s.fund",
            "number": "s.number",
            "department_id": "s.department_id",
        },
    ),
    clone(
        "workflow_classplan",
        "bench_sample_plan",
        {
            "id": _ID,
            "union_id": "s.union_id",
            "department_id": "s.department_id",
            "serial": "s.serial",
            "plan_number": "s.number",
            "version_id": _ID,
            "project_id": _ID,
            "subject": "s.subject",
            "name": "'培训班 ' || s.id",
            "trainees": "{a_run}",
            "audience_units": "'[]'::jsonb",  # for everybody: a class of a whole province
            "created_by_id": "s.author",
        },
    ),
    clone(
        "workflow_planversion",
        "bench_sample_version",
        {"id": _ID, "plan_id": _ID, "book_id": "s.book_id", "submitted_by_id": "s.author"},
    ),
    clone(
        "workflow_classrun",
        "bench_sample_run",
        {
            "id": _ID,
            "plan_id": _ID,
            "session_no": "1",
            "code": "s.number || '-1'",
            "state": "'enrolling'",
            "stretches": "jsonb_build_array(int4range(s.first, s.past)::text)",
            "starts_on": "date '2000-01-01' + s.first / 2",
            "ends_on": "date '2000-01-01' + (s.past - 1) / 2",
            "venue": "'区委党校'",
            "trainees": "{a_run}",
            "hours": "4 * (s.past - s.first)",
            "opened_at": "timestamptz '{today}' - interval '20 days'",
        },
    ),
    """
    INSERT INTO workflow_callup (run_id, issued_on, deadline, issued_at, issued_by_id)
    SELECT id, date '{today}' - 10, timestamptz '2000-01-01 00:00+08' + first / 2 * interval '1 day',
           timestamptz '{today}' - interval '10 days', author FROM bench_run
    """,
    """
    INSERT INTO workflow_quota (run_id, unit_id, seats) SELECT id, union_id, {a_run} FROM bench_run
    """,
)

SEATS: Final = (
    # Who is called to two classes has a firm seat in the first one only; the other organiser still waits.
    """
    INSERT INTO workflow_seat (run_id, cadre_id, unit_id, state, rank, position, source, name, unit_name,
        post_title, nominated_at, changed_at)
    SELECT s.run, s.cadre, u.id, CASE WHEN s.nth = 1 AND s.g % 3 > 0 THEN 'confirmed' ELSE 'nominated' END,
           'formal', s.g % {a_run}, 'page', c.name, u.name, c.post_title,
           timestamptz '{today}' - interval '5 days', timestamptz '{today}' - interval '4 days'
    FROM (SELECT g, run, cadre, row_number() OVER (PARTITION BY cadre ORDER BY g) AS nth
          FROM (SELECT DISTINCT ON (run, cadre) g, run, cadre
                FROM (SELECT g, 1000 + g % {runs} AS run, 1 + floor(random() * {cadres})::bigint AS cadre
                      FROM generate_series(0, {seats} + {seats} / 50) g) d ORDER BY run, cadre, g) p
          ORDER BY g LIMIT {seats}) s
    JOIN org_cadre c ON c.id = s.cadre JOIN bench_unit u ON u.n = bench_unit_of(s.cadre)
    """,
    "ANALYZE workflow_seat",
    SPANS_OF.format(seats="workflow_seat"),
)

#: name → rows that stand otherwise than the product's own triggers and constraints would have left them.
PROOFS: Final = {
    "last_trained is the last standing record's day": f"""
        SELECT count(*) FROM org_cadre c FULL JOIN (
            SELECT cadre_id, max(ends_on) AS day FROM training_trainingrecord
            WHERE voided_at IS NULL AND result IN ({_COUNTS_SQL}) GROUP BY cadre_id
        ) r ON r.cadre_id = c.id WHERE c.id IS NULL OR c.last_trained IS DISTINCT FROM r.day""",
    "the unit is the current primary membership's": """
        SELECT count(*) FROM org_cadre c LEFT JOIN (
            org_membership m JOIN org_union u ON u.id = m.union_id
        ) ON m.cadre_id = c.id AND m.is_primary AND m.period @> (now() AT TIME ZONE 'Asia/Shanghai')::date
        WHERE m.id IS NULL OR (c.unit_id, c.unit_path) IS DISTINCT FROM (u.id, u.path::text)""",
    "half-days are those of the seats": """
        SELECT count(*) FROM workflow_seatspan p FULL JOIN (
            SELECT s.id, s.cadre_id, r.id AS run_id, l.department_id, l.subject, part,
                   s.state IN ('completed', 'confirmed') AS firm
            FROM workflow_seat s JOIN workflow_classrun r ON r.id = s.run_id
            JOIN workflow_classplan l ON l.id = r.plan_id CROSS JOIN LATERAL unnest(r.stretches) AS part
            WHERE s.state IN ('completed', 'confirmed', 'nominated', 'offered')
        ) s ON s.id = p.seat_id AND s.part = p.span
        WHERE p.id IS NULL OR s.id IS NULL
           OR (p.cadre_id, p.run_id, p.department_id, p.subject, p.firm)
              IS DISTINCT FROM (s.cadre_id, s.run_id, s.department_id, s.subject, s.firm)""",
    "a class's days follow from its stretches": """
        SELECT count(*) FROM workflow_classrun WHERE cardinality(stretches) > 0 AND (
            starts_on <> date '2000-01-01' + floor(lower(stretches[1]) / 2.0)::int
            OR ends_on <> date '2000-01-01'
               + floor((upper(stretches[cardinality(stretches)]) - 1) / 2.0)::int)""",
    "the first province has its number of cadres": """
        SELECT abs(count(*) - {first}) FROM org_cadre c JOIN org_union u ON u.code = 'u0'
        WHERE left(c.unit_path, length(u.path)) = u.path""",
}

#: Every foreign key of a table, as a query of the rows that point nowhere.
FOREIGN_KEYS: Final = """
    SELECT format('%%s(%%s)', c.conrelid::regclass, a.attname),
           format('SELECT count(*) FROM %%s x WHERE x.%%I IS NOT NULL AND NOT EXISTS
                   (SELECT 1 FROM %%s y WHERE y.%%I = x.%%I)',
                  c.conrelid::regclass, a.attname, c.confrelid::regclass, b.attname, a.attname)
    FROM pg_constraint c
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1]
    WHERE c.contype = 'f' AND c.conrelid = ANY(%s::regclass[]) ORDER BY 1
"""

INDEXES: Final = """
    SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', c.conrelid::regclass, c.conname),
           format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', c.conrelid::regclass, c.conname,
                  pg_get_constraintdef(c.oid))
    FROM pg_constraint c WHERE c.conrelid = %(table)s::regclass AND c.contype IN ('u', 'x')
    UNION ALL
    SELECT format('DROP INDEX %%s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid)
    FROM pg_index i WHERE i.indrelid = %(table)s::regclass
      AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)
"""
