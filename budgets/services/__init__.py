"""Writes of the ledger: a year's fund, the project of a class, what is committed, paid and taken back.

Each service is one transaction (or a savepoint of its caller's) and either does all of it or raises
`Refused` with nothing changed. Balances aren't touched here: inserting entries moves them, in the database.
"""

from __future__ import annotations

from budgets.services.carrying import carry_class, hold_years
from budgets.services.committing import commit, release, release_all
from budgets.services.funds import open_fund, restate, supplement
from budgets.services.papers import GivenPaper
from budgets.services.paying import check_payment, pay, refund, set_voucher
from budgets.services.posting import constraint_name, posting
from budgets.services.projects import LineAmount, Shift, appropriate, rebudget, transfer
from budgets.services.reversing import reverse_entry, reverse_payment
from budgets.services.settling import SettledLine, give_back_remainder, settle
from budgets.services.spending_checks import GivenFee, GivenInvoice, PaidRow
from budgets.services.years import carry_over, close_year, reopen_year

__all__ = (
    "GivenFee",
    "GivenInvoice",
    "GivenPaper",
    "LineAmount",
    "PaidRow",
    "SettledLine",
    "Shift",
    "appropriate",
    "carry_class",
    "carry_over",
    "check_payment",
    "close_year",
    "commit",
    "constraint_name",
    "give_back_remainder",
    "hold_years",
    "open_fund",
    "pay",
    "posting",
    "rebudget",
    "refund",
    "release",
    "release_all",
    "reopen_year",
    "restate",
    "reverse_entry",
    "reverse_payment",
    "set_voucher",
    "settle",
    "supplement",
    "transfer",
)
