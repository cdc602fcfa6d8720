"""How each finding about a person reads: message, way out, evidence."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from django.utils import timezone

from office.wording import chinese_date, moment
from org.states import CadreStatus, UnionLevel
from rulebook.codes import PERSON_RULE_CODES
from rulebook.severity import Severity
from workflow.models.run import day_of
from workflow.rules.corresponding import months_after
from workflow.rules.findings import Finding, stored
from workflow.states import SeatRank, SeatState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rulebook.people import RepeatRule
    from rulebook.schema import Book
    from workflow.models import ClassRun, Seat


#: One of ``{"[20102,20104)","[20108,20110)"}``: half-days of a class as the database writes them.
_STRETCH: Final = re.compile(r"\[(\d+),(\d+)\)")


#: What is said of the class and its money when it grows: nobody's exemption puts it right.
OF_CLASS: Final = frozenset({"over_quota", "over_ceiling_total"})


def still_said(seat: Seat) -> list[Finding]:
    """What was said when he was nominated, as far as it holds: who has a place now isn't beyond the quota."""
    settled = seat.rank == SeatRank.FORMAL
    return [one for one in stored(seat.findings) if not (settled and one.code in OF_CLASS)]


class Said(NamedTuple):
    """What a finding takes from its rule."""

    code: str
    severity: str
    title: str
    clause: str


class Days(NamedTuple):
    """When the class is held: its first and last day, and its half-days in words."""

    first: date
    last: date
    text: str


def days_of(run: ClassRun) -> Days:
    """Raises IndexError before the second gate."""
    parts = run.stretches
    text = "、".join(stretch_text(part.lower, part.upper) for part in parts)
    return Days(run.start()[0], run.end()[0], text)


#: The rules of people that are switched on, by code.
Rules = dict[str, Said]


def rule_of(book: Book, code: str) -> Said | None:
    """The rule of that code; None where the book switches it off."""
    rule = book.rule(code)
    if rule.severity == Severity.OFF:
        return None
    return Said(code, str(rule.severity.value), rule.title, rule.clause)


def rules_of(book: Book) -> Rules:
    """The book's rules of people, those that are off left out."""
    return {code: rule for code in PERSON_RULE_CODES if (rule := rule_of(book, code)) is not None}


def finding(rule: Said, message: str, mend: str, **more: Any) -> Finding:
    return Finding(rule.code, rule.severity, rule.title, message, rule.clause, mend, **more)


def half_day_text(number: int) -> str:
    """``2027年6月8日上午`` for a number of :func:`workflow.models.run.half_day`."""
    day, half = day_of(number)
    return f"{chinese_date(day)}{half.label}"


def stretch_text(lower: int, upper: int) -> str:
    """The half-days of a class from the first to the last, ``upper`` excluded."""
    if upper - lower == 1:
        return half_day_text(lower)
    return f"{half_day_text(lower)}至{half_day_text(upper - 1)}"


def link(other: Mapping[str, Any]) -> dict[str, Any]:
    """Evidence: the class, its dates, its organiser, and the url name of its page where it is one of ours."""
    return {
        "class": other["class"],
        "run_id": other["run"],
        "starts_on": other["starts_on"],
        "ends_on": other["ends_on"],
        "organizer": organizer(other),
        "state": str(SeatState(other["state"]).label) if other.get("state") else "",
        "url_name": "run" if other["run"] else "",
    }


def organizer(other: Mapping[str, Any]) -> str:
    """``某区总工会权益保障部``; for an imported record the name it came with."""
    return str(other["organizer"]) if "organizer" in other else f"{other['union']}{other['department']}"


def named(other: Mapping[str, Any]) -> str:
    parts = _STRETCH.findall(other["stretches"])
    days = "、".join(stretch_text(int(lower), int(upper)) for lower, upper in parts)
    return f"{organizer(other)}《{other['class']}》（{days}）"


def _all(others: Sequence[Mapping[str, Any]]) -> str:
    return "、".join(named(other) for other in sorted(others, key=lambda other: str(other["starts_on"])))


