"""May this person do this with a fund, and if not, why not. No writes; the moment is passed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.utils import timezone

from office.wording import chinese_date
from org.models import DutyCode, PostKind
from org.selectors import standing

if TYPE_CHECKING:
    import datetime

    from budgets.models import Fund
    from org.models import Post, Union, User
    from org.selectors import Standing

ACTIONS: Final = {
    "open_fund": "设立年度专项预算",
    "restate": "录入年度专项预算的批复数",
    "supplement": "追加年度专项预算",
    "spend": "登记预占和支付",
    "settle": "办理决算",
    "close": "年度结账",
    "reopen": "反结账",
}
"""What only the union's finance does by itself. Appropriation is no such act: the meeting's decision is its
approval, and the gate of that decision is asked there."""


def finance_post(union: Union, actor: User, at: datetime.datetime) -> Post | None:
    """The post by which `actor` acts for the union's finance: in the department that holds the duty, or as
    secretary of the meeting that holds it. None if he holds no such post on that day."""
    return finance_post_in(standing(actor, timezone.localdate(at), to_act=True), union)


def finance_post_in(seen: Standing, union: Union) -> Post | None:
    """The same for whose standing on that day is known already; no query."""
    # Each post comes with the duties it carries.
    posts: tuple[Any, ...] = seen.posts
    finance = {"code": DutyCode.FINANCE.value, "union": union.pk}
    found: Post | None = next((post for post in posts if finance in post.duties_held), None)
    return found


def refusal(action: str, union: Union, actor: User, at: datetime.datetime) -> str | None:
    """Why `actor` may not do one of `ACTIONS` with the funds of `union` at that moment; None if he may."""
    return refusal_at(action, finance_post(union, actor, at), actor)


def refusal_at(action: str, post: Post | None, actor: User) -> str | None:
    """The same for who has looked up the post already: `post` as :func:`finance_post` gave it."""
    if post is None:
        return f"{ACTIONS[action]}由承担财务职责的部门办理，{actor.name}不在该部门任职。"
    if action == "reopen" and not finance_head(post):
        return f"反结账由财务部门负责人办理，{actor.name}的岗位是{post.title}。"
    return None


def finance_head(post: Post) -> bool:
    """Whether that post of the finance department is its head's (or the secretary's of the meeting)."""
    return post.kind in (PostKind.HEAD, PostKind.SECRETARY)


def closed(fund: Fund) -> str | None:
    """Why nothing can be booked on a fund whose year was closed (DOMAIN S21); None while it is open."""
    if fund.closed_on is None:
        return None
    return f"{fund}已于{chinese_date(fund.closed_on)}结账，不能再下达或入账。"
