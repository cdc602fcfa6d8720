"""The bar stands on one line of a terminal, and not at all in a log."""

from __future__ import annotations

import io
import sys

from org.loading.command import bar_of


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def drawn(monkeypatch, stream: io.StringIO, *, quiet: bool = False) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    with bar_of(quiet=quiet, total=3) as bar:
        bar.set_description("正在导入", refresh=False)
        bar.update(3)
        bar.refresh()
    return stream.getvalue()


def test_in_a_terminal_it_is_drawn_on_one_line(monkeypatch) -> None:
    text = drawn(monkeypatch, Terminal())
    assert "正在导入: 100%" in text
    assert "3/3" in text
    assert "\n" not in text


def test_in_a_log_and_when_asked_to_be_quiet_it_isnt(monkeypatch) -> None:
    assert drawn(monkeypatch, io.StringIO()) == ""
    assert drawn(monkeypatch, Terminal(), quiet=True) == ""
