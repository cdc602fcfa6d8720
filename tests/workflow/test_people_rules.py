"""The rules of people, each by itself: what is found, what isn't, and what is shown for it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test.utils import CaptureQueriesContext

from office import sealing
from org.models import Cadre, Membership
from org.states import CadreKind, CadreStatus, Leadership, UnionLevel
from rulebook.schema import Book
from tests.workflow import called, runs, test_chains
from tests.workflow.world import World, at
from workflow.models import CallUp, ClassRun, Quota, Seat
from workflow.rules.audience import audience_of
from workflow.rules.corresponding import months_after, months_before
from workflow.rules.findings import Finding
from workflow.rules.people import Candidate, check, examine
from workflow.states import SeatRank, SeatSource, SeatState

pytestmark = pytest.mark.django_db

NOW = at(5, 20)


def book(world: World, **rules: dict[str, Any]) -> Book:
    """The world's book with rules changed: ``repeat_call_up={"severity": "warn"}``."""
    content = world.book.book.model_dump(mode="json")
    for code, changed in rules.items():
        params = content["rules"][code].get("params", {}) | changed.get("params", {})
        content["rules"][code] |= changed | {"params": params}
    return Book.from_content(content)


def line(who: Cadre, row: int = 1, **fields: Any) -> Candidate:
    return Candidate(row=row, cadre_id=who.pk, **{"name": who.name} | fields)


def found(world: World, run: ClassRun, who: Cadre, **more: Any) -> list[Finding]:
    """What is said of one person, nominated without a unit's quota in the way."""
    rules = more.pop("rules", {})
    off = {"over_quota": {"severity": "off"}}
    judged = book(world, **(off | rules))
    return check(run, [line(who, **more.pop("line", {}))], at=more.pop("at", NOW), book=judged, **more)[0]


def codes(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.code, finding.severity) for finding in findings]


def seat(run: ClassRun, who: Cadre, state: str = "nominated", **fields: Any) -> Seat:
    """A seat by the model itself; the database keeps its half-days."""
    made = Seat(
        run=run,
        cadre=who,
        unit=who.unit,
        rank=SeatRank.FORMAL,
        position=1,
        source=SeatSource.PAGE,
        name=who.name,
        unit_name=who.unit.name,
        nominated_at=NOW,
        changed_at=NOW,
        **fields,
    )
    made.save()
    if state != SeatState.NOMINATED:
        {"confirmed": made.confirm, "withdrawn": made.withdraw, "released": made.release}[state]()
        made.save()
    return made


@pytest.fixture
def run(world: World) -> ClassRun:
    """工会信息员培训班 (YW-03) on 8 and 9 June, by 宣传网络部."""
    return called.opened(world)


@pytest.fixture
def other(world: World) -> ClassRun:
    """A class of 权益保障部 on the same days, of another business."""
    return called.opened(world, department="quanyi", name="劳动法律监督员培训班", subject="YW-08")


@pytest.fixture
def who(world: World) -> Cadre:
    return called.unit(world, people=1).cadres[0]


def test_nothing_is_said_of_somebody_with_whom_nothing_is_wrong(
    world: World, run: ClassRun, who: Cadre
) -> None:
    assert found(world, run, who) == []


# ---- who he is


def test_he_is_known_by_the_digest_of_his_number_under_any_key(
    world: World, run: ClassRun, who: Cadre
) -> None:
    digests = (sealing.digest("something else", about="resident"), who.identity_digest)
    people = [Candidate(1, digests=digests, name=who.name), Candidate(2, digests=digests[:1], name=who.name)]
    checked = examine(run, people, at=NOW, book=book(world, over_quota={"severity": "off"}))
    assert [codes(line) for line in checked.findings] == [[], [("unknown_person", "block")]]
    assert [him and him.cadre_id for him in checked.known] == [who.pk, None]


