from __future__ import annotations

import pytest

from tests.org.cast import Cast, assemble


@pytest.fixture
def cast(db: None) -> Cast:
    return assemble()


@pytest.fixture
def lasting_cast(transactional_db: None) -> Cast:
    """The same people, committed: threads see them."""
    return assemble()
