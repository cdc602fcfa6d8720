"""S22: no class takes money from its trainees, but one whose approved plan names the basis."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from budgets.models import Entry, SupportingPaper
from budgets.selectors import fund_totals
from budgets.states import EntryKind
from office.refusals import Refused
from tests.workflow.money import spending as acts
from tests.workflow.money.spending import NOW
from tests.workflow.world import World
from workflow.models import ClassRun
from workflow.services import spending


def income(world: World, run: ClassRun, **more: Any) -> Entry:
    fields: dict[str, Any] = {
        "amount": Decimal("12000.00"),
        "basis": "津发改价〔2026〕8号",
        "file": acts.file("依据.pdf"),
        "actor": world.people["caiwu-head"],
        "at": NOW,
    }
    return spending.book_income(project_id=run.plan.project_id, **(fields | more))


@pytest.mark.parametrize(("category", "title"), [("core", "主体班"), ("professional", "业务班")])
def test_core_and_professional_classes_take_no_fee(world: World, category: str, title: str) -> None:
    department = "jiceng" if category == "core" else "xuanchuan"
    run = acts.ready(
        world, category=category, department=department, subject="ZT-01" if category == "core" else "YW-03"
    )
    with pytest.raises(Refused, match=f"{title}不得向学员收费，不能登记收入 12,000.00 元（《意见》.*五"):
        income(world, run)
    assert not Entry.objects.filter(kind=EntryKind.SUPPLEMENT).exists()


def test_a_certification_class_needs_the_basis_in_its_plan(world: World) -> None:
    run = acts.ready(world, category="certification", subject="ZG-01")
    with pytest.raises(Refused, match="审定的计划没有收费项目和依据"):
        income(world, run)


def test_with_a_basis_the_fee_goes_to_the_fund_and_not_to_the_class(world: World) -> None:
    run = acts.ready(
        world,
        category="certification",
        subject="ZG-01",
        fee=Decimal("200.00"),
        fee_basis="津发改价〔2026〕8号",
    )
    before = fund_totals([world.fund.pk])[world.fund.pk]
    with pytest.raises(Refused, match="请上传收费依据文件"):
        income(world, run, file=None)
    with pytest.raises(Refused, match="由承担财务职责的部门办理"):
        income(world, run, actor=world.people["xuanchuan-head"])
    entry = income(world, run)
    after = fund_totals([world.fund.pk])[world.fund.pk]
    assert after.available - before.available == Decimal("12000.00")
    assert after.appropriated == before.appropriated
    assert SupportingPaper.objects.get(entry=entry).file.name == "依据.pdf"
