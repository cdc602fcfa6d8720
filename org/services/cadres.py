"""Cadres: entered, corrected, moved, taken off; and whole identity numbers shown to whom they may be.

Every change is kept in history with its actor. Numbers go in sealed and come out with a log line alone.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pghistory
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from office import sealing
from office.refusals import Conflict, Refused
from office.wording import chinese_date
from org import rules
from org.models import Cadre, IdentityAccess, Membership, Union, User
from org.selectors.cadres import Reach, reach
from org.selectors.holders import standing
from org.states import CadreStatus, Committee

if TYPE_CHECKING:
    import datetime
    from collections.abc import Collection, Iterator

#: What may be entered and corrected about a cadre beside document, unit and status.
FIELDS: Final = (
    "name",
    "former_name",
    "gender",
    "born_on",
    "born_precision",
    "kind",
    "post_title",
    "rank",
    "leadership",
    "appointed_on",
    "appointed_precision",
    "committees",
    "phone",
    "remark",
)


def register_cadre(
    *,
    identity_kind: str,
    number: str,
    name: str,
    unit: Union,
    since: datetime.date,
    actor: User,
    at: datetime.datetime,
    **fields: Any,
) -> Cadre:
    """Enter somebody who isn't in the books yet, as a member of ``unit`` from ``since`` on.

    ``fields`` are of :data:`FIELDS`; ``leadership`` follows from ``post_title`` unless given. Raises
    ``Refused``: no right over the unit, a document number that can't be, no name, a day to come, or the
    document is registered already.
    """
    number = rules.plain_number(number)
    _raise(rules.number_refusal(identity_kind, number))
    if since > timezone.localdate(at):
        raise Refused(f"到单位的日期 {chinese_date(since)} 还没有到。")
    values = _checked({"name": name, **fields})
    if not values.get("leadership"):
        values["leadership"] = rules.leadership_of(str(values.get("post_title", "")))
    with _keeping(actor, at) as able:
        _raise(rules.keeping_refusal(able, unit))
        known = Cadre.objects.with_identity(identity_kind, number).select_related("unit").first()
        if known is not None:
            raise _registered(known, able)
        cadre = Cadre(
            identity_kind=identity_kind,
            identity_sealed=sealing.seal(number, about=identity_kind),
            identity_digest=sealing.digest(number, about=identity_kind),
            **values,
        )
        try:
            with transaction.atomic():
                cadre.save(force_insert=True)
        except IntegrityError as error:
            raise Conflict("这个证件号码刚刚被别人登记，请刷新后核对。") from error
        Membership.objects.create(
            cadre=cadre, union=unit, post_title=cadre.post_title, period=DateRange(since, None)
        )
        cadre.refresh_from_db(fields=["unit", "unit_path"])
        return cadre


def update_cadre(*, cadre: Cadre, revision: int, actor: User, at: datetime.datetime, **fields: Any) -> Cadre:
    """Correct what is known of somebody; ``revision`` is that of the data the correction was made from.

    Raises ``Refused`` without a right over his unit, ``Conflict`` if somebody corrected him meanwhile.
    """
    values = _checked(fields)
    with _keeping(actor, at) as able:
        locked = _locked(cadre.pk, able)
        if locked.revision != revision:
            raise Conflict(f"{locked.name}的信息刚刚被别人改过，请核对后再保存。")
        changed = [name for name, value in values.items() if getattr(locked, name) != value]
        for name in changed:
            setattr(locked, name, values[name])
        if "post_title" in changed and "leadership" not in values:
            locked.leadership = rules.leadership_of(locked.post_title)
            changed.append("leadership")
        if changed:
            _save(locked, *changed)
        return locked


def move_cadre(
    *,
    cadre: Cadre,
    unit: Union,
    since: datetime.date,
    post_title: str = "",
    actor: User,
    at: datetime.datetime,
) -> Membership:
    """Let him change over to ``unit``: ``since`` is his first day there.

    Needs a right over both units. What he trained for before stays with the unit of then (S15).
    Raises ``Refused``, also if he came to his present unit on that day or later.
    """
    with _keeping(actor, at) as able:
        locked = _locked(cadre.pk, able)
        _raise(rules.keeping_refusal(able, unit))
        _raise(rules.move_refusal(locked, to=unit, since=since, today=timezone.localdate(at)))
        last = Membership.objects.filter(cadre=locked, is_primary=True).order_by("-period").first()
        if last is not None:
            if last.first_day >= since:
                raise Refused(
                    f"{locked.name}自{chinese_date(last.first_day)}起在{last.union}，调动日期应晚于这一天。"
                )
            if last.period.upper is None or last.period.upper > since:
                last.end(since)
        moved = Membership.objects.create(
            cadre=locked, union=unit, post_title=post_title, period=DateRange(since, None)
        )
        if post_title:
            locked.post_title = post_title
            locked.leadership = rules.leadership_of(post_title)
        _save(locked, "post_title", "leadership")
        cadre.refresh_from_db()
        return moved


def set_status(*, cadre: Cadre, status: str, on: datetime.date, actor: User, at: datetime.datetime) -> Cadre:
    """Take him off the list of those in office from ``on`` on, or put him back (DOMAIN §4, case 51)."""
    if status not in CadreStatus.values:
        raise Refused("请选择状态。")
    with _keeping(actor, at) as able:
        locked = _locked(cadre.pk, able)
        if locked.status == status:
            raise Refused(f"{locked.name}现在就是“{locked.get_status_display()}”。")
        locked.status, locked.status_on = status, on
        _save(locked, "status", "status_on")
        return locked


def link_user(*, cadre: Cadre, user: User | None, actor: User, at: datetime.datetime) -> Cadre:
    """Let the person who signs in as ``user`` see what this cadre is called to; None takes it back."""
    with _keeping(actor, at) as able:
        locked = _locked(cadre.pk, able)
        if user is not None:
            other = Cadre.objects.filter(user=user).exclude(pk=locked.pk).first()
            if other is not None:
                raise Refused(f"帐号“{user.username}”已经对应另一名干部。")
        locked.user = user
        _save(locked, "user")
        return locked


def see_identity(*, cadre: Cadre, actor: User, at: datetime.datetime, purpose: str) -> str:
    """The whole number of a cadre the caller has made sure ``actor`` looks at; leaves an IdentityAccess."""
    _raise(rules.identity_refusal(permitted=actor.has_perm("org.see_identity"), purpose=purpose))
    with transaction.atomic():
        IdentityAccess.objects.create(actor=actor, at=at, cadre=cadre, purpose=purpose.strip())
        return cadre.identity_number


def take_out_identities(
    *, cadres: Collection[Cadre], what: str, actor: User, at: datetime.datetime, purpose: str
) -> dict[int, str]:
    """The whole numbers of many for a file, by id of the cadre; one IdentityAccess says how many, of ``what``
    list (某区总工会干部名册) and why."""
    _raise(rules.identity_refusal(permitted=actor.has_perm("org.see_identity"), purpose=purpose))
    with transaction.atomic():
        said = f"导出{what}：{purpose.strip()}"[:200]
        IdentityAccess.objects.create(actor=actor, at=at, count=len(cadres), purpose=said)
        return {cadre.pk: cadre.identity_number for cadre in cadres}


@contextmanager
def _keeping(actor: User, at: datetime.datetime) -> Iterator[Reach]:
    if at.tzinfo is None:
        raise ValueError("the moment must be aware")
    with pghistory.context(user=actor.pk), transaction.atomic():
        yield reach(standing(actor, timezone.localdate(at), to_act=True))


def _locked(pk: int, able: Reach) -> Cadre:
    # no_key: whoever writes a record or a seat of his doesn't wait for us.
    found = Cadre.objects.select_for_update(of=("self",), no_key=True).select_related("unit")
    cadre: Cadre = found.get(pk=pk)
    if cadre.unit is not None:
        _raise(rules.keeping_refusal(able, cadre.unit))
    elif not able.everywhere:
        raise Refused(f"{cadre.name}没有登记单位，请联系系统管理员。")
    return cadre


def _save(cadre: Cadre, *fields: str) -> None:
    cadre.revision += 1
    cadre.save(update_fields=[*fields, "revision"])


def _registered(known: Cadre, able: Reach) -> Refused:
    if known.unit is not None and (able.keeps(known.unit.path) or able.sees(known.unit.path)):
        return Refused(f"这个证件号码已经登记：{known.name}（{known.unit}），不用再登记。")
    return Refused("这个证件号码已在其他单位登记，请联系上级工会归口管理部门办理调动。")


def _checked(fields: dict[str, Any]) -> dict[str, Any]:
    unknown = fields.keys() - set(FIELDS)
    if unknown:
        raise TypeError(f"not fields of a cadre: {sorted(unknown)}")
    values = {name: value.strip() if isinstance(value, str) else value for name, value in fields.items()}
    if "name" in values and not values["name"]:
        raise Refused("请填写姓名。")
    for name, value in values.items():
        field = Cadre._meta.get_field(name)
        longest = getattr(field, "max_length", None)
        if isinstance(value, str) and longest and len(value) > longest:
            raise Refused(f"“{field.verbose_name}”最多 {longest} 个字。")  # type: ignore[union-attr]
        choices = {choice for choice, _ in getattr(field, "choices", None) or ()}
        if choices and value and value not in choices:
            raise Refused(f"“{field.verbose_name}”没有“{value}”这一项。")  # type: ignore[union-attr]
    if not set(values.get("committees", ())) <= set(Committee.values):
        raise Refused("“三委委员”里有不认识的一项。")
    return values


def _raise(refusal: Refused | None) -> None:
    if refusal is not None:
        raise refusal
