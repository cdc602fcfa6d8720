"""The class whose money is used, asked before anything moves, and the papers it comes with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.db import connection

from budgets.models import Payment, Project
from budgets.services import GivenPaper
from office.refusals import Refused
from office.uploads import store
from workflow.rules.spending import SpendingCase, carried_refusal, case_of, in_words, obstacles

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping, Sequence

    from django.core.files.uploadedfile import UploadedFile

    from office.models import StoredFile

    #: Files by the code of the paper they are.
    Files = Mapping[str, Sequence[StoredFile]]

ATTACHABLE: Final = frozenset({"pdf", "jpg", "png", "docx", "doc", "xlsx", "xls"})


def keep(upload: UploadedFile[Any], *, at: datetime.datetime) -> StoredFile:
    """Check an uploaded paper and keep it, so that a refused form needn't send it again.

    Raises `Refused` with what is wrong with the file.
    """
    return store(upload, allow=ATTACHABLE, at=at)


def class_project(project_id: int) -> tuple[Project, SpendingCase]:
    """The project with its union and fund, and its class, whose plan nobody changes until this is done.

    Shared: nobody who pays waits for another here, only a cancellation of the class does.
    """
    project = Project.objects.select_related("union", "fund", "department").get(pk=project_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM workflow_classplan WHERE project_id = %s FOR SHARE", [project.first_id])
    case = case_of(project_id)
    if case is None:
        raise Refused(f"项目 {project.number} 没有对应的班次计划，不能办理。")
    return project, case


def demand(case: SpendingCase, session_no: int | None, *, opened: bool = True) -> None:
    """Raises `Refused` where the class stands in the way: second gate, minutes, settled, cancelled."""
    if found := obstacles(case, session_no, opened=opened):
        raise Refused(in_words(found))


def demand_not_carried(project: Project) -> None:
    """Raises `Refused` where the class has gone on in the next year's project."""
    if reason := carried_refusal(project):
        raise Refused(reason)


def uploaded(case: SpendingCase, files: Files) -> list[GivenPaper]:
    """The uploaded files as papers of the ledger."""
    return [given_paper(case, code, file) for code, several in files.items() for file in several]


def given_paper(case: SpendingCase, code: str, file: StoredFile) -> GivenPaper:
    """The file under the title the book gives its paper; 其他材料 for a code the book doesn't have."""
    paper = case.book.money.paper(code)
    return GivenPaper(code, paper.title, file) if paper is not None else GivenPaper("other", "其他材料", file)


def booked_payment(payment_id: int) -> Payment:
    """With its project, the union and the fund."""
    return Payment.objects.select_related("project__union", "project__fund").get(pk=payment_id)
