"""What the book says of a plan: every check, each with its clause, its figures and how to mend it.

Reads only. A finding never stops a draft from being saved; ``block`` stops its submission, ``hold``
and ``warn`` ask for an explanation the reviewers see.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from office.wording import chinese_date, days_text, yuan
from rulebook import rates
from rulebook.codes import ANY_DEPARTMENT, DUTY_PREFIX
from rulebook.schema import FeePolicy, UnknownCode
from rulebook.severity import Severity
from workflow.rules.content import LECTURE
from workflow.rules.findings import PASS, Finding, ordered

if TYPE_CHECKING:
    from datetime import datetime

    from rulebook.schema import Book, Category, RateCard
    from workflow.models import ClassPlan, PlanCost
    from workflow.rules.duplicates import Duplicate

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Facts:
    """What the checks look at. ``duties``: the duty codes of the plan's department; ``has_survey_file``:
    whether a needs survey is attached; ``handed_in``: when it was (first) submitted, or now."""

    plan: ClassPlan
    costs: Sequence[PlanCost]
    book: Book
    department_code: str
    duties: frozenset[str]
    has_survey_file: bool
    handed_in: datetime
    duplicates: Sequence[Duplicate] = ()

    @property
    def category(self) -> Category | None:
        try:
            return self.book.category(self.plan.category)
        except UnknownCode:
            return None

    def amount(self, item: str) -> Decimal:
        return next((cost.amount for cost in self.costs if cost.item == item), ZERO)


Check = Callable[[Facts], Iterator[Finding]]
_CHECKS: list[Check] = []


def _check(function: Check) -> Check:
    _CHECKS.append(function)
    return function


def check(facts: Facts) -> list[Finding]:
    """All findings of a plan, worst first; what was in order is said too, as 符合."""
    return ordered(finding for one in _CHECKS for finding in one(facts) if finding.severity != Severity.OFF)


def _fault(facts: Facts, code: str, message: str, mend: str, **more: Any) -> Finding:
    rule = facts.book.rule(code)
    return Finding(
        code,
        str(rule.severity.value),
        rule.title,
        message,
        rule.clause,
        mend,
        **more,
    )


def _fine(facts: Facts, code: str, message: str, **more: Any) -> Finding:
    rule = facts.book.rule(code)
    severity = Severity.OFF.value if rule.severity == Severity.OFF else PASS
    return Finding(code, severity, rule.title, message, rule.clause, **more)


def _plain(hours: Decimal) -> str:
    """``16.0`` → ``16``, as people write hours."""
    return f"{Decimal(hours).normalize():f}"


@_check
def survey(facts: Facts) -> Iterator[Finding]:
    """B-14: the needs survey is a step no plan is made without."""
    plan = facts.plan
    if facts.has_survey_file or plan.survey_reference:
        yield _fine(facts, "survey_missing", f"需求调研：{plan.survey_reference or '已附文件'}。")
    else:
        yield _fault(facts, "survey_missing", "没有需求调研依据。", "请填写“需求调研依据”或上传调研材料。")


@_check
def fee(facts: Facts) -> Iterator[Finding]:
    """B-32, C-21: core and professional classes charge nothing; others only with a basis."""
    plan, category = facts.plan, facts.category
    if category is None:
        return
    if plan.fee <= 0:
        yield _fine(facts, "fee_forbidden", "不向学员收费。")
    elif category.fee == FeePolicy.FORBIDDEN:
        yield _fault(
            facts,
            "fee_forbidden",
            f"{category.title}不得向学员收费，填报了每人 {yuan(plan.fee)} 元。",
            "请把“向学员收费”改为 0。",
            figures={"收费": yuan(plan.fee)},
        )
    elif not plan.fee_basis:
        yield _fault(
            facts,
            "fee_basis",
            f"{category.title}收费每人 {yuan(plan.fee)} 元，没有收费依据。",
            "请填写收费依据（文件名称和文号），或把收费改为 0。",
            figures={"收费": yuan(plan.fee)},
        )
    else:
        yield _fine(facts, "fee_basis", f"收费每人 {yuan(plan.fee)} 元，依据：{plan.fee_basis}。")


@_check
def essentials(facts: Facts) -> Iterator[Finding]:
    """D2-25: a plan states audience, time and place; A-38: and who is responsible for it."""
    plan = facts.plan
    missing = []
    if not plan.audience_units or plan.trainees <= 0:
        what = "对象单位" if not plan.audience_units else "学员人数"
        missing.append(_fault(facts, "audience_missing", f"没有填写{what}。", f"请补填{what}。"))
    if not plan.time_slots or plan.half_days <= 0:
        what = "时间" if not plan.time_slots else "半天数"
        mend = (
            "请补填时间，可以只写到月或季度，如 6月上旬、二季度。"
            if not plan.time_slots
            else "请补填每期半天数。"
        )
        missing.append(_fault(facts, "time_missing", f"没有填写{what}。", mend))
    elif len(plan.time_slots) > plan.sessions:
        missing.append(
            _fault(
                facts,
                "time_missing",
                f"时间写了 {len(plan.time_slots)} 个，期数只有 {plan.sessions} 期。",
                "请核对期数和时间。",
                figures={"时间": plan.time_text, "期数": str(plan.sessions)},
            )
        )
    if not plan.place:
        missing.append(
            _fault(facts, "place_missing", "没有填写地点。", "请补填地点；未定的可写拟定地点并勾选“拟”。")
        )
    yield from missing
    if not missing:
        yield _fine(facts, "audience_missing", "对象、时间、地点齐全。")
    lacking = [
        label for label, text in (("项目负责人", plan.owner_name), ("联系电话", plan.owner_phone)) if not text
    ]
    if lacking:
        yield _fault(
            facts, "owner_missing", f"没有填写{'和'.join(lacking)}。", f"请补填{'和'.join(lacking)}。"
        )


def may_hold(category: Category, department_code: str, duties: Collection[str]) -> bool:
    """Whether a department with these duties may hold classes of the category (B-06…B-09)."""
    return (
        ANY_DEPARTMENT in category.held_by
        or department_code in category.held_by
        or any(f"{DUTY_PREFIX}{duty}" in category.held_by for duty in duties)
    )


@_check
def category_holder(facts: Facts) -> Iterator[Finding]:
    """B-06…B-09: which department may hold which category, and that the business code belongs to it."""
    plan, book, category = facts.plan, facts.book, facts.category
    if category is None:
        yield _fault(facts, "category_holder", "没有填写班次类别。", "请选择班次类别。")
        return
    allowed = may_hold(category, facts.department_code, facts.duties)
    if not allowed:
        others = "、".join(c.title for c in book.categories if c.code != category.code)
        yield _fault(
            facts,
            "category_holder",
            f"{category.title}不由本部门举办。",
            f"请改报{others}，或商归口管理部门举办。",
            figures={"类别": category.title, "类别依据": category.clause},
        )
    try:
        subject = book.subject(plan.subject)
    except UnknownCode:
        yield _fault(
            facts, "category_holder", "没有填写业务编码。", "请选择业务编码：同类培训按编码认定，不按名称。"
        )
        return
    if category.code not in subject.categories:
        fitting = "、".join(f"{s.code} {s.title}" for s in book.subjects_for(category.code))
        yield _fault(
            facts,
            "category_holder",
            f"业务编码“{subject.code} {subject.title}”不属于{category.title}。",
            f"可选：{fitting}。",
            figures={"业务": subject.title, "类别": category.title},
        )
    elif allowed:
        yield _fine(
            facts, "category_holder", f"{category.title}可由本部门举办；业务 {subject.code} {subject.title}。"
        )


@_check
def modules(facts: Facts) -> Iterator[Finding]:
    """A-35 where the book says so: the modules a category must teach; and that module hours add up."""
    plan, book, category = facts.plan, facts.book, facts.category
    if category is not None and category.required_modules:
        lacking = [code for code in category.required_modules if not Decimal(str(plan.modules.get(code, 0)))]
        if lacking:
            names = "、".join(book.titles(lacking))
            yield _fault(
                facts,
                "module_required",
                f"{category.title}缺少必修内容：{names}。",
                f"请在内容模块中安排{names}学时。",
            )
        else:
            yield _fine(
                facts,
                "module_required",
                f"必修内容齐全：{'、'.join(book.titles(category.required_modules))}。",
            )


@_check
def hours(facts: Facts) -> Iterator[Finding]:
    """学时 fit the half-days, and the modules' hours make up the whole."""
    plan, book = facts.plan, facts.book
    if plan.half_days <= 0:
        return
    most = book.max_hours_per_half_day * plan.half_days
    figures = {
        "学时": f"{_plain(plan.hours)}",
        "半天": str(plan.half_days),
        "每半天上限": str(book.max_hours_per_half_day),
    }
    taught = sum((Decimal(str(value)) for value in plan.modules.values()), Decimal(0))
    if plan.hours <= 0:
        yield _fault(
            facts,
            "hours_fit",
            "没有填写学时。",
            f"{plan.half_days} 个半天，最多 {most} 学时。",
            figures=figures,
        )
    elif plan.hours > most:
        yield _fault(
            facts,
            "hours_fit",
            f"{_plain(plan.hours)} 学时超过 {plan.half_days} 个半天的上限 {most} 学时。",
            f"请核减学时或增加半天（每半天不超过 {book.max_hours_per_half_day} 学时）。",
            figures=figures,
        )
    elif plan.modules and taught != plan.hours:
        yield _fault(
            facts,
            "hours_fit",
            f"内容模块学时合计 {_plain(taught)}，与学时 {_plain(plan.hours)} 不一致。",
            "请核对各内容模块的学时。",
            figures=figures | {"模块合计": f"{_plain(taught)}"},
        )
    else:
        yield _fine(
            facts, "hours_fit", f"{_plain(plan.hours)} 学时，{plan.half_days} 个半天。", figures=figures
        )


