"""What the site's own database role may do, by `deploy/grants.sql`: rows, never tables, and no TRUNCATE."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db import ProgrammingError, connection, transaction

# Roles belong to the whole server: one worker at a time makes them.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("grants")]


@pytest.fixture
def site_role() -> None:
    """The grants applied, the connection acting as the site's role; all rolled back after the test."""
    with connection.cursor() as cursor:
        cursor.execute((settings.BASE_DIR / "deploy" / "grants.sql").read_text())
        cursor.execute("SET LOCAL ROLE guikou")


def refused(sql: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    except ProgrammingError as error:
        return "permission denied" in str(error) or "must be owner" in str(error)
    return False


@pytest.mark.usefixtures("site_role")
@pytest.mark.parametrize(
    "sql",
    [
        "TRUNCATE budgets_entry CASCADE",
        "TRUNCATE budgets_entry, budgets_account",
        "TRUNCATE django_session",
        "ALTER TABLE budgets_entry DISABLE TRIGGER ALL",
        "ALTER TABLE budgets_account ADD COLUMN x int",
        "DROP TABLE budgets_entry CASCADE",
        "CREATE TABLE mine (x int)",
        "SET session_replication_role = replica",
    ],
)
def test_the_site_cannot_step_over_the_triggers(sql: str) -> None:
    assert refused(sql)


@pytest.mark.usefixtures("site_role")
def test_the_site_reads_and_writes_rows() -> None:
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    Session.objects.create(session_key="k" * 32, session_data="", expire_date=timezone.now())
    assert Session.objects.filter(session_key="k" * 32).delete()[0] == 1


@pytest.mark.usefixtures("site_role")
def test_every_table_is_open_to_the_site_for_rows() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND ("
            " NOT has_table_privilege('guikou', oid, 'SELECT')"
            " OR NOT has_table_privilege('guikou', oid, 'INSERT')"
            " OR has_table_privilege('guikou', oid, 'TRUNCATE, TRIGGER'))"
        )
        assert cursor.fetchall() == []


@pytest.mark.usefixtures("site_role")
def test_the_site_and_its_worker_use_the_queue() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT worker_id FROM procrastinate_register_worker_v1() AS worker_id")
        [worker] = cursor.fetchone()
        cursor.execute(
            "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', 'x', 0, 'a', NULL, '{}', NULL)"
            "::procrastinate_job_to_defer_v1])"
        )
        cursor.execute("SELECT id FROM procrastinate_fetch_job_v2(NULL, %s)", [worker])
        [job] = cursor.fetchone()
        cursor.execute("SELECT procrastinate_retry_job_v2(%s, now(), 0, 'default', 'a')", [job])
        cursor.execute("SELECT id FROM procrastinate_fetch_job_v2(NULL, %s)", [worker])
        assert cursor.fetchone() == (job,)
        cursor.execute("SELECT procrastinate_finish_job_v1(%s, 'succeeded', true)", [job])
        cursor.execute("SELECT procrastinate_update_heartbeat_v1(%s)", [worker])
        cursor.execute("SELECT procrastinate_unregister_worker_v1(%s)", [worker])
        cursor.execute("LISTEN procrastinate_any_queue_v1")
        cursor.execute("SELECT count(*) FROM procrastinate_jobs")
        assert cursor.fetchone() == (0,)
