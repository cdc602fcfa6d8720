"""The ledger's tables, and the papers by which its money is committed, paid and settled."""

from __future__ import annotations

from budgets.models.ledger import MONEY_DIGITS, Account, BudgetLine, Entry, Fund, Project
from budgets.models.spending import Commitment, Invoice, LectureFee, Payment, SupportingPaper
from budgets.models.years import FundAct, Settlement, SettlementLine

__all__ = [
    "MONEY_DIGITS",
    "Account",
    "BudgetLine",
    "Commitment",
    "Entry",
    "Fund",
    "FundAct",
    "Invoice",
    "LectureFee",
    "Payment",
    "Project",
    "Settlement",
    "SettlementLine",
    "SupportingPaper",
]
