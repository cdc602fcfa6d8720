from __future__ import annotations

import pytest

from tests.databases import Standing
from tests.workflow import world as worlds

_standing = Standing(worlds.build)


@pytest.fixture
def world(db: None) -> worlds.World:
    """The test union, its people, its book and a fund of a million."""
    return _standing()
