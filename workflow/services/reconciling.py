"""对账 with the finance software: a workbook kept and compared, vouchers written, payments taken over.

The reading of a file belongs to ``workflow.excel``, a room above; a service is handed it as a function, so
that what is done is worked out anew from the stored file and the ledger as it stands, by the very code that
made the preview. A `LongTask` row that is done from the beginning keeps the file and what came of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.core.files.storage import default_storage
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from budgets import rules as ledger_rules
from budgets.models import Fund, Payment
from budgets.rules import invoice_number
from budgets.services import GivenInvoice, PaidRow
from budgets.states import PayMethod, Subject
from office import uploads
from office.models import StoredFile
from office.refusals import Refused
from office.wording import yuan
from org.models import LongTask
from org.services import long_tasks
from workflow.rules.reconciling import BookedRow, Fit, Reconciled, reconcile
from workflow.rules.spending import in_words
from workflow.rules.taking_over import Stand, Wish, stands
from workflow.selectors.reconciling import (
    KIND,
    code_key,
    month_span,
    ours_around,
    projects_by_code,
    row_keys,
)
from workflow.services import spending
from workflow.services.spending import Paying

if TYPE_CHECKING:
    import datetime
    import uuid
    from collections.abc import Callable, Collection, Mapping, Sequence

    from django.core.files.base import File

    from org.models import User
    from workflow.selectors.reconciling import Ours

    #: Reads a stored file's rows.
    Read = Callable[[StoredFile], Sequence[BookedRow]]

#: The kind of the long task that writes a fund's whole ledger.
EXPORT: Final = "export_fund"
_TAKEN: Final = "刚由别人导入，没有重复登记。"
#: Rows taken over at one press; each is a transaction of its own.
MOST_AT_ONCE: Final = 200


@dataclass(frozen=True)
class Outcome:
    """What came of one row."""

    row: int
    text: str
    done: bool
    payment: int | None = None


@dataclass(frozen=True)
class Defaults:
    """What the file doesn't say of a payment, chosen in the preview for all rows of a press."""

    kind: str
    subject: Subject = Subject.CADRES
    method: PayMethod = PayMethod.TRANSFER


def refusal(fund: Fund, *, actor: User, at: datetime.datetime) -> str | None:
    """Why ``actor`` can't reconcile this fund; None if he can. A closed year may still be compared."""
    return ledger_rules.refusal("spend", fund.union, actor, at)


def receive(
    *,
    fund: Fund,
    month: int,
    upload: File[bytes],
    read: Read,
    actor: User,
    at: datetime.datetime,
) -> LongTask:
    """Keeps a workbook for a month of the fund's year; nothing of the ledger is touched.

    ``read`` reads it once: a file it refuses isn't kept. Raises ``Refused``.
    """
    if reason := refusal(fund, actor=actor, at=at):
        raise Refused(reason)
    if not 1 <= month <= 12:
        raise Refused("请选择月份。")
    name = ""
    try:
        with transaction.atomic():
            file = uploads.store(upload, allow=uploads.TABLES, at=at)
            name = str(file.file.name)
            rows = read(file)
            task = LongTask.objects.create(
                kind=KIND,
                title=f"对账 {fund.year} 年 {month} 月：{file.name}"[:200],
                state=LongTask.State.DONE,
                params={"fund": fund.pk, "month": month, "file_id": file.pk, "name": file.name},
                created_by=actor,
                created_at=at,
                started_at=at,
                finished_at=at,
            )
            task.result = {
                "summary": f"读到 {len(rows)} 行。",
                "url": reverse("workflow:fund_reconciliation", args=[fund.pk, task.pk]),
                "link": "看对账结果",
                "acts": [],
            }
            task.save(update_fields=["result"])
            return task
    except Exception:
        if name:
            default_storage.delete(name)
        raise


def compared(fund: Fund, month: int, rows: Sequence[BookedRow]) -> tuple[Reconciled, dict[int, uuid.UUID]]:
    """The rows beside the ledger as it stands now, and the key each row is taken over by."""
    first, last = month_span(fund.year, month)
    keys = row_keys(fund.pk, (row for row in rows if not row.faults and row.on and first <= row.on <= last))
    projects = projects_by_code(fund)
    found = reconcile(
        rows,
        ours_around(fund, first, last, keys.values()),
        projects={code: project.pk for code, project in projects.items()},
        carried={
            code: project.number for code, project in projects.items() if code != code_key(project.number)
        },
        keys=keys,
        year=fund.year,
        month=month,
    )
    return found, keys


