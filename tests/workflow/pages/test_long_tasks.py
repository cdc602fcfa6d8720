"""后台事项: the list, how far one is, and taking it back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from org.models import LongTask
from org.services import long_tasks
from tests.workflow import demonstration  # noqa: F401 - the works these tests ask for
from tests.workflow.world import World, at

STATE = LongTask.State


@pytest.fixture
def mine(world: World, client: Client) -> Client:
    client.force_login(world.people["xuanchuan-staff"])
    return client


def begin(world: World, who: str = "xuanchuan-staff", kind: str = "demonstration", **more: Any) -> LongTask:
    task = long_tasks.begin(
        kind=kind,
        title="导入干部名册.xlsx",
        params={"union": world.union.pk, "rows": 3},
        actor=world.people[who],
        at=at(1, 20),
    )
    LongTask.objects.filter(pk=task.pk).update(**more)
    return LongTask.objects.get(pk=task.pk)


def page(client: Client, task: LongTask, **headers: str) -> str:
    answer = client.get(reverse("workflow:long_task", args=[task.pk]), headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def words(html: str) -> str:
    """The text between the tags of the page's middle, in one line."""
    middle = html.partition("<main")[2].partition("</main>")[0] or html
    return " ".join(re.sub(r"<[^>]+>", " ", middle).split())


def test_a_waiting_task_may_be_left_alone_or_taken_back(world: World, mine: Client) -> None:
    html = page(mine, begin(world))
    assert "排队中 正在等待处理，可以离开本页，稍后再来查看。 发起 2027年1月20日 09:00 刷新 取消" in words(
        html
    )
    assert "<progress" not in html


def test_a_running_task_shows_how_far_it_is_and_asks_again(world: World, mine: Client) -> None:
    task = begin(
        world, state=STATE.RUNNING, done=4100, total=10000, message="正在核对第 4100 行", started_at=at(1, 20)
    )
    html = page(mine, task)
    assert (
        '<progress class="progress is-info is-small mb-2" aria-label="处理进度" value="41" max="100">' in html
    )
    assert "处理中 4100 / 10000（41%） 41% 正在核对第 4100 行" in words(html)
    assert f'hx-get="/tasks/{task.pk}/" hx-trigger="every 2s" hx-swap="outerHTML"' in html
    assert f'<a class="button is-small" id="look-again" href="/tasks/{task.pk}/">刷新</a>' in html


def test_before_the_first_count_the_bar_has_no_value(world: World, mine: Client) -> None:
    html = page(mine, begin(world, state=STATE.RUNNING))
    assert '<progress class="progress is-info is-small mb-2" aria-label="处理进度">' in html


def test_asked_by_the_page_itself_it_sends_the_card_alone(world: World, mine: Client) -> None:
    task = begin(world, state=STATE.RUNNING, done=1, total=3)
    card = page(mine, task, hx_request="true")
    assert card.lstrip().startswith('<div class="card-flat" id="long-task" hx-get=')
    assert "<main" not in card
    assert "cancel-task" in card
    answer = mine.get(reverse("workflow:long_task", args=[task.pk]), headers={"hx-request": "true"})
    assert (answer["Cache-Control"], answer["Vary"]) == ("private, no-store", "HX-Request, Cookie")


def test_when_it_is_over_the_page_stops_asking_and_leads_to_the_result(
    world: World, mine: Client, run_jobs
) -> None:
    task = begin(world)
    assert run_jobs() == 1
    html = page(mine, task)
    assert "hx-trigger" not in html
    assert "写入 3 行" in words(html)
    assert f'<a class="button is-small is-primary" href="/search/?q={world.union.code}">查看单位</a>' in html
    assert "取消" not in words(html)
    assert "刷新" not in words(html)


def test_a_failure_is_told_in_chinese_without_a_trace_of_the_program(
    world: World, mine: Client, run_jobs
) -> None:
    task = begin(world, kind="broken")
    run_jobs()
    html = page(mine, task)
    assert f"未完成 处理中出了意外，没有做完。原因已记入日志，请把编号 {task.pk} 告诉系统管理员。" in words(
        html
    )
    assert [word for word in ("Traceback", "ZeroDivision", "secret") if word in html] == []


# ---- taking it back


def cancel(client: Client, task: LongTask) -> str:
    answer = client.post(reverse("workflow:long_task_cancel", args=[task.pk]), follow=True)
    assert answer.redirect_chain == [(f"/tasks/{task.pk}/", 302)]
    return words(answer.content.decode())


def test_a_waiting_one_is_cancelled_by_its_button(world: World, mine: Client, run_jobs) -> None:
    task = begin(world)
    assert f'action="/tasks/{task.pk}/cancel/"' in page(mine, task)
    assert 'id="cancel-button" form="cancel-task">取消</button>' in page(mine, task)
    shown = cancel(mine, task)
    assert "已取消。" in shown
    run_jobs()
    assert LongTask.objects.get().state == STATE.CANCELLED


def test_a_running_one_is_asked_to_stop_and_the_page_says_so(world: World, mine: Client) -> None:
    task = begin(world, state=STATE.RUNNING, done=1, total=3)
    shown = cancel(mine, task)
    assert "已要求取消，处理到的这一批结束后停止。" in shown
    assert "处理中 正在取消……" in shown
    assert "cancel-button" not in page(mine, task)


def test_one_that_is_over_says_why_not(world: World, mine: Client) -> None:
    task = begin(world, state=STATE.DONE)
    assert "“导入干部名册.xlsx”已完成，不能再取消。" in cancel(mine, task)


# ---- whose


@pytest.mark.parametrize("who", ["xuanchuan-head", "jiceng-head", "leader"])
def test_it_is_nobody_elses(world: World, client: Client, who: str) -> None:
    task = begin(world)
    client.force_login(world.people[who])
    assert client.get(reverse("workflow:long_task", args=[task.pk])).status_code == 404
    assert client.post(reverse("workflow:long_task_cancel", args=[task.pk])).status_code == 404
    assert "导入干部名册" not in client.get(reverse("workflow:long_tasks")).content.decode()
    assert LongTask.objects.get().cancel_asked is False


def test_the_list_shows_ones_own_the_latest_first(world: World, mine: Client) -> None:
    assert "没有后台事项" in mine.get("/tasks/").content.decode()
    first = begin(world, state=STATE.FAILED, message="第 3 行：没有身份证号，请补填。", done=2, total=9)
    second = begin(world, state=STATE.DONE, result={"summary": "导入 9 人"}, finished_at=at(1, 20, 10))
    begin(world, "jiceng-staff")
    shown = words(mine.get("/tasks/").content.decode())
    assert "后台事项 2 项" in shown
    assert [int(pk) for pk in re.findall(r'href="/tasks/(\d+)/"', mine.get("/tasks/").content.decode())] == [
        second.pk,
        first.pk,
    ]
    assert "已完成 — 1月20日 09:00 1月20日 10:00 导入 9 人".replace("1月", "2027年1月") in shown
    assert "未完成 2 / 9 2027年1月20日 09:00 — 第 3 行：没有身份证号，请补填。" in shown


def test_the_list_takes_as_many_statements_for_one_as_for_a_page(world: World, mine: Client) -> None:
    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            mine.get("/tasks/")
        return len(seen)

    begin(world)
    mine.get("/tasks/")
    one = statements()
    for _ in range(24):
        begin(world)
    assert statements() == one
