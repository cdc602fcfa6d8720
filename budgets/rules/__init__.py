"""May this be done with money, and if not, why not. No writes; the moment is passed in."""

from __future__ import annotations

from budgets.rules.gate import (
    closed,
    finance_head,
    finance_post,
    finance_post_in,
    refusal,
    refusal_at,
)
from budgets.rules.spending import (
    Fee,
    carry_fault,
    invoice_number,
    lecture_beyond,
    lecture_faults,
    missing_papers,
)

__all__ = (
    "Fee",
    "carry_fault",
    "closed",
    "finance_head",
    "finance_post",
    "finance_post_in",
    "invoice_number",
    "lecture_beyond",
    "lecture_faults",
    "missing_papers",
    "refusal",
    "refusal_at",
)
