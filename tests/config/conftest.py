"""Folders in which a server may run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder of the module's own, apart from pytest's.

    Run by root, PostgreSQL works under another account, and each pytest process that starts closes the folder
    of all pytest's temporary folders to others again.
    """
    with tempfile.TemporaryDirectory(prefix="guikou-test-") as name:
        yield Path(name)
