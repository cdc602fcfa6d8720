"""The words a rule book and the code agree on; everything else is the book's."""

from __future__ import annotations

RULE_CODES: tuple[str, ...] = (
    "survey_missing",
    "fee_forbidden",
    "fee_basis",
    "audience_missing",
    "time_missing",
    "place_missing",
    "over_ceiling_line",
    "over_ceiling_total",
    "staff_over",
    "lecture_over",
    "category_holder",
    "module_required",
    "off_plan",
    "hours_fit",
    "duplicate_plan",
    "owner_missing",
)
DUTY_CODES: tuple[str, ...] = ("training_authority", "finance", "decision_body", "leading_group_office")
DECISION_DUTY = "decision_body"
ANY_DEPARTMENT = "*"
DUTY_PREFIX = "duty:"