def rate_ceilings(plan: ClassPlan, book: Book) -> tuple[rates.CeilingLine, ...]:
    """The rate card applied to a plan's people, days and 期: one line an item, empty when not enabled."""
    card = book.rate_card
    if not card.enabled:
        return ()
    return rates.ceilings(
        card,
        class_code=_class_code(plan, card),
        people=plan.trainees + (plan.staff if card.count_staff else 0),
        half_days=plan.half_days,
        residential=plan.residential,
        sessions=plan.sessions,
    )


def _class_code(plan: ClassPlan, card: RateCard) -> str:
    """The plan's class; the card's usual one where none is given or a later edition dropped it."""
    known = {entry.code for entry in card.classes}
    return plan.rate_class if plan.rate_class in known else card.default_class


def lecture_ceiling(plan: ClassPlan, book: Book) -> Decimal:
    """What lecturers may be paid before tax, for all 期: like compared with like (S23)."""
    card = book.rate_card
    known = {rate.code for rate in card.lecture}
    if not card.enabled or plan.lecturer_title not in known or plan.lecture_hours <= 0:
        return ZERO
    return rates.lecture_ceiling(
        card,
        title_code=plan.lecturer_title,
        hours=plan.lecture_hours,
        sessions=plan.sessions,
        basis="before_tax",
    )


