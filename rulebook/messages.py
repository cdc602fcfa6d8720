"""Reasons in Chinese for what pydantic finds wrong.

Every error type the schema can raise has its words here; a type that is
missing falls back to a sentence that still names the value found.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_WORDS: Mapping[str, str] = {
    "missing": "缺少这一项",
    "extra_forbidden": "没有这个项目，请核对拼写或删去",
    "string_type": "应为文字，请加引号",
    "string_too_short": "不能为空",
    "string_too_long": "文字过长，最多 {max_length} 个字",
    "string_unicode": "文字编码有误，请存为 UTF-8",
    "int_type": "应为整数，不加引号",
    "int_from_float": "应为整数，不能带小数",
    "int_parsing": "应为整数，不加引号",
    "int_parsing_size": "数字过大",
    "bool_type": "应为 true 或 false，不加引号",
    "bool_parsing": "应为 true 或 false，不加引号",
    "date_type": "应为日期，写成 2018-01-01，不加引号、不带时间",
    "date_parsing": "应为日期，写成 2018-01-01，不加引号、不带时间",
    "date_from_datetime_parsing": "应为日期，写成 2018-01-01，不加引号、不带时间",
    "date_from_datetime_inexact": "应为日期，写成 2018-01-01，不加引号、不带时间",
    "decimal_type": "应为数字",
    "decimal_parsing": "应为数字",
    "finite_number": "应为有限的数字",
    "greater_than_equal": "不能小于 {ge}",
    "less_than_equal": "不能大于 {le}",
    "tuple_type": '应为列表，如 ["甲", "乙"] 或多个 [[…]] 段',
    "list_type": '应为列表，如 ["甲", "乙"] 或多个 [[…]] 段',
    "dict_type": "应为一组“名称 = 值”",
    "model_type": "应为一组“名称 = 值”",
    "model_attributes_type": "应为一组“名称 = 值”",
    "mapping_type": "应为一组“名称 = 值”",
    "invalid_key": "名称应为文字",
    "none_required": "应删去这一项",
}

_PATTERNS: Mapping[str, str] = {
    "^[0-9]{2}-[0-9]{2}$": '应写成“月-日”，如 "01-31"',
    r"^[^\s0-9〔〕\[\]（）()]+$": "只写发文机关代字，如“滨工发”，不写年份、括号和序号",
}

_CHOICES = "只能是 {choices}"
_CODE = "代码只能用字母、数字、- 和 _，并以字母或数字开头"


def reason(error: ErrorDetails) -> str:
    """What is wrong, in Chinese; the value found is named where it helps."""
    kind: str = error["type"]
    context: dict[str, Any] = error.get("ctx", {})
    if kind == "string_pattern_mismatch":
        return found(_PATTERNS.get(str(context.get("pattern")), _CODE), error["input"])
    if kind in ("enum", "literal_error"):
        return found(_CHOICES.format(choices=_choices(str(context.get("expected", "")))), error["input"])
    if kind in _WORDS:
        text = _WORDS[kind].format(**context)
        return (
            text
            if kind in ("missing", "extra_forbidden", "string_too_short")
            else found(text, error["input"])
        )
    if not error["msg"].isascii():
        # One of the schema's own: its words are Chinese already.
        return found(error["msg"], error["input"])
    return found("内容不合要求", error["input"])


def _choices(expected: str) -> str:
    """pydantic's ``'a', 'b' or 'c'`` as ``a、b、c``."""
    return "、".join(part.strip(" '") for part in expected.replace(" or ", ", ").split(", "))


def found(text: str, value: object) -> str:
    """``text`` with the value that was found, where it is short enough to say."""
    if isinstance(value, bool):
        return f"{text}（现为 {str(value).lower()}）"
    if isinstance(value, str | int | float) and len(str(value)) <= 40:
        return f"{text}（现为 {value}）"
    return text


_SYNTAX: Mapping[str, str] = {
    "Expected '=' after a key": "名称后面缺少“=”",
    "Invalid value": "等号后面的值写法有误，文字要加引号",
    "Expected newline or end of document": "这一行后面有多余的内容",
    "Cannot overwrite a value": "同一个名称写了两次",
    "Cannot declare": "同一段或同一个名称写了两次",
    "Cannot mutate immutable namespace": "这一段已经写过，不能再加内容",
    "Cannot redefine namespace": "同一段写了两次",
    "Expected ']'": "缺少“]”",
    "Unclosed array": "列表没有用“]”结束，或两项之间缺逗号",
    "Unclosed inline table": "花括号没有用“}”结束，或两项之间缺逗号",
    "Unterminated string": "引号没有成对",
    "Illegal character": "有不允许的字符，检查引号是否成对",
    "Found invalid character": "有不允许的字符，检查是否用了全角符号或引号没有成对",
    "Invalid statement": "这一行写法有误，名称只能用字母、数字、- 和 _",
    "Invalid initial character for a key part": "名称写法有误，只能用字母、数字、- 和 _",
    "Duplicate inline table key": "花括号里同一个名称写了两次",
    "Unescaped": "反斜杠写法有误",
    "Invalid hex value": "反斜杠写法有误",
    "Invalid date or datetime": "日期不存在，请核对",
    "Expected": "写法有误",
}
_PLACE = re.compile(r"\(at (?:line (\d+), column (\d+)|end of document)\)$")


def syntax(message: str, text: str) -> str:
    """A TOML syntax error of the standard library in Chinese, with line and column."""
    place = _PLACE.search(message)
    if place and place[1]:
        line, column = int(place[1]), int(place[2])
    else:
        line, column = text.count("\n") + 1, len(text) - text.rfind("\n")
    words = next((words for start, words in _SYNTAX.items() if message.startswith(start)), "写法有误")
    return f"第 {line} 行第 {column} 列：{words}"
