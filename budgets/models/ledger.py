"""The ledger's tables. The database itself keeps every balance and refuses what must not happen.

`Entry` is append-only; a statement-level trigger over the inserted rows moves the balances, so a row that
comes in by raw SQL, `bulk_create` or COPY moves money exactly as a service's does, or is refused. A balance
is therefore a cache that only the database writes and `manage.py audit_ledger` proves.
Decision record: docs/decisions/0013-ledger-by-trigger.md.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models

from budgets.states import (
    ENTRY_JOINS_SQL,
    FUND_ACCOUNTS,
    LINE_ACCOUNTS,
    PAYMENT_FAULT_SQL,
    AccountKind,
    EntryKind,
    FundStatus,
    carry_fault_sql,
    entry_fault_sql,
)

if TYPE_CHECKING:
    from org.selectors import Standing

MONEY_DIGITS = 14
"""Digits of an amount of yuan, two of them after the point."""


class FundQuerySet(models.QuerySet["Fund"]):
    def visible_to(self, standing: Standing) -> FundQuerySet:
        """Funds of the unions this person sees whole (training authority, finance, secretary of the deciding
        meeting, a grant to look); a department sees its projects only."""
        return self.filter(union_id__in=standing.whole_union_ids)


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, standing: Standing) -> ProjectQuerySet:
        """Projects of one's own departments, of departments shared to look at, and of whole unions."""
        return self.filter(
            models.Q(department_id__in=standing.seen_department_ids)
            | models.Q(union_id__in=standing.whole_union_ids)
        )

    def of_class(self, first: int) -> ProjectQuerySet:
        """All projects of a class, by year: its ``first`` (`first_id` of any of them), and those it was
        carried over to."""
        return self.filter(models.Q(pk=first) | models.Q(origin=first)).order_by("fund__year", "id")


@pghistory.track(
    pghistory.InsertEvent(),
    pghistory.UpdateEvent(),
    pghistory.DeleteEvent(),
    meta={"verbose_name": "年度专项预算变更记录", "verbose_name_plural": "年度专项预算变更记录"},
)
class Fund(models.Model):
    """A year's earmarked money of one union from one source (列支渠道). Its amounts stand in its accounts."""

    union = models.ForeignKey("org.Union", models.PROTECT, related_name="funds", verbose_name="工会")
    year = models.PositiveSmallIntegerField("年度")
    source = models.SlugField("列支渠道", max_length=40)
    title = models.CharField("名称", max_length=120)
    status = models.CharField("状态", max_length=10, choices=FundStatus)
    basis = models.CharField("依据", max_length=200)
    closed_on = models.DateField("结账日期", null=True, blank=True)

    objects = FundQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "年度专项预算"
        ordering = ("union", "-year", "source")
        constraints = (
            models.UniqueConstraint(fields=["union", "year", "source"], name="budgets_fund_once"),
            models.CheckConstraint(
                condition=models.Q(status__in=FundStatus.values), name="budgets_fund_status"
            ),
            models.CheckConstraint(condition=models.Q(year__range=(2000, 2199)), name="budgets_fund_year"),
        )
        triggers = (
            pgtrigger.ReadOnly(name="fund_identity", fields=["union", "year", "source"]),
            # An entry holds its accounts until it commits. Closing waits for them here, so that whoever comes
            # after reads the closing date: entries need no lock on the fund's own row for it. New lines are
            # made by who holds the fund's own account: the second look finds those made during the first.
            pgtrigger.Trigger(
                name="fund_close",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("closed_on"),
                condition=pgtrigger.Q(old__closed_on__df=pgtrigger.F("new__closed_on")),
                func="""
                    PERFORM 1 FROM budgets_account WHERE fund_id = NEW.id ORDER BY id FOR NO KEY UPDATE;
                    PERFORM 1 FROM budgets_account WHERE fund_id = NEW.id ORDER BY id FOR NO KEY UPDATE;
                    RETURN NEW;
                """,
            ),
        )

    def __str__(self) -> str:
        return f"{self.year}年度 {self.title}"


