"""Plans that break one rule of the 滨海 book each, and the finding that must come of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from org.models import Department
from rulebook import loader
from rulebook.schema import Book
from rulebook.severity import Severity
from tests.workflow.world import BOOKS, SOUND, at
from workflow.models import ClassPlan, PlanCost
from workflow.rules.duplicates import Duplicate
from workflow.rules.facts import Facts
from workflow.rules.findings import Finding
from workflow.rules.plan import check

BINHAI = loader.read(BOOKS / "binhai-2018.toml")
MIANYANG = loader.read(BOOKS / "mianyang-2018.toml")
RULE = {code: (rule.title, rule.clause, rule.severity.value) for code, rule in BINHAI.rules.items()}


def plan_of(**fields: Any) -> ClassPlan:
    """工会信息员培训班, 60 people and 3 staff, 2 days, 走读: nothing is wrong with it."""
    content = SOUND | {"audience_units": ["town"], "source": "special"} | fields
    plan = ClassPlan(year=2027, department=Department(name="宣传网络部"), **content)
    plan.pk = 1
    return plan


def facts_of(
    *,
    costs: dict[str, str] | None = None,
    book: Book = BINHAI,
    department: str = "xuanchuan",
    duties: tuple[str, ...] = (),
    survey_file: bool = False,
    handed_in: datetime | None = None,
    duplicates: tuple[Duplicate, ...] = (),
    **fields: Any,
) -> Facts:
    costs = {"meals": "8000.00", "venue": "2000.00"} if costs is None else costs
    return Facts(
        plan=plan_of(**fields),
        costs=[PlanCost(item=item, amount=Decimal(amount)) for item, amount in costs.items()],
        book=book,
        department_code=department,
        duties=frozenset(duties),
        has_survey_file=survey_file,
        handed_in=handed_in or at(1, 11),
        duplicates=duplicates,
    )


def wrong(facts: Facts) -> list[Finding]:
    return [finding for finding in check(facts) if finding.severity != "pass"]


def with_modules(*codes: str) -> Book:
    """The book, with required modules for 业务班."""
    categories = [
        c.model_copy(update={"required_modules": codes}) if c.code == "professional" else c
        for c in BINHAI.categories
    ]
    return BINHAI.model_copy(update={"categories": tuple(categories)})


def with_severity(book: Book, severity: Severity, *codes: str) -> Book:
    rules = {
        code: rule.model_copy(update={"severity": severity}) if code in codes else rule
        for code, rule in book.rules.items()
    }
    return book.model_copy(update={"rules": rules})


def double() -> tuple[Duplicate, ...]:
    other = plan_of(name="信息骨干班")
    other.pk, other.serial, other.department = 7, 12, Department(name="权益保障部")
    return (Duplicate(other, Decimal("0.5"), ["town", "zone"]),)


@dataclass(frozen=True)
class Broken:
    """A plan that breaks ``code``, and the finding that must come of it, nothing else."""

    code: str
    message: str
    mend: str
    facts: dict[str, Any]
    figures: dict[str, str] = field(default_factory=dict)
    links: list[dict[str, Any]] = field(default_factory=list)

    def finding(self) -> Finding:
        title, clause, severity = RULE[self.code]
        return Finding(self.code, severity, title, self.message, clause, self.mend, self.figures, self.links)


HALVES = {"学时": "17", "半天": "4", "每半天上限": "4"}
OUTSIDE = {"报送": "2027年8月2日", "申报期": "2026年11月1日至2027年1月31日"}
SUM = "63 人 × 2 天 × 1 期"

BROKEN = [
    Broken(
        "survey_missing",
        "没有需求调研依据。",
        "请填写“需求调研依据”或上传调研材料。",
        {"survey_reference": ""},
    ),
    Broken(
        "fee_forbidden",
        "业务班不得向学员收费，填报了每人 200.00 元。",
        "请把“向学员收费”改为 0。",
        {"fee": Decimal(200)},
        {"收费": "200.00"},
    ),
    Broken(
        "fee_forbidden",
        "业务班不得向学员收费，填报了每人 0.01 元。",
        "请把“向学员收费”改为 0。",
        {"fee": Decimal("0.01"), "fee_basis": "某文"},
        {"收费": "0.01"},
    ),
    Broken(
        "fee_basis",
        "资格证书班收费每人 10.00 元，没有收费依据。",
        "请填写收费依据（文件名称和文号），或把收费改为 0。",
        {"category": "certification", "subject": "ZG-01", "fee": Decimal(10)},
        {"收费": "10.00"},
    ),
    Broken("audience_missing", "没有填写对象单位。", "请补填对象单位。", {"audience_units": []}),
    Broken(
        "audience_missing",
        "没有填写学员人数。",
        "请补填学员人数。",
        {"trainees": 0, "staff": 0, "costs": {}},
    ),
    Broken(
        "time_missing",
        "没有填写时间。",
        "请补填时间，可以只写到月或季度，如 6月上旬、二季度。",
        {"time_slots": []},
    ),
    Broken("time_missing", "没有填写半天数。", "请补填每期半天数。", {"half_days": 0, "costs": {}}),
    Broken(
        "time_missing",
        "时间写了 2 个，期数只有 1 期。",
        "请核对期数和时间。",
        {"time_slots": ["06", "09"]},
        {"时间": "6、9月", "期数": "1"},
    ),
    Broken("place_missing", "没有填写地点。", "请补填地点；未定的可写拟定地点并勾选“拟”。", {"place": ""}),
    Broken("owner_missing", "没有填写项目负责人。", "请补填项目负责人。", {"owner_name": ""}),
    Broken("owner_missing", "没有填写联系电话。", "请补填联系电话。", {"owner_phone": ""}),
    Broken(
        "owner_missing",
        "没有填写项目负责人和联系电话。",
        "请补填项目负责人和联系电话。",
        {"owner_name": "", "owner_phone": ""},
    ),
    Broken(
        "over_ceiling_line",
        "场地、资料、交通费 6,300.01 元，标准 6,300.00 元，超 0.01 元。",
        "请核减场地、资料、交通费，或在说明中写明用其他项目结余调剂。",
        {"costs": {"venue": "6300.01"}},
        {"申报": "6,300.01", "标准": "6,300.00", "超出": "0.01", "计算": SUM},
    ),
    Broken(
        "over_ceiling_line",
        "住宿费 100.00 元，走读班不安排住宿，超 100.00 元。",
        "请核减住宿费，或在说明中写明用其他项目结余调剂。",
        {"costs": {"lodging": "100.00"}},
        {"申报": "100.00", "标准": "0.00", "超出": "100.00", "计算": SUM},
    ),
    Broken(
        "over_ceiling_total",
        f"综合定额内 26,460.01 元，上限 26,460.00 元（{SUM}），超 0.01 元。",
        "请核减经费、人数或天数。",
        {
            "costs": {"meals": "26460.01"},
            # In total can't be over without a line being over too, where lines are looked at.
            "book": with_severity(BINHAI, Severity.OFF, "over_ceiling_line"),
        },
        {"申报": "26,460.01", "上限": "26,460.00", "计算": SUM, "超出": "0.01"},
    ),
    Broken(
        "staff_over",
        "工作人员 7 人，按学员 60 人最多 6 人。",
        "请把工作人员核减到 6 人，或说明理由。",
        {"staff": 7},
        {"工作人员": "7", "学员": "60", "上限": "6"},
    ),
    Broken(
        "staff_over",
        "工作人员 11 人，按学员 300 人最多 10 人。",
        "请把工作人员核减到 10 人，或说明理由。",
        {"staff": 11, "trainees": 300},
        {"工作人员": "11", "学员": "300", "上限": "10"},
    ),
    Broken(
        "lecture_over",
        "师资费 9,523.85 元，上限 9,523.84 元（税前），超 0.01 元。",
        "请填写授课人职称和付酬学时，或核减师资费。",
        {
            "lecturer_title": "senior",
            "lecture_hours": Decimal(8),
            "costs": {"lecture": "9523.85"},
        },
        {"申报（税前）": "9,523.85", "上限（税前）": "9,523.84", "付酬学时": "8", "超出": "0.01"},
    ),
    Broken(
        "lecture_over",
        "师资费 500.00 元，没有填写授课人职称和付酬学时，超 500.00 元。",
        "请填写授课人职称和付酬学时，或核减师资费。",
        {"costs": {"lecture": "500.00"}},
        {"申报（税前）": "500.00", "上限（税前）": "0.00", "付酬学时": "0", "超出": "500.00"},
    ),
    Broken(
        "lecture_over",
        "付酬 17 学时超过 4 个半天可计的 16 学时。",
        "每半天最多按 4 学时计，请核减。",
        {"lecturer_title": "senior", "lecture_hours": Decimal(17), "costs": {}},
    ),
    Broken("category_holder", "没有填写班次类别。", "请选择班次类别。", {"category": ""}),
    Broken(
        "category_holder",
        "没有填写业务编码。",
        "请选择业务编码：同类培训按编码认定，不按名称。",
        {"subject": ""},
    ),
    Broken(
        "category_holder",
        "主体班不由本部门举办。",
        "请改报业务班、资格证书班，或商归口管理部门举办。",
        {"category": "core", "subject": "ZT-01"},
        {"类别": "主体班", "类别依据": "《意见》三(一)1、五(二)"},
    ),
    Broken(
        "category_holder",
        "业务编码“ZT-01 工会干部轮训”不属于资格证书班。",
        "可选：ZG-01 工会社工师资格培训、ZG-02 心理咨询师培训、ZG-03 劳动保护监督检查员培训、"
        "ZG-04 工资集体协商指导员培训、ZG-05 劳动争议调解员培训、ZG-06 劳动关系协调员培训、"
        "ZG-07 劳动法律监督员培训、ZG-08 班组长培训、ZG-99 其他资格、上岗证书培训。",
        {"category": "certification", "subject": "ZT-01"},
        {"业务": "工会干部轮训", "类别": "资格证书班"},
    ),
    Broken(
        "module_required",
        "业务班缺少必修内容：党性教育。",
        "请在内容模块中安排党性教育学时。",
        {"book": with_modules("theory", "party"), "modules": {"theory": "16", "party": "0"}},
    ),
    Broken(
        "off_plan",
        "不在年度申报期内，属计划外班次，缺少：计划外增加理由、列支渠道、主要负责同志审批意见。",
        "请补填计划外增加理由、列支渠道、主要负责同志审批意见。",
        {"handed_in": at(8, 2), "source": ""},
        OUTSIDE,
    ),
    Broken(
        "off_plan",
        "不在年度申报期内，属计划外班次，缺少：主要负责同志审批意见。",
        "请补填主要负责同志审批意见。",
        {"handed_in": at(8, 2), "off_plan_reason": "上级部署"},
        OUTSIDE,
    ),
    Broken(
        "hours_fit",
        "没有填写学时。",
        "4 个半天，最多 16 学时。",
        {"hours": Decimal(0)},
        HALVES | {"学时": "0"},
    ),
    Broken(
        "hours_fit",
        "17 学时超过 4 个半天的上限 16 学时。",
        "请核减学时或增加半天（每半天不超过 4 学时）。",
        {"hours": Decimal(17)},
        HALVES,
    ),
    Broken(
        "hours_fit",
        "内容模块学时合计 12.5，与学时 16 不一致。",
        "请核对各内容模块的学时。",
        {"modules": {"theory": "8", "ability": "4.5"}},
        HALVES | {"学时": "16", "模块合计": "12.5"},
    ),
    Broken(
        "duplicate_plan",
        "疑似重复办班：与 信息骨干班（权益保障部，申报 2027-0012）业务相同，对象范围重叠50%：街镇、功能区。",
        "请比较两班，说明不重复的理由，或与该部门商量合并。",
        {"duplicates": double()},
        {"业务编码": "YW-03", "重叠": "50%"},
        [{"plan": 7, "name": "信息骨干班"}],
    ),
]
