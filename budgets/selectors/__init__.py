"""Reads of the ledger: totals of funds, projects and lines; the proof that no yuan was made or lost."""

from __future__ import annotations

from budgets.selectors.audit import Conservation, LedgerFault, conservation, first_fault
from budgets.selectors.totals import (
    FundTotals,
    ProjectTotals,
    class_totals,
    fund_totals,
    grant_of,
    line_totals,
    project_totals,
    recalled,
)

__all__ = (
    "Conservation",
    "FundTotals",
    "LedgerFault",
    "ProjectTotals",
    "class_totals",
    "conservation",
    "first_fault",
    "fund_totals",
    "grant_of",
    "line_totals",
    "project_totals",
    "recalled",
)