class Project(models.Model):
    """The money side of one approved class: its number, its department, the fund that pays for it.

    `union` is that of fund and department, which the database sees to; it stands here because numbers are
    counted by union, and no index reaches into another table.

    A class that isn't paid in full when its year closes goes on in the next year's fund (S21): there it has a
    project that `continues` this one. `origin` is the first of them, which the class was approved with; None
    for the first itself. It follows from `continues` and never changes: whoever looks for the class of many
    projects needs no recursion.
    """

    union = models.ForeignKey("org.Union", models.PROTECT, related_name="projects", verbose_name="工会")
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="projects", verbose_name="年度专项预算")
    number = models.CharField("项目编号", max_length=40)
    name = models.CharField("名称", max_length=200)
    department = models.ForeignKey(
        "org.Department", models.PROTECT, related_name="projects", verbose_name="部门"
    )
    continues = models.OneToOneField(
        "self", models.PROTECT, related_name="continued_by", verbose_name="结转自", null=True, blank=True
    )
    origin = models.ForeignKey(
        "self", models.PROTECT, related_name="later", verbose_name="最初项目", null=True, blank=True
    )

    objects = ProjectQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "经费项目"
        ordering = ("number",)
        constraints = (models.UniqueConstraint(fields=["union", "number"], name="budgets_project_number"),)
        triggers = (
            pgtrigger.ReadOnly(
                name="project_identity", fields=["union", "fund", "number", "continues", "origin"]
            ),
            pgtrigger.Trigger(
                name="project_continues",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__continues__isnull=False) | pgtrigger.Q(new__origin__isnull=False),
                func="""
                    IF NOT EXISTS (
                        SELECT 1 FROM budgets_project p JOIN budgets_fund was ON was.id = p.fund_id
                          JOIN budgets_fund f ON f.id = NEW.fund_id
                         WHERE p.id = NEW.continues_id AND NEW.origin_id = COALESCE(p.origin_id, p.id)
                           AND (f.union_id, f.source, f.year) = (was.union_id, was.source, was.year + 1)
                    ) THEN
                        RAISE EXCEPTION 'a project continues one of the year before, same union and source'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'budgets_project_continues';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="project_one_union",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="""
                    IF NEW.union_id <> (SELECT union_id FROM org_department WHERE id = NEW.department_id)
                       OR NEW.union_id <> (SELECT union_id FROM budgets_fund WHERE id = NEW.fund_id) THEN
                        RAISE EXCEPTION 'a project belongs to a department of the union whose fund pays'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'budgets_project_union';
                    END IF;
                    RETURN NEW;
                """,
            ),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.name}"

    @property
    def first_id(self) -> int:
        """The project its class was approved with: itself, or where it was carried over from."""
        return self.origin_id or self.pk

    @property
    def later_number(self) -> str:
        """The number of the project it was carried over to; empty where it wasn't."""
        later: Project | None = getattr(self, "continued_by", None)
        return later.number if later is not None else ""

    @property
    def carried_text(self) -> str:
        """Where its money came from and went with its class: 上年结转 P2027-0013，已结转到 P2029-0002."""
        came = f"上年结转 {self.continues.number}" if self.continues is not None else ""
        went = f"已结转到 {self.later_number}" if self.later_number else ""
        return "，".join(filter(None, (came, went)))


class BudgetLine(models.Model):
    """One line of a project's budget (住宿费, 伙食费, 讲课费 …). Its amounts stand in its three accounts."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="lines", verbose_name="经费项目")
    item = models.SlugField("费用项目代码", max_length=40)
    title = models.CharField("费用项目", max_length=80)
    ordinal = models.PositiveSmallIntegerField("序号")

    class Meta:
        verbose_name = verbose_name_plural = "预算行"
        ordering = ("project", "ordinal")
        constraints = (models.UniqueConstraint(fields=["project", "item"], name="budgets_line_once"),)
        triggers = (pgtrigger.ReadOnly(name="line_identity", fields=["project", "item"]),)

    def __str__(self) -> str:
        return self.title


class Account(models.Model):
    """Where yuan stand: two accounts a fund (source, fund), three a budget line (line, committed, paid).

    `balance` is written by the trigger of `Entry` alone. The source goes below nought by what was granted,
    so that the balances of one fund always add up to 0.00; no other account may be negative.
    """

    kind = models.CharField("类别", max_length=10, choices=AccountKind)
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="accounts", verbose_name="年度专项预算")
    line = models.ForeignKey(
        BudgetLine, models.PROTECT, related_name="accounts", verbose_name="预算行", null=True, blank=True
    )
    balance = models.DecimalField(
        "余额（元）", max_digits=MONEY_DIGITS, decimal_places=2, default=Decimal("0.00")
    )

    class Meta:
        verbose_name = verbose_name_plural = "账户"
        ordering = ("fund", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["fund", "kind"], condition=models.Q(line=None), name="budgets_account_fund_once"
            ),
            models.UniqueConstraint(
                fields=["line", "kind"],
                condition=models.Q(line__isnull=False),
                name="budgets_account_line_once",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=[kind.value for kind in FUND_ACCOUNTS], line=None)
                | models.Q(kind__in=[kind.value for kind in LINE_ACCOUNTS], line__isnull=False),
                name="budgets_account_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(balance__gte=0) | models.Q(kind=AccountKind.SOURCE),
                name="budgets_account_balance",
            ),
        )
        triggers = (
            pgtrigger.Trigger(
                name="account_born_empty",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF NEW.balance <> 0 THEN
                        RAISE EXCEPTION 'an account begins at 0.00: only entries move money'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'budgets_account_empty';
                    END IF;
                    IF NEW.line_id IS NOT NULL AND NEW.fund_id IS DISTINCT FROM (
                        SELECT p.fund_id FROM budgets_project p JOIN budgets_budgetline l
                            ON l.project_id = p.id WHERE l.id = NEW.line_id
                    ) THEN
                        RAISE EXCEPTION 'an account belongs to the fund of its line'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'budgets_account_fund';
                    END IF;
                    RETURN NEW;
                """,
            ),
            # Depth 0 is somebody's own UPDATE; the ledger's comes from inside the trigger of Entry, depth 1.
            # A condition, not a line of the function: it isn't called then, and each posting pays for it.
            pgtrigger.Trigger(
                name="account_moved_by_entries",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "pg_trigger_depth() = 0 OR (NEW.id, NEW.kind, NEW.fund_id, NEW.line_id)"
                    " IS DISTINCT FROM (OLD.id, OLD.kind, OLD.fund_id, OLD.line_id)"
                ),
                func="""
                    RAISE EXCEPTION 'an account changes by entries of the ledger only'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'budgets_account_moved';
                """,
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class Entry(models.Model):
    """One movement of `amount` yuan from the account `debit` to the account `credit`; never changed again.

    Entries written together share `batch`. `actor` and `post` keep who answered for it as it was; `at` is the
    moment of the decision, `reference` the paper it rests on (批复文号, 申报号, 会议纪要 …).
    """

    kind = models.CharField("类别", max_length=12, choices=EntryKind)
    debit = models.ForeignKey(Account, models.PROTECT, related_name="debits", verbose_name="自")
    credit = models.ForeignKey(Account, models.PROTECT, related_name="credits", verbose_name="至")
    amount = models.DecimalField("金额（元）", max_digits=MONEY_DIGITS, decimal_places=2)
    batch = models.UUIDField("批次")
    project = models.ForeignKey(
        Project, models.PROTECT, related_name="entries", verbose_name="经费项目", null=True, blank=True
    )
    # No index on the two: nobody looks for entries by person, and every index is paid by each posting.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="经手人", db_index=False
    )
    post = models.ForeignKey(
        "org.Post",
        models.PROTECT,
        related_name="+",
        verbose_name="岗位",
        null=True,
        blank=True,
        db_index=False,
    )
    at = models.DateTimeField("时间")
    reason = models.CharField("事由", max_length=200, blank=True)
    reference = models.CharField("依据", max_length=200)
    commitment = models.ForeignKey(
        "budgets.Commitment",
        models.PROTECT,
        related_name="entries",
        verbose_name="预占",
        null=True,
        blank=True,
        db_index=False,
    )
    payment = models.ForeignKey(
        "budgets.Payment",
        models.PROTECT,
        related_name="entries",
        verbose_name="支付",
        null=True,
        blank=True,
        db_index=False,
    )
    reverses = models.OneToOneField(
        "self", models.PROTECT, related_name="reversal", verbose_name="冲销", null=True, blank=True
    )

    class Meta:
        verbose_name = verbose_name_plural = "流水"
        ordering = ("id",)
        # Partial: most entries belong to neither, and every index is paid by each posting.
        indexes = (
            models.Index(
                fields=["commitment"],
                condition=models.Q(commitment__isnull=False),
                name="budgets_entry_by_commitment",
            ),
            models.Index(
                fields=["payment"], condition=models.Q(payment__isnull=False), name="budgets_entry_by_payment"
            ),
        )
        constraints = (
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="budgets_entry_amount"),
            models.CheckConstraint(
                condition=~models.Q(debit=models.F("credit")), name="budgets_entry_two_accounts"
            ),
        )
        triggers = (
            pgtrigger.Protect(name="entry_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            # Locks in the order of ids, so that two statements over the same accounts can't wait for each
            # other; NO KEY, so that foreign keys to these accounts aren't held up. Then one UPDATE, however
            # many entries the statement brought; the accounts' CHECK speaks last. OFFSET 0: a rule is worked
            # out once a row, not to filter and again to show; what few entries need is asked of those alone.
            pgtrigger.Trigger(
                name="entry_moves_money",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_entries"),
                declare=[("bad", "record")],
                func=f"""
                    PERFORM 1 FROM budgets_account
                      WHERE id IN (SELECT debit_id FROM new_entries UNION SELECT credit_id FROM new_entries)
                      ORDER BY id FOR NO KEY UPDATE;
                    SELECT x.id, x.rule INTO bad FROM (
                        SELECT e.id, CASE WHEN f.closed_on IS NOT NULL THEN 'budgets_entry_closed'
                                          ELSE {entry_fault_sql()} END AS rule
                        FROM new_entries e {ENTRY_JOINS_SQL} OFFSET 0
                    ) x WHERE x.rule IS NOT NULL ORDER BY x.id LIMIT 1;
                    IF NOT FOUND AND EXISTS (
                        SELECT 1 FROM new_entries
                         WHERE payment_id IS NOT NULL OR kind IN ('carry_in', 'carry_out')
                    ) THEN
                        SELECT x.id, x.rule INTO bad FROM (
                            SELECT e.id, COALESCE({carry_fault_sql("new_entries")},
                                                  {PAYMENT_FAULT_SQL}) AS rule
                            FROM new_entries e {ENTRY_JOINS_SQL} OFFSET 0
                        ) x WHERE x.rule IS NOT NULL ORDER BY x.id LIMIT 1;
                    END IF;
                    IF bad IS NOT NULL THEN
                        RAISE EXCEPTION 'entry % is not allowed in the ledger: %', bad.id, bad.rule
                            USING ERRCODE = 'check_violation', CONSTRAINT = bad.rule;
                    END IF;
                    UPDATE budgets_account a SET balance = a.balance + m.delta FROM (
                        SELECT account_id, SUM(delta) AS delta FROM (
                            SELECT debit_id AS account_id, -amount AS delta FROM new_entries
                            UNION ALL SELECT credit_id, amount FROM new_entries
                        ) moved GROUP BY account_id
                    ) m WHERE a.id = m.account_id;
                    UPDATE budgets_commitment m SET outstanding = m.outstanding + t.delta FROM (
                        SELECT e.commitment_id,
                               SUM(CASE c.kind WHEN 'committed' THEN e.amount ELSE -e.amount END) AS delta
                        FROM new_entries e JOIN budgets_account c ON c.id = e.credit_id
                        WHERE e.commitment_id IS NOT NULL GROUP BY e.commitment_id
                    ) t WHERE m.id = t.commitment_id;
                    RETURN NULL;
                """,  # noqa: S608 - made of constants
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount} 元"