def test_a_name_is_held_against_the_register_and_never_identifies(world: World, run: ClassRun) -> None:
    unit = called.unit(world).union
    who = called.cadre(unit, "张炜", former_name="张小炜")
    called.cadre(unit, "张伟")
    [finding] = found(world, run, who, line={"name": "张伟"})
    assert codes([finding]) == [("name_differs", "hold")]
    assert finding.figures == {"名单": "张伟", "名册": "张炜"}
    assert found(world, run, who, line={"name": "张小炜"}) == []
    assert found(world, run, who, line={"name": ""}) == []


def test_the_same_person_twice_keeps_the_first_line(world: World, run: ClassRun, who: Cadre) -> None:
    people = [line(who, 4), line(called.cadre(who.unit), 5), line(who, 9)]
    judged = book(world, over_quota={"severity": "off"})
    [first, second, third] = check(run, people, at=NOW, book=judged)
    assert (first, second, codes(third)) == ([], [], [("roster_twice", "block")])
    assert third[0].message == "与第 4 行是同一个证件号码。"


def test_the_same_number_with_two_names_holds_every_line(world: World, run: ClassRun, who: Cadre) -> None:
    people = [line(who, 4), line(who, 9, name="另一个人")]
    [first, second] = check(run, people, at=NOW, book=book(world, over_quota={"severity": "off"}))
    assert codes(first) == [("roster_twice", "block")]
    assert codes(second) == [("roster_twice", "block"), ("name_differs", "hold")]
    assert "第 9 行" in first[0].message
    assert "姓名却不同" in first[0].message


def test_an_unknown_number_twice_is_told_twice(world: World, run: ClassRun) -> None:
    digests = (sealing.digest("nobody", about="resident"),)
    people = [Candidate(1, digests=digests, name="甲"), Candidate(2, digests=digests, name="甲")]
    judged = book(world, over_quota={"severity": "off"})
    assert [codes(said) for said in check(run, people, at=NOW, book=judged)] == [
        [("unknown_person", "block")],
        [("unknown_person", "block"), ("roster_twice", "block")],
    ]


# ---- in office, of the audience, of the unit


@pytest.mark.parametrize("status", [state for state in CadreStatus if state != CadreStatus.ACTIVE])
def test_who_isnt_in_office_on_the_first_day_cant_come(world: World, run: ClassRun, status: str) -> None:
    unit = called.unit(world).union
    for day, expected in ((date(2027, 6, 8), 1), (date(2027, 6, 9), 0), (None, 1)):
        who = called.cadre(unit, status=status, status_on=day)
        findings = found(world, run, who)
        assert codes(findings) == [("not_active", "block")] * expected, day
    assert CadreStatus(status).label in found(world, run, called.cadre(unit, status=status))[0].message


@pytest.mark.parametrize(
    ("posts", "him", "said"),
    [
        (["full-time"], {"kind": CadreKind.FULL_TIME}, 0),
        (["full-time"], {"kind": CadreKind.PART_TIME}, 1),
        (["full-time", "part-time"], {"kind": CadreKind.PART_TIME}, 0),
        (["chair"], {"leadership": Leadership.CHAIR, "kind": CadreKind.PART_TIME}, 0),
        (["chair"], {"leadership": Leadership.VICE_CHAIR}, 1),
        (["committee"], {"committees": ["audit"]}, 0),
        (["committee"], {"committees": []}, 1),
        (["social-worker"], {"kind": CadreKind.SOCIALIZED}, 0),
        (["new-chair"], {"leadership": Leadership.CHAIR, "appointed_on": date(2026, 6, 8)}, 0),
        (["new-chair"], {"leadership": Leadership.CHAIR, "appointed_on": date(2026, 6, 7)}, 1),
        # Whether somebody is 信息员 isn't in the register: nobody is said not to be.
        (["informant"], {"kind": CadreKind.PART_TIME}, 0),
        (["chair", "informant"], {"kind": CadreKind.PART_TIME}, 0),
    ],
)
def test_who_isnt_of_the_posts_the_class_is_for(
    world: World, posts: list[str], him: dict[str, Any], said: int
) -> None:
    run = called.opened(world, audience_posts=posts)
    who = called.cadre(called.unit(world).union, **him)
    assert codes(found(world, run, who)) == [("audience_mismatch", "warn")] * said


