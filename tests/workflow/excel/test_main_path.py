"""Template → filled → upload → preview → commit, by a department's own clerk."""

from __future__ import annotations

from decimal import Decimal

from tests.workflow.excel.books import commit, filled_book, look, upload
from tests.workflow.world import World
from workflow.models import ClassPlan, PlanCost


def test_a_filled_template_becomes_exactly_the_drafts_it_previews(world: World) -> None:
    received = upload(world, filled_book(world, [{"name": "工会信息员培训班"}, {"name": "网络宣传员培训班"}]))
    found = look(received)
    assert [item.name for item in found.good] == ["工会信息员培训班", "网络宣传员培训班"]
    assert found.faults == []
    assert ClassPlan.objects.count() == 0
    done = commit(world, received)
    assert (done.created, done.changed) == (2, 0)
    plan = ClassPlan.objects.get(name="工会信息员培训班")
    assert plan.state == "draft"
    assert plan.subject == "YW-03"
    assert plan.time_slots == ["06U"]
    assert plan.half_days == 4
    assert plan.place_text == "区委党校（拟）"
    assert {c.item: c.amount for c in PlanCost.objects.filter(plan=plan)} == {
        "meals": Decimal("15600.00"),
        "venue": Decimal("6000.00"),
    }
