"""Rows of a payment's form: invoices and lecturers; an empty row says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django import forms

from budgets.services import GivenFee, GivenInvoice
from workflow.forms.fields import Number, Pick, Text

if TYPE_CHECKING:
    from rulebook.schema import Book

#: Below the ledger's own limit, so that the message speaks of units.
MOST_YUAN: Final = 999_999_999_999
#: What a lecturer's fee holds.
MOST_FEE: Final = 9_999_999


def amount_field(label: str, **more: Any) -> Number:
    """A box for yuan."""
    return Number(most=MOST_YUAN, places=2, above=True, label=label, example="12000.00", **more)


class InvoiceForm(forms.Form):
    """One invoice; a row without a number is empty."""

    number = Text(most=40, label="发票号")
    amount = amount_field("票面金额")
    shared = Text(most=200, label="重复使用说明")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _bare(self)

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if not data.get("number", "").strip() and (data.get("amount") or data.get("shared", "").strip()):
            self.add_error("number", "请填写发票号。")
        return data

    @property
    def typed(self) -> str:
        """The number as typed, the form valid or not."""
        return str(self["number"].value() or "").strip()

    def invoice(self) -> GivenInvoice | None:
        """The row; None where it is empty."""
        data = getattr(self, "cleaned_data", {})
        if not self.typed or "amount" not in data:
            return None
        return GivenInvoice(self.typed, data.get("amount") or None, data.get("shared", ""))


class FeeForm(forms.Form):
    """One lecturer's fee; a row without an amount is empty."""

    def __init__(self, *args: Any, book: Book, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        titles = [("", "请选择"), *((rate.code, rate.title) for rate in book.rate_card.lecture)]
        self.fields |= {
            "lecturer": Text(most=50, label="授课人"),
            "title": Pick(label="职称", what="师资职称", choices=titles),
            "hours": Number(most=200, places=1, label="学时", example="4"),
            "after_tax": Number(most=MOST_FEE, places=2, label="税后金额", example="2000.00"),
            "before_tax": Number(most=MOST_FEE, places=2, label="税前金额", example="2300.00"),
            "topics": Text(most=300, label="授课日期和内容"),
        }
        _bare(self)

    @property
    def is_blank(self) -> bool:
        """Whether nobody is paid by this row."""
        data = getattr(self, "cleaned_data", {})
        names = ("after_tax", "before_tax")
        return not any(data.get(name) for name in names) and not any(name in self.errors for name in names)

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if not (data.get("after_tax") or data.get("before_tax")):
            return data
        for name, what in (
            ("lecturer", "授课人"),
            ("title", "职称"),
            ("hours", "学时"),
            ("after_tax", "税后金额"),
            ("before_tax", "税前金额"),
        ):
            if not data.get(name) and name not in self.errors:
                self.add_error(name, f"请填写{what}。")
        return data

    def fee(self) -> GivenFee | None:
        """The row; None where it is empty or can't be read."""
        if self.is_blank or self.errors:
            return None
        data = self.cleaned_data
        return GivenFee(
            lecturer=data["lecturer"],
            title=data["title"],
            hours=data["hours"],
            after_tax=data["after_tax"],
            before_tax=data["before_tax"],
            topics=data["topics"],
        )


def _bare(form: forms.Form) -> None:
    for field in form.fields.values():
        kind = "num bare" if isinstance(field, Number) else "bare"
        field.widget.attrs |= {"class": kind, "aria-label": str(field.label)}
