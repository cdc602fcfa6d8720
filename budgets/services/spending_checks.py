"""What is asked of a commitment or a payment before it is posted; reads only."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from django.db.models import Q
from django.utils import timezone

from budgets import rules
from budgets.models import Account, Commitment, Invoice
from budgets.services.posting import LIMIT, check_amount, check_moment
from budgets.states import AccountKind
from office.refusals import Conflict, Refused
from office.wording import yuan

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Mapping, Sequence

    from budgets.models import BudgetLine, Project
    from budgets.services.papers import GivenPaper
    from org.models import Post, User
    from rulebook.money import PaymentKind
    from rulebook.schema import Book

ZERO: Final = Decimal("0.00")
TENTH: Final = Decimal("0.1")
FEE_LIMIT: Final = Decimal(10) ** 8
HOURS_LIMIT: Final = Decimal(10) ** 4
"""A lecturer's fee and his 学时 are below these; the columns hold no more."""


@dataclass(frozen=True)
class PaidRow:
    """A part of a payment in yuan: from one budget line, out of a commitment where one is named."""

    line: int
    amount: Decimal
    commitment: int | None = None


@dataclass(frozen=True)
class GivenInvoice:
    """An invoice as typed; ``shared``: why a number used before is used again (分次列支)."""

    number: str
    amount: Decimal | None = None
    shared: str = ""


@dataclass(frozen=True)
class GivenFee:
    """One lecturer's fee in yuan; ``title`` is a code of the rate card."""

    lecturer: str
    title: str
    hours: Decimal
    after_tax: Decimal
    before_tax: Decimal
    topics: str = ""


def post_for(action: str, project: Project, *, actor: User, at: datetime.datetime) -> Post | None:
    check_moment(at)
    post = rules.finance_post(project.union, actor, at)
    if reason := rules.refusal_at(action, post, actor):
        raise Refused(reason)
    return post


def accounts_of(
    project: Project, lines: Iterable[int], *, locked: bool = False
) -> dict[int, dict[str, Account]]:
    """The three accounts of each line, by line and kind. `locked`: nobody posts on these lines until the
    transaction ends; the accounts are taken in the order in which every entry takes them.

    Raises `Refused` for a line of another project, and if the year is closed.
    """
    wanted = set(lines)
    found: dict[int, dict[str, Account]] = {}
    rows = Account.objects.filter(line__in=wanted, line__project=project).select_related("line", "fund")
    rows = rows.order_by("id")
    if locked:
        rows = rows.select_for_update(of=("self",), no_key=True)
    for account in rows:
        if account.line_id is not None:
            found.setdefault(account.line_id, {})[account.kind] = account
        if closed := rules.closed(account.fund):
            raise Refused(closed)
    if wanted - found.keys():
        raise Refused(f"预算行不属于项目 {project.number}，请从本项目的预算行中选。")
    return found


def hold(project: Project) -> None:
    """Nobody posts on the project's lines until the transaction ends; whoever is posting is waited for.

    The fund's own account is taken with them, before them: what is released or left over often goes back to
    the fund in the same transaction, and who closes the year or adjusts the budget has it first too.
    """
    own = Q(line__project=project) | Q(fund=project.fund_id, kind=AccountKind.FUND)
    accounts = Account.objects.filter(own).order_by("id")
    list(accounts.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))


def check_same_form(*, same: bool, number: str, title: str) -> None:
    """A form sent twice is one act; the same form filled in anew is refused, not silently left undone."""
    if not same:
        raise Conflict(
            f"这张表单已登记为 {number}“{title}”，与这次填写的内容不同，本次未作任何改动；"
            "要另办一笔，请重新打开表单填写。"
        )


def line_of(accounts: Mapping[str, Account]) -> BudgetLine:
    line = accounts[AccountKind.LINE].line
    if line is None:
        raise TypeError("an account of a line without its line")
    return line


def short_of(title: str, free: Decimal, wanted: Decimal, what: str) -> str:
    return (
        f"“{title}”可用 {yuan(free)} 元，本次{what} {yuan(wanted)} 元，差 {yuan(wanted - free)} 元。"
        "专款专用，不得超预算行开支；确需增加的，请先办理调剂或预算调整。"
    )


def kind_of(book: Book, code: str, *, refund: bool) -> PaymentKind:
    kind = book.money.kind(code)
    if kind is None or kind.refund != refund:
        raise Refused(f"{book.short_title}没有“{code}”这一类{'退款' if refund else '支付'}，请重新选择。")
    return kind


def check_paper_work(
    book: Book,
    kind: PaymentKind,
    papers: Sequence[GivenPaper],
    *,
    title: str,
    payee: str,
    handler: str,
    later: bool = False,
) -> None:
    for value, name in ((title, "事由"), (payee, "收款单位（人）"), (handler, "经办人")):
        if not value.strip():
            raise Refused(f"请填写{name}。")
    missing = () if later else rules.missing_papers(book, kind, {given.code for given in papers})
    if missing:
        names = "、".join(f"“{paper.title}”" for paper in missing)
        raise Refused(f"办理{kind.title}还缺{names}（{kind.clause}），请补齐后再办。")


def check_day(paid_on: datetime.date, at: datetime.datetime) -> None:
    if paid_on > timezone.localdate(at):
        raise Refused("支付日期不能晚于今天。")