@pytest.mark.parametrize(
    ("units", "level", "said"),
    [
        (["town"], UnionLevel.TOWN, 0),
        (["town"], UnionLevel.GRASSROOTS, 1),
        (["town", "grassroots-union"], UnionLevel.GRASSROOTS, 0),
        # 系统工会 may be of any level: the list can't be judged.
        (["town", "system"], UnionLevel.GRASSROOTS, 0),
    ],
)
def test_who_isnt_of_the_units_the_class_is_for(
    world: World, units: list[str], level: str, said: int
) -> None:
    run = called.opened(world, audience_units=units)
    who = called.unit(world, people=1, level=level).cadres[0]
    findings = found(world, run, who)
    assert codes(findings) == [("audience_mismatch", "warn")] * said
    assert not said or "所在工会是基层" in findings[0].message


def test_the_audience_is_told_each_thing_once(world: World) -> None:
    """The level names the kinds of units already; what it doesn't name stands beside it."""
    run = called.opened(
        world,
        audience_units=["zone", "town", "system", "direct", "key-enterprise"],
        audience_levels=["middle"],
        audience_posts=["chair"],
    )
    told = audience_of(run.plan, world.book.book, run.start()[0]).words
    assert told == ("重点企业", "功能区、街镇、系统、直属单位一级", "工会主席")


def test_he_belongs_to_the_unit_that_nominates_or_to_one_below_it_on_the_first_day(
    world: World, run: ClassRun
) -> None:
    one, two = called.unit(world), called.unit(world)
    below = called.unit(world, parent=one.union)
    assert found(world, run, called.cadre(below.union), unit=one.union) == []
    stranger = called.cadre(two.union)
    [finding] = found(world, run, stranger, unit=one.union)
    assert codes([finding]) == [("audience_mismatch", "warn")]
    assert finding.figures == {"所在单位": two.union.name, "报名单位": one.union.name}
    # A second unit is enough, and so is a move before the first day.
    Membership.objects.create(
        cadre=stranger, union=one.union, is_primary=False, period=DateRange(date(2027, 1, 1), None)
    )
    assert found(world, run, stranger, unit=one.union) == []
    mover = called.cadre(two.union)
    mover.memberships.update(period=DateRange(date(2020, 1, 1), date(2027, 6, 8)))
    Membership.objects.create(cadre=mover, union=one.union, period=DateRange(date(2027, 6, 8), None))
    assert found(world, run, mover, unit=one.union) == []
    [finding] = found(world, run, mover, unit=two.union)  # it is his unit today, but not on 8 June any more
    assert codes([finding]) == [("audience_mismatch", "warn")]
    assert finding.figures["所在单位"] == one.union.name


@pytest.mark.parametrize(
    ("until", "said"),
    [
        (None, []),
        (date(2027, 6, 9), []),
        # The last day is 7 June, the day before the class.
        (date(2027, 6, 8), ["开班首日（2027年6月8日）已没有登记的单位，不属于"]),
        (date(2027, 3, 1), ["开班首日（2027年6月8日）已没有登记的单位，不属于"]),
    ],
)
def test_who_leaves_the_unit_before_the_first_day_is_told_of(
    world: World, run: ClassRun, until: date | None, said: list[str]
) -> None:
    unit = called.unit(world)
    leaver = called.cadre(unit.union)
    membership = leaver.memberships.get()
    membership.period = DateRange(date(2020, 1, 1), until)
    membership.save()
    findings = found(world, run, leaver, unit=unit.union)
    assert [one.message.partition(unit.union.name)[0] for one in findings] == said
    # A second unit below, from then on, is his unit on the first day.
    Membership.objects.create(
        cadre=leaver,
        union=called.unit(world, parent=unit.union).union,
        is_primary=False,
        period=DateRange(date(2027, 1, 1), None),
    )
    assert found(world, run, leaver, unit=unit.union) == []


