"""The manual shows pictures there are, and names only buttons and pages the product has."""

from __future__ import annotations

import re
from functools import cache

import pytest

from tests.browser.day import MANUAL

ROOT = MANUAL.parents[1]
PAGES = sorted(MANUAL.glob("*.md"))
MOST_BYTES = 200 * 1024
MOST_PICTURES = 40

TAG = re.compile(r"\{%[^%]*%\}")
BETWEEN = re.compile(r"\{% if (?:(?!\{% if ).)*?\{% endif %\}", re.DOTALL)


@cache
def product() -> str:
    """Everything the product can say: its templates, its programs, its script.

    Templates stand in it as they are, without tags, and without what stands between if and endif.
    """
    said = []
    for folder in (
        *("templates", "static", "workflow", "org", "training"),
        *("rulebook", "budgets", "office", "config"),
    ):
        for kind in ("*.html", "*.py", "*.js"):
            for path in sorted((ROOT / folder).rglob(kind)):
                text = path.read_text(encoding="utf-8")
                said += [text, TAG.sub("", text), TAG.sub("", BETWEEN.sub("", text))]
    return "\n".join(said)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_words_in_corner_brackets_are_the_products(page) -> None:
    """「…」 is a button, a page or a field; " n " stands for a number the page fills in."""
    for word in sorted(set(re.findall(r"「([^」]+)」", page.read_text(encoding="utf-8")))):
        pattern = re.escape(word).replace(r"\ n\ ", r" (?:\{\{[^}]*\}\}|\{[^}]*\}) ")
        assert re.search(pattern, product()), f"{page.name}: 「{word}」"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_one_is_told_to_press_is_the_whole_of_a_button(page) -> None:
    """按「确认所选」: somebody looks for exactly these words."""
    for word in sorted(set(re.findall(r"按「([^」]+)」", page.read_text(encoding="utf-8")))):
        text = re.escape(word).replace(r"\ n\ ", r" (?:\{\{[^}]*\}\}|\{[^}]*\}) ")
        assert re.search(rf"""(?:[>"']|%\}})\s*{text}\s*(?:[<"'（]|\{{%)""", product()), (
            f"{page.name}: 「{word}」"
        )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_and_picture_leads_somewhere(page) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).is_file(), f"{page.name}: {target}"


def test_every_picture_is_shown_and_small() -> None:
    shown = {name for page in PAGES for name in re.findall(r"图/([^)]+\.png)", page.read_text("utf-8"))}
    pictures = list((MANUAL / "图").glob("*.png"))
    assert {path.name for path in pictures} == shown
    assert len(pictures) <= MOST_PICTURES
    assert [path.name for path in pictures if path.stat().st_size > MOST_BYTES] == []


def test_the_index_leads_to_every_page() -> None:
    index = (MANUAL / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in PAGES if page.name != "README.md" and page.name not in index] == []
