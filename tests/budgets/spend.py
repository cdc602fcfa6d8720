"""Short ways to commit, pay and give back in these tests, with all that an ordinary case needs."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

from budgets.models import Account, BudgetLine, Commitment, Payment, Project
from budgets.services import GivenPaper, PaidRow, commit, pay, refund
from budgets.states import PayMethod, Subject
from rulebook.loader import read
from rulebook.schema import Book
from tests.budgets.cast import NOW, Cast

BOOK: Book = read(Path(__file__).parents[2] / "rulebook/books/binhai-2018.toml")
TODAY = dt.date(2027, 1, 20)


def line(project: Project, number: int = 1) -> BudgetLine:
    """The line of ``item-<number>``."""
    return project.lines.get(item=f"item-{number}")


def account(project: Project, kind: str, number: int = 1) -> Account:
    return Account.objects.get(line=line(project, number), kind=kind)


def stands(project: Project) -> dict[str, tuple[str, str, str]]:
    """Free, committed and paid of each line, by item."""
    found: dict[str, dict[str, str]] = {}
    for item, kind, balance in Account.objects.filter(line__project=project).values_list(
        "line__item", "kind", "balance"
    ):
        found.setdefault(item, {})[kind] = str(balance)
    return {item: (of["line"], of["committed"], of["paid"]) for item, of in sorted(found.items())}


def papers(kind: str, *without: str) -> tuple[GivenPaper, ...]:
    """Every paper that kind of payment takes, apart from those named; an unknown kind takes none."""
    of_kind = BOOK.money.kind(kind)
    wanted = BOOK.money.papers_of(of_kind) if of_kind else ()
    return tuple(
        GivenPaper(paper.code, paper.title, evidence="已核对")
        for paper in wanted
        if paper.code not in without
    )


def commit_to(cast: Cast, project: Project, amount: str, *, number: int = 1, **changes: Any) -> Commitment:
    values: dict[str, Any] = {
        "line": line(project, number),
        "amount": Decimal(amount),
        "title": "住宿合同",
        "payee": "海河宾馆",
        "key": uuid.uuid4(),
        "actor": cast.finance,
        "at": NOW,
    }
    return commit(**(values | changes))


def row(project: Project, amount: str, *, number: int = 1, commitment: Commitment | None = None) -> PaidRow:
    return PaidRow(line(project, number).pk, Decimal(amount), commitment.pk if commitment else None)


def pay_out(cast: Cast, project: Project, *rows: PaidRow | str, **changes: Any) -> Payment:
    """``rows``: amounts from the first line, or rows as they are."""
    kind = changes.get("kind", "other")
    values: dict[str, Any] = {
        "project": project,
        "kind": kind,
        "title": "教材费",
        "payee": "新华书店",
        "rows": [row(project, each) if isinstance(each, str) else each for each in rows],
        "method": PayMethod.TRANSFER,
        "paid_on": TODAY,
        "subject": Subject.CADRES,
        "handler": "经办人甲",
        "key": uuid.uuid4(),
        "book": BOOK,
        "actor": cast.finance,
        "at": NOW,
        "papers": papers(kind),
    }
    return pay(**(values | changes))


def refund_of(cast: Cast, payment: Payment, *rows: PaidRow | str, **changes: Any) -> Payment:
    values: dict[str, Any] = {
        "payment": payment,
        "rows": [row(payment.project, each) if isinstance(each, str) else each for each in rows],
        "title": "退回多付教材费",
        "paid_on": TODAY,
        "handler": "经办人甲",
        "key": uuid.uuid4(),
        "book": BOOK,
        "actor": cast.finance,
        "at": NOW,
        "papers": papers("refund"),
    }
    return refund(**(values | changes))
