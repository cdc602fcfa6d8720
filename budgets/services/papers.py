"""The papers behind an amount: uploaded files, and what the system itself knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from budgets.models import SupportingPaper

if TYPE_CHECKING:
    from collections.abc import Iterable

    from office.models import StoredFile


@dataclass(frozen=True)
class GivenPaper:
    """A paper as it is handed in: a stored file, or where the system has it (会议纪要第 3 号), or both."""

    code: str
    title: str
    file: StoredFile | None = None
    evidence: str = ""


def attach(papers: Iterable[GivenPaper], **to: Any) -> list[SupportingPaper]:
    """Keep the papers with what they stand behind: ``payment``, ``commitment`` or ``entry``."""
    return SupportingPaper.objects.bulk_create(
        SupportingPaper(code=given.code, title=given.title, file=given.file, evidence=given.evidence, **to)
        for given in papers
    )
