"""Every fault a file can have is named by key and reason, all of them at once."""

from __future__ import annotations

import copy
import functools
import operator
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rulebook import loader
from rulebook.consistency import path as path_of
from rulebook.messages import reason
from tests.rulebook.broken import BROKEN, SYNTAX
from tests.rulebook.conftest import BINHAI, COUNTY, Edit


@pytest.mark.parametrize("case", BROKEN)
def test_fault_is_named(case: str, edited: Edit) -> None:
    source, edits, key, words = BROKEN[case]
    path = edited(source, *edits)
    with pytest.raises(loader.BookFaults) as found:
        loader.read(path)
    faults = {fault.key: fault.reason for fault in found.value.faults}
    assert key in faults, faults
    assert words in faults[key]
    assert {fault.file for fault in found.value.faults} == {str(path)}


@pytest.mark.parametrize("case", BROKEN)
def test_reasons_are_chinese_and_none_is_a_shrug(case: str, edited: Edit) -> None:
    source, edits, _, _ = BROKEN[case]
    with pytest.raises(loader.BookFaults) as found:
        loader.read(edited(source, *edits))
    for fault in found.value.faults:
        assert not fault.reason.isascii(), fault
        assert "内容不合要求" not in fault.reason, fault
        assert "Input" not in fault.reason, fault


@pytest.mark.parametrize("case", SYNTAX)
def test_syntax_error_has_line_and_column(case: str, edited: Edit) -> None:
    edits, words = SYNTAX[case]
    path = edited(COUNTY, *edits)
    with pytest.raises(loader.BookFaults) as found:
        loader.read(path)
    (fault,) = found.value.faults
    assert (fault.file, fault.key) == (str(path), "")
    assert words in fault.reason
    assert fault.reason.startswith("第 ")


def test_all_faults_at_once(edited: Edit) -> None:
    path = edited(
        BINHAI,
        'period = "2018—2022" ', "periode = 2018 ",
        "days = 3", 'days = "3"',
        'severity = "block"', 'severity = "hard"',
        "total = 550", "total = 551",
        'closes = "01-31"', 'closes = "13-31"',
        'code = "party"', 'code = "theory"',
    )  # fmt: skip
    with pytest.raises(loader.BookFaults) as found:
        loader.read(path)
    assert {fault.key for fault in found.value.faults} == {
        "period",
        "periode",
        "steps[1].days",
        "rules.survey_missing.severity",
        "rate_card.classes[2].total",
        "window.closes",
        "modules[1].code",
    }
    lines = str(found.value).splitlines()
    assert len(lines) == len(found.value.faults)
    assert f"{path}：rate_card.classes[2].total：合计写的是 551.00，各项相加是 550.00" in lines


def test_an_error_nobody_foresaw_still_has_words() -> None:
    """A newer pydantic may find new names for what is wrong."""
    unknown: Any = {"type": "brand_new", "loc": (), "msg": "Something else", "input": "甲"}
    assert reason(unknown) == "内容不合要求（现为 甲）"


def test_unreadable_files(tmp_path: Path) -> None:
    latin = tmp_path / "gbk.toml"
    latin.write_bytes('code = "x"\ntitle = "工会"'.encode("gbk"))
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * (loader.MAX_BYTES + 1))
    deep = tmp_path / "deep.toml"
    deep.write_text("a = " + "[" * 100_000, encoding="utf-8")
    empty = tmp_path / "empty.toml"
    empty.write_text("", encoding="utf-8")
    for path, words in (
        (tmp_path / "none.toml", "找不到这个文件"),
        (tmp_path, "无法读取这个文件"),
        (latin, "第 2 行有不是 UTF-8 的字符"),
        (large, "文件过大"),
        (deep, "嵌套过深"),
    ):
        with pytest.raises(loader.BookFaults, match=words):
            loader.read(path)
    with pytest.raises(loader.BookFaults) as found:
        loader.read(empty)
    assert "steps" in {fault.key for fault in found.value.faults}


def test_windows_files_read_the_same(tmp_path: Path) -> None:
    path = tmp_path / "windows.toml"
    text = COUNTY.read_text(encoding="utf-8").replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert loader.read(path) == loader.read(COUNTY)


def _places(part: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in plain data, from the top down."""
    pairs = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, inner in pairs:
        yield (*above, key)
        yield from _places(inner, (*above, key))


RAW = {path: tomllib.loads(path.read_text(encoding="utf-8")) for path in (BINHAI, COUNTY)}
LEAVES = {path: list(_places(raw)) for path, raw in RAW.items()}
ODD = st.one_of(
    st.none() | st.booleans() | st.integers() | st.floats(),
    st.text(max_size=50),
    st.dates() | st.datetimes() | st.times(),
    st.sampled_from(
        ["", " ", "*", "duty:", "duty:finance", "own_head", "theory", "class3", "02-29", "1e400"]
    ),
    st.lists(st.integers() | st.text(max_size=3), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=3), max_size=3),
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_whatever_is_written_anywhere_is_judged(data: st.DataObject) -> None:
    """Any value at any place: a book, or reasons in Chinese; never a crash, never a shrug."""
    path = data.draw(st.sampled_from([BINHAI, COUNTY]))
    raw = copy.deepcopy(RAW[path])
    for place in data.draw(st.lists(st.sampled_from(LEAVES[path]), min_size=1, max_size=4)):
        try:
            inside = functools.reduce(operator.getitem, place[:-1], raw)
            inside[place[-1]] = data.draw(ODD)
        except (TypeError, KeyError, IndexError):
            continue  # an earlier change took the place away
    book, problems = loader.examine(raw)
    assert (book is None) == bool(problems)
    for problem in problems:
        assert path_of(problem.loc)
        assert not problem.reason.isascii()
        assert "内容不合要求" not in problem.reason
