"""What belongs to the whole site: its own source, and who is asking as the sign-in throttle must know it."""

from __future__ import annotations

import tarfile
import tempfile
from pathlib import Path

from django.conf import settings
from django.http import FileResponse, HttpRequest
from django.views.decorators.http import require_safe

# Named one by one, so that nothing an installation keeps beside its code ever goes out.
SOURCE = (
    ".ci",
    ".gitattributes",
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "README.zh-CN.md",
    "bench",
    "budgets",
    "config",
    "deploy",
    "docs",
    "manage.py",
    "office",
    "org",
    "pyproject.toml",
    "requirements-dev.in",
    "requirements-dev.txt",
    "requirements.in",
    "requirements.txt",
    "rulebook",
    "static",
    "templates",
    "tests",
    "training",
    "workflow",
)


@require_safe
def source(request: HttpRequest) -> FileResponse:
    """The very source that runs here, as AGPL-3.0 §13 promises to everybody who uses it over the network."""
    archive = tempfile.TemporaryFile()  # noqa: SIM115 — the response closes it
    with tarfile.open(fileobj=archive, mode="w:gz", compresslevel=6) as tar:
        for name in SOURCE:
            path: Path = settings.BASE_DIR / name
            if path.exists():
                tar.add(path, arcname=f"guikou/{name}", filter=_published)
    archive.seek(0)
    return FileResponse(
        archive, as_attachment=True, filename="guikou.tar.gz", content_type="application/gzip"
    )


def _published(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    name = Path(member.name).name
    if name == "__pycache__" or name.endswith((".env", ".pyc")) or not (member.isfile() or member.isdir()):
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def address_behind_proxy(request: HttpRequest) -> str:
    """The client's address as the nearest proxy wrote it: the last entry, which a client can't forge."""
    forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).rsplit(",", 1)[-1].strip()
    return forwarded or str(request.META.get("REMOTE_ADDR", ""))
