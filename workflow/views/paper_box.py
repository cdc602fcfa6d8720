"""Uploaded papers: kept at once, so that nobody has to choose a file twice when a form is refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.core import signing
from django.utils import timezone

from budgets import rules as ledger_rules
from office.models import StoredFile
from office.refusals import Refused
from workflow.services import spending as services

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable

    from budgets.models import Commitment, Payment
    from workflow.views.common import DeskRequest

_SALT: Final = "workflow.papers"
_SECONDS: Final = 24 * 3600


@dataclass
class PaperBox:
    """Files by the code of the paper they are, and what was wrong with one."""

    user_id: int
    files: dict[str, list[StoredFile]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def rows(self, papers: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
        """A row for each (code, title): its kept files with the token that brings them back."""
        return [
            {
                "code": code,
                "title": title,
                "error": self.errors.get(code, ""),
                "files": [(file.name, self._token(file)) for file in self.files.get(code, ())],
            }
            for code, title in papers
        ]

    def _token(self, file: StoredFile) -> str:
        return signing.dumps([file.pk, self.user_id], salt=_SALT)


def paper_box(request: DeskRequest, codes: Iterable[str], at: datetime.datetime) -> PaperBox:
    """What came with the form: files chosen now (``file_CODE``) and those kept before (``kept_CODE``)."""
    box = PaperBox(request.user.pk)
    for code in codes:
        kept = [pk for token in request.POST.getlist(f"kept_{code}") if (pk := _read(token, request.user.pk))]
        files = list(StoredFile.objects.filter(pk__in=kept).order_by("id")) if kept else []
        for upload in request.FILES.getlist(f"file_{code}"):
            try:
                files.append(services.keep(upload, at=at))
            except Refused as refused:
                box.errors[code] = f"{upload.name}：{refused}"
        if files:
            box.files[code] = files
    return box


def add_paper(request: DeskRequest, to: Payment | Commitment) -> str:
    """Keeps the posted ``file`` with a payment or a commitment; what is wrong with it, empty if nothing.

    Raises `Refused` for whoever may look but not act.
    """
    at = timezone.now()
    if reason := ledger_rules.refusal("spend", to.project.union, request.user, at):
        raise Refused(reason)
    upload = request.FILES.get("file")
    if upload is None:
        return "请先选择要上传的文件。"
    try:
        file = services.keep(upload, at=at)
    except Refused as refused:
        return str(refused)
    code = request.POST.get("kind", "")
    paper = services.add_paper(to=to, code=code, file=file, actor=request.user, at=at)
    messages.success(request, f"已补充“{paper.title}”：{file.name}。")
    return ""


def _read(token: str, user_id: int) -> int | None:
    try:
        pk, owner = signing.loads(token, salt=_SALT, max_age=_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return pk if owner == user_id and isinstance(pk, int) else None
