"""May this person take this post, this department this duty; who keeps whose data. No reads, no writes."""

from __future__ import annotations

import datetime
import re
import unicodedata
from typing import TYPE_CHECKING

from office.refusals import Conflict, Refused
from office.wording import chinese_date
from org.states import DutyCode, IdentityKind, Leadership

if TYPE_CHECKING:
    from collections.abc import Sequence

    from org.models import Body, Cadre, Department, Duty, Post, Tenure, Union, User
    from org.selectors.cadres import Reach


def administration_refusal(actor: User, permission: str) -> Refused | None:
    """Holders and duties are changed by the system administrator or whom he trusts with it."""
    if actor.has_perm(permission):
        return None
    return Refused("只有系统管理员可以变更任职、职责和查阅授权。")


def appointment_refusal(
    *, post: Post, user: User, since: datetime.date, acting: bool, tenures: Sequence[Tenure]
) -> Refused | None:
    """Why ``user`` can't take ``post`` from ``since`` on; ``tenures`` are all of the post, in order.

    A successor cuts the tenure that covers ``since`` (S4). Nothing that begins on that day or later may be
    lost; only the user's own later tenure can be brought forward.
    """
    title, day = post.full_title, chinese_date(since)
    if not user.is_active:
        return Refused(f"{user}的账号已停用，不能任职。")
    if post.department and post.department.is_closed(since):
        return Refused(f"{post.department}到{day}时已经撤销，不能再任命。")
    current = next((tenure for tenure in tenures if since in tenure), None)
    if current and current.user_id == user.pk and current.acting == acting:
        return Refused(f"{user}自{chinese_date(current.first_day)}起一直任{title}，不用再任命。")
    if current and current.first_day == since:
        return Conflict(f"{title}自{day}起已由{current.user}担任。如系误任，请先撤销该任职。")
    later = [tenure for tenure in tenures if tenure.first_day > since]
    if later and not brought_forward(user=user, acting=acting, later=later):
        return Refused(
            f"{title}自{chinese_date(later[0].first_day)}起已由{later[0].user}担任，"
            f"从{day}起任命会冲掉该任职。请先撤销后面的任职，或改任命日期。"
        )
    return None


def brought_forward(*, user: User, acting: bool, later: Sequence[Tenure]) -> bool:
    """Whether the only later tenure is the user's own in the same capacity: it just begins earlier."""
    return len(later) == 1 and later[0].user_id == user.pk and later[0].acting == acting


def vacancy_refusal(*, post: Post, on: datetime.date, current: Tenure | None) -> Refused | None:
    """Why the post can't fall vacant on ``on``; ``current`` is the tenure that covers the day."""
    title, day = post.full_title, chinese_date(on)
    if current is None:
        return Refused(f"{day}没有人任{title}。")
    if current.first_day == on:
        return Refused(f"{current.user}自{day}起才任{title}。如系误任，请撤销该任职。")
    return None


def duty_refusal(
    *,
    union: Union,
    code: str,
    department: Department | None,
    body: Body | None,
    since: datetime.date,
    duties: Sequence[Duty],
) -> Refused | None:
    """Why the duty can't go to the department or meeting from ``since`` on; ``duties``: all of the code."""
    if code not in DutyCode.values:
        return Refused(f"没有“{code}”这项职责。")
    label, day = DutyCode(code).label, chinese_date(since)
    bearer = department or body
    if bearer is None or (department is not None and body is not None):
        return Refused("请指定一个部门或一个会议来承担职责，只能选一个。")
    if code == DutyCode.DECISION_BODY and body is None:
        return Refused("审定会议这项职责须由会议承担。")
    if bearer.union_id != union.pk:
        return Refused(f"{bearer}不属于{union}。")
    if department is not None and department.is_closed(since):
        return Refused(f"{department}到{day}时已经撤销，不能承担“{label}”。")
    current = next((duty for duty in duties if since in duty), None)
    if current and current.bearer == bearer:
        return Refused(f"{bearer}自{chinese_date(current.first_day)}起一直承担“{label}”，不用再指定。")
    if current and current.first_day == since:
        return Conflict(f"自{day}起“{label}”已由{current.bearer}承担。如系误设，请先撤销该条。")
    later = next((duty for duty in duties if duty.first_day > since), None)
    if later:
        return Refused(
            f"自{chinese_date(later.first_day)}起“{label}”已定由{later.bearer}承担，"
            f"从{day}起另行指定会冲掉它。请先撤销后面的一条。"
        )
    return None