def _links(others: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [link(other) for other in sorted(others, key=lambda other: str(other["starts_on"]))]


def unknown_person(rule: Said) -> Finding:
    return finding(
        rule, "干部名册里没有这个证件号码。", "请核对号码；确是新人的，先在干部名册中登记，再报名。"
    )


def name_differs(rule: Said, written: str, registered: str) -> Finding:
    return finding(
        rule,
        f"名单上写“{written}”，这个证件号码在名册中是“{registered}”。",
        "请核对号码和姓名；改过名的，先在干部名册中更正。",
        figures={"名单": written, "名册": registered},
    )


def not_active(rule: Said, detail: Mapping[str, Any], first_day: date) -> Finding:
    status = CadreStatus(detail["status"]).label
    since = date.fromisoformat(detail["status_on"]) if detail["status_on"] else None
    when = f"自{chinese_date(since)}起" if since else ""
    return finding(
        rule,
        f"{when}已“{status}”，开班首日（{chinese_date(first_day)}）不在岗。",
        "请另选人员；状态有误的，先在干部名册中更正。",
        figures={
            "状态": str(status),
            "状态日期": detail["status_on"] or "",
            "开班首日": first_day.isoformat(),
        },
    )


def outside(rule: Said, detail: Mapping[str, Any], words: Sequence[str]) -> Finding:
    level = str(UnionLevel(detail["other_level"]).label) if detail["other_level"] else ""
    what = "、".join(
        text
        for text in (
            f"所在工会是{level}" if level else "",
            f"职务是“{detail['post'] or '未登记'}”" if detail["other_post"] else "",
        )
        if text
    )
    return finding(
        rule,
        f"本班的对象是{'、'.join(words)}；此人{what}。",
        "请另选人员，或说明理由。",
        figures={"对象": "、".join(words), "此人": what},
    )


def of_another_unit(rule: Said, theirs: str, nominating: str, first_day: date) -> Finding:
    where = f"在“{theirs}”" if theirs else "已没有登记的单位"
    return finding(
        rule,
        f"开班首日（{chinese_date(first_day)}）{where}，不属于{nominating}及其下级单位。",
        "请由其所在单位报名；单位登记有误的，先在干部名册中更正，或说明理由。",
        figures={"所在单位": theirs, "报名单位": nominating},
    )


def already_in_class(rule: Said, here: Mapping[str, Any]) -> Finding:
    state = SeatState(here["state"]).label if here["state"] else SeatState.NOMINATED.label
    return finding(rule, f"已在本班名单中（{state}）。", "无须再报。", links=[link(here)])


def overlap(rule: Said, others: Sequence[Mapping[str, Any]], days: Days) -> Finding:
    return finding(
        rule,
        f"已确认参加{_all(others)}，与本班（{days.text}）时间冲突。",
        "请另选人员，或与对方主办部门协商后先退出那个班。",
        figures={"本班": days.text},
        links=_links(others),
    )


def many_callers(rule: Said, others: Sequence[Mapping[str, Any]], days: Days) -> Finding:
    return finding(
        rule,
        f"也在{_all(others)}的名单中，与本班（{days.text}）时间重叠。",
        "请与对方主办部门协商由谁调训，并说明。",
        figures={"本班": days.text},
        links=_links(others),
    )


def is_within(other: Mapping[str, Any], days: Days, rule: RepeatRule) -> bool:
    """Whether the later of two classes begins within the period that the earlier one opened.

    Attended ones are told by their records, so a finished seat isn't asked again.
    """
    if other["state"] == SeatState.COMPLETED:
        return False
    spans = sorted(
        [
            (date.fromisoformat(other["starts_on"]), date.fromisoformat(other["ends_on"])),
            (days.first, days.last),
        ]
    )
    opens = spans[0][0] if rule.anchor == "start" else spans[0][1]
    return months_after(opens, rule.months) >= spans[1][0]


def repeat_call_up(
    rule: Said, others: Sequence[Mapping[str, Any]], days: Days, business: str, params: RepeatRule
) -> Finding:
    """``others``: records and seats of the same business; the latest of them is the one told."""
    last = max(others, key=lambda other: (str(other["ends_on"]), str(other["starts_on"])))
    first_day, last_day = date.fromisoformat(last["starts_on"]), date.fromisoformat(last["ends_on"])
    held = f"{chinese_date(first_day)}至{chinese_date(last_day)}"
    figures = {"业务编码": business, "期限": f"{params.months} 个月", "本班开班": days.first.isoformat()}
    if first_day > days.first:
        message = (
            f"已在{organizer(last)}《{last['class']}》（{held}）的名单中，业务相同（{business}），"
            f"与本班相隔不满 {params.months} 个月，{_asks(rule)}。"
        )
    else:
        anchor = first_day if params.anchor == "start" else last_day
        until = months_after(anchor, params.months)
        done = "参加过" if "by_superior" in last else "已报名"
        message = (
            f"{done}{organizer(last)}《{last['class']}》（{held}），业务相同（{business}），"
            f"{chinese_date(until)}（含）以前再次调训{_asks(rule)}。"
        )
        figures |= {"起算日": anchor.isoformat(), "期满日": until.isoformat()}
    return finding(
        rule,
        message,
        "请另选人员；确需参加的，写明理由报重复调训审批。",
        figures=figures,
        links=_links(others),
    )


def _asks(rule: Said) -> str:
    return {"hold": "须经批准", "block": "不予办理"}.get(rule.severity, "须说明")


def roster_twice(rule: Said, row: int, rows: Sequence[int], *, agreed: bool) -> Finding:
    others = "、".join(f"第 {other} 行" for other in rows if other != row)
    return finding(
        rule,
        f"与{others}是同一个证件号码" + ("。" if agreed else "，姓名却不同。"),
        "请删去多余的一行。" if agreed else "请核对每一行的号码和姓名，只留正确的一行。",
        figures={"行": "、".join(str(other) for other in rows)},
    )


def over_quota(rule: Said, line: Any) -> Finding:
    if line is None:
        return finding(rule, "没有分配名额，列为候补。", "请与主办部门联系。")
    return finding(
        rule,
        f"{line.name}名额 {line.seats} 人已满，列为候补。",
        "有空缺时按次序递补；需要增加名额的，请与主办部门联系。",
        figures={"名额": str(line.seats), "备选名额": str(line.reserve)},
    )


def after_deadline(rules: Rules, deadline: str | None, at: datetime) -> Finding | None:
    """Said of everybody on a list that comes late; one object for all."""
    rule = rules.get("after_deadline")
    if rule is None or deadline is None:
        return None
    until = timezone.localtime(datetime.fromisoformat(deadline))
    if at <= until:
        return None
    return finding(
        rule,
        f"报名已于 {moment(until, now=at)} 截止。",
        "请说明逾期原因，由主办部门决定是否接收。",
        figures={"截止": until.isoformat(timespec="minutes")},
    )