# ---- where else he is


def test_a_seat_in_this_class_is_told_and_an_ended_one_isnt(world: World, run: ClassRun, who: Cadre) -> None:
    mine = seat(run, who)
    [finding] = found(world, run, who)
    assert codes([finding]) == [("already_in_class", "block")]
    assert (finding.message, finding.links[0]["run_id"]) == ("已在本班名单中（已报名）。", run.pk)
    mine.withdraw()
    mine.save()
    assert found(world, run, who) == []


def test_confirmed_elsewhere_on_those_days_blocks_with_the_evidence(
    world: World, run: ClassRun, other: ClassRun, who: Cadre
) -> None:
    seat(other, who, "confirmed")
    block, warn = found(world, run, who)
    assert codes([block, warn]) == [("overlap", "block"), ("many_callers", "warn")]
    assert block.links == warn.links
    assert block.links == [
        {
            "class": "劳动法律监督员培训班",
            "run_id": other.pk,
            "starts_on": "2027-06-08",
            "ends_on": "2027-06-09",
            "organizer": "滨海新区总工会权益保障部",
            "state": "已确认",
            "url_name": "run",
        }
    ]
    assert "2027年6月8日上午至2027年6月9日下午" in block.message
    assert block.clause == world.book.book.rule("overlap").clause


def test_a_pending_nomination_by_another_organiser_warns_and_by_the_same_doesnt(
    world: World, run: ClassRun, other: ClassRun, who: Cadre
) -> None:
    seat(other, who)
    assert codes(found(world, run, who)) == [("many_callers", "warn")]
    own = called.opened(world, name="网络宣传培训班", subject="YW-05")
    [finding] = found(world, own, who)
    assert codes([finding]) == [("many_callers", "warn")]
    assert finding.links[0]["run_id"] == other.pk
    again = called.cadre(who.unit)
    seat(run, again)
    assert found(world, own, again) == []


@pytest.mark.parametrize("state", ["withdrawn", "released"])
def test_who_withdrew_or_was_released_is_free(
    world: World, run: ClassRun, other: ClassRun, who: Cadre, state: str
) -> None:
    seat(other, who, state)
    assert found(world, run, who) == []


def test_half_days_count_and_intervals_are_half_open(
    world: World, run: ClassRun, other: ClassRun, who: Cadre
) -> None:
    seat(other, who, "confirmed")  # 8 June morning to 9 June afternoon
    assert codes(found(world, called.on(run, date(2027, 6, 9), 1, half=1), who))[0][0] == "overlap"
    assert found(world, called.on(run, date(2027, 6, 10), 2), who) == []
    assert found(world, called.on(run, date(2027, 6, 7), 2), who) == []
    assert codes(found(world, called.on(run, date(2027, 6, 7), 3), who))[0][0] == "overlap"
    other.stretches = called.on(other, date(2027, 6, 8), 1).stretches  # the morning alone
    other.save()
    assert found(world, called.on(run, date(2027, 6, 8), 2, half=1), who) == []


def test_the_days_of_a_class_in_stretches_are_told_without_those_between(
    world: World, run: ClassRun, other: ClassRun, who: Cadre
) -> None:
    parts = called.on(other, date(2027, 6, 4), 2).stretches + called.on(other, date(2027, 6, 8), 1).stretches
    ClassRun.objects.filter(pk=other.pk).update(stretches=parts)
    seat(other, who, "confirmed")
    block, _ = found(world, run, who)
    assert "（2027年6月4日上午至2027年6月4日下午、2027年6月8日上午）" in block.message
    split = called.on(run, date(2027, 6, 4), 2)
    split.stretches = parts
    [block, _] = found(world, split, who)
    assert "与本班（2027年6月4日上午至2027年6月4日下午、2027年6月8日上午）时间冲突" in block.message


