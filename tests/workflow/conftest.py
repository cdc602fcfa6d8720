from __future__ import annotations

import pytest

from tests.workflow import world as worlds


@pytest.fixture
def world(db: None) -> worlds.World:
    """The test union, its people, its book and a fund of a million."""
    return worlds.build()