def check_rows(rows: Sequence[PaidRow]) -> Decimal:
    if not rows:
        raise Refused("请至少填写一行金额。")
    for row in rows:
        check_amount(row.amount, "本次")
    for (_, commitment), count in Counter((row.line, row.commitment) for row in rows).items():
        if count > 1:
            raise Refused(f"同一{'预占' if commitment else '预算行'}写了 {count} 行，请合并为一行。")
    total = sum((row.amount for row in rows), ZERO)
    if total >= LIMIT:
        raise Refused(f"合计 {yuan(total)} 元超过系统可记的最大金额。")
    return total


def check_fees(book: Book, fees: Sequence[GivenFee], total: Decimal, *, explained: bool) -> None:
    if not fees:
        raise Refused("讲课费请逐人填写授课人、职称、学时和金额。")
    for fee in fees:
        if not fee.lecturer.strip():
            raise Refused("讲课费有一行未填授课人。")
        check_amount(fee.after_tax, f"{fee.lecturer}税后")
        check_amount(fee.before_tax, f"{fee.lecturer}税前")
        if fee.before_tax >= FEE_LIMIT:
            raise Refused(f"{fee.lecturer}的讲课费 {yuan(fee.before_tax)} 元不正确，请核对。")
        if fee.before_tax < fee.after_tax:
            raise Refused(f"{fee.lecturer}的税前金额小于税后金额，请核对。")
        if not fee.hours.is_finite() or not 0 < fee.hours < HOURS_LIMIT:
            raise Refused(f"{fee.lecturer}的学时应当大于 0、小于 {HOURS_LIMIT}。")
        if fee.hours != fee.hours.quantize(TENTH):
            raise Refused(f"{fee.lecturer}的学时 {fee.hours} 最多写一位小数。")
    if faults := rules.lecture_faults(book, fees, explained=explained):
        raise Refused("".join(faults))
    together = sum((fee.before_tax for fee in fees), ZERO)
    if together != total:
        raise Refused(f"各位授课人税前合计 {yuan(together)} 元，与本次支付 {yuan(total)} 元不一致。")


def commitments_of(
    project: Project, rows: Sequence[PaidRow], session_no: int | None
) -> dict[int, Commitment]:
    """The commitments the rows name. Raises `Refused` for one of another line, or promised for another 期."""
    ids = {row.commitment for row in rows if row.commitment is not None}
    if not ids:
        return {}
    found = {c.pk: c for c in Commitment.objects.filter(pk__in=ids, project=project).order_by()}
    for row in rows:
        if row.commitment is not None and (
            row.commitment not in found or found[row.commitment].line_id != row.line
        ):
            raise Refused("所选预占不属于这个项目的这一预算行，请重新选择。")
    for promised in found.values():
        if promised.session_no is not None and promised.session_no != session_no:
            written = "全班" if session_no is None else f"第 {session_no} 期"
            raise Refused(
                f"预占 {promised.number}“{promised.title}”是第 {promised.session_no} 期的，"
                f"本次支付写的是{written}；请改期次，或先释放这笔预占。"
            )
    return found


def check_free(
    rows: Sequence[PaidRow],
    accounts: Mapping[int, Mapping[str, Account]],
    commitments: Mapping[int, Commitment],
) -> None:
    for row in rows:
        if row.commitment is None:
            free = accounts[row.line][AccountKind.LINE].balance
            if free < row.amount:
                raise Refused(short_of(line_of(accounts[row.line]).title, free, row.amount, "支付"))
            continue
        promised = commitments[row.commitment]
        if promised.outstanding < row.amount:
            raise Refused(
                f"预占 {promised.number}“{promised.title}”未支付余额 {yuan(promised.outstanding)} 元，"
                f"本次支付 {yuan(row.amount)} 元，差 {yuan(row.amount - promised.outstanding)} 元。"
                "多出部分请另列一行，从预算行直接支付。"
            )


def numbered(project: Project, invoices: Sequence[GivenInvoice]) -> list[Invoice]:
    """The invoices to keep. Raises `Refused` where one was used before and nobody says why it is again."""
    numbers = [rules.invoice_number(given.number) for given in invoices]
    if not all(numbers):
        raise Refused("有一张发票未填发票号。")
    for number, given in zip(numbers, invoices, strict=True):
        if given.amount is not None:
            check_amount(given.amount, f"发票 {number} 票面")
    for number, count in Counter(numbers).items():
        if count > 1:
            raise Refused(f"发票 {number} 在本次支付中写了 {count} 遍。")
    used: dict[str, Invoice] = {}
    if numbers:
        earlier = Invoice.objects.filter(union=project.union_id, number__in=numbers, active=True)
        for invoice in earlier.select_related("payment__project").order_by("id"):
            used.setdefault(invoice.number, invoice)
    kept = []
    # By number: two payments with the same invoices take them in one order and can't wait for each other.
    for number, given in sorted(zip(numbers, invoices, strict=True), key=lambda pair: pair[0]):
        before = used.get(number)
        if before is not None and not given.shared.strip():
            paid = before.payment
            raise Refused(
                f"发票 {number} 已用于 {paid.number}“{paid.title}”（{paid.project.number}，"
                f"{paid.paid_on:%Y-%m-%d}，{yuan(paid.amount)} 元），不能重复报销；"
                "确属同一发票分次列支的，请填写重复使用说明。"
            )
        kept.append(
            Invoice(
                union_id=project.union_id,
                number=number,
                amount=given.amount,
                shared=given.shared.strip() if before is not None else "",
            )
        )
    return kept