@_check
def ceilings(facts: Facts) -> Iterator[Finding]:
    """X1 art. 9: by item a figure to explain, in total the limit (items may offset each other)."""
    plan, book = facts.plan, facts.book
    if not book.rate_card.enabled:
        return
    lines = rate_ceilings(plan, book)
    limit = sum((line.amount for line in lines), ZERO)
    quota_items = {line.item for line in lines} | {item.code for item in book.rate_card.items}
    asked = sum((facts.amount(item) for item in quota_items), ZERO)
    people = plan.trainees + (plan.staff if book.rate_card.count_staff else 0)
    sum_text = f"{people} 人 × {days_text(plan.half_days)} 天 × {plan.sessions} 期"
    figures = {"申报": yuan(asked), "上限": yuan(limit), "计算": sum_text}
    allowed = {line.item: line.amount for line in lines}
    over = False
    for item in book.rate_card.items:
        amount, most = facts.amount(item.code), allowed.get(item.code, ZERO)
        if amount > most:
            over = True
            why = "走读班不安排住宿" if item.lodging and not plan.residential else f"标准 {yuan(most)} 元"
            yield _fault(
                facts,
                "over_ceiling_line",
                f"{item.title} {yuan(amount)} 元，{why}，超 {yuan(amount - most)} 元。",
                f"请核减{item.title}，或在说明中写明用其他项目结余调剂。",
                figures={
                    "申报": yuan(amount),
                    "标准": yuan(most),
                    "超出": yuan(amount - most),
                    "计算": sum_text,
                },
            )
    if asked > limit:
        yield _fault(
            facts,
            "over_ceiling_total",
            f"综合定额内 {yuan(asked)} 元，上限 {yuan(limit)} 元（{sum_text}），"
            f"超 {yuan(asked - limit)} 元。",
            "请核减经费、人数或天数。",
            figures=figures | {"超出": yuan(asked - limit)},
        )
    elif not over:
        lodging = "" if plan.residential else "，走读不含住宿"
        yield _fine(
            facts,
            "over_ceiling_total",
            f"综合定额内 {yuan(asked)} 元，上限 {yuan(limit)} 元（{sum_text}{lodging}），"
            f"余 {yuan(limit - asked)} 元。",
            figures=figures,
        )


