"""Django's static files without what other packages ship and no page of ours uses."""

from __future__ import annotations

from django.contrib.staticfiles.apps import StaticFilesConfig


class StaticFiles(StaticFilesConfig):
    """`collectstatic` leaves out viewflow's own site, which names fonts it lacks, and Sass sources."""

    ignore_patterns = [  # noqa: RUF012 — Django declares it on the instance
        *StaticFilesConfig.ignore_patterns,
        "viewflow",
        "sass",
    ]
