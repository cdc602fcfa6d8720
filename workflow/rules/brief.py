"""A finding in a few words, for a column of a list: what is wrong, and the figure that says how much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from workflow.rules.findings import PASS, stored, worst

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workflow.rules.findings import Finding

#: Rules are titled by what they want (综合定额内); a list says what it got instead.
WORDS: Final = {
    "survey_missing": "缺需求调研",
    "fee_forbidden": "违规收费",
    "fee_basis": "收费无依据",
    "audience_missing": "缺培训对象",
    "time_missing": "时间不全",
    "place_missing": "缺地点",
    "over_ceiling_line": "分项超标准",
    "over_ceiling_total": "超综合定额",
    "staff_over": "工作人员超比例",
    "lecture_over": "师资费超标准",
    "category_holder": "类别或编码不符",
    "module_required": "缺必修内容",
    "off_plan": "计划外",
    "hours_fit": "学时不符",
    "duplicate_plan": "疑似重复办班",
    "owner_missing": "缺负责人",
    "travel_days": "报到离会超天数",
}

#: Colour of ``parts/state.html`` by the gravest finding.
TONES: Final = {"block": "back", "hold": "back", "warn": "wait", PASS: "ok"}


def words(finding: Finding) -> str:
    """超综合定额 4,400.00."""
    text = WORDS.get(finding.code, finding.title)
    over = finding.figures.get("超出", "")
    return f"{text} {over}".rstrip()


def brief(rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Stored findings as one label: ``{label, tone, all}``; ``all`` names every one that isn't 符合."""
    findings = [finding for finding in stored(rows) if finding.severity != PASS]
    if not findings:
        return {"label": "符合", "tone": TONES[PASS], "all": []}
    names = list(dict.fromkeys(words(finding) for finding in findings))
    more = f" 等 {len(names)} 条" if len(names) > 1 else ""
    return {"label": names[0] + more, "tone": TONES[worst(findings)], "all": names}
