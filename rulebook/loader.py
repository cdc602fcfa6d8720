"""From a TOML file to a rule book, or to all that is wrong with the file."""

from __future__ import annotations

import datetime
import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from pydantic import ValidationError, create_model

from office.refusals import Refused
from org.models import Department, Post, Union
from rulebook import consistency
from rulebook.codes import ANY_DEPARTMENT, DUTY_PREFIX
from rulebook.consistency import Problem
from rulebook.fields import Strictly
from rulebook.messages import reason, syntax
from rulebook.models import RuleBook
from rulebook.schema import Book

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_BYTES = 1_000_000


@dataclass(frozen=True)
class Fault:
    """One fault: the file, the key path (``steps[2].holder.code``; empty for the file itself) and why."""

    file: str
    key: str
    reason: str

    def __str__(self) -> str:
        return "：".join(part for part in (self.file, self.key, self.reason) if part)


class BookFaults(Refused):
    """The file can't be loaded; ``faults`` are all of them, the message one line each."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


def read(path: Path | str) -> Book:
    """The book in a TOML file; raises ``BookFaults`` with every fault found. Needs no database."""
    return _book(Path(path), _text(Path(path)))


def load(path: Path | str, *, at: datetime.datetime) -> tuple[RuleBook, bool]:
    """Store the book in a file; the row that holds it, and whether it is new.

    Loading what is already the latest edition changes nothing; other content
    becomes the next edition and the old one stays. Raises ``BookFaults`` for
    faults of the file, and where it doesn't fit the organisation: a union,
    department or post that isn't there, or dates that overlap those of
    another book of the union.
    """
    path = Path(path)
    text = _text(path)
    book = _book(path, text)
    content = book.model_dump(mode="json")
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    with transaction.atomic():
        union = Union.objects.select_for_update(no_key=True).filter(code=book.union).first()
        if union is None:
            raise _faults(path, [Problem(("union",), f"系统里没有代码为“{book.union}”的工会")])
        editions = RuleBook.objects.filter(union=union, code=book.code)
        latest = editions.without_text().order_by("-edition").first()
        if latest is not None and latest.digest == digest:
            return latest, False
        misfits = [*_misfits(book, union), *_overlaps(book, union)]
        if misfits:
            raise _faults(path, misfits)
        created = RuleBook.objects.create(
            union=union,
            code=book.code,
            edition=latest.edition + 1 if latest else 1,
            title=book.title,
            number=book.number,
            valid=_valid(book),
            content=content,
            digest=digest,
            source_text=text,
            loaded_at=at,
        )
    return created, True


def examine(raw: dict[str, Any]) -> tuple[Book | None, list[Problem]]:
    """Plain TOML data as a book, or its faults: of form everywhere, of sense between readable parts."""
    try:
        return Book.model_validate(raw), []
    except ValidationError as invalid:
        errors = [error for error in invalid.errors() if error["type"] != "inconsistent"]
    problems = [Problem(tuple(error["loc"]), reason(error)) for error in errors]
    broken = {error["loc"][0] for error in errors}
    sound = {name: field for name, field in Book.model_fields.items() if name not in broken}
    fields: dict[str, Any] = {name: (field.annotation, field) for name, field in sound.items()}
    parts = create_model("Parts", __base__=Strictly, **fields)
    readable = parts.model_validate({name: raw[name] for name in sound if name in raw})
    partial = Book.model_construct(**{name: getattr(readable, name) for name in sound})
    return None, [*problems, *consistency.problems(partial, sound)]


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise BookFaults([Fault(str(path), "", "找不到这个文件")]) from None
    except OSError:
        raise BookFaults([Fault(str(path), "", "无法读取这个文件")]) from None
    if len(data) > MAX_BYTES:
        raise BookFaults([Fault(str(path), "", "文件过大，不像是制度文件")])
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BookFaults([Fault(str(path), "", f"第 {line} 行有不是 UTF-8 的字符，请存为 UTF-8")]) from None


def _book(path: Path, text: str) -> Book:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BookFaults([Fault(str(path), "", syntax(str(error), text))]) from None
    except RecursionError:
        raise BookFaults([Fault(str(path), "", "嵌套过深")]) from None
    book, problems = examine(raw)
    if book is None:
        raise _faults(path, problems)
    return book


def _faults(path: Path, problems: Sequence[Problem]) -> BookFaults:
    return BookFaults([Fault(str(path), consistency.path(p.loc), p.reason) for p in problems])


def _valid(book: Book) -> DateRange:
    end = book.valid_until and book.valid_until + datetime.timedelta(days=1)
    return DateRange(book.valid_from, end, "[)")


def _misfits(book: Book, union: Union) -> Iterator[Problem]:
    """Departments and posts the book names but the organisation doesn't have."""
    departments = set(Department.objects.filter(union=union).values_list("code", flat=True))
    for index, category in enumerate(book.categories):
        for place, code in enumerate(category.held_by):
            if code == ANY_DEPARTMENT or code.startswith(DUTY_PREFIX) or code in departments:
                continue
            yield Problem(("categories", index, "held_by", place), f"{union}没有代码为“{code}”的部门")
    superior = union.superior
    posts = {
        place: set(Post.objects.filter(union=owner).values_list("code", flat=True)) if owner else set()
        for place, owner in (("own", union), ("superior", superior))
    }
    steps = [
        *((("steps", index), step) for index, step in enumerate(book.steps)),
        *((("launch", "steps", index), step) for index, step in enumerate(book.launch.steps)),
    ]
    for loc, step in steps:
        if step.level == "superior" and superior is None:
            yield Problem((*loc, "level"), f"{union}没有上级工会")
            continue
        owner = superior if step.level == "superior" else union
        for key, holder in (("holder", step.holder), ("stand_in", step.stand_in)):
            if holder and holder.kind == "post" and holder.code not in posts[step.level]:
                yield Problem((*loc, key, "code"), f"{owner}没有代码为“{holder.code}”的岗位")


def _overlaps(book: Book, union: Union) -> Iterator[Problem]:
    others = RuleBook.objects.filter(union=union, valid__overlap=_valid(book)).exclude(code=book.code)
    for other in others.latest_editions().without_text():
        yield Problem(
            ("valid_from",),
            f"与“{other}”的施行期间重叠；请先为 {other.code} 载入写明 valid_until 的新一版",
        )