def test_a_class_in_stretches_leaves_the_days_between_free(world: World, run: ClassRun, who: Cadre) -> None:
    parts = called.on(run, date(2027, 6, 8), 2).stretches + called.on(run, date(2027, 6, 15), 2).stretches
    split = called.opened(world, department="quanyi", name="分段班", subject="YW-08")
    split.stretches = parts
    split.save()
    seat(split, who, "confirmed")
    assert found(world, called.on(run, date(2027, 6, 9), 12), who) == []
    [block, _] = found(world, called.on(run, date(2027, 6, 14), 4), who)
    assert codes([block]) == [("overlap", "block")]
    assert len(block.links) == 1


# ---- the same business within one year (E-18, S8, S9)


@pytest.mark.parametrize(
    ("ended", "begins", "said"),
    [
        (date(2015, 6, 15), date(2016, 6, 14), 1),
        (date(2015, 6, 15), date(2016, 6, 15), 1),
        (date(2015, 6, 15), date(2016, 6, 16), 0),
        (date(2016, 2, 29), date(2017, 2, 28), 1),
        (date(2016, 2, 29), date(2017, 3, 1), 0),
        (date(2015, 2, 28), date(2016, 2, 28), 1),
        (date(2015, 2, 28), date(2016, 2, 29), 0),
        (date(2015, 3, 1), date(2016, 2, 29), 1),
    ],
)
def test_the_period_runs_to_the_corresponding_day_inclusive(
    world: World, run: ClassRun, who: Cadre, ended: date, begins: date, said: int
) -> None:
    called.trained(who, ended)
    findings = found(world, called.on(run, begins), who)
    assert codes(findings) == [("repeat_call_up", "hold")] * said


def test_every_day_of_four_years_agrees_with_the_plain_definition() -> None:
    day = date(2015, 1, 1)
    for number in range(4 * 366):
        held = day + timedelta(number)
        for months in (1, 6, 12, 18):
            earliest = months_before(held, months)
            assert months_after(earliest, months) >= held
            assert months_after(earliest - timedelta(1), months) < held


def test_the_business_code_counts_and_not_the_name(world: World, run: ClassRun, who: Cadre) -> None:
    """S9: 工会经审干部培训班 last year, 经审业务提升班 now."""
    called.trained(who, date(2026, 9, 1), class_name="工会经审干部培训班")
    [finding] = found(world, run, who)
    assert codes([finding]) == [("repeat_call_up", "hold")]
    assert "《工会经审干部培训班》" in finding.message
    assert finding.figures["期满日"] == "2027-09-01"
    assert finding.links == [
        {
            "class": "工会经审干部培训班",
            "run_id": None,
            "starts_on": "2026-09-01",
            "ends_on": "2026-09-01",
            "organizer": "东江市总工会",
            "state": "",
            "url_name": "",
        }
    ]
    different = called.cadre(who.unit)
    called.trained(different, date(2026, 9, 1), subject="YW-08", class_name=run.plan.name)
    assert found(world, run, different) == []


def test_the_evidence_is_the_class_of_the_union_that_held_it(world: World, run: ClassRun, who: Cadre) -> None:
    """Two unions number their classes alike; a record of before had the number alone."""
    there = test_chains.mianyang()
    other = runs.planned_run(there, department="falv")
    assert (other.code, other.reference) == (run.code, f"{run.code}#{other.pk}")
    assert other.reference != run.reference
    for reference in (other.code, other.reference):
        person = called.cadre(who.unit)
        called.trained(
            person,
            date(2026, 9, 1),
            subject=run.plan.subject,
            source="class_run",
            reference=reference,
            organizer_id=there.union.pk,
        )
        [finding] = found(world, run, person)
        assert (finding.links[0]["run_id"], finding.links[0]["url_name"]) == (other.pk, "run")


