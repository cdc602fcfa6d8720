"""The demo: loaded once, refused elsewhere, and every role has something to do when it signs in."""

from __future__ import annotations

import re
import tempfile
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db.models import Count
from django.test import Client, TestCase, override_settings
from django.urls import reverse
from openpyxl import load_workbook
from pytest_django import Settings

from budgets.models import Entry, Payment
from budgets.selectors import project_totals
from office.workdays import is_workday
from org.excel.identity import read_identity
from org.models import Cadre, Membership, Post, Union, User
from org.selectors import standing, unit_matcher
from org.states import CadreKind
from rulebook import loader
from tests.workflow.world import at
from training.models import TrainingRecord
from workflow.demo.clock import Clock
from workflow.demo.houses import BOOKS
from workflow.demo.people import HOUSES, PASSWORD
from workflow.demo.rosters import sample_roster
from workflow.demo.units import UNITS
from workflow.excel.reader import read_table
from workflow.models import (
    AgendaItem,
    Attendance,
    CallUp,
    ClassPlan,
    ClassRun,
    Decision,
    MoneyRequest,
    Seat,
    WorkTask,
)
from workflow.rules.money_terms import Figures
from workflow.rules.people import Candidate, examine
from workflow.rules.roster import check as check_roster
from workflow.states import PlanState, RunState, SeatRank, SeatState

NOVEMBER = at(11, 21, 20, year=2026)


def load(moment: datetime = NOVEMBER) -> str:
    """What the command prints."""
    out = StringIO()
    with (
        tempfile.TemporaryDirectory() as folder,
        override_settings(VAR_DIR=Path(folder)),
        time_machine.travel(moment, tick=True),
    ):
        call_command("load_demo", stdout=out)
    return out.getvalue()


def rows() -> dict[str, int]:
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


