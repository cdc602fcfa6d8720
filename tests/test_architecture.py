"""What import-linter can't see: relations by name, signals, migrations, services, templates, locks."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import pytest
from django.apps import apps
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
# Lowest first. Apps on one floor don't know each other.
FLOORS = (("office",), ("org",), ("rulebook",), ("budgets", "training"), ("workflow",))
FLOOR = {app: number for number, floor in enumerate(FLOORS) for app in floor}
OURS = [app for floor in FLOORS for app in floor if (ROOT / app).is_dir()]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def sources(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    """Every module of these folders, parsed."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path, ast.parse(path.read_text())


def imported(tree: ast.Module) -> Iterator[str]:
    """Dotted names a module imports: `from a import b` gives `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


# ---- Floors


def points_up(source: str, target: str) -> bool:
    return source != target and FLOOR[target] >= FLOOR[source]


def test_the_test_itself_knows_up_from_down() -> None:
    assert points_up("org", "workflow")
    assert points_up("budgets", "training")
    assert not points_up("workflow", "org")
    assert not points_up("org", "org")


def test_relations_between_apps_point_down_only() -> None:
    upward = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in FLOOR
        for field in (*model._meta.local_fields, *model._meta.local_many_to_many)
        if isinstance(field.related_model, type)
        and field.related_model._meta.app_label in FLOOR
        and points_up(model._meta.app_label, field.related_model._meta.app_label)
    ]
    assert upward == []


def test_no_app_listens_to_signals() -> None:
    listening = [
        of(path)
        for path, tree in sources(*OURS)
        for name in imported(tree)
        if name.startswith(("django.dispatch", "django.db.models.signals", "django.core.signals"))
    ]
    assert listening == []


def test_migrations_keep_their_own_copy_of_the_states() -> None:
    borrowing = [
        f"{of(path)}: {name}"
        for path, tree in sources(*(f"{app}/migrations" for app in OURS))
        for name in imported(tree)
        if re.match(rf"({'|'.join(OURS)})\.(states|severity|rules|services|selectors)\b", name)
    ]
    assert borrowing == []


# ---- Services


def service_modules() -> Iterator[ModuleType]:
    for app in OURS:
        if (ROOT / app / "services.py").exists() or (ROOT / app / "services").is_dir():
            package = importlib.import_module(f"{app}.services")
            yield package
            for info in pkgutil.iter_modules(getattr(package, "__path__", ())):
                yield importlib.import_module(f"{app}.services.{info.name}")


def test_services_take_who_and_when_by_name_and_never_by_default() -> None:
    loose = []
    for module in service_modules():
        for name, function in inspect.getmembers(module, inspect.isfunction):
            parameters = inspect.signature(function).parameters
            elsewhere = inspect.unwrap(function).__module__ != module.__name__
            if elsewhere or name.startswith("_") or "actor" not in parameters:
                continue
            for wanted in ("actor", "at"):
                given = parameters.get(wanted)
                if (
                    given is None
                    or given.kind is not inspect.Parameter.KEYWORD_ONLY
                    or given.default is not inspect.Parameter.empty
                    or "None" in str(given.annotation)
                ):
                    loose.append(f"{module.__name__}.{name}: {wanted}")
    assert loose == []


# ---- Templates

# Notes and tags; and blocks that hand one bare word to the frame, as a css class is.
LEFT_OUT = re.compile(
    r"{%\s*comment.*?endcomment\s*%}|{#.*?#}|{% block \w+ %}[a-z -]+{% endblock( \w+)? %}|{%.*?%}|{{.*?}}",
    re.DOTALL,
)
SHOWN = frozenset({"alt", "aria-label", "content", "label", "placeholder", "title", "value"})
# Names that are the same in Chinese text.
NAMES = frozenset(
    re.findall(
        r"\w+",
        "AGPL Chromium Chrome Cookie Ctrl Edge Enter Esc Excel Firefox GB KB MB PDF Tab Word "
        "csv docx jpg or later pdf png xls xlsm xlsx zip",
    )
)


class Page(HTMLParser):
    """What a template shows, and what the content security policy would refuse in it."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []
        self.refused: list[str] = []
        self._inside: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._inside = tag if tag in {"script", "style"} else self._inside
        if tag == "style" or (tag == "script" and "src" not in given):
            self.refused.append(f"<{tag}>")
        for name, value in attrs:
            text = (value or "").strip()
            if name == "style" or re.match(r"on|hx-on", name) or text.lower().startswith("javascript:"):
                self.refused.append(f"{tag} {name}")
            if name in {"src", "href", "action"} and re.match(r"(https?:)?//", text):
                self.refused.append(f"{tag} {name}={text}")
            if name in SHOWN and not (tag == "meta" or (name == "value" and given.get("type") != "submit")):
                self.shown.append(text)

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside is None:
            self.shown.append(data)


def page(path: Path) -> Page:
    parsed = Page()
    parsed.feed(LEFT_OUT.sub("", path.read_text()))
    parsed.close()
    return parsed


def english(text: str) -> list[str]:
    return [word for word in re.findall(r"[A-Za-z]{2,}", text) if word not in NAMES]


def test_the_reader_of_templates_finds_what_it_looks_for(tmp_path: Path) -> None:
    path = tmp_path / "x.html"
    path.write_text(
        '{# a note #}<p style="x" onclick="y">Hello {{ name }}{% if a %}好{% endif %}</p><style>p{}</style>'
        '<script>z</script><script src="//cdn/x.js"></script>'
        '<img alt="Photo"><a href="javascript:x">Excel</a>'
    )
    found = page(path)
    assert found.refused == [
        "p style",
        "p onclick",
        "<style>",
        "<script>",
        "script src=//cdn/x.js",
        "a href",
    ]
    assert english(" ".join(found.shown)) == ["Hello", "Photo"]


@pytest.mark.parametrize("path", TEMPLATES, ids=of)
def test_templates_hold_nothing_the_policy_refuses(path: Path) -> None:
    assert page(path).refused == []


@pytest.mark.parametrize("path", TEMPLATES, ids=of)
def test_templates_speak_chinese(path: Path) -> None:
    assert english(" ".join(page(path).shown)) == []


# ---- Lock files


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_locks_hold_names_versions_and_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    assert [
        line for line in text.splitlines() if re.search(r"://|@|(^|\s)-(-index|-extra|-find|i\b|f\b)", line)
    ] == []
    entries = [line for line in text.splitlines() if re.match(r"[A-Za-z]", line)]
    assert len(entries) > 20
    assert [
        line for line in entries if not re.match(r"[a-z0-9-]+(\[[a-z,]+\])?==\S+( ; .+)? \\$", line)
    ] == []
    assert text.count("==") >= len(entries)
    for block in re.split(r"\n(?=[a-z])", text.strip()):
        assert "--hash=sha256:" in block, block


def test_the_tests_run_on_what_the_product_runs_on() -> None:
    def pinned(name: str) -> set[str]:
        return set(re.findall(r"^([a-z0-9-]+(?:\[[a-z,]+\])?==\S+)", (ROOT / name).read_text(), re.MULTILINE))

    assert pinned("requirements.txt") <= pinned("requirements-dev.txt")
