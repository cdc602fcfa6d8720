"""A class added during the year is claimed with the head's approval beside the minutes (X1 art. 6 and 17)."""

from __future__ import annotations

from rulebook.money import PaperSource
from tests.workflow.money import spending as acts
from tests.workflow.world import World
from workflow.rules.spending import case_of, known_of

APPROVED = "赵启明主席 2027年3月1日同意"


def approval_of(world: World, **fields: str) -> str:
    case = case_of(acts.project_of(acts.ready(world, **fields)).pk)
    assert case is not None
    known = known_of(case, PaperSource.APPROVAL, 1)
    assert known is not None
    return known.text


def test_the_heads_approval_stands_beside_the_minutes(world: World) -> None:
    text = approval_of(world, off_plan_reason="上级临时部署", principal_approval=APPROVED)
    assert text.endswith(f"纪要编号 〔2027〕3号；计划外班次，{APPROVED}")


def test_a_class_of_the_years_plan_has_the_minutes_alone(world: World) -> None:
    assert approval_of(world).endswith("纪要编号 〔2027〕3号")
