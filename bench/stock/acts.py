"""One approval in each way: viewflow's, by hand with all its facts, and the one statement nothing beats."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F
from django.test import RequestFactory
from django.utils import timezone

from bench.stock.flows import ApproveFlow
from bench.stock.load import PEOPLE
from bench.stock.models import Doc, Log, Todo


class Stock:
    """viewflow through its Python API: a run is a start and two approvals."""

    def __init__(self) -> None:
        self.first = self._request(PEOPLE + 1)
        self.second = self._request(PEOPLE + 2)

    @staticmethod
    def _request(user: int) -> Any:
        request = RequestFactory().post("/")
        request.user = User.objects.get(pk=user)
        return request

    def start(self) -> Any:
        return ApproveFlow.start.run()

    def approve(self, process: Any, node: Any, request: Any) -> None:
        task = process.task_set.get(flow_task=node)
        with task.activation() as activation:
            if task.owner_id is None:
                activation.assign(request.user)
            activation.start(request)
            activation.execute()

    def approvals(self, process: Any) -> None:
        self.approve(process, ApproveFlow.first, self.first)
        self.approve(process, ApproveFlow.second, self.second)

    def run(self) -> None:
        self.approvals(self.start())


class Plain:
    """The same facts as viewflow keeps, in transactions written by hand."""

    def start(self) -> int:
        with transaction.atomic():
            doc = Doc.objects.create(state=1)
            Todo.objects.create(
                doc_id=doc.pk, post_id=1, title=f"Class plan #{doc.pk}", created=timezone.now()
            )
            Log.objects.create(doc_id=doc.pk, step=0, user_id=1, at=timezone.now())
        return doc.pk

    def approve(self, doc_id: int, step: int, user: int) -> None:
        """Locks the document, closes the task only if open and ours, logs it, opens the next task."""
        with transaction.atomic():
            Doc.objects.select_for_update().get(pk=doc_id)
            closed = Todo.objects.filter(doc_id=doc_id, post_id=step, open=True)
            assert closed.update(open=False, done_by=user) == 1
            Log.objects.create(doc_id=doc_id, step=step, user_id=user, at=timezone.now())
            if step == 1:
                Todo.objects.create(
                    doc_id=doc_id, post_id=2, title=f"Class plan #{doc_id}", created=timezone.now()
                )
            Doc.objects.filter(pk=doc_id).update(state=step + 1, version=F("version") + 1)

    def approvals(self, doc_id: int) -> None:
        self.approve(doc_id, 1, 1)
        self.approve(doc_id, 2, 2)

    def run(self) -> None:
        self.approvals(self.start())


class Update:
    """One conditional UPDATE and its commit: the floor of any approval that is kept."""

    def start(self) -> int:
        return Doc.objects.create(state=1).pk

    def approvals(self, doc_id: int) -> None:
        for _ in range(2):
            with transaction.atomic():
                assert Doc.objects.filter(pk=doc_id, state__lt=3).update(state=F("state") + 1) == 1

    def run(self) -> None:
        self.approvals(self.start())


WAYS: dict[str, type[Stock | Plain | Update]] = {"stock": Stock, "plain": Plain, "update": Update}


def ideal_inbox() -> list[Todo]:
    """The top 25 of one post over the minimal table, as models."""
    return list(Todo.objects.filter(post_id=1, open=True).order_by("created", "id")[:25])


def ideal_inbox_raw() -> list[Any]:
    """The same without the ORM."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, doc_id, title, created FROM stock_todo WHERE post_id = %s AND open"
            " ORDER BY created, id LIMIT 25",
            [1],
        )
        return cursor.fetchall()