@_check
def lecturers(facts: Facts) -> Iterator[Finding]:
    """X1 art. 10: lecture fees stand apart from the quota and are budgeted before tax."""
    plan, book = facts.plan, facts.book
    asked = facts.amount(LECTURE)
    if not book.rate_card.enabled or (asked == 0 and plan.lecture_hours <= 0):
        return
    most_hours = book.rate_card.lecture_hours_per_half_day * plan.half_days
    if plan.lecture_hours > most_hours:
        yield _fault(
            facts,
            "lecture_over",
            f"付酬 {_plain(plan.lecture_hours)} 学时超过 {plan.half_days} 个半天可计的 {most_hours} 学时。",
            f"每半天最多按 {book.rate_card.lecture_hours_per_half_day} 学时计，请核减。",
        )
    limit = lecture_ceiling(plan, book)
    figures = {
        "申报（税前）": yuan(asked),
        "上限（税前）": yuan(limit),
        "付酬学时": f"{_plain(plan.lecture_hours)}",
    }
    if asked > limit:
        reason = "没有填写授课人职称和付酬学时" if limit == 0 else f"上限 {yuan(limit)} 元（税前）"
        yield _fault(
            facts,
            "lecture_over",
            f"师资费 {yuan(asked)} 元，{reason}，超 {yuan(asked - limit)} 元。",
            "请填写授课人职称和付酬学时，或核减师资费。",
            figures=figures | {"超出": yuan(asked - limit)},
        )
    elif asked:
        yield _fine(
            facts, "lecture_over", f"师资费 {yuan(asked)} 元（税前）另计，未超标准。", figures=figures
        )


@_check
def staff(facts: Facts) -> Iterator[Finding]:
    """X1: staff at most a tenth of the trainees, and never more than the card's number."""
    plan, book = facts.plan, facts.book
    if not book.rate_card.enabled or plan.trainees <= 0:
        return
    limit = rates.staff_limit(book.rate_card, plan.trainees)
    if plan.staff > limit:
        yield _fault(
            facts,
            "staff_over",
            f"工作人员 {plan.staff} 人，按学员 {plan.trainees} 人最多 {limit} 人。",
            f"请把工作人员核减到 {limit} 人，或说明理由。",
            figures={"工作人员": str(plan.staff), "学员": str(plan.trainees), "上限": str(limit)},
        )


@_check
def window(facts: Facts) -> Iterator[Finding]:
    """B-17 年初提出; S6: later it is off-plan and needs reason, channel and 主要负责同志."""
    plan, book = facts.plan, facts.book
    opens, closes = book.window.bounds(plan.year)
    day = timezone.localdate(facts.handed_in)
    if opens <= day <= closes:
        yield _fine(facts, "off_plan", f"在年度申报期内（{chinese_date(opens)}至{chinese_date(closes)}）。")
        return
    needed = (
        ("计划外增加理由", plan.off_plan_reason),
        ("列支渠道", plan.source),
        ("主要负责同志审批意见", plan.principal_approval),
    )
    lacking = [label for label, text in needed if not text]
    figures = {"报送": chinese_date(day), "申报期": f"{chinese_date(opens)}至{chinese_date(closes)}"}
    if lacking:
        yield _fault(
            facts,
            "off_plan",
            f"不在年度申报期内，属计划外班次，缺少：{'、'.join(lacking)}。",
            f"请补填{'、'.join(lacking)}。",
            figures=figures,
        )
    else:
        yield _fine(
            facts,
            "off_plan",
            f"计划外班次，理由：{plan.off_plan_reason}；{plan.principal_approval}。",
            figures=figures,
        )


@_check
def duplicate(facts: Facts) -> Iterator[Finding]:
    """归口管理 exists to see these: same business, overlapping audience, another department."""
    for other in facts.duplicates:
        units = "、".join(facts.book.titles(other.units))
        yield _fault(
            facts,
            "duplicate_plan",
            f"疑似重复办班：与 {other.plan.name}（{other.plan.department.name}，"
            f"申报 {other.plan.declaration_number}）"
            f"业务相同，对象范围重叠{other.share:.0%}：{units}。",
            "请比较两班，说明不重复的理由，或与该部门商量合并。",
            figures={"业务编码": facts.plan.subject, "重叠": f"{other.share:.0%}"},
            links=[{"plan": other.plan.pk, "name": other.plan.name}],
        )
