"""Finance uses the money of a class: commits, pays, takes back, with the papers the process knows itself.

What moves money is :mod:`budgets.services`; here the class is asked first (second gate, minutes), and the
papers nobody needs to upload are handed in as evidence. Each service is one transaction.
"""

from workflow.services.spending.case import ATTACHABLE, keep
from workflow.services.spending.committing import CONTRACT, commit, release, reverse_commitment
from workflow.services.spending.completing import INCOME_BASIS, add_paper, book_income, set_voucher
from workflow.services.spending.paying import Paying, check, pay
from workflow.services.spending.returning import refund, reverse_payment

__all__ = [
    "ATTACHABLE",
    "CONTRACT",
    "INCOME_BASIS",
    "Paying",
    "add_paper",
    "book_income",
    "check",
    "commit",
    "keep",
    "pay",
    "refund",
    "release",
    "reverse_commitment",
    "reverse_payment",
    "set_voucher",
]
