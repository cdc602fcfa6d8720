"""Two clicks at the same moment import once."""

from __future__ import annotations

import threading
from functools import partial

import pytest
from django.db import connections

from office.refusals import Conflict
from tests.workflow import world as worlds
from tests.workflow.excel.books import NOW, commit, filled_book, look, upload
from workflow.models import ClassPlan, PlanImport
from workflow.services import imports


@pytest.mark.django_db(transaction=True)
def test_eight_commits_at_once_write_once_and_the_others_are_told_by_whom() -> None:
    world = worlds.build()
    received = upload(world, filled_book(world, [{"name": f"第{n}班"} for n in range(3)]))
    digest = look(received).batch.digest
    ready = threading.Barrier(8)
    answers: list[int | str] = []

    def press() -> None:
        try:
            ready.wait()
            answers.append(commit(world, received, digest).created)
        except Conflict as conflict:
            answers.append(str(conflict))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer for answer in answers if answer == 3] == [3]
    told = "这份申报表已由 林晓峰 于 1月10日 09:00 导入，共 3 个班次，不能重复导入。"
    assert [answer for answer in answers if answer != 3] == [told] * 7
    assert ClassPlan.objects.count() == 3


@pytest.mark.django_db
def test_all_or_nothing() -> None:
    """A row that can't be written takes the whole import back."""
    world = worlds.build()
    received = upload(world, filled_book(world, [{"name": "一班"}, {"name": "二班"}]))
    batch = look(received).batch
    batch.drafts[1].fields["name"] = "长" * 81
    with pytest.raises(Exception, match="value too long"):
        imports.commit(
            import_id=received.pk,
            read=partial(lambda batch, _: batch, batch),
            digest=batch.digest,
            actor=world.people["xuanchuan-staff"],
            at=NOW,
        )


@pytest.mark.django_db
def test_what_another_does_between_preview_and_commit_makes_the_preview_stale() -> None:
    world = worlds.build()
    plan = world.draft()
    assert world.book is not None
    content = filled_book(world, [{"name": "一班"}])
    received = upload(world, content)
    digest = look(received).batch.digest
    PlanImport.objects.filter(pk=received.pk).update(year=2028)
    with pytest.raises(Conflict, match="结果与您看到的不同"):
        commit(world, received, digest)
    assert list(ClassPlan.objects.values_list("pk", flat=True)) == [plan.pk]
