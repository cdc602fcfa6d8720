"""Posts and ranks, free text as they are (DOMAIN §4 row 45)."""

from __future__ import annotations

import re
from typing import Any, Final

from org.excel.grid import ERRORS
from org.excel.problems import Problem, Status
from org.excel.readings import EMPTY, Reading, broken, plain, warned
from org.excel.units import unit_text
from org.states import Leadership

_RANKS: Final = re.compile(
    r"[一二三四]级(调研员|主任科员|巡视员|科员)|二级巡视员|(正|副)?(厅|局|处|科|股)级(干部|正职|副职)?|"
    r"(副)?(调研员|主任科员|巡视员)|科员|办事员|[一二三四五六七八九十]+级职员"
)
#: How the name of a post ends: 主席, 干事, 部长, 主任, 书记, 会计 …
_POST_END: Final = re.compile(
    r"[席事长任记员理师计纳工助总监督干表士]$|负责人$|主办$|干部$|工作者$|秘书$|财会$|文秘$|党务$"
)


def read_post(value: Any, *, field: str = "post_title", title: str = "职务") -> Reading:
    """A post as it is written. ``extra``: ``posts`` the single posts in it, ``rank`` (职级) if it
    names one, ``leadership`` (:class:`org.states.Leadership`) where it is a chair or vice chair. Wording
    nobody knows is held for a person to look at; the text is kept either way.
    """
    text = plain(value)
    if not text:
        return EMPTY
    if text in ERRORS or text.startswith("="):
        return broken(field, title, text)
    wording = unit_text(text)
    ranks = [found[0] for found in _RANKS.finditer(wording)]
    rest = re.sub(r"（.*?）", "", wording)
    pieces = re.split(r"[、,，;；/\n\r]|(?<=[长任席记])兼|兼任", rest)
    posts = [piece.strip() for piece in pieces if piece.strip() and not _RANKS.fullmatch(piece.strip())]
    extra: dict[str, Any] = {"posts": posts}
    if ranks:
        extra["rank"] = ranks[0]
    if any(re.search(r"(?<!副)主席$", post) for post in posts):
        extra["leadership"] = Leadership.CHAIR.value
    elif any(post.endswith("副主席") for post in posts):
        extra["leadership"] = Leadership.VICE_CHAIR.value
    unknown = [post for post in posts if not _POST_END.search(post)]
    if unknown:
        which = "" if unknown == [wording] else f"里的“{'、'.join(unknown)[:30]}”"
        message = f"{title}“{wording[:40]}”{which}不是常见的职务，已按原文保留。"
        problem = Problem("post_unknown", Status.HELD, field, message, "请核对，或写成常用的职务名称。")
        return Reading(wording, wording, (problem,), extra)
    return Reading(wording, wording, (), extra)


def read_rank(value: Any, *, field: str = "rank", title: str = "职级") -> Reading:
    """A rank as it is written; one nobody knows is warned of."""
    text = plain(value)
    if not text:
        return EMPTY
    if text in ERRORS or text.startswith("="):
        return broken(field, title, text)
    wording = unit_text(text)
    if (
        _RANKS.search(wording)
        or re.fullmatch(r"(正|副)?[省部厅局处科股乡]级?", wording)
        or wording in {"无", "/", "-"}
    ):
        return Reading(wording, wording)
    return warned(
        "rank_unknown",
        field,
        f"{title}“{wording[:40]}”不是常见的职级，已按原文保留。",
        "请核对。",
        wording,
        wording,
    )
