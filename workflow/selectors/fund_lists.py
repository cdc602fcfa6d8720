"""A fund from above: its projects a page at a time, the rows behind each figure, spending by month and place.

Nothing here grows with the ledger: balances are read from accounts, lists a page at a time.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Count, DecimalField, F, OuterRef, Q, Sum, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, ExtractMonth, JSONObject

from budgets.models import Account, Entry, Invoice, Payment, Project
from budgets.selectors import project_totals
from budgets.states import LINE_ACCOUNTS, AccountKind, EntryKind
from office.wording import yuan
from org.models import Department
from workflow.selectors.money import FundedClass, Held, held_by, plans_of
from workflow.selectors.money_search import numbered

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from django.db.models import QuerySet

    from budgets.models import Fund
    from org.selectors import Standing

ZERO: Final = Decimal("0.00")

#: A figure of the pages → the kinds of account whose movements make it.
FIGURES: Final[dict[str, tuple[AccountKind, ...]]] = {
    "appropriated": LINE_ACCOUNTS,
    "committed": (AccountKind.COMMITTED,),
    "paid": (AccountKind.PAID,),
    "available": (AccountKind.LINE,),
    "free": (AccountKind.FUND,),
}
FIGURE_TITLES: Final = {
    "appropriated": "已下达",
    "committed": "预占",
    "paid": "支出",
    "available": "项目可用",
    "free": "可安排余额",
}


def projects_of(fund: Fund, standing: Standing, department: int | None = None) -> QuerySet[Project]:
    """The fund's projects one sees, by number; of one department where it is given."""
    projects = Project.objects.filter(fund=fund).visible_to(standing)
    if department is not None:
        projects = projects.filter(department=department)
    # What it was carried over from and to (S21) stands beside its number.
    return projects.select_related("department", "continues", "continued_by").order_by("number")


def firsts_of(projects: QuerySet[Project]) -> QuerySet[Project, Any]:
    """The projects their classes were approved with, as keys for a query: themselves, or where they were
    carried over from."""
    return projects.order_by().values(first=Coalesce("origin", "pk"))


def departments_of(fund: Fund, standing: Standing) -> list[Department]:
    """The departments that have a project of the fund, each with their number as ``funded``, in the union's
    order; one query."""
    projects = Project.objects.filter(fund=fund).visible_to(standing).order_by()
    return list(
        Department.objects.filter(projects__in=projects.values("pk"))
        .annotate(funded=Count("projects"))
        .order_by("ordinal", "id")
    )


def funded(projects: Sequence[Project]) -> list[FundedClass]:
    """These projects with their plans and balances, in two queries."""
    ids = [project.pk for project in projects]
    totals, plans = project_totals(ids), plans_of(projects)
    return [FundedClass(project, plans.get(project.pk), held_by(totals[project.pk])) for project in projects]


def held_together(projects: QuerySet[Project]) -> Held:
    """What all of these projects hold together; one query."""
    sums: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    accounts = Account.objects.filter(line__project__in=projects.order_by().values("pk")).order_by()
    for kind, balance in accounts.values_list("kind").annotate(Sum("balance")):
        sums[kind] = balance
    return _held(sums)


def _held(sums: Mapping[str, Decimal]) -> Held:
    """``sums``: balances by kind of account; every kind can be asked for."""
    committed, paid, available = (
        sums[kind] for kind in (AccountKind.COMMITTED, AccountKind.PAID, AccountKind.LINE)
    )
    return Held(committed + paid + available, committed, paid, available)


def untouched(projects: QuerySet[Project]) -> tuple[int, Decimal]:
    """How many of these projects have money and nothing paid yet, and how much they hold; one query."""
    rows = (
        Account.objects.filter(line__project__in=projects.order_by().values("pk"))
        .order_by()
        .values("line__project")
        .annotate(whole=Sum("balance"), paid=Sum("balance", filter=Q(kind=AccountKind.PAID)))
        .filter(whole__gt=0, paid=0)
        .aggregate(count=Count("line__project"), amount=Sum("whole"))
    )
    return rows["count"], rows["amount"] or ZERO


@dataclass(frozen=True)
class Behind:
    """Which figure is looked behind: of the fund, or of a department, a project or a budget line of it."""

    figure: str
    department: int | None = None
    project: int | None = None
    line: int | None = None

    def accounts(self, fund: Fund) -> QuerySet[Account]:
        """The accounts whose balances make the figure."""
        found = Account.objects.filter(fund=fund, kind__in=FIGURES[self.figure])
        if self.department is not None:
            found = found.filter(line__project__department=self.department)
        if self.project is not None:
            found = found.filter(line__project=self.project)
        if self.line is not None:
            found = found.filter(line=self.line)
        return found

    def total(self, fund: Fund) -> Decimal:
        """The figure, from the balances."""
        return self.accounts(fund).aggregate(total=Sum("balance"))["total"] or ZERO

    def entries(self, fund: Fund) -> QuerySet[Entry]:
        """The entries that make it, newest first, each with ``effect``: what it adds or takes away."""
        inside = self.accounts(fund).order_by().values("pk")
        came, went = Q(credit__in=inside), Q(debit__in=inside)
        # What moves inside the figure (from 可用 to 预占, for what was appropriated) changes nothing of it.
        return (
            Entry.objects.filter((came & ~went) | (went & ~came))
            .annotate(
                effect=Case(
                    When(credit__in=inside, then=F("amount")),
                    default=F("amount") * Value(-1),
                    output_field=DecimalField(max_digits=14, decimal_places=2),
                )
            )
            .select_related(
                "actor",
                "post__department",
                "project",
                "payment",
                "commitment",
                "debit__line__project",
                "credit__line__project",
            )
            .order_by("-id")
        )


