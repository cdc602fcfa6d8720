"""What is odd about a payment of a class before it is booked: its day, invoices, lecturers, papers.

Reads only. ``block`` stops it; ``warn`` lets it pass with a reason (备注), and both stay with the payment.
What the ledger refuses by itself (free money, missing papers) isn't said here again.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from office.wording import chinese_date, yuan
from rulebook.money import PaperSource
from rulebook.severity import Severity
from workflow.rules.claims import odd
from workflow.rules.findings import PASS
from workflow.rules.paying_lecturers import fee_line, lecturers
from workflow.rules.spending import needed_papers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from workflow.rules.claims import Claim
    from workflow.rules.findings import Finding
    from workflow.rules.spending import SpendingCase

#: The code of 发票 among the book's papers.
INVOICE: Final = "invoice"
ZERO: Final = Decimal(0)


def findings_of(case: SpendingCase, claim: Claim) -> list[Finding]:
    """What is odd about it, in the order of the form. The approval and the 期 apart, which the case has, only
    its lines and what lecturers teach and were paid is looked up."""
    return [
        *_day(case, claim),
        *fee_line(case, claim),
        *_invoices(claim),
        *(lecturers(case, claim) if claim.kind.lecture else ()),
        *_stand_ins(case, claim),
        *_before_it_began(case, claim),
    ]


def unexplained(found: Iterable[Finding], note: str) -> str:
    """What is asked of whoever pays in spite of these findings; empty where nothing is, or he said it."""
    asked = [one for one in found if one.asks]
    if not asked or note.strip():
        return ""
    return f"有 {len(asked)} 项提示，请在备注中说明：{''.join(one.message for one in asked)}"


def kept(found: Iterable[Finding]) -> list[dict[str, Any]]:
    """The form in which they stay with the payment."""
    return [one.as_json() for one in found if not one.stops]


# ───────────── the day


def _day(case: SpendingCase, claim: Claim) -> Iterator[Finding]:
    """In the year whose money it is, and after the class was approved."""
    day, year, clause = claim.paid_on, claim.project.fund.year, case.book.money.clause
    if day is None:
        return
    carried = claim.project.origin_id is not None
    first = min(case.plan.year, year) if carried else year
    if day.year < first:
        yield odd(
            "paid_year",
            Severity.BLOCK,
            "支付日期",
            f"支付日期 {chinese_date(day)}早于专项预算的年度（{year} 年），不能在 {year} 年度列支。",
            clause,
            "请核对年份。",
        )
        return
    if day.year != year:
        where = "早于" if day.year < year else "晚于"
        mend = "" if day.year < year else "跨年度的支付，一般先办理结转再从下一年度列支。"
        yield odd(
            "paid_year",
            Severity.WARN,
            "支付日期",
            f"支付日期 {chinese_date(day)}{where}专项预算的年度，本笔仍列 {year} 年度支出。",
            clause,
            mend,
        )
    meeting = case.meeting
    if meeting is not None and day < meeting.held_on:
        yield odd(
            "paid_before_approval",
            Severity.WARN,
            "支付日期",
            f"支付日期 {chinese_date(day)}早于本班审定的日期（{chinese_date(meeting.held_on)}）。",
            clause,
            "请核对日期；确在审定之前支付的，请说明。",
        )


# ───────────── invoices


def _invoices(claim: Claim) -> Iterator[Finding]:
    clause, title = claim.kind.clause, "发票"
    needed = INVOICE in claim.kind.papers
    said = claim.unnumbered.strip()
    if needed and said:
        yield odd("invoice_number", PASS, title, f"无发票号：{said}。", clause)
    elif needed and not claim.invoices:
        yield odd(
            "invoice_number",
            Severity.BLOCK,
            title,
            f"{claim.kind.title}凭发票支付，还没有填写发票号。",
            clause,
            "没有号码的（如定额发票、收据），请在“无发票号”中写明。",
        )
    amounts = [each.amount for each in claim.invoices if each.amount]
    if len(amounts) < len(claim.invoices):
        blank = "、".join(each.number for each in claim.invoices if not each.amount)
        if needed:
            yield odd(
                "invoice_amount",
                Severity.WARN,
                title,
                f"发票 {blank} 没有填票面金额，不能与支付金额核对。",
                clause,
                "请补填票面金额。",
            )
        return
    together = sum(amounts, ZERO)
    if amounts and not said and together < claim.total:
        yield odd(
            "invoice_amount",
            Severity.WARN,
            title,
            f"发票合计 {yuan(together)} 元，少于本次支付 {yuan(claim.total)} 元，"
            f"差 {yuan(claim.total - together)} 元。",
            clause,
            "请核对金额，或补填其余发票。",
        )


# ───────────── papers


def _stand_ins(case: SpendingCase, claim: Claim) -> Iterator[Finding]:
    """A file in place of what the system itself should have and hasn't."""
    for needed in needed_papers(case, claim.kind, claim.session_no):
        paper, known = needed.paper, needed.known
        if known is None or needed.at_hand or paper.code not in claim.uploaded:
            continue
        yield odd(
            "paper_uploaded",
            Severity.WARN,
            paper.title,
            f"系统内{known.why}，以上传的“{paper.title}”代替。",
            claim.kind.clause,
            "请先在系统内办完再支付；确需先付的，请说明。",
            (known.page, known.pk, "打开") if known.page else None,
        )


def _before_it_began(case: SpendingCase, claim: Claim) -> Iterator[Finding]:
    """What is paid by who came is paid after they did."""
    papers = case.book.money.papers_of(claim.kind)
    day = claim.paid_on
    if day is None or not any(paper.source == PaperSource.ATTENDANCE for paper in papers):
        return
    for run in case.scope(case.session(claim.session_no)):
        if run.starts_on is not None and day < run.starts_on:
            yield odd(
                "paid_before_class",
                Severity.WARN,
                "尚未开课",
                f"《{run.title}》{chinese_date(run.starts_on)}开班，支付日期 {chinese_date(day)}尚未开课。",
                claim.kind.clause,
                "办班前支付的，一般办理预付款（定金）。",
                ("run", run.pk, "打开班次"),
            )