def test_a_code_for_others_proves_nothing(world: World, who: Cadre) -> None:
    run = called.opened(world, subject="YW-99")
    called.trained(who, date(2026, 9, 1), subject="YW-99")
    assert found(world, run, who) == []


def test_whether_only_a_superiors_call_ups_count_is_the_books(
    world: World, run: ClassRun, who: Cadre
) -> None:
    called.trained(who, date(2026, 9, 1), by_superior=False)
    superior = {"repeat_call_up": {"params": {"superior_only": True}}}
    assert codes(found(world, run, who)) == [("repeat_call_up", "hold")]
    assert found(world, run, who, rules=superior) == []
    called.trained(who, date(2026, 8, 1), by_superior=True)
    [finding] = found(world, run, who, rules=superior)
    assert finding.links[0]["ends_on"] == "2026-08-01"


def test_window_and_anchor_are_the_books(world: World, run: ClassRun, who: Cadre) -> None:
    called.trained(who, date(2026, 6, 12), starts_on=date(2026, 6, 1))
    assert codes(found(world, run, who)) == [("repeat_call_up", "hold")]
    by_start = {"repeat_call_up": {"params": {"anchor": "start"}}}
    assert found(world, run, who, rules=by_start) == []
    half = {"repeat_call_up": {"params": {"months": 6}}}
    assert found(world, run, who, rules=half) == []
    two_years = {"repeat_call_up": {"params": {"months": 24}, "severity": "warn"}}
    called.trained(called_again := called.cadre(who.unit), date(2025, 6, 8))
    assert codes(found(world, run, called_again, rules=two_years)) == [("repeat_call_up", "warn")]


@pytest.mark.parametrize("what", ["failed", "voided"])
def test_what_was_no_training_doesnt_count(world: World, run: ClassRun, who: Cadre, what: str) -> None:
    called.trained(who, date(2026, 9, 1), result="failed" if what == "failed" else "completed")
    if what == "voided":
        who.training_records.update(voided_at=NOW, void_reason="重复登记")
    assert found(world, run, who) == []


def test_a_seat_in_another_class_of_the_business_counts_before_and_after(world: World, who: Cadre) -> None:
    """Two 期 of one class, or two classes a month apart: he shall sit in one of them."""
    first = called.opened(world, department="quanyi", name="信息员一班", first=date(2027, 5, 25))
    second = called.opened(world, name="信息员二班")
    seat(first, who)
    [finding] = found(world, second, who)
    assert codes([finding]) == [("repeat_call_up", "hold")]
    assert "已报名滨海新区总工会权益保障部《信息员一班》" in finding.message
    later = called.cadre(who.unit)
    seat(second, later)
    [finding] = found(world, first, later)
    assert "相隔不满 12 个月" in finding.message
    superior = {"repeat_call_up": {"params": {"superior_only": True}}}
    assert codes(found(world, second, who, rules=superior)) == [("repeat_call_up", "hold")]
    own = called.cadre(world.union)
    seat(first, own)
    assert found(world, second, own, rules=superior) == []


# ---- quota and deadline


def test_beyond_the_quota_is_said_and_who_is_stopped_takes_no_seat_of_it(world: World, run: ClassRun) -> None:
    unit = called.unit(world, people=4)
    gone = called.cadre(unit.union, status=CadreStatus.RETIRED)
    Quota.objects.create(run=run, unit=unit.union, seats=3, reserve=1)
    seat(run, unit.cadres[0])
    people = [line(who, row) for row, who in enumerate([gone, *unit.cadres[1:]], 1)]
    checked = examine(run, people, at=NOW, book=world.book.book, unit=unit.union)
    assert [codes(said) for said in checked.findings] == [
        [("not_active", "block")],
        [],
        [],
        [("over_quota", "warn")],
    ]
    assert checked.reserves == {3}
    assert checked.taken == {unit.union.pk: 1}


