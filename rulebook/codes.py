"""The words a rule book and the code agree on; everything else is the book's."""

from __future__ import annotations

#: What a plan is checked for.
PLAN_RULE_CODES: tuple[str, ...] = (
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
#: What a 期 is checked for when it asks to open, beside what its plan was checked for.
RUN_RULE_CODES: tuple[str, ...] = ("travel_days",)
#: What a person on a roster is checked for.
PERSON_RULE_CODES: tuple[str, ...] = (
    "roster_twice",
    "already_in_class",
    "overlap",
    "many_callers",
    "repeat_call_up",
    "audience_mismatch",
    "not_active",
    "over_quota",
    "after_deadline",
    "leave_over",
    "passed_over",
    "new_chair",
    "unknown_person",
    "name_differs",
)
#: What a year's money is checked for.
FUND_RULE_CODES: tuple[str, ...] = ("fund_growth",)
#: Those the database enforces whatever a book says: one person, one seat at a time.
ENFORCED_RULE_CODES: tuple[str, ...] = ("already_in_class", "overlap")
#: What releases after the first brought: their figures are exactly those the code asks for.
LATER_RULE_CODES = RUN_RULE_CODES + PERSON_RULE_CODES + FUND_RULE_CODES
RULE_CODES = PLAN_RULE_CODES + LATER_RULE_CODES
#: What passes the second gate: openings, changes of what is open, exemptions of people.
LAUNCH_CHAINS: tuple[str, ...] = ("same", "changed", "change", "postpone", "cancel", "exempt")
#: What is asked about money: 调剂, 预算调整, 结转, 追加.
MONEY_CHAINS: tuple[str, ...] = ("transfer", "budget", "carry_over", "supplement")
AUTHORITY_DUTY = "training_authority"
DUTY_CODES: tuple[str, ...] = ("training_authority", "finance", "decision_body", "leading_group_office")
DECISION_DUTY = "decision_body"
ANY_DEPARTMENT = "*"
DUTY_PREFIX = "duty:"
