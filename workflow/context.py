"""The side navigation, who one is and which year is planned, on every page behind sign-in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from workflow.selectors.years import current_year
from workflow.views.common import badges_of, standing_of

if TYPE_CHECKING:
    from django.http import HttpRequest  # noqa: TID251 - a context processor is HTTP's

    from org.selectors import Standing
    from workflow.selectors.desk import Badges

#: Pages that belong under an entry of the navigation without being it.
UNDER = {
    "plan_new": "declare",
    "plan_submit": "declare",
    "submit_many": "declare",
    "plan_edit": "declare",
    "plan_delete": "declare",
    "withdraw": "declare",
    "file_delete": "declare",
    "import_new": "declare",
    "import_preview": "declare",
    "meeting": "meetings",
    "meeting_new": "meetings",
    "agenda_item": "meetings",
    "fund": "funds",
    "fund_new": "funds",
    "fund_restate": "funds",
    "fund_supplement": "funds",
    "fund_requests": "funds",
    "fund_close": "funds",
    "fund_reopen": "funds",
    "fund_growth": "funds",
    "money_transfer": "funds",
    "money_budget": "funds",
    "money_carry_over": "funds",
    "money_request": "funds",
    "money_request_edit": "funds",
    "money_request_decide": "funds",
    "money_request_withdraw": "funds",
    "money_request_again": "funds",
    "money_request_discard": "funds",
    "project": "funds",
    "fund_progress": "funds",
    "fund_rows": "funds",
    "fund_payments": "funds",
    "fund_report": "funds",
    "fund_reconcile": "funds",
    "fund_reconciliation": "funds",
    "decide_many": "inbox",
    "decide": "inbox",
    "run": "runs",
    "run_open": "runs",
    "run_change": "runs",
    "run_request": "runs",
    "run_request_edit": "runs",
    "run_request_decide": "runs",
    "run_request_withdraw": "runs",
    "run_request_discard": "runs",
    "run_quota": "runs",
    "run_notice": "runs",
    "run_seats": "runs",
    "run_attendance": "runs",
    "run_feedback": "runs",
    "run_overrides": "runs",
    "run_settlement": "runs",
    "run_named": "runs",
    "run_on_site": "runs",
    "run_seats_act": "runs",
    "run_close": "runs",
    "nominate": "nominations",
    "roster_new": "nominations",
    "roster": "nominations",
    "cadre": "cadres",
    "cadre_edit": "cadres",
    "cadre_new": "cadres",
    "cadre_change": "cadres",
    "cadre_identity": "cadres",
    "long_task": "long_tasks",
    "long_task_cancel": "long_tasks",
}


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context processor: ``nav``, ``me_line``, ``context_line``, each read only if the template shows it."""
    match = request.resolver_match
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or (match is not None and match.app_name == "admin"):
        return {}
    kept = cast("Badges", SimpleLazyObject(lambda: badges_of(request)))
    name = (match.url_name or "") if match is not None and match.app_name == "workflow" else ""
    return {
        "badges": kept,
        "nav": SimpleLazyObject(lambda: _groups(standing_of(request), kept, UNDER.get(name, name))),
        "me_line": SimpleLazyObject(lambda: _me(standing_of(request))),
        "context_line": SimpleLazyObject(lambda: _context(kept)),
    }


def _groups(standing: Standing, count: Badges, current: str) -> list[dict[str, Any]]:
    oversees = bool(standing.whole_union_ids)
    sees = bool(oversees or standing.seen_department_ids)
    holds, authority = bool(standing.posts), bool(standing.authority_union_ids)
    if current == "funds" and not oversees:
        current = "own_money"
    groups: tuple[tuple[str, tuple[tuple[str, str, int, bool], ...]], ...] = (
        (
            "我的工作",
            (
                ("inbox", "待办", count.waiting, True),
                ("done", "已办", 0, True),
                ("mine", "我发起的", count.under_way, True),
                ("my_training", "我的培训", 0, True),
            ),
        ),
        (
            "年度计划",
            (
                ("declare", "年度申报", 0, bool(standing.department_ids)),
                ("desk", "计划汇总", 0, oversees),
                ("meetings", "上会议题", 0, oversees),
                ("year_plan", "年度计划", 0, sees),
            ),
        ),
        (
            "办班调训",
            (
                ("runs", "班次", 0, sees or holds),
                ("nominations", "名额与报名", count.called, holds),
            ),
        ),
        (
            "经费",
            (
                ("funds", "培训经费", 0, oversees),
                ("own_money", "本部门经费", 0, bool(standing.seen_department_ids) and not oversees),
            ),
        ),
        (
            "干部",
            (
                ("cadres", "干部名册", 0, holds or oversees),
                ("forgotten", "长期未训", 0, holds or oversees),
                ("unit_load", "单位负荷", 0, oversees),
                ("unit_aliases", "单位别名", 0, authority),
                ("people_import", "导入", 0, authority),
                ("identity_log", "证件查看记录", 0, authority),
                ("long_tasks", "后台事项", 0, oversees),
            ),
        ),
    )
    there = {name: url for _, entries in groups for name, *_ in entries if (url := _url(name))}
    return [
        {
            "title": title,
            "items": [
                {
                    "title": label,
                    "url": there[name],
                    "count": number,
                    "hot": name in ("inbox", "nominations"),
                    "current": name == current,
                }
                for name, label, number, open_to_him in entries
                if open_to_him and name in there
            ],
        }
        for title, entries in groups
        if any(open_to_him and name in there for name, *_, open_to_him in entries)
    ]


def _url(name: str) -> str:
    """The page's address; empty while it has none."""
    try:
        return reverse(f"workflow:{name}")
    except NoReverseMatch:
        return ""


def _me(standing: Standing) -> str:
    if not standing.posts:
        return "未任职"
    posts = "、".join(dict.fromkeys(post.full_title for post in standing.posts))
    unions = "、".join(dict.fromkeys(post.union.name for post in standing.posts))
    return f"{posts} · {unions}"


def _context(count: Badges) -> str:
    year = f"{current_year(timezone.now())} 年度计划"
    day = count.next_meeting
    return f"{year} · 拟 {day.month}月{day.day}日 上会" if day else year
