#!/usr/bin/env python
"""Django's command line, with the embedded PostgreSQL running while a command needs it."""

from __future__ import annotations

import os
import sys

WITHOUT_DATABASE = frozenset(
    {"help", "version", "--help", "-h", "--version", "collectstatic", "diffsettings"}
)


def main() -> None:
    """Run one management command; the embedded server is left as it was found."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # A migration or a load may take its time; the limit is meant for pages.
    os.environ.setdefault("GUIKOU_STATEMENT_SECONDS", "0")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 — settings come first

    from config import embedded  # noqa: PLC0415

    if len(sys.argv) > 1 and sys.argv[1] not in WITHOUT_DATABASE:
        embedded.start()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
