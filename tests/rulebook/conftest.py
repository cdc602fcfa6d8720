from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest

from org.models import Department, Post, PostKind, Union
from rulebook import loader
from rulebook.schema import Book, RateCard

SHIPPED = Path(__file__).parents[2] / "rulebook" / "books"
BINHAI = SHIPPED / "binhai-2018.toml"
MIANYANG = SHIPPED / "mianyang-2018.toml"
COUNTY = Path(__file__).parent / "books" / "yanjiang-2024.toml"
LOADED_AT = datetime.datetime(2027, 1, 5, 9, 0, tzinfo=datetime.timezone(datetime.timedelta(hours=8)))

Edit = Callable[..., Path]


def leaders(union: Union) -> None:
    for code in ("leader", "principal"):
        Post.objects.create(union=union, code=code, title="副主席", kind=PostKind.LEADER)


@pytest.fixture
def binhai(db: None) -> Union:
    union = Union.objects.found(code="binhai", name="滨海新区总工会", level="district")
    leaders(union)
    return union


@pytest.fixture
def county(db: None) -> Union:
    """A county below a city, with the posts and the department its book names."""
    city = Union.objects.found(code="jiangcheng", name="江城市总工会", level="city")
    union = Union.objects.found(parent=city, code="yanjiang", name="沿江县总工会", level="district")
    leaders(union)
    Department.objects.create(union=union, code="zuzhi", name="组织部")
    return union


@pytest.fixture
def edited(tmp_path: Path) -> Edit:
    """``edited(source, old, new, …)``: a copy of a book with text replaced."""

    def edit(source: Path, *pairs: str) -> Path:
        text = source.read_text(encoding="utf-8")
        for old, new in zip(pairs[::2], pairs[1::2], strict=True):
            assert old in text, old
            text = text.replace(old, new, 1)
        path = tmp_path / "book.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return edit


@pytest.fixture(scope="session")
def book() -> Book:
    return loader.read(BINHAI)


@pytest.fixture(scope="session")
def card(book: Book) -> RateCard:
    return book.rate_card
