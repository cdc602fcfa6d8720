"""Classes carried over to the next year's fund, for tests."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from budgets.models import BudgetLine, Payment, Project
from budgets.services import GivenInvoice, PaidRow
from budgets.states import PayMethod, Subject
from tests.workflow.money import asking
from tests.workflow.money import spending as spend
from tests.workflow.world import World, at
from workflow.models import ClassRun, MoneyRequest
from workflow.rules.money_terms import CarriedClass, MoneyTerms
from workflow.services import spending
from workflow.services.spending import Paying
from workflow.states import MoneyKind

D = Decimal
#: When the old year is closed, and when what was left of it is paid.
NEW_YEAR = at(1, 8, year=2028)
LATER = at(1, 15, year=2028)
_serial = count(1)


def taking(*classes: Project, amount: str = "0.00", **lines: str) -> MoneyTerms:
    """结转 of these classes with all they have, or with ``lines`` of each; ``amount`` of the fund's own."""
    return MoneyTerms(
        amount=D(amount),
        classes=tuple(
            CarriedClass(
                each.pk,
                {item: D(value) for item, value in lines.items()}
                or {item: line.budget - line.paid for item, line in asking.lines(each).items()},
            )
            for each in classes
        ),
    )


def carry(world: World, *classes: Project, **more: Any) -> MoneyRequest:
    """Asked for by finance and agreed to by everybody."""
    return asking.grant(world, MoneyKind.CARRY_OVER, taking(*classes, **more), reason="尾款下年支付")


def later_of(project: Project) -> Project:
    return Project.objects.select_related("fund", "union").get(continues=project)


def settle_up(world: World, run: ClassRun, project: Project, amount: str, **more: Any) -> Payment:
    """尾款 of the class, paid from that project by the form finance has."""
    commitment = more.pop("commitment", None)
    line = BudgetLine.objects.get(project=project, item=more.pop("item", "venue"))
    book = run.plan.version.book.book
    papers = {paper.code: [spend.file(f"{paper.code}.pdf")] for paper in book.money.papers}
    given = Paying(
        kind="other",
        title="场地费尾款",
        payee="区委党校",
        rows=[PaidRow(line.pk, D(amount), commitment.pk if commitment is not None else None)],
        method=PayMethod.TRANSFER,
        paid_on=date(2028, 1, 15),
        subject=Subject.CADRES,
        handler="林晓峰",
        session_no=1,
        note="跨年支付",
        invoices=[GivenInvoice(f"2800{next(_serial):04}", D(amount))],
        files=papers,
    )
    return spending.pay(
        project_id=project.pk,
        given=given,
        key=uuid.uuid4(),
        actor=more.pop("actor", world.people["caiwu-staff"]),
        at=more.pop("when", LATER),
    )