def vouchers_to_write(found: Reconciled) -> list[tuple[BookedRow, Ours]]:
    """Rows whose payment has no 凭证号 yet, with that payment."""
    return [
        (pair.rows[0], pair.ours[0])
        for pair in found.of(Fit.MATCHED)
        if len(pair.rows) == len(pair.ours) == 1
        and pair.rows[0].voucher
        and len(pair.rows[0].voucher) <= 40
        and not pair.ours[0].voucher
        and not pair.ours[0].undone
    ]


def write_vouchers(
    *, task_id: int, fund: Fund, read: Read, actor: User, at: datetime.datetime
) -> list[Outcome]:
    """The 凭证号 of every matched row into its payment where that has none, each by itself.

    Raises ``Refused`` for anybody but finance, and once the year is closed.
    """
    month, rows = _opened(task_id, fund, read, actor, at)
    found, _ = compared(fund, month, rows)
    outcomes = []
    for row, ours in vouchers_to_write(found):
        number, payment_id = ours.number, ours.payment
        try:
            with transaction.atomic():
                kept = Payment.objects.select_for_update(of=("self",), no_key=True).get(pk=payment_id)
                if kept.voucher:
                    raise Refused(f"刚由别人填了凭证号 {kept.voucher}。")
                spending.set_voucher(payment_id=payment_id, voucher=row.voucher, actor=actor, at=at)
        except Refused as refused:
            outcomes.append(Outcome(row.number, f"{number}：{refused}", done=False, payment=payment_id))
        else:
            text = f"{number} 补记凭证号 {row.voucher}。"
            outcomes.append(Outcome(row.number, text, done=True, payment=payment_id))
    _note(task_id, "补记凭证号", outcomes, actor, at)
    return outcomes


def judged(
    fund: Fund,
    found: Reconciled,
    *,
    wishes: Mapping[int, Wish],
    picked: Collection[int] | None,
    kind: str,
    at: datetime.datetime,
) -> dict[int, Stand]:
    """What the preview says of each row of 只在财务账, and what :func:`take_over` goes by; reads only."""
    today = timezone.localdate(at)
    return stands(fund, found.of(Fit.THEIRS), wishes=wishes, picked=picked, kind=kind, today=today)


def take_over(
    *,
    task_id: int,
    fund: Fund,
    read: Read,
    wishes: Mapping[int, Wish],
    defaults: Defaults,
    actor: User,
    at: datetime.datetime,
) -> list[Outcome]:
    """The rows of these numbers as payments, a transaction each: one that is refused loses only itself.

    ``wishes``: row number → the line and the 期 chosen for it. A row anything is against (:func:`judged`) is
    left and named, and so is one that isn't 只在财务账 any more (somebody was faster, the form was sent
    twice). Raises ``Refused`` for anybody but finance, once the year is closed, for too many rows at once.
    """
    if len(wishes) > MOST_AT_ONCE:
        raise Refused(f"一次最多导入 {MOST_AT_ONCE} 行，现在选了 {len(wishes)} 行。")
    month, rows = _opened(task_id, fund, read, actor, at)
    found, keys = compared(fund, month, rows)
    labels = {row.number: pair.fit.label for pair in found.pairs for row in pair.rows}
    standing = judged(fund, found, wishes=wishes, picked=wishes.keys(), kind=defaults.kind, at=at)
    outcomes = []
    for number in wishes:
        stand = standing.get(number)
        if stand is None:
            text = f"现在是“{labels[number]}”，没有导入。" if number in labels else "表里没有这一行。"
            outcomes.append(Outcome(number, text, done=False))
            continue
        try:
            payment = _one(stand, keys[number], defaults, actor, at)
        except Refused as refused:
            outcomes.append(Outcome(number, str(refused), done=False))
        else:
            session = f"，{stand.session_title}" if stand.session_title else ""
            text = f"导入为 {payment.number}“{payment.title}”{yuan(payment.amount)} 元{session}。"
            outcomes.append(Outcome(number, text, done=True, payment=payment.pk))
    _note(task_id, "导入支付", outcomes, actor, at)
    return outcomes


