"""Payments and commitments found by what stands on a voucher or a contract; within what one sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from budgets.models import Commitment, Invoice, Payment
from budgets.rules import invoice_number

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from org.selectors import Standing


def payments_found(standing: Standing, text: str) -> QuerySet[Payment]:
    """Payments by their number (ZF000123), 凭证号, 发票号 or payee, the latest first, each with
    ``is_reversed``; project loaded."""
    wanted = Q(voucher__icontains=text) | Q(payee__icontains=text)
    if (number := _serial(text, "ZF")) is not None:
        wanted |= Q(pk=number)
    if plain := invoice_number(text):
        wanted |= Q(pk__in=Invoice.objects.filter(number__contains=plain).order_by().values("payment"))
    seen = Payment.objects.visible_to(standing).filter(wanted).select_related("project")
    return seen.with_reversed().order_by("-paid_on", "-id")


def commitments_found(standing: Standing, text: str) -> QuerySet[Commitment]:
    """Commitments by their number (YZ000123), that of the contract or payee, the latest first; project and
    line loaded."""
    wanted = Q(contract_number__icontains=text) | Q(payee__icontains=text)
    if (number := _serial(text, "YZ")) is not None:
        wanted |= Q(pk=number)
    seen = Commitment.objects.visible_to(standing).filter(wanted)
    return seen.select_related("project", "line").order_by("-id")


def _serial(text: str, prefix: str) -> int | None:
    digits = text.strip().upper().removeprefix(prefix)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 else None
