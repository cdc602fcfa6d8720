"""What has become of each 期 of the classes being held: one in every state, and each kind of trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils import timezone

from workflow.demo.asking import ask_for_money
from workflow.demo.callups import Call, spread
from workflow.demo.clock import at_work
from workflow.demo.held import ask, held, open_run, run_of, terms
from workflow.demo.planning import plan_year
from workflow.demo.spending import spend_on_finished, spend_on_under_way
from workflow.states import Presence, RequestKind

if TYPE_CHECKING:
    from datetime import datetime

    from workflow.demo.houses import Built

#: Class and 期 → on which working day from today its opening was asked for; those not named haven't asked.
OPENED: Final[dict[str, dict[tuple[str, int], int]]] = {
    "binhai": {
        ("工会干部素质提升轮训班", 1): -32,
        ("工会干部素质提升轮训班", 2): -9,
        ("街镇工会主席履职专题班", 1): -10,
        ("社会化工会工作者能力提升班", 1): -15,
        ("职工创新工作指导员班", 1): -4,
        ("劳动争议调解实务班", 1): -8,
        ("集体协商指导员实训班", 1): -9,
        ("工会财务规范化实务班", 1): -8,
    },
    "mianyang": {("工会干部履职能力专题班", 1): -32, ("工会干部履职能力专题班", 2): -8},
}
#: These wait for the training authority's signature.
WAITING: Final = {"binhai": "工会新媒体信息员实务班", "mianyang": "集体协商业务实训班"}

TOWNS: Final = ("haitang", "yunfan", "wangchao", "bailu", "liutang")
_LEADERS: Final = ("主席", "专职副主席", "兼职副主席", "挂职副主席")
_STAFF: Final = ("宣传网络干部", "统计人员", "民主管理干部", "女工干部", "工会委员", "法律干部", "经审委主任")
_OTHERS: Final = ("信息员", "劳动法律监督员", "经济技术创新干部", "劳动争议调解员")
_SOCIAL: Final = ("社会化工会工作者",)
_ADVISERS: Final = ("工资集体协商指导员",)
_MEDIATORS: Final = ("劳动争议调解员",)
_ACCOUNTANTS: Final = ("财会人员",)
_LATE, _LEAVE, _ABSENT, _THERE = Presence.LATE, Presence.LEAVE, Presence.ABSENT, Presence.PRESENT


def hold_classes(built: Built, now: datetime) -> None:
    """The year in which the demo's classes are held: planned, opened, called up, attended."""
    year = held(built, now)
    plan_year(year)
    today = timezone.localdate(now)
    calls: dict[tuple[str, int], Call] = {}
    for (name, session_no), asked in OPENED[built.house.code].items():
        topic, run = run_of(year, name, session_no)
        calls[name, session_no] = Call(year, open_run(year, topic, run, now=now, asked=asked), today)
    if built.house.code == "binhai":
        _finished(calls["工会干部素质提升轮训班", 1])
        _under_way(calls["社会化工会工作者能力提升班", 1], now)
        _for_chairs(calls["街镇工会主席履职专题班", 1])
        _for_accountants(calls["工会财务规范化实务班", 1])
        _two_callers(calls["工会干部素质提升轮训班", 2], calls["集体协商指导员实训班", 1])
        _to_be_changed(calls["劳动争议调解实务班", 1])
        spend_on_finished(calls["工会干部素质提升轮训班", 1])
        spend_on_under_way(calls["社会化工会工作者能力提升班", 1])
    else:
        _finished(calls["工会干部履职能力专题班", 1])
        spend_on_finished(calls["工会干部履职能力专题班", 1])
        _of_the_city(calls["工会干部履职能力专题班", 2])
    ask_for_money(year, today)
    topic, run = run_of(year, WAITING[built.house.code])
    ask(
        run,
        RequestKind.OPEN,
        terms(run, topic, today, built.book),
        actor=run.plan.created_by,
        at=at_work(today, -1, 15),
        reason="按年度计划开班。",
    )


