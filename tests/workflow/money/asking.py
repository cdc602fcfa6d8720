"""Requests about money for tests: asked by the people who would, taken through their chains."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile

from budgets.models import BudgetLine, Commitment, Fund, Project
from budgets.services import Shift, commit, open_fund
from budgets.states import FundStatus
from org.models import User
from tests.workflow import acts, asked
from tests.workflow.world import World
from workflow.models import MoneyRequest
from workflow.rules.money_terms import Line, MoneyTerms, lines_of
from workflow.services import money_requests
from workflow.states import OF_PROJECT, MoneyKind

D = Decimal
# What is done with either kind of request.
agree_all, decide, submit, task_of = asked.agree_all, asked.decide, asked.submit, asked.task_of
fresh = asked.fresh


def project(world: World, **fields: Any) -> Project:
    """The money of an approved class: 伙食费 8,000.00 and 场地费 2,000.00 unless told otherwise."""
    return acts.approve(world, world.draft(**fields)).project


def line(project: Project, item: str) -> BudgetLine:
    return BudgetLine.objects.get(project=project, item=item)


def lines(project: Project) -> dict[str, Line]:
    """The project's lines as they stand, by cost item."""
    return {row.item: row for row in lines_of([project.pk])}


def budgets(project: Project) -> dict[str, Decimal]:
    return {item: row.budget for item, row in lines(project).items()}


def next_fund(world: World, amount: str = "500000.00") -> Fund:
    """The next year's fund of the same source."""
    return open_fund(
        union=world.union,
        year=world.fund.year + 1,
        source=world.fund.source,
        title=world.fund.title,
        amount=D(amount),
        status=FundStatus.CONTROL,
        basis="2028年控制数",
        actor=world.people["caiwu-head"],
        at=world.now(),
    )


def paper(name: str = "批复.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"%PDF-1.4\n%%EOF\n", "application/pdf")


def committed(world: World, project: Project, item: str, amount: str) -> Commitment:
    return commit(
        line=line(project, item),
        amount=D(amount),
        title="场地合同",
        payee="区委党校",
        key=uuid4(),
        actor=world.people["caiwu-head"],
        at=world.now(),
    )


def shift(project: Project, source: str, target: str, amount: str, to: Project | None = None) -> MoneyTerms:
    """调剂 of one row."""
    move = Shift(line(project, source).pk, line(to or project, target).pk, D(amount))
    return MoneyTerms(shifts=(move,))


def budget(**lines: str) -> MoneyTerms:
    """预算调整: what each cost item is to have."""
    return MoneyTerms(lines={item: D(amount) for item, amount in lines.items()})


def amount(yuan: str, document: str = "") -> MoneyTerms:
    """结转, or 追加 by a document."""
    return MoneyTerms(amount=D(yuan), document=document)


def draft(
    world: World,
    kind: MoneyKind,
    terms: MoneyTerms,
    project: Project | None = None,
    who: str | User | None = None,
    **more: Any,
) -> MoneyRequest:
    """Drawn up by the staff of the project's department, of a fund by finance's."""
    default = f"{project.department.code}-staff" if project is not None else "caiwu-staff"
    fund = more.pop("fund", None) or (project.fund if kind in OF_PROJECT else world.fund)
    return money_requests.save_draft(
        kind=kind,
        fund=fund,
        project=project,
        terms=terms,
        reason=more.pop("reason", "工作需要"),
        actor=acts.person(world, who or default),
        at=more.pop("when", None) or world.now(),
        **more,
    )


def hand_in(
    world: World,
    kind: MoneyKind,
    terms: MoneyTerms,
    project: Project | None = None,
    who: str | User | None = None,
    **more: Any,
) -> MoneyRequest:
    """Drawn up and handed in."""
    request = draft(world, kind, terms, project, who, **more)
    submit(world, request)
    return fresh(request)


def grant(
    world: World, kind: MoneyKind, terms: MoneyTerms, project: Project | None = None, **more: Any
) -> MoneyRequest:
    """Asked for and agreed to."""
    return agree_all(world, hand_in(world, kind, terms, project, **more))
