"""May this record be voided? Reads nothing, writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from office.refusals import Refused

if TYPE_CHECKING:
    from org.selectors import Reach
    from training.models import TrainingRecord


def void_refusal(record: TrainingRecord, *, reach: Reach, reason: str) -> Refused | None:
    """Why ``record`` (its cadre loaded) can't be voided by whom ``reach`` describes."""
    if not reach.governs(record.cadre.unit_path):
        return Refused("只有上级工会归口管理部门可以作废培训记录。")
    if len(reason.strip()) < 4:
        return Refused("请写明作废的原因，例如“与另一条重复”。")
    return None
