"""What a check says: the word on the page, the clause, the figures it saw, how to mend it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rulebook.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Beside the severities of a rule: nothing is wrong.
PASS = "pass"  # noqa: S105

#: 不符合 is what can't be handed in; an exemption somebody may grant is told apart from it.
_WORDS = {PASS: "符合", Severity.WARN.value: "提示", Severity.HOLD.value: "需审批"}


@dataclass(frozen=True)
class Finding:
    """One line of 合规核查.

    ``severity`` is the rule's own (block, hold, warn) or ``pass``. ``figures`` are the numbers and
    rows it was worked out from, as shown; ``links`` the ids of other plans it speaks of.
    """

    code: str
    severity: str
    title: str
    message: str
    clause: str
    mend: str = ""
    figures: dict[str, str] = field(default_factory=dict)
    links: list[dict[str, Any]] = field(default_factory=list)

    @property
    def word(self) -> str:
        """符合 / 提示 / 需审批 / 不符合."""
        return _WORDS.get(self.severity, "不符合")

    @property
    def stops(self) -> bool:
        """Whether a plan with it can't be submitted."""
        return self.severity == Severity.BLOCK

    @property
    def asks(self) -> bool:
        """Whether it asks for an explanation (``warn``) or an exemption somebody decides (``hold``)."""
        return self.severity in (Severity.WARN, Severity.HOLD)

    def as_json(self) -> dict[str, Any]:
        """The form stored with a decision; :func:`stored` reads it back."""
        return {
            "code": self.code,
            "severity": self.severity,
            "title": self.title,
            "message": self.message,
            "clause": self.clause,
            "mend": self.mend,
            "figures": self.figures,
            "links": self.links,
        }


def stored(rows: Iterable[dict[str, Any]]) -> list[Finding]:
    """Findings as they were when the decision was taken."""
    return [Finding(**row) for row in rows]


_ORDER = {Severity.BLOCK.value: 0, Severity.HOLD.value: 1, Severity.WARN.value: 2, PASS: 3}


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Worst first, as a reviewer reads them."""
    return sorted(findings, key=lambda finding: _ORDER[finding.severity])


def worst(findings: Iterable[Finding]) -> str:
    """The gravest severity, ``pass`` for none."""
    return min((finding.severity for finding in findings), key=_ORDER.__getitem__, default=PASS)
