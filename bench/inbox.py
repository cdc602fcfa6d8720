"""1 and 2: what waits at my posts, as a query and as a page; and the other lists at size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench import clock
from org.selectors import standing
from workflow.models import WorkTask
from workflow.selectors import worklist

if TYPE_CHECKING:
    from bench.load import World
    from bench.peer import Peer
    from org.models import User

REVIEWER = "jiceng-head"
#: Other pages, measured alone: they have no peer, but must not hang on how much there is.
PAGES = {
    "已办": "/done/",
    "我发起的": "/mine/",
    "搜索“培训班 1500”": "/search/?q=培训班 1500",
    "搜索“信息员”": "/search/?q=信息员",
    "计划汇总": "/desk/?year=2027",
    "年度计划": "/year-plan/?year=2026",
    "上会议题": "/meetings/?year=2027",
    "培训经费": "/funds/?year=2027",
}


@dataclass(frozen=True)
class Page:
    """One page: seconds, statements, bytes."""

    seconds: float
    statements: int
    bytes: int


def rows(user: User) -> list[WorkTask]:
    """The first page's rows, as the view asks for them."""
    posts = standing(user, timezone.localdate(), to_act=True).post_ids
    return list(worklist.waiting(WorkTask.objects.open_for(posts), worklist.Narrow())[:25])


def top(post_ids: frozenset[int]) -> list[WorkTask]:
    """The same 25 tasks by themselves: what the minimal table holds of them."""
    fields = ("plan_id", "step_title", "arrived_at", "post_id")
    return list(WorkTask.objects.open_for(post_ids).only(*fields)[:25])


class Queries:
    """Callables for :func:`bench.clock.in_turns`."""

    def __init__(self, user: User, times: int) -> None:
        self.posts = standing(user, timezone.localdate()).post_ids
        self.times = times

    def top(self) -> float:
        return clock.once(lambda: top(self.posts), self.times)

    def rows(self) -> float:
        tasks = WorkTask.objects.open_for(self.posts)
        return clock.once(lambda: list(worklist.waiting(tasks, worklist.Narrow())[:25]), self.times)


def query(world: World, peer: Peer, *, rounds: int, times: int) -> dict[str, clock.Series]:
    """Ours beside the ideal partial index and viewflow's own inbox query."""
    ours = Queries(world.person(0, REVIEWER), times)
    return clock.in_turns(
        {
            "tasks": ours.top,
            "rows": ours.rows,
            "ideal": lambda: peer.seconds("query", what="ideal", times=times),
            "ideal_raw": lambda: peer.seconds("query", what="ideal_raw", times=times),
            "viewflow": lambda: peer.seconds("query", what="viewflow", times=max(times // 5, 3)),
        },
        rounds,
    )


def signed_in(user: User) -> Client:
    """A browser with a session; signing in itself isn't measured."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(client: Client, url: str, times: int) -> Page:
    """One page, warm."""
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        response = client.get(url)
    statements = len(queries)  # counted now: the next request clears the log
    if response.status_code != 200:
        raise RuntimeError(f"{url}: {response.status_code}")
    seconds = clock.once(lambda: client.get(url), times)
    return Page(seconds, statements, len(response.content))


def pages(world: World, peer: Peer, *, rounds: int, times: int) -> tuple[dict[str, clock.Series], Page, Page]:
    """Our page beside viewflow's: series by name, then one look at statements and size of each."""
    client = signed_in(world.person(0, REVIEWER))
    series = clock.in_turns(
        {
            "product": lambda: page(client, "/", times).seconds,
            "viewflow": lambda: peer.seconds("page", url="/approve/inbox/", times=max(times // 3, 2)),
        },
        rounds,
    )
    stock = peer.ask("page", url="/approve/inbox/", times=1)
    return series, page(client, "/", 1), Page(stock["seconds"], stock["statements"], stock["bytes"])


def alone(world: World, *, times: int) -> Page:
    """Our inbox page at the size loaded so far."""
    return page(signed_in(world.person(0, REVIEWER)), "/", times)


def crowded(world: World, count: int, *, times: int) -> tuple[int, Page]:
    """Our inbox page of a reviewer at whose post up to ``count`` tasks wait; nothing of it stays."""
    user, post = world.person(0, REVIEWER), world.post(0, REVIEWER)
    with transaction.atomic():
        others = WorkTask.objects.filter(is_open=True).exclude(post=post).order_by("pk").values("pk")[:count]
        moved = WorkTask.objects.filter(pk__in=others).update(post=post)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE workflow_worktask")
        seen = page(signed_in(user), "/", times)
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE workflow_worktask")
    return moved, seen


def others(world: World, *, times: int) -> dict[str, Page]:
    """The other lists as the training authority's head sees them."""
    client = signed_in(world.person(0, REVIEWER))
    return {title: page(client, url, times) for title, url in PAGES.items()}
