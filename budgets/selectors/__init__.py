"""Reads of the ledger: totals of funds, projects and lines; the proof that no yuan was made or lost."""

from __future__ import annotations

from budgets.selectors.audit import Conservation, LedgerFault, conservation, first_fault
from budgets.selectors.totals import (
    FundTotals,
    ProjectRow,
    ProjectTotals,
    free_on_lines,
    fund_totals,
    project_rows,
    project_totals,
)

__all__ = (
    "Conservation",
    "FundTotals",
    "LedgerFault",
    "ProjectRow",
    "ProjectTotals",
    "conservation",
    "first_fault",
    "free_on_lines",
    "fund_totals",
    "project_rows",
    "project_totals",
)
