"""Other names of units. Units themselves come from the administrator or the import of units alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pghistory
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from office.refusals import Conflict, Refused
from org import rules
from org.models import Union, UnitAlias, User
from org.selectors.cadres import reach
from org.selectors.holders import standing
from org.unit_names import unit_key

if TYPE_CHECKING:
    import datetime


def add_alias(
    *,
    unit: Union,
    alias: str,
    since: datetime.date | None = None,
    until: datetime.date | None = None,
    actor: User,
    at: datetime.datetime,
) -> UnitAlias:
    """Let ``alias`` mean ``unit`` from ``since`` on to the day before ``until``; None: without that end.

    Raises ``Refused``: no right over the unit, an empty text, the unit's own name, days out of order;
    ``Conflict``: the unit has this alias already. The same alias of two units stays a homonym.
    """
    key = unit_key(alias)
    if not 2 <= len(key) <= 100:
        raise Refused("别名应为 2 至 100 个字，不能只有标点。")
    if key in (unit_key(unit.name), unit_key(unit.short_name)):
        raise Refused(f"“{alias.strip()}”就是{unit.name}的全称或简称，不用再登记。")
    if since and until and since >= until:
        raise Refused("停用日期应晚于启用日期。")
    _check(actor, unit, at)
    valid = DateRange(since, until) if since or until else None
    try:
        with pghistory.context(user=actor.pk), transaction.atomic():
            row: UnitAlias = UnitAlias.objects.create(union=unit, alias=alias.strip(), key=key, valid=valid)
    except IntegrityError as error:
        raise Conflict(f"{unit.name}已有别名“{alias.strip()}”。") from error
    return row


def remove_alias(*, alias: UnitAlias, actor: User, at: datetime.datetime) -> None:
    """Take back an alias written by mistake; history keeps it. One that only fell out of use gets an end."""
    _check(actor, alias.union, at)
    with pghistory.context(user=actor.pk), transaction.atomic():
        deleted, _ = UnitAlias.objects.filter(pk=alias.pk).delete()
        if not deleted:
            raise Conflict("这条别名已被别人删除。")


def _check(actor: User, unit: Union, at: datetime.datetime) -> None:
    refusal = rules.keeping_refusal(reach(standing(actor, timezone.localdate(at), to_act=True)), unit)
    if refusal is not None:
        raise refusal
