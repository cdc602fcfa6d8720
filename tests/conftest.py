"""What every test stands on: one embedded server for the whole run, a database for each worker."""

from __future__ import annotations

import os

import pytest

from config import embedded


def pytest_configure(config: pytest.Config) -> None:
    """The run's first process starts the server; xdist's workers live shorter than it and only connect."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        embedded.start()


def pytest_unconfigure(config: pytest.Config) -> None:
    embedded.stop()