@dataclass(frozen=True)
class MonthOfSpending:
    """A month's net spending by cost item, in yuan."""

    month: int
    by_item: dict[str, Decimal]

    @property
    def total(self) -> Decimal:
        return sum(self.by_item.values(), ZERO)


def spending_by_month(
    fund: Fund, projects: QuerySet[Project]
) -> tuple[list[MonthOfSpending], dict[str, str]]:
    """The twelve months by 支付日期 with what was paid less what came back, and the items' titles; one query.

    Paid in a year after the fund's own counts to December: the year was still open.
    """
    entries = (
        Entry.objects.filter(
            kind__in=(EntryKind.PAY, EntryKind.REFUND),
            reversal=None,
            project__in=projects.order_by().values("pk"),
        )
        .annotate(
            month=ExtractMonth("payment__paid_on"),
            item=Case(When(kind=EntryKind.PAY, then=F("credit__line__item")), default=F("debit__line__item")),
            title=Case(
                When(kind=EntryKind.PAY, then=F("credit__line__title")), default=F("debit__line__title")
            ),
            late=Case(When(payment__paid_on__year__gt=fund.year, then=Value(True)), default=Value(False)),
        )
        .order_by()
        .values_list("month", "late", "item", "title", "kind")
        .annotate(Sum("amount"))
    )
    months: dict[int, defaultdict[str, Decimal]] = {
        month: defaultdict(lambda: ZERO) for month in range(1, 13)
    }
    titles: dict[str, str] = {}
    for month, late, item, title, kind, amount in entries:
        titles.setdefault(item, title)
        months[12 if late else month][item] += amount if kind == EntryKind.PAY else -amount
    ordered = dict(sorted(titles.items(), key=lambda pair: -sum(m[pair[0]] for m in months.values())))
    return [MonthOfSpending(month, dict(by_item)) for month, by_item in months.items()], ordered


@dataclass(frozen=True)
class DepartmentSpending:
    """A department's projects of the fund together."""

    department: Department
    projects: int
    held: Held


def spending_by_department(projects: QuerySet[Project]) -> list[DepartmentSpending]:
    """Plan against actual by department, in the union's order; two queries."""
    sums: defaultdict[int, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    accounts = Account.objects.filter(line__project__in=projects.order_by().values("pk")).order_by()
    for department, kind, balance in accounts.values_list("line__project__department", "kind").annotate(
        Sum("balance")
    ):
        sums[department][kind] = balance
    counted: defaultdict[int, int] = defaultdict(int)
    for pk in projects.order_by().values_list("department", flat=True):
        counted[pk] += 1
    rows = []
    for department in Department.objects.filter(pk__in=counted).order_by("ordinal", "id"):
        held = _held(sums[department.pk])
        rows.append(DepartmentSpending(department, counted[department.pk], held))
    return rows


def payments_of(
    projects: QuerySet[Project],
    *,
    month: int | None = None,
    year: int | None = None,
    item: str = "",
    q: str = "",
    without_voucher: bool = False,
) -> QuerySet[Payment]:
    """The payments of these projects, newest first, each with ``is_reversed``; narrowed by 支付日期, cost
    item, and what is typed (事由, 收款单位, 凭证号, 发票号, 项目编号)."""
    found = Payment.objects.filter(project__in=projects.order_by().values("pk"))
    if month is not None and year is not None:
        day = Q(paid_on__year=year, paid_on__month=month)
        found = found.filter(day | Q(paid_on__year__gt=year) if month == 12 else day)
    if item:
        lines = Q(credit__line__item=item) | Q(debit__line__item=item)
        found = found.filter(pk__in=Entry.objects.filter(lines, payment__isnull=False).values("payment"))
    if q:
        found = found.filter(
            Q(title__icontains=q)
            | Q(payee__icontains=q)
            | Q(voucher__icontains=q)
            | Q(project__number__icontains=q)
            | numbered(q, "ZF")
            | Q(pk__in=Invoice.objects.filter(number__icontains=q.upper()).values("payment"))
        )
    if without_voucher:
        found = found.filter(voucher="")
    return found.select_related("project__department").with_reversed().order_by("-paid_on", "-id")


def with_items(payments: QuerySet[Payment]) -> QuerySet[Payment]:
    """Annotated ``items``: [{"title", "amount"}] of the cost items each was booked on, in their order."""
    booked = Entry.objects.filter(
        payment=OuterRef("pk"), kind__in=(EntryKind.PAY, EntryKind.REFUND), reverses=None
    )
    return payments.annotate(
        items=ArraySubquery(
            booked.order_by("credit__line__ordinal", "id").values(
                item=JSONObject(title="credit__line__title", amount=Cast("amount", TextField()))
            )
        )
    )


def items_text(items: Iterable[Mapping[str, str]]) -> str:
    """伙食费; of several with what each took: 伙食费 1,000.00；住宿费 500.00."""
    sums: dict[str, Decimal] = {}
    for item in items:
        sums[item["title"]] = sums.get(item["title"], ZERO) + Decimal(item["amount"])
    if len(sums) < 2:
        return "".join(sums)
    return "；".join(f"{title} {yuan(amount)}" for title, amount in sums.items())


def sum_of(payments: QuerySet[Payment]) -> Decimal:
    """Yuan of these payments together, those of :func:`payments_of`: refunds take off, reversed ones don't
    count; one query."""
    sums = payments.order_by().aggregate(
        paid=Sum("amount", filter=Q(is_reversed=False, refunds=None)),
        back=Sum("amount", filter=Q(is_reversed=False, refunds__isnull=False)),
    )
    return (sums["paid"] or ZERO) - (sums["back"] or ZERO)
