"""JSON without blanks and with Chinese as it is, not as ``\\uXXXX``: shorter, quicker to send and to read."""

from __future__ import annotations

import json
from typing import Any


class PlainText(json.JSONEncoder):
    """For a ``JSONField`` that holds much text: ``JSONField(encoder=PlainText)``."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"ensure_ascii": False, "separators": (",", ":")})
