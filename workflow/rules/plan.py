"""What the book says of a plan: every check, each with its clause, its figures and how to mend it.

Reads only. A finding never stops a draft from being saved; ``block`` stops its submission, ``hold``
and ``warn`` ask for an explanation the reviewers see.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils import timezone

from office.wording import chinese_date, yuan
from rulebook.codes import ANY_DEPARTMENT, DUTY_PREFIX
from rulebook.schema import FeePolicy, UnknownCode
from rulebook.severity import Severity
from workflow.rules import money
from workflow.rules.facts import Facts, fault, fine, plain
from workflow.rules.findings import Finding, ordered

if TYPE_CHECKING:
    from rulebook.schema import Category

Check = Callable[[Facts], Iterator[Finding]]


def check(facts: Facts) -> list[Finding]:
    """All findings of a plan, worst first; what was in order is said too, as 符合."""
    return ordered(finding for one in CHECKS for finding in one(facts) if finding.severity != Severity.OFF)


def survey(facts: Facts) -> Iterator[Finding]:
    """B-14: the needs survey is a step no plan is made without."""
    plan = facts.plan
    if facts.has_survey_file or plan.survey_reference:
        yield fine(facts, "survey_missing", f"需求调研：{plan.survey_reference or '已附文件'}。")
    else:
        yield fault(facts, "survey_missing", "没有需求调研依据。", "请填写“需求调研依据”或上传调研材料。")


def fee(facts: Facts) -> Iterator[Finding]:
    """B-32, C-21: core and professional classes charge nothing; others only with a basis."""
    plan, category = facts.plan, facts.category
    if category is None:
        return
    if plan.fee <= 0:
        yield fine(facts, "fee_forbidden", "不向学员收费。")
    elif category.fee == FeePolicy.FORBIDDEN:
        yield fault(
            facts,
            "fee_forbidden",
            f"{category.title}不得向学员收费，填报了每人 {yuan(plan.fee)} 元。",
            "请把“向学员收费”改为 0。",
            figures={"收费": yuan(plan.fee)},
        )
    elif not plan.fee_basis:
        yield fault(
            facts,
            "fee_basis",
            f"{category.title}收费每人 {yuan(plan.fee)} 元，没有收费依据。",
            "请填写收费依据（文件名称和文号），或把收费改为 0。",
            figures={"收费": yuan(plan.fee)},
        )
    else:
        yield fine(facts, "fee_basis", f"收费每人 {yuan(plan.fee)} 元，依据：{plan.fee_basis}。")


def essentials(facts: Facts) -> Iterator[Finding]:
    """D2-25: a plan states audience, time and place; A-38: and who is responsible for it."""
    plan = facts.plan
    missing = []
    if not plan.audience_units or plan.trainees <= 0:
        what = "对象单位" if not plan.audience_units else "学员人数"
        missing.append(fault(facts, "audience_missing", f"没有填写{what}。", f"请补填{what}。"))
    if not plan.time_slots or plan.half_days <= 0:
        what = "时间" if not plan.time_slots else "半天数"
        mend = (
            "请补填时间，可以只写到月或季度，如 6月上旬、二季度。"
            if not plan.time_slots
            else "请补填每期半天数。"
        )
        missing.append(fault(facts, "time_missing", f"没有填写{what}。", mend))
    elif len(plan.time_slots) > plan.sessions:
        missing.append(
            fault(
                facts,
                "time_missing",
                f"时间写了 {len(plan.time_slots)} 个，期数只有 {plan.sessions} 期。",
                "请核对期数和时间。",
                figures={"时间": plan.time_text, "期数": str(plan.sessions)},
            )
        )
    if not plan.place:
        missing.append(
            fault(facts, "place_missing", "没有填写地点。", "请补填地点；未定的可写拟定地点并勾选“拟”。")
        )
    yield from missing
    if not missing:
        yield fine(facts, "audience_missing", "对象、时间、地点齐全。")
    lacking = [
        label for label, text in (("项目负责人", plan.owner_name), ("联系电话", plan.owner_phone)) if not text
    ]
    if lacking:
        yield fault(
            facts, "owner_missing", f"没有填写{'和'.join(lacking)}。", f"请补填{'和'.join(lacking)}。"
        )


def may_hold(category: Category, department_code: str, duties: Collection[str]) -> bool:
    """Whether a department with these duties may hold classes of the category (B-06…B-09)."""
    return (
        ANY_DEPARTMENT in category.held_by
        or department_code in category.held_by
        or any(f"{DUTY_PREFIX}{duty}" in category.held_by for duty in duties)
    )


def category_holder(facts: Facts) -> Iterator[Finding]:
    """B-06…B-09: which department may hold which category, and that the business code belongs to it."""
    plan, book, category = facts.plan, facts.book, facts.category
    if category is None:
        yield fault(facts, "category_holder", "没有填写班次类别。", "请选择班次类别。")
        return
    allowed = may_hold(category, facts.department_code, facts.duties)
    if not allowed:
        others = "、".join(c.title for c in book.categories if c.code != category.code)
        yield fault(
            facts,
            "category_holder",
            f"{category.title}不由本部门举办。",
            f"请改报{others}，或商归口管理部门举办。",
            figures={"类别": category.title, "类别依据": category.clause},
        )
    try:
        subject = book.subject(plan.subject)
    except UnknownCode:
        yield fault(
            facts, "category_holder", "没有填写业务编码。", "请选择业务编码：同类培训按编码认定，不按名称。"
        )
        return
    if category.code not in subject.categories:
        fitting = "、".join(f"{s.code} {s.title}" for s in book.subjects_for(category.code))
        yield fault(
            facts,
            "category_holder",
            f"业务编码“{subject.code} {subject.title}”不属于{category.title}。",
            f"可选：{fitting}。",
            figures={"业务": subject.title, "类别": category.title},
        )
    elif allowed:
        yield fine(
            facts, "category_holder", f"{category.title}可由本部门举办；业务 {subject.code} {subject.title}。"
        )


def modules(facts: Facts) -> Iterator[Finding]:
    """A-35 where the book says so: the modules a category must teach; and that module hours add up."""
    plan, book, category = facts.plan, facts.book, facts.category
    if category is not None and category.required_modules:
        lacking = [code for code in category.required_modules if not Decimal(str(plan.modules.get(code, 0)))]
        if lacking:
            names = "、".join(book.titles(lacking))
            yield fault(
                facts,
                "module_required",
                f"{category.title}缺少必修内容：{names}。",
                f"请在内容模块中安排{names}学时。",
            )
        else:
            yield fine(
                facts,
                "module_required",
                f"必修内容齐全：{'、'.join(book.titles(category.required_modules))}。",
            )


def hours(facts: Facts) -> Iterator[Finding]:
    """学时 fit the half-days, and the modules' hours make up the whole."""
    plan, book = facts.plan, facts.book
    if plan.half_days <= 0:
        return
    most = book.max_hours_per_half_day * plan.half_days
    figures = {
        "学时": f"{plain(plan.hours)}",
        "半天": str(plan.half_days),
        "每半天上限": str(book.max_hours_per_half_day),
    }
    taught = sum((Decimal(str(value)) for value in plan.modules.values()), Decimal(0))
    if plan.hours <= 0:
        yield fault(
            facts,
            "hours_fit",
            "没有填写学时。",
            f"{plan.half_days} 个半天，最多 {most} 学时。",
            figures=figures,
        )
    elif plan.hours > most:
        yield fault(
            facts,
            "hours_fit",
            f"{plain(plan.hours)} 学时超过 {plan.half_days} 个半天的上限 {most} 学时。",
            f"请核减学时或增加半天（每半天不超过 {book.max_hours_per_half_day} 学时）。",
            figures=figures,
        )
    elif plan.modules and taught != plan.hours:
        yield fault(
            facts,
            "hours_fit",
            f"内容模块学时合计 {plain(taught)}，与学时 {plain(plan.hours)} 不一致。",
            "请核对各内容模块的学时。",
            figures=figures | {"模块合计": f"{plain(taught)}"},
        )
    else:
        yield fine(
            facts, "hours_fit", f"{plain(plan.hours)} 学时，{plan.half_days} 个半天。", figures=figures
        )


