"""What every test stands on: one embedded server for the whole run, a database for each worker."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from config import embedded
from tests import databases

if TYPE_CHECKING:
    from pytest_django import DjangoDbBlocker

SLOTS = 8

#: Longest first. The first needs no database of the run; another worker makes that meanwhile.
LONGEST = (
    "tests/config/test_demo_lifecycle.py",
    "tests/browser/",
    "tests/bench/",
    "tests/workflow/demo/",
    "tests/workflow/test_random_acts.py",
    "tests/workflow/test_random_seats.py",
    "tests/budgets/test_machine.py",
    "tests/workflow/test_real_input.py",
    "tests/workflow/test_requests_random.py",
    "tests/workflow/test_jobs",
    "tests/org/loading/test_killed.py",
    "tests/workflow/excel/test_preview_is_the_commit.py",
)

# A slow shared machine is no finding; a failure must print what reproduces it. A run is the same everywhere,
# so that what is red here is red for whoever mends it; GUIKOU_HUNT looks elsewhere each time.
hypothesis_settings.register_profile(
    "project",
    deadline=None,
    print_blob=True,
    derandomize="GUIKOU_HUNT" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.load_profile("project")


def pytest_configure(config: pytest.Config) -> None:
    """The run's first process starts the server; xdist's workers live shorter than it and only connect."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        embedded.start()
        os.environ["GUIKOU_TEST_SLOT"] = str(_free_slot(config))
    settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = (
        f"test_guikou_{os.environ['GUIKOU_TEST_SLOT']}"
    )
    databases.take_time_to_copy()
    databases.drop_beside_anybody()
    databases.sweep_after_transactions()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, so that the workers end together."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(
        key=lambda item: min((places[n] for n in places if item.nodeid.startswith(n)), default=len(places))
    )


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """A file's bytes name no test: a workbook made a second later differs, and each worker makes its own."""
    return argname if isinstance(val, bytes) else None


def pytest_unconfigure(config: pytest.Config) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        shutil.rmtree(settings.MEDIA_ROOT, ignore_errors=True)
        embedded.stop()


def _free_slot(config: pytest.Config) -> int:
    """Several runs may share the server: each has database names of its own, used again by the next."""
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    for slot in range(1, SLOTS + 1):
        lock = os.open(settings.VAR_DIR / f"tests-{slot}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        config.add_cleanup(partial(os.close, lock))
        return slot
    raise pytest.UsageError(f"{SLOTS} test runs already share this database server")


@pytest.fixture
def run_jobs(db: None) -> Callable[[], int]:
    """Call it to have done what the pages put off (workflow.jobs); it says how many tasks that were."""
    from workflow.jobs import perform_queued

    return perform_queued


@pytest.fixture(scope="session")
def migrated(django_db_blocker: DjangoDbBlocker) -> str:
    """The name of a database with all tables and no rows, to copy and to leave as it is."""
    with django_db_blocker.unblock():
        return databases.migrated(f"test_guikou_{os.environ['GUIKOU_TEST_SLOT']}")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None, migrated: str) -> None:
    """Each worker's database is a copy of the run's migrated one."""
    settings.DATABASES["default"]["TEST"]["TEMPLATE"] = migrated