@pytest.mark.xdist_group("loaded")  # one worker, one loading
class Loaded(TestCase):
    first: str

    @classmethod
    def setUpTestData(cls) -> None:
        cls.first = load()

    def test_loading_again_changes_nothing(self) -> None:
        before = rows()
        assert "早已载入，没有改动" in load()
        assert rows() == before

    def test_it_prints_who_may_sign_in_as_what(self) -> None:
        assert "已载入滨海新区总工会、绵阳市总工会" in self.first
        assert f"密码都是 {PASSWORD}" in self.first
        for user in User.objects.all():
            assert re.search(rf"(^|\s){user.username}(\s|$)", self.first, re.MULTILINE)
            assert user.name in self.first
            assert user.check_password(PASSWORD)

    def test_every_state_and_every_desk_has_something(self) -> None:
        for house in HOUSES:
            plans = ClassPlan.objects.filter(union__code=house.code)
            assert set(plans.values_list("state", flat=True)) >= {
                PlanState.DRAFT,
                PlanState.REVIEWING,
                PlanState.AWAITING_MEETING,
                PlanState.APPROVED,
                PlanState.RETURNED,
                PlanState.DEFERRED,
            }
            waiting = WorkTask.objects.filter(plan__in=plans, is_open=True)
            desks = set(waiting.values_list("post__code", flat=True))
            assert {f"{house.authority}-head", f"{house.finance}-head", "leader", "secretary"} <= desks
            assert waiting.filter(step="sign").exists()
            assert AgendaItem.objects.filter(plan__in=plans, outcome="").exists()
            assert Decision.objects.filter(plan__in=plans, action="approve_changed").exists()
            assert all(plan.project_id for plan in plans.filter(state="approved"))
        call_command("audit_ledger", stdout=StringIO())

    def test_the_pages_show_a_duplicate_and_a_line_over_its_standard(self) -> None:
        for house in HOUSES:
            said = {
                finding["code"]
                for decision in Decision.objects.filter(plan__union__code=house.code)
                for finding in decision.findings
                if finding["severity"] != "pass"
            }
            assert {"duplicate_plan", "over_ceiling_line"} <= said
            assert "travel_days" not in said  # its classes begin and end with a lesson

    def test_units_have_people_who_sign_in_and_cadres_nobody_else_has(self) -> None:
        for house in HOUSES:
            union = Union.objects.get(code=house.code)
            assert [unit.name for unit in Union.objects.get_children(union).order_by("ordinal")] == [
                unit.name for unit in UNITS[house.code]
            ]
            for unit in UNITS[house.code]:
                posts = Post.objects.filter(union__code=unit.code).order_by("code")
                assert list(posts.values_list("code", "kind")) == [("chair", "leader"), ("contact", "staff")]
                contact = User.objects.get(username=unit.contact_login)
                assert standing(contact, NOVEMBER.date()).union_ids == {posts[0].union_id}
                assert contact.cadre.unit.code == unit.code
                match = unit_matcher(union, NOVEMBER.date())
                for text in (unit.short_name, *(alias for alias, _ in unit.aliases)):
                    assert match(text).sure.name == unit.name
        cadres = Cadre.objects.all()
        assert 380 <= len(cadres) <= 450
        numbers = [cadre.identity_number for cadre in cadres]
        assert len(set(numbers)) == len(numbers)
        for cadre, number in zip(cadres, numbers, strict=True):
            found = read_identity(number, kind=cadre.identity_kind, today=NOVEMBER.date())
            assert (found.problems, found.born_on, found.gender) == ((), cadre.born_on, cadre.gender)
            assert number.startswith(("120100", "510700"))
        assert {kind for (kind,) in cadres.values_list("kind")} == set(CadreKind.values)
        assert {status for (status,) in cadres.values_list("status")} == {"active", "retired", "transferred"}
        assert Membership.objects.filter(period__endswith__isnull=False).count() == 2

    def test_some_were_never_trained_some_long_ago_some_within_the_year(self) -> None:
        call_command("audit_training", stdout=StringIO())
        for house in HOUSES:
            active = Cadre.objects.under(Union.objects.get(code=house.code)).active()
            long_ago, lately = NOVEMBER.date() - timedelta(3 * 366), NOVEMBER.date() - timedelta(365)
            assert active.filter(last_trained=None).exists()
            assert active.filter(last_trained__lt=long_ago).exists()
            assert active.filter(last_trained__gt=lately).exists()
        new_chairs = Cadre.objects.active().filter(leadership="chair", appointed_on__gt=lately)
        assert new_chairs.filter(last_trained=None).exists()
        assert TrainingRecord.objects.filter(by_superior=True).exists()

    def test_every_state_of_a_class_being_held_is_there(self) -> None:
        runs = ClassRun.objects.filter(plan__union__code="binhai", plan__year=2026)
        assert dict(runs.values_list("state").annotate(Count("pk"))) == {
            RunState.PLANNED: 1,
            RunState.OPENING: 1,
            RunState.ENROLLING: 6,
            RunState.RUNNING: 1,
            RunState.SETTLING: 1,
        }
        waiting = WorkTask.objects.filter(request__run__in=runs, is_open=True)
        assert set(waiting.values_list("request__kind", "request__chain", "post__code")) == {
            ("open", "same", "jiceng-head"),
            ("change", "change", "jiceng-head"),
            ("exempt", "exempt", "jiceng-head"),
        }
        begins = set(runs.filter(starts_on__isnull=False).values_list("starts_on", flat=True))
        assert all(is_workday(day) for day in begins)
        notices = CallUp.objects.filter(run__in=runs, issued_at__isnull=False)
        assert notices.count() == 7
        for notice in notices:
            given = sum(notice.run.quotas.values_list("seats", flat=True))
            assert given + notice.reserve_seats == notice.run.trainees
            assert notice.issued_at < notice.deadline

    def test_requests_about_money_wait_where_their_people_look(self) -> None:
        for house in HOUSES:
            asked = MoneyRequest.objects.filter(union__code=house.code)
            assert sorted(asked.values_list("kind", "state")) == [
                ("budget", "approved"),
                ("transfer", "returned"),
                ("transfer", "reviewing"),
            ]
            for request in asked:
                self.seen_by(request, "mine", request.created_by)
                for decision in request.decisions.exclude(actor=request.created_by):
                    self.seen_by(request, "done", decision.actor)
            for task in WorkTask.objects.filter(money__in=asked, is_open=True).select_related("post"):
                # The approver of what waits, its author where it came back.
                holder = task.post.tenures.get().user if task.post else task.money.created_by
                self.seen_by(task.money, "inbox", holder)
            done = asked.get(state="approved")
            has = project_totals([done.project_id])[done.project_id].appropriated
            assert has == Figures.from_json(done.before).total - 200

    def seen_by(self, request: MoneyRequest, page: str, user: User) -> None:
        client = Client()
        client.force_login(user)
        with time_machine.travel(NOVEMBER, tick=False):
            query = "?view=money" if page == "mine" else ""
            text = client.get(reverse(f"workflow:{page}") + query).text
        assert reverse("workflow:money_request", args=[request.pk]) in text, (page, user)

    def test_a_class_pays_its_lecturers_travel_by_their_vouchers(self) -> None:
        paid = Payment.objects.get(kind="lecturer_travel")
        assert [paper.code for paper in paid.papers.order_by("id")] == ["travel_vouchers", "timetable"]
        assert Entry.objects.get(payment=paid).credit.line.title == "师资差旅费"

    def test_seats_show_every_kind_of_trouble(self) -> None:
        seats = Seat.objects.filter(run__plan__union__code="binhai")
        assert {
            (SeatState.NOMINATED, SeatRank.FORMAL),
            (SeatState.NOMINATED, SeatRank.RESERVE),
            (SeatState.OFFERED, SeatRank.RESERVE),
            (SeatState.CONFIRMED, SeatRank.FORMAL),
            (SeatState.WITHDRAWN, SeatRank.FORMAL),
            (SeatState.COMPLETED, SeatRank.FORMAL),
            (SeatState.UNFINISHED, SeatRank.FORMAL),
        } == set(seats.values_list("state", "rank"))
        assert set(seats.values_list("source", flat=True)) == {"page", "named", "on_site"}
        said = {finding["code"] for seat in seats for finding in seat.findings}
        assert {"repeat_call_up", "many_callers", "over_quota", "audience_mismatch"} <= said
        # Two of those the second department wants were confirmed by the first meanwhile.
        run = ClassRun.objects.get(plan__name="集体协商指导员实训班")
        candidates = [Candidate(row=seat.pk, cadre_id=seat.cadre_id) for seat in run.seats.all()]
        book = run.plan.version.book.book
        found = [
            {one.code for one in said} for said in examine(run, candidates, at=NOVEMBER, book=book).findings
        ]
        assert [codes & {"overlap", "many_callers"} for codes in found].count(
            {"overlap", "many_callers"}
        ) == 2
        assert [codes & {"overlap", "many_callers"} for codes in found].count({"many_callers"}) == 2

    def test_attendance_is_entered_as_far_as_the_class_has_come(self) -> None:
        done = ClassRun.objects.get(plan__union__code="binhai", state=RunState.SETTLING)
        seats = done.seats.filter(state__in=(SeatState.COMPLETED, SeatState.UNFINISHED))
        assert Attendance.objects.filter(seat__in=seats).count() == len(seats) * len(done.half_days)
        records = TrainingRecord.objects.filter(reference=done.reference)
        assert set(records.values_list("cadre", flat=True)) == set(
            seats.filter(state=SeatState.COMPLETED).values_list("cadre", flat=True)
        )
        running = ClassRun.objects.get(plan__union__code="binhai", state=RunState.RUNNING)
        days = Attendance.objects.filter(seat__run=running).values_list("day", "half").distinct()
        assert set(days) == {(running.starts_on, 0), (running.starts_on, 1)}
        assert running.ends_on > NOVEMBER.date()
        cadre = Cadre.objects.get(user__username="haitang-cadre")
        assert cadre.seats.filter(run=running, state=SeatState.CONFIRMED).exists()

    def test_a_roster_to_try_has_each_usual_fault(self) -> None:
        for unit_code, code in (("haitang", "P2026-0001-2"), ("qinglan", "P2026-0001-2")):
            unit = Union.objects.get(code=unit_code)
            run = ClassRun.objects.select_related("plan__union").get(code=code, plan__union=unit.superior)
            result = check_roster(
                content=sample_roster(unit),
                name="名册.xlsx",
                run=run,
                at=NOVEMBER,
                today=NOVEMBER.date(),
                book=run.plan.version.book.book,
                unit=unit,
            ).as_json()
            assert result["summary"]["rows"] == len(result["rows"])
            said = {finding["code"] for row in result["rows"] for finding in row["findings"]}
            assert said >= {
                "identity_as_number",
                "identity_masked",
                "identity_check_digit",
                "name_differs",
                "roster_twice",
                "audience_mismatch",
            }
            assert result["summary"]["accepted"]

    def test_the_inbox_says_who_is_to_be_exempted_of_what(self) -> None:
        [seat] = Seat.objects.filter(exemption__state="reviewing")
        client = Client()
        client.force_login(
            User.objects.get(username="binhai-jiceng-head"),
            backend="django.contrib.auth.backends.ModelBackend",
        )
        with time_machine.travel(NOVEMBER, tick=True):
            rows = client.get("/").context["rows"]
        [row] = [row for row in rows if row.request == seat.exemption_id]
        assert row.plan.sub == f"{seat.run.code} · 重复调训审批 · {seat.name}"
        assert row.found["label"] == "重复调训"

    def test_every_post_is_held_by_a_person_of_its_own(self) -> None:
        assert not Post.objects.filter(tenures__isnull=True).exists()
        assert len(set(User.objects.values_list("name", flat=True))) == User.objects.count()

    def test_the_outsider_sees_nothing_and_the_auditor_everything_submitted(self) -> None:
        with time_machine.travel(NOVEMBER, tick=True):
            plan = ClassPlan.objects.filter(union__code="binhai", state="approved").earliest("pk")
            address = reverse("workflow:plan", args=[plan.pk])
            for username, status in (
                ("outsider", 404),
                ("binhai-auditor", 200),
                ("mianyang-zuzhi-head", 404),
            ):
                client = Client()
                client.force_login(
                    User.objects.get(username=username), backend="django.contrib.auth.backends.ModelBackend"
                )
                assert client.get(address).status_code == status


