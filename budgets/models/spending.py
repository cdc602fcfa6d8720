"""预占 and 支出: what was promised to whom, what was paid to whom, and the papers of each.

Neither moves money: entries do. A row here is the paper the entries point at; once written it stays as it is,
the voucher apart, which the finance software gives later. A mistake is reversed by entries.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from budgets.models.ledger import MONEY_DIGITS, BudgetLine, Entry, Project
from budgets.states import EntryKind, PayMethod, Subject
from office.models import StoredFile

if TYPE_CHECKING:
    from org.selectors import Standing

ZERO: Final = Decimal("0.00")


class CommitmentQuerySet(models.QuerySet["Commitment"]):
    """Chainable lists of commitments."""

    def visible_to(self, standing: Standing) -> CommitmentQuerySet:
        """Those of the projects this person sees."""
        return self.filter(project__in=Project.objects.visible_to(standing).order_by().values("pk"))

    def open(self) -> CommitmentQuerySet:
        """Those of which something is still promised and neither paid nor released."""
        return self.filter(outstanding__gt=0)


class Commitment(models.Model):
    """预占: an amount of one budget line promised to somebody (contract, venue, lecturer).

    ``outstanding`` is what is still promised, in yuan, written by the trigger of `Entry` alone: committed
    less released less paid. ``session_no``: the 期 it is for; None for the class as a whole. ``continues``:
    the promise of the year before that was carried over with its class.
    """

    project = models.ForeignKey(Project, models.PROTECT, related_name="commitments", verbose_name="经费项目")
    number = models.CharField("预占单号", max_length=40, editable=False)
    line = models.ForeignKey(BudgetLine, models.PROTECT, related_name="commitments", verbose_name="预算行")
    session_no = models.PositiveSmallIntegerField("期次", null=True, blank=True)
    title = models.CharField("事由", max_length=120)
    payee = models.CharField("收款单位（人）", max_length=120)
    contract_number = models.CharField("合同编号", max_length=60, blank=True)
    contract_on = models.DateField("签订日期", null=True, blank=True)
    outstanding = models.DecimalField(
        "未支付余额（元）", max_digits=MONEY_DIGITS, decimal_places=2, default=ZERO, editable=False
    )
    continues = models.OneToOneField(
        "self", models.PROTECT, related_name="continued_by", verbose_name="结转自", null=True, blank=True
    )
    #: Drawn by the form: the same form sent twice is one commitment.
    key = models.UUIDField(unique=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="经手人", db_index=False
    )
    at = models.DateTimeField("办理时间")

    objects = CommitmentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "预占"
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(condition=Q(outstanding__gte=0), name="budgets_commitment_outstanding"),
            models.UniqueConstraint(fields=["project", "number"], name="budgets_commitment_number"),
        )
        triggers = (
            pgtrigger.ReadOnly(name="commitment_stands", exclude=["outstanding"]),
            pgtrigger.Protect(name="commitment_stays", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="commitment_of_its_line",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF NEW.outstanding <> 0 OR NEW.project_id IS DISTINCT FROM (
                        SELECT project_id FROM budgets_budgetline WHERE id = NEW.line_id
                    ) THEN
                        RAISE EXCEPTION 'a commitment begins at 0.00 and belongs to the project of its line'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'budgets_commitment_line';
                    END IF;
                    IF NEW.continues_id IS NOT NULL AND NOT EXISTS (
                        SELECT 1 FROM budgets_commitment m JOIN budgets_project p
                            ON p.continues_id = m.project_id
                         WHERE m.id = NEW.continues_id AND p.id = NEW.project_id
                           AND m.session_no IS NOT DISTINCT FROM NEW.session_no
                    ) THEN
                        RAISE EXCEPTION 'a commitment continues one of the project its own continues'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'budgets_commitment_continues';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="commitment_moved_by_entries",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("pg_trigger_depth() = 0"),
                func="""
                    RAISE EXCEPTION 'a commitment changes by entries of the ledger only'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'budgets_commitment_moved';
                """,
            ),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class PaymentQuerySet(models.QuerySet["Payment"]):
    """Chainable lists of payments."""

    def visible_to(self, standing: Standing) -> PaymentQuerySet:
        """Those of the projects this person sees."""
        return self.filter(project__in=Project.objects.visible_to(standing).order_by().values("pk"))

    def with_reversed(self) -> PaymentQuerySet:
        """Annotated ``is_reversed``: whether its entries were taken back (红字冲销)."""
        undone = Entry.objects.filter(payment=OuterRef("pk"), kind=EntryKind.REVERSE)
        return self.annotate(is_reversed=Exists(undone))

    def standing(self) -> PaymentQuerySet:
        """Those that weren't taken back."""
        undone = Entry.objects.filter(payment=OuterRef("pk"), kind=EntryKind.REVERSE)
        return self.exclude(Exists(undone))