def begin_export(*, fund: Fund, actor: User, at: datetime.datetime) -> LongTask:
    """Ask for a fund's whole ledger as a workbook; one that waits or runs isn't asked for twice."""
    params = {"fund": fund.pk}
    waiting = LongTask.objects.filter(
        kind=EXPORT,
        params=params,
        created_by=actor,
        state__in=(LongTask.State.WAITING, LongTask.State.RUNNING),
    ).first()
    return waiting or long_tasks.begin(
        kind=EXPORT, title=f"导出全部：{fund}"[:200], params=params, actor=actor, at=at
    )


def file_of(task: LongTask) -> StoredFile:
    """The uploaded workbook."""
    return StoredFile.objects.get(pk=task.params["file_id"])


def subject_of(row: BookedRow, default: Subject) -> Subject:
    """The 预算科目 a row names in its own words, else what was chosen for all."""
    if "职工教育" in row.subject or "职工活动" in row.subject:
        return Subject.WORKERS
    if "培训" in row.subject or "业务支出" in row.subject:
        return Subject.CADRES
    return default


def method_of(row: BookedRow, default: PayMethod) -> PayMethod:
    """The 支付方式 a row names in its own words, else what was chosen for all."""
    for words, method in (
        (("公务卡", "银行卡"), PayMethod.CARD),
        (("现金",), PayMethod.CASH),
        (("支票",), PayMethod.CHEQUE),
        (("转账", "汇款", "电汇", "网银", "直接支付", "授权支付"), PayMethod.TRANSFER),
    ):
        if any(word in row.method for word in words):
            return method
    return PayMethod.OTHER if row.method else default


def _opened(
    task_id: int, fund: Fund, read: Read, actor: User, at: datetime.datetime
) -> tuple[int, Sequence[BookedRow]]:
    if reason := refusal(fund, actor=actor, at=at) or ledger_rules.closed(fund):
        raise Refused(reason)
    task = LongTask.objects.get(pk=task_id, kind=KIND, params__fund=fund.pk)
    return task.params["month"], read(file_of(task))


def _one(stand: Stand, key: uuid.UUID, defaults: Defaults, actor: User, at: datetime.datetime) -> Payment:
    if stand.against:
        raise Refused(in_words(stand.against))
    row, choice = stand.row, stand.choice
    if choice is None or row.amount is None or row.on is None:  # said above
        raise AssertionError
    if Payment.objects.filter(key=key).exists():
        raise Refused(_TAKEN)
    given = Paying(
        kind=defaults.kind,
        title=row.title,
        payee=row.payee,
        rows=[PaidRow(choice.line, row.amount, choice.commitment)],
        method=method_of(row, defaults.method),
        paid_on=row.on,
        subject=subject_of(row, defaults.subject),
        handler=row.handler or actor.name,
        session_no=stand.session_no,
        voucher=row.voucher,
        note=f"由财务账导入（第 {row.number} 行）",
        invoices=[GivenInvoice(number) for number in {invoice_number(n): n for n in row.invoices}.values()],
    )
    paid = spending.pay(project_id=stand.project, given=given, key=key, actor=actor, at=at, papers_later=True)
    # The same key again is the same payment: whoever lost the race by a hair is told so.
    if (paid.created_by_id, paid.at) != (actor.pk, at):
        raise Refused(_TAKEN)
    return paid


def _note(task_id: int, what: str, outcomes: Sequence[Outcome], actor: User, at: datetime.datetime) -> None:
    """What was done and what came of each row, kept with the file; nothing where nothing was to do."""
    if not outcomes:
        return
    with transaction.atomic():
        task = LongTask.objects.select_for_update(of=("self",)).get(pk=task_id)
        done = sum(one.done for one in outcomes)
        act: dict[str, Any] = {
            "what": what,
            "who": actor.name,
            "at": timezone.localtime(at).isoformat(),
            "done": done,
            "rows": [[one.row, one.text, one.done, one.payment] for one in outcomes],
        }
        task.result["acts"] = [*task.result.get("acts", []), act]
        task.result["summary"] = f"{what} {done} 笔。"
        task.save(update_fields=["result"])