def _finished(call: Call) -> None:
    """Held weeks ago: people came, one was ill, one on leave, and the records are written."""
    quotas = spread(call.built.house.code, call.run.trainees)
    call.allot(quotas, day=-30)
    call.notify(11, day=-29, closes=-23)
    jobs = (*_STAFF, *_LEADERS, "业务骨干", "财务经审干部")
    for number, (code, count) in enumerate(quotas.items()):
        call.send(code, call.people(code, jobs, count), day=-27 + number // 4, hour=9 + number % 4)
    call.confirm(call.waiting(), day=-21)
    call.begin()
    call.attend(at_work(call.today, -1, 18), {3: (_LEAVE,), 7: (_THERE, _LATE), 10: (_ABSENT, _ABSENT)})
    call.close()


def _under_way(call: Call, now: datetime) -> None:
    """It began on the last working day; its first half-days are entered."""
    quotas = spread("binhai", call.run.trainees)
    call.allot(quotas, day=-12)
    call.notify(15, day=-11, closes=-5)
    for number, (code, count) in enumerate(quotas.items()):
        call.send(code, call.people(code, _SOCIAL, count), day=-9 + number // 4, hour=9 + number % 4)
    call.confirm(call.waiting(), day=-4)
    call.begin()
    extra = call.people("liutang", _SOCIAL, 5)[-1]
    call.add_on_site("liutang", extra)
    call.attend(min(now, at_work(call.today, -1, 18)), {2: (_LEAVE,), 5: (_LATE,), 9: (_THERE, _LATE)})


def _for_chairs(call: Call) -> None:
    """Towns only: some have sent their people, one more than it may; some were trained within the year."""
    call.allot(dict.fromkeys(TOWNS, 4), day=-7)
    call.notify(17, day=-6, closes=4)
    sent = {}
    for number, code in enumerate(TOWNS[:3]):
        people = call.people(code, (*_LEADERS, "经审委主任"), 5 if code == "haitang" else 4)
        sent[code] = call.send(code, people, day=-4, hour=9 + number)
    call.confirm([seat for code in ("yunfan", "wangchao") for seat in sent[code]], day=-2)


def _for_accountants(call: Call) -> None:
    """Some of them had the same business within the year: one unit has asked for an exemption."""
    call.allot(spread("binhai", call.run.trainees), day=-6)
    call.notify(18, day=-5, closes=5)
    held_up = []
    units = ("yunfan", "wangchao", "xinggang", "lanwan", "ganghang", "zhizao", "tangxi")
    for number, code in enumerate(units):
        seats_there = call.send(code, call.people(code, _ACCOUNTANTS, 2), day=-3, hour=9 + number % 3)
        held_up += [(code, seat) for seat in seats_there if call.is_held(seat)]
    for code, seat in held_up[:1]:
        call.excuse(code, [seat], day=-2)


def _two_callers(first: Call, second: Call) -> None:
    """Two departments on the same days: some people are wanted by both, one was given away meanwhile."""
    first.allot(spread("binhai", first.run.trainees - 4), spare=4, day=-6)
    first.notify(16, day=-6, closes=6)
    second.allot(spread("binhai", second.run.trainees), day=-6)
    second.notify(19, day=-5, closes=6)
    for number, code in enumerate(("yunfan", "wangchao", "bailu", "xinggang", "ganghang")):
        second.send(code, second.people(code, _ADVISERS, 2), day=-4, hour=9 + number)
    sent = {}
    for number, code in enumerate(("haitang", "yunfan", "wangchao", "liutang", "lanwan", "zhizao")):
        wanted = (*_ADVISERS, *_OTHERS) if code in ("yunfan", "wangchao") else _OTHERS
        count = 5 if code == "haitang" else 3
        sent[code] = first.send(code, first.people(code, wanted, count), day=-3, hour=9 + number)
    first.confirm([*sent["wangchao"], *sent["lanwan"]], day=-2)
    first.withdraw("haitang", sent["haitang"][0], "本人因公出差", day=-1)
    first.name("shanglv", first.people("shanglv", ("专职副主席",), 1), "区总工会点名参加交流发言", day=-2)


def _to_be_changed(call: Call) -> None:
    """Nominated in part; its department asks for another place and a later day."""
    call.allot(spread("binhai", call.run.trainees), day=-6)
    call.notify(20, day=-5, closes=7)
    for code in ("bailu", "shanglv", "lanhai"):
        call.send(code, call.people(code, _MEDIATORS, 2), day=-3)
    call.ask_for_change(place="区总工会新办公区报告厅", days=1, day=-1)


def _of_the_city(call: Call) -> None:
    call.allot(spread("mianyang", call.run.trainees), day=-6)
    call.notify(6, day=-5, closes=5)
    for number, code in enumerate(("qinglan", "wenlv")):
        people = call.people(code, ("业务骨干", "财务经审干部", "专职副主席"), 4)
        sent = call.send(code, people, day=-3, hour=9 + number)
        if code == "qinglan":
            call.confirm(sent[:2], day=-2)
