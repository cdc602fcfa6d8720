"""Every change of post, tenure, duty and department is kept with its actor, and kept for good."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from org.models import Department, Duty, Post, Tenure
from org.services import appoint, revoke, vacate
from tests.org.cast import Cast, M, day, term


def events_of(model: Any) -> Any:
    return model.pgh_event_model


def test_a_succession_in_history(cast: Cast) -> None:
    common: dict[str, Any] = {"post": cast.training_head, "actor": cast.admin, "at": M}
    appoint(user=cast.an, since=day("2018-01-01"), **common)
    second = appoint(user=cast.bo, since=day("2024-06-01"), **common)
    vacate(post=cast.training_head, on=day("2024-06-05"), actor=cast.admin, at=M)
    revoke(tenure=second, actor=cast.admin, at=M)
    events = events_of(Tenure).objects.order_by("pgh_id").select_related("pgh_context")
    assert [(event.pgh_label, event.user_id, event.period) for event in events] == [
        ("insert", cast.an.pk, term("2018-01-01")),
        ("update", cast.an.pk, term("2018-01-01", "2024-06-01")),
        ("insert", cast.bo.pk, term("2024-06-01")),
        ("update", cast.bo.pk, term("2024-06-01", "2024-06-05")),
        ("delete", cast.bo.pk, term("2024-06-01", "2024-06-05")),
    ]
    assert {event.pgh_context.metadata["user"] for event in events} == {cast.admin.pk}


@pytest.mark.parametrize("model", [Department, Post, Tenure, Duty])
def test_history_is_append_only(cast: Cast, model: Any) -> None:
    appoint(post=cast.training_head, user=cast.an, since=day("2018-01-01"), actor=cast.admin, at=M)
    events = events_of(model).objects.all()
    assert events.exists()
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        events.update(pgh_label="x")
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        events.delete()


def test_raw_changes_are_kept_too(cast: Cast) -> None:
    Department.objects.filter(pk=cast.money.pk).update(name="财务部")
    events = events_of(Department).objects.filter(pgh_obj_id=cast.money.pk).order_by("pgh_id")
    assert [(event.pgh_label, event.name) for event in events] == [
        ("insert", "财务资产部"),
        ("update", "财务部"),
    ]