def window(facts: Facts) -> Iterator[Finding]:
    """B-17 年初提出; S6: later it is off-plan and needs reason, channel and 主要负责同志."""
    plan, book = facts.plan, facts.book
    opens, closes = book.window.bounds(plan.year)
    day = timezone.localdate(facts.handed_in)
    if opens <= day <= closes:
        yield fine(facts, "off_plan", f"在年度申报期内（{chinese_date(opens)}至{chinese_date(closes)}）。")
        return
    needed = (
        ("计划外增加理由", plan.off_plan_reason),
        ("列支渠道", plan.source),
        ("主要负责同志审批意见", plan.principal_approval),
    )
    lacking = [label for label, text in needed if not text]
    figures = {"报送": chinese_date(day), "申报期": f"{chinese_date(opens)}至{chinese_date(closes)}"}
    if lacking:
        yield fault(
            facts,
            "off_plan",
            f"不在年度申报期内，属计划外班次，缺少：{'、'.join(lacking)}。",
            f"请补填{'、'.join(lacking)}。",
            figures=figures,
        )
    else:
        yield fine(
            facts,
            "off_plan",
            f"计划外班次，理由：{plan.off_plan_reason}；{plan.principal_approval}。",
            figures=figures,
        )


def duplicate(facts: Facts) -> Iterator[Finding]:
    """归口管理 exists to see these: same business, overlapping audience, another department."""
    for other in facts.duplicates:
        units = "、".join(facts.book.titles(other.units))
        yield fault(
            facts,
            "duplicate_plan",
            f"疑似重复办班：与 {other.plan.name}（{other.plan.department.name}，"
            f"申报 {other.plan.declaration_number}）"
            f"业务相同，对象范围重叠{other.share:.0%}：{units}。",
            "请比较两班，说明不重复的理由，或与该部门商量合并。",
            figures={"业务编码": facts.plan.subject, "重叠": f"{other.share:.0%}"},
            links=[{"plan": other.plan.pk, "name": other.plan.name}],
        )


#: In the order people read them where severities are equal.
CHECKS: tuple[Check, ...] = (
    survey,
    fee,
    essentials,
    category_holder,
    modules,
    hours,
    money.ceilings,
    money.lecturers,
    money.staff,
    window,
    duplicate,
)