def test_a_unit_without_quota_has_none(world: World, run: ClassRun, who: Cadre) -> None:
    [findings] = check(run, [line(who)], at=NOW, book=world.book.book, unit=who.unit)
    assert [finding.message for finding in findings] == ["没有分配名额，列为候补。"]


def test_without_a_unit_each_counts_against_the_nearest_quota_above_him(world: World, run: ClassRun) -> None:
    town = called.unit(world, people=1)
    village = called.unit(world, people=2, parent=town.union)
    Quota.objects.create(run=run, unit=town.union, seats=1)
    Quota.objects.create(run=run, unit=village.union, seats=1)
    people = [line(who, row) for row, who in enumerate([*village.cadres, *town.cadres], 1)]
    checked = examine(run, people, at=NOW, book=world.book.book)
    assert checked.reserves == {1}
    people[1] = line(village.cadres[1], 2, unit_id=town.union.pk)
    assert examine(run, people, at=NOW, book=world.book.book).reserves == {2}


def test_late_is_said_of_everybody_after_the_deadline(world: World, run: ClassRun, who: Cadre) -> None:
    CallUp.objects.create(run=run, deadline=at(5, 20, 17))
    assert found(world, run, who, at=at(5, 20, 17)) == []
    [finding] = found(world, run, who, at=at(5, 20, 17, 1))
    assert codes([finding]) == [("after_deadline", "warn")]
    assert finding.message == "报名已于 5月20日 17:00 截止。"


# ---- the whole


def test_a_rule_the_book_switches_off_says_nothing(world: World, run: ClassRun, other: ClassRun) -> None:
    unit = called.unit(world)
    who = called.cadre(unit.union, status=CadreStatus.RETIRED)
    called.trained(who, date(2026, 9, 1))
    seat(other, who)
    off = {
        code: {"severity": "off"}
        for code in ("not_active", "many_callers", "repeat_call_up", "audience_mismatch", "name_differs")
    }
    assert len(found(world, run, who, line={"name": "别人"})) == 4
    assert found(world, run, who, line={"name": "别人"}, rules=off) == []


def test_the_worst_comes_first(world: World, run: ClassRun, other: ClassRun, who: Cadre) -> None:
    called.trained(who, date(2026, 9, 1))
    seat(other, who, "confirmed")
    assert [severity for _, severity in codes(found(world, run, who))] == ["block", "hold", "warn"]


@pytest.mark.parametrize("people", [1, 7, 40])
def test_it_costs_one_query_however_many_people(world: World, run: ClassRun, people: int) -> None:
    unit = called.unit(world, people=people)
    lines = [line(who, row) for row, who in enumerate(unit.cadres, 1)]
    for who in unit.cadres[::3]:
        called.trained(who, date(2026, 9, 1))
    with CaptureQueriesContext(connection) as asked:
        check(run, lines, at=NOW, book=world.book.book, unit=unit.union)
    assert len(asked) == 1


def test_a_list_of_numbers_and_of_people_chosen_is_answered_in_its_order(world: World, run: ClassRun) -> None:
    unit = called.unit(world, people=4)
    a, b, c, d = unit.cadres
    called.trained(b, date(2026, 9, 1))
    called.trained(c, date(2026, 9, 1))
    people = [
        line(a, 1),
        Candidate(2, digests=(sealing.digest("x", about="resident"), b.identity_digest)),
        line(c, 3),
        Candidate(4, digests=(sealing.digest("y", about="resident"),)),
        Candidate(5, digests=(d.identity_digest,)),
    ]
    with CaptureQueriesContext(connection) as asked:
        checked = examine(run, people, at=NOW, book=book(world, over_quota={"severity": "off"}))
    assert len(asked) == 2
    assert [him and him.cadre_id for him in checked.known] == [a.pk, b.pk, c.pk, None, d.pk]
    assert [codes(said) for said in checked.findings] == [
        [],
        [("repeat_call_up", "hold")],
        [("repeat_call_up", "hold")],
        [("unknown_person", "block")],
        [],
    ]