@pghistory.track(
    pghistory.UpdateEvent(), meta={"verbose_name": "支付变更记录", "verbose_name_plural": "支付变更记录"}
)
class Payment(models.Model):
    """支出 of one project as finance paid it: one voucher, one payee, on one or several lines.

    ``amount`` is the sum of its entries of kind 支出 (or 退款), in yuan. ``kind`` is a code of the rule
    book's kinds of payment. ``refunds``: the payment whose money came back by this one. ``findings``: what
    was odd about it when it was booked, as JSON of whoever judged it; ``note`` explains it.
    """

    project = models.ForeignKey(Project, models.PROTECT, related_name="payments", verbose_name="经费项目")
    number = models.CharField("支付单号", max_length=40, editable=False)
    session_no = models.PositiveSmallIntegerField("期次", null=True, blank=True)
    kind = models.SlugField("支付类型", max_length=40)
    title = models.CharField("事由", max_length=120)
    payee = models.CharField("收款单位（人）", max_length=120)
    amount = models.DecimalField("金额（元）", max_digits=MONEY_DIGITS, decimal_places=2)
    method = models.CharField("支付方式", max_length=10, choices=PayMethod)
    paid_on = models.DateField("支付日期")
    voucher = models.CharField("凭证号", max_length=40, blank=True)
    subject = models.CharField("预算科目", max_length=10, choices=Subject)
    handler = models.CharField("经办人", max_length=50)
    attachments = models.PositiveSmallIntegerField("附件张数", default=0)
    note = models.CharField("备注", max_length=200, blank=True)
    findings = models.JSONField("登记时的提示", default=list, blank=True)
    refunds = models.ForeignKey(
        "self", models.PROTECT, related_name="refunded_by", null=True, blank=True, verbose_name="原支付"
    )
    #: Drawn by the form: the same form sent twice is one payment.
    key = models.UUIDField(unique=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="经手人", db_index=False
    )
    at = models.DateTimeField("登记时间")

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "支付"
        ordering = ("-paid_on", "-id")
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="budgets_payment_amount"),
            models.UniqueConstraint(fields=["project", "number"], name="budgets_payment_number"),
            models.CheckConstraint(condition=Q(method__in=PayMethod.values), name="budgets_payment_method"),
            models.CheckConstraint(condition=Q(subject__in=Subject.values), name="budgets_payment_subject"),
        )
        triggers = (
            pgtrigger.ReadOnly(name="payment_stands", exclude=["voucher"]),
            pgtrigger.Protect(name="payment_stays", operation=pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class Invoice(models.Model):
    """发票 of a payment, found again by its number wherever in the union it was used before.

    ``number`` as :func:`budgets.rules.invoice_number` writes it. ``active`` ends with the reversal of the
    payment. ``shared``: why the same invoice is paid in parts (分次列支); without a reason a number stands
    once.
    """

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="invoices", verbose_name="支付")
    union = models.ForeignKey("org.Union", models.PROTECT, related_name="+", verbose_name="工会")
    number = models.CharField("发票号", max_length=40)
    amount = models.DecimalField("票面金额（元）", max_digits=MONEY_DIGITS, decimal_places=2, null=True)
    shared = models.CharField("重复使用说明", max_length=200, blank=True)
    active = models.BooleanField("有效", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "发票"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=["union", "number"],
                condition=Q(active=True, shared=""),
                name="budgets_invoice_once",
            ),
        )
        indexes = (models.Index(fields=["union", "number"], name="budgets_invoice_by_number"),)
        triggers = (
            pgtrigger.ReadOnly(name="invoice_stands", exclude=["active"]),
            pgtrigger.Trigger(
                name="invoice_active_until_reversed",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="""
                    IF TG_OP = 'INSERT' AND NOT NEW.active OR TG_OP = 'UPDATE' AND (NEW.active OR NOT EXISTS (
                           SELECT 1 FROM budgets_entry
                            WHERE payment_id = NEW.payment_id AND kind = 'reverse')) THEN
                        RAISE EXCEPTION 'an invoice is in use until its payment is reversed, and never again'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'budgets_invoice_active';
                    END IF;
                    IF NEW.union_id IS DISTINCT FROM (
                        SELECT j.union_id FROM budgets_payment p JOIN budgets_project j ON j.id = p.project_id
                         WHERE p.id = NEW.payment_id
                    ) THEN
                        RAISE EXCEPTION 'an invoice belongs to the union that paid it'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'budgets_invoice_union';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Protect(name="invoice_stays", operation=pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return self.number


class LectureFee(models.Model):
    """讲课费 of one lecturer in a payment: what the 签收单 says, in yuan.

    ``title`` is a code of the rate card.
    """

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="lecture_fees", verbose_name="支付")
    lecturer = models.CharField("授课人", max_length=50)
    title = models.CharField("职称", max_length=40)
    hours = models.DecimalField("学时", max_digits=5, decimal_places=1)
    after_tax = models.DecimalField("税后金额（元）", max_digits=10, decimal_places=2)
    before_tax = models.DecimalField("税前金额（元）", max_digits=10, decimal_places=2)
    topics = models.CharField("授课日期和内容", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "讲课费"
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(hours__gt=0, after_tax__gt=0, before_tax__gte=models.F("after_tax")),
                name="budgets_lecturefee_amounts",
            ),
        )
        triggers = (pgtrigger.Protect(name="fee_stands", operation=pgtrigger.Update | pgtrigger.Delete),)

    def __str__(self) -> str:
        return self.lecturer


class SupportingPaper(models.Model):
    """A paper behind a payment, a commitment or a fund: a file, or what the system itself knows of it.

    ``code`` is one of the rule book's papers. ``evidence`` says where the system has it (会议纪要第 3 号),
    when there is no file.
    """

    payment = models.ForeignKey(
        Payment, models.PROTECT, related_name="papers", null=True, blank=True, verbose_name="支付"
    )
    commitment = models.ForeignKey(
        Commitment, models.PROTECT, related_name="papers", null=True, blank=True, verbose_name="预占"
    )
    entry = models.ForeignKey(
        Entry, models.PROTECT, related_name="papers", null=True, blank=True, verbose_name="流水"
    )
    code = models.SlugField("材料代码", max_length=40)
    title = models.CharField("材料", max_length=80)
    file = models.ForeignKey(
        StoredFile, models.PROTECT, related_name="+", verbose_name="文件", null=True, blank=True
    )
    evidence = models.CharField("系统内依据", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "支撑材料"
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=(
                    Q(payment__isnull=False, commitment=None, entry=None)
                    | Q(payment=None, commitment__isnull=False, entry=None)
                    | Q(payment=None, commitment=None, entry__isnull=False)
                ),
                name="budgets_paper_of_one",
            ),
            models.CheckConstraint(
                condition=Q(file__isnull=False) | ~Q(evidence=""), name="budgets_paper_has_something"
            ),
        )
        triggers = (pgtrigger.Protect(name="paper_stands", operation=pgtrigger.Update | pgtrigger.Delete),)

    def __str__(self) -> str:
        return self.title
