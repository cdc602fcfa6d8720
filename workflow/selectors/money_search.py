"""Payments and commitments found by what stands on a voucher or a contract; within what one sees."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.db.models import Q

from budgets.models import Commitment, Invoice, Payment
from budgets.rules import invoice_number

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from org.selectors import Standing


def payments_found(standing: Standing, text: str) -> QuerySet[Payment]:
    """Payments by their number (P2027-0013-ZF03), 凭证号, 发票号 or payee, the latest first, each with
    ``is_reversed``; project loaded."""
    wanted = Q(voucher__icontains=text) | Q(payee__icontains=text) | numbered(text, "ZF")
    if plain := invoice_number(text):
        wanted |= Q(pk__in=Invoice.objects.filter(number__contains=plain).order_by().values("payment"))
    seen = Payment.objects.visible_to(standing).filter(wanted).select_related("project")
    return seen.with_reversed().order_by("-paid_on", "-id")


def commitments_found(standing: Standing, text: str) -> QuerySet[Commitment]:
    """Commitments by their number (P2027-0013-YZ03), that of the contract or payee, the latest first; project
    and line loaded."""
    wanted = Q(contract_number__icontains=text) | Q(payee__icontains=text) | numbered(text, "YZ")
    seen = Commitment.objects.visible_to(standing).filter(wanted)
    return seen.select_related("project", "line").order_by("-id")


def numbered(text: str, series: str) -> Q:
    """Those whose own number ends with ``text``, where it says so: P2027-0013-ZF03, ZF03."""
    found = re.search(rf"{series}[0-9]+$", text.strip().upper())
    return Q(number__iendswith=text.strip()) if found is not None else Q(pk__in=())
