"""``manage.py load_rulebook``: what the person at the keyboard reads."""

from __future__ import annotations

import io
from pathlib import Path

from django.core.management import call_command

from org.models import Union
from rulebook.models import RuleBook
from tests.rulebook.conftest import BINHAI, COUNTY, Edit


def run(*files: Path) -> tuple[str, str, object]:
    """Output, error output and exit code."""
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    try:
        call_command("load_rulebook", *map(str, files), stdout=out, stderr=err, no_color=True)
    except SystemExit as end:
        code = end.code
    return out.getvalue(), err.getvalue(), code


def test_says_what_was_loaded(binhai: Union, county: Union) -> None:
    out, err, code = run(BINHAI, COUNTY)
    assert out.splitlines() == [
        f"{BINHAI}：滨海新区总工会关于进一步加强工会干部教育培训工作的意见，已载入第 1 版",
        f"{COUNTY}：沿江县总工会培训办班管理办法，已载入第 1 版",
    ]
    assert (err, code) == ("", 0)


def test_says_that_nothing_changed(county: Union) -> None:
    run(COUNTY)
    out, _, code = run(COUNTY)
    assert out == f"{COUNTY}：沿江县总工会培训办班管理办法，没有变化，仍为第 1 版\n"
    assert code == 0


def test_names_all_faults_and_still_loads_the_others(county: Union, edited: Edit, tmp_path: Path) -> None:
    broken = edited(COUNTY, "days = 2\n", "days = 0\n", 'closes = "02-28"', 'closes = "02-30"')
    missing = tmp_path / "none.toml"
    out, err, code = run(broken, missing, COUNTY)
    assert code == 1
    assert err.splitlines() == [
        f"{broken}：未载入，有 2 处问题",
        "  steps[0].days：不能小于 1（现为 0）",
        '  window.closes：应写成“月-日”，如 "01-31"，且每年都有这一天（现为 02-30）',
        f"{missing}：未载入，有 1 处问题",
        "  找不到这个文件",
    ]
    assert out.count("已载入第 1 版") == 1
    assert RuleBook.objects.count() == 1


def test_the_history_says_where_an_edition_came_from(county: Union) -> None:
    run(COUNTY)
    event = RuleBook.pgh_event_models["insert"].objects.get()  # type: ignore[attr-defined]
    assert event.pgh_context.metadata == {"command": "load_rulebook", "file": str(COUNTY)}
