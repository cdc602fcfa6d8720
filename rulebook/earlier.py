"""Editions stored by an earlier release: what they couldn't say yet.

A stored edition is never rewritten. Where its content lacks a part that this
release needs, the part is filled in when it is read: openings go to the
training authority, anything that differs to finance as well, of the
person rules only those the database enforces bite, days of arrival and
leaving aren't counted, a year's money is compared with the year's before
without anything being asked, and payments take the papers of
财行〔2016〕540号. A union says better by loading its file again, which is a
new edition.
"""

from __future__ import annotations

from typing import Any, Final

from rulebook.codes import AUTHORITY_DUTY, ENFORCED_RULE_CODES, LATER_RULE_CODES

_SILENT: Final = "本版制度载入时尚无此项"
_PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "travel_days": {"days": 1, "count": "each"},
    "repeat_call_up": {"months": 12, "anchor": "end", "superior_only": False},
    "leave_over": {"share": "1/7"},
    "passed_over": {"years": 3},
    "new_chair": {"months": 12, "vice": False},
}
_BOTH: Final = ["review", "finance"]


def completed(content: dict[str, Any]) -> dict[str, Any]:
    """``content`` with the parts an earlier release didn't write; the argument is left as it is."""
    rules = content["rules"]
    missing = {code: _rule(code) for code in LATER_RULE_CODES if code not in rules}
    return {
        "launch": _launch(),
        "notice": _notice(),
        "money": _money(),
        **content,
        "rules": {**rules, **missing},
    }


def _rule(code: str) -> dict[str, Any]:
    return {
        "title": _SILENT,
        "severity": "block" if code in ENFORCED_RULE_CODES else "off",
        "clause": _SILENT,
        "reason": "重新载入制度文件后按文件检查。",
        "params": _PARAMETERS.get(code, {}),
    }


def _launch() -> dict[str, Any]:
    return {
        "clause": _SILENT,
        "money_tolerance": "0.00",
        "same": ["review"],
        "changed": _BOTH,
        "change": _BOTH,
        "postpone": ["review"],
        "cancel": _BOTH,
        "exempt": ["review"],
        "steps": [
            _step("review", "归口审核", AUTHORITY_DUTY),
            _step("finance", "财务会审", "finance"),
        ],
    }


def _step(key: str, title: str, duty: str) -> dict[str, Any]:
    return {
        "key": key,
        "title": title,
        "holder": {"kind": "duty", "code": duty},
        "days": 3,
        "clause": _SILENT,
    }


def _notice() -> dict[str, Any]:
    # Plainly unfilled: a notice under a made-up head would pass for a real one.
    blank = "（请重新载入制度文件）"
    return {
        "prefix": "未定",
        "issuer": blank,
        "red_head": blank,
        "fee_text": blank,
        "travel_text": blank,
        "discipline": [blank],
        "clause": _SILENT,
    }


def _money() -> dict[str, Any]:
    def paper(code: str, title: str, source: str = "file") -> dict[str, Any]:
        return {"code": code, "title": title, "source": source}

    def kind(code: str, title: str, *papers: str, **more: bool) -> dict[str, Any]:
        return {"code": code, "title": title, "papers": list(papers), "clause": _SILENT, **more}

    return {
        "clause": _SILENT,
        "minutes_first": True,
        "transfer": ["finance"],
        "budget": _BOTH,
        "carry_over": ["finance"],
        "supplement": ["finance"],
        "steps": [
            _step("review", "归口审核", AUTHORITY_DUTY),
            _step("finance", "财务会审", "finance"),
        ],
        "papers": [
            paper("approval", "审定纪要", "approval"),
            paper("contract", "合同或协议"),
            paper("notice", "调训通知", "notice"),
            paper("timetable", "课程表", "timetable"),
            paper("sign_in", "实际签到表", "attendance"),
            paper("slip", "讲课费签收单"),
            paper("invoice", "发票"),
            paper("cost_list", "费用明细清单"),
            paper("refund_slip", "退款凭证"),
        ],
        "kinds": [
            kind("advance", "预付款（定金）", "approval", "contract"),
            kind("lecture", "讲课费", "slip", "timetable", lecture=True),
            kind("balance", "尾款", "approval", "notice", "sign_in", "invoice", "cost_list"),
            kind("other", "其他费用", "approval", "invoice", "cost_list"),
            kind("refund", "退款", "refund_slip", refund=True, opened=False),
        ],
        "pace": [{"until": "12-31", "share": "1"}],
        "pace_clause": _SILENT,
    }