def closing_refusal(*, closed_on: datetime.date, duties: Sequence[Duty]) -> Refused | None:
    """Why a department can't close on ``closed_on``; ``duties`` are all it ever bore."""
    for duty in duties:
        if duty.last_day is None or duty.last_day >= closed_on:
            label = DutyCode(duty.code).label
            return Refused(f"到{chinese_date(closed_on)}时该部门还承担“{label}”，请先指定由谁接替。")
    return None


_CHECK_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"
_BY_CHECK_DIGIT = (IdentityKind.RESIDENT, IdentityKind.HK_MACAO_TAIWAN)
_RESIDENT = re.compile(r"[0-9]{17}[0-9X]")
_VICE = re.compile(r"(总?工会|联合会)?(常务|专职|兼职|挂职)?副主席(\(主持工作\))?")
_CHAIR = re.compile(r"(总?工会|联合会)?(兼职|专职)?主席")


def plain_number(number: str) -> str:
    """An identity number as it is sealed and looked up: width and case folded, no blanks."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", number)).upper()


def number_refusal(kind: str, number: str) -> Refused | None:
    """Why ``number`` (made plain before) can't be that document's; nobody's number is ever corrected."""
    if kind not in IdentityKind.values:
        return Refused("请选择证件类型。")
    if not 4 <= len(number) <= 30:
        return Refused("证件号码应为 4 至 30 个字符，请对照证件核对。")
    if kind not in _BY_CHECK_DIGIT:
        return None
    if not _RESIDENT.fullmatch(number):
        return Refused(f"{IdentityKind(kind).label}的号码应为 18 位，前 17 位是数字，请对照证件核对。")
    total = sum(weight * int(digit) for weight, digit in zip(_CHECK_WEIGHTS, number, strict=False))
    if number[17] != _CHECK_DIGITS[total % 11]:
        return Refused("证件号码校验不符，至少有一位写错，请对照证件逐位核对。")
    try:
        datetime.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return Refused("证件号码里的出生日期不存在，请对照证件核对。")
    return None


def leadership_of(post_title: str) -> str:
    """Whether the post is that of a union's chair or vice-chair; other titles that only contain the word
    (女职工委员会主席, 主席助理) aren't."""
    found = ""
    for part in re.split(r"[、,，;；/]|兼(?!职)", unicodedata.normalize("NFKC", post_title)):
        title = part.strip()
        if _CHAIR.fullmatch(title):
            return Leadership.CHAIR.value
        if _VICE.fullmatch(title):
            found = Leadership.VICE_CHAIR.value
    return found


def keeping_refusal(reach: Reach, unit: Union) -> Refused | None:
    """Why the person may not change the cadres of ``unit``."""
    if reach.keeps(unit.path):
        return None
    return Refused(f"“{unit.name}”的干部信息由该单位或上级工会归口管理部门维护，您不能修改。")


def move_refusal(cadre: Cadre, *, to: Union, since: datetime.date, today: datetime.date) -> Refused | None:
    """Why he can't change over to ``to`` on ``since``, the first day there."""
    if since > today:
        return Refused(f"调动日期 {chinese_date(since)} 还没有到，请到日再办。")
    if to.pk == cadre.unit_id:
        return Refused(f"{cadre.name}现在就在{to.name}，不用调动。")
    return None


def identity_refusal(*, permitted: bool, purpose: str) -> Refused | None:
    """Whole numbers are for whoever was trusted with them, and for a reason that is written down (§8 #27)."""
    if not permitted:
        return Refused("查看完整证件号码需要授权，请向系统管理员申请“查看和导出完整证件号码”权限。")
    if len(purpose.strip()) < 4:
        return Refused("请写明查看完整证件号码的事由，例如“办理结业证书”。")
    return None