@pytest.mark.parametrize(
    "moment",
    [
        at(11, 1, 0, 5, year=2026),
        at(11, 3, 10, year=2026),
        NOVEMBER,
        at(1, 5, year=2027),
        at(1, 31, 23, 55, year=2027),
        at(8, 15, year=2027),
    ],
    ids=["first minute", "first days", "november", "january", "last minute", "august"],
)
def test_its_moments_are_past_in_order_and_inside_the_window(moment: datetime) -> None:
    book = loader.read(BOOKS / "binhai-2018.toml")
    clock = Clock(book.window, 2027, moment, steps=10)
    opens, closes = book.window.bounds(2027)
    moments = [clock(step, index) for step in range(10) for index in range(0, 56, 5)]
    assert moments == sorted(moments)
    assert moments[-1] <= moment
    assert opens <= moments[0].date()
    assert moments[-1].date() <= closes


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("moment", "year"),
    [(at(11, 1, 0, 30, year=2026), 2026), (at(1, 1, 9, year=2027), 2026), (at(8, 14, year=2027), 2027)],
    ids=["first hour of the window", "new year", "a saturday in august"],
)
def test_classes_are_held_whenever_it_is_loaded(moment: datetime, year: int) -> None:
    load(moment)
    for house in HOUSES:
        plans = ClassPlan.objects.filter(union__code=house.code, state="approved")
        assert plans.filter(year=2027).exists()
        runs = ClassRun.objects.filter(plan__in=plans.filter(year=year))
        assert set(runs.values_list("state", flat=True)) >= {"planned", "opening", "enrolling", "settling"}
        assert runs.filter(starts_on__gt=moment.date()).exists()
        assert runs.filter(starts_on__lt=moment.date(), state="settling").exists()


@pytest.mark.django_db
def test_only_a_demo_takes_accounts_with_a_public_password(settings: Settings) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="只能载入演示库"):
        call_command("load_demo")
    assert not User.objects.exists()


@pytest.mark.django_db
def test_workbooks_for_people_to_try_are_read_back_whole(tmp_path: Path) -> None:
    call_command("load_demo", workbooks=tmp_path / "out", stdout=StringIO())
    assert not Union.objects.exists()
    for house in HOUSES:
        book = loader.read(BOOKS / house.book)
        for office in house.offices:
            (path,) = (tmp_path / "out").glob(f"{house.name}-{office.name}-20*.xlsx")
            with path.open("rb") as file:
                table = read_table(file, book)
            assert len(table.lines) == len(house.topics[office.code])
            assert load_workbook(path).sheetnames[0] == "计划申报表"
        assert list((tmp_path / "out").glob(f"{house.name}-*有差错的示例.xlsx"))
