"""开班申请 and its changes as a clerk writes them: one form, rows by buttons, nothing lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests.workflow import runs
from tests.workflow.pages.declaring import signed_in
from tests.workflow.pages.run_forms import run_data
from tests.workflow.world import World, at
from workflow.models import RunRequest
from workflow.rules.terms import RunTerms, Span, moved
from workflow.states import DecisionAction, RequestKind

D = Decimal


@pytest.fixture(autouse=True)
def spring():
    with time_machine.travel(at(4, 1, 10), tick=False):
        yield


def open_url(run) -> str:
    return reverse("workflow:run_open", args=[run.pk])


def test_what_is_typed_is_what_is_saved_and_handed_in(world: World) -> None:
    run = runs.planned_run(world)
    client = signed_in(world, "xuanchuan-staff")
    page = client.get(open_url(run)).content.decode()
    assert "一、起止时间" in page
    assert 'value="区委党校"' in page
    terms = runs.as_planned(
        run.plan, class_teacher="吴桐", check_in="6月8日 8:30 一楼大厅", address="学院路 1 号"
    )
    answer = client.post(open_url(run), run_data(terms))
    request = RunRequest.objects.get()
    assert answer["Location"] == reverse("workflow:run_request_edit", args=[request.pk])
    assert RunTerms.from_json(request.content) == terms
    assert request.state == "draft"
    again = client.get(open_url(run))
    assert again["Location"] == reverse("workflow:run_request_edit", args=[request.pk])
    edit = reverse("workflow:run_request_edit", args=[request.pk])
    answer = client.post(edit, run_data(terms, action="submit"))
    assert answer["Location"] == reverse("workflow:run_request", args=[request.pk])
    request = runs.fresh_request(request)
    assert (request.state, request.chain) == ("reviewing", "same")
    assert "送“归口审核”" in client.get(answer["Location"]).content.decode()


def test_hours_left_empty_are_the_timetables(world: World) -> None:
    run = runs.planned_run(world)
    terms = runs.as_planned(run.plan)
    signed_in(world, "xuanchuan-staff").post(open_url(run), run_data(terms, hours=""))
    assert RunRequest.objects.get().content["hours"] == "16.0"


def test_buttons_add_rows_and_save_nothing(world: World) -> None:
    run = runs.planned_run(world)
    client = signed_in(world, "xuanchuan-staff")
    terms = runs.as_planned(run.plan)
    page = client.post(open_url(run), run_data(terms, action="add_span"))
    assert [form["first"].value() for form in page.context["form"].spans] == ["2027-06-08", None]
    page = client.post(open_url(run), run_data(terms, action="add_lessons"))
    assert len(page.context["form"].lessons) == len(terms.lessons) + 4
    assert page.context["form"].lessons[0]["topic"].value() == "第 1 讲"
    assert not RunRequest.objects.exists()


def test_the_timetable_is_laid_out_from_the_days(world: World) -> None:
    run = runs.planned_run(world)
    terms = runs.as_planned(run.plan)
    one = replace(terms, lessons=(terms.lessons[2],))
    page = signed_in(world, "xuanchuan-staff").post(open_url(run), run_data(one, action="timetable"))
    rows = [
        (form["day"].value(), form["half"].value(), form["topic"].value())
        for form in page.context["form"].lessons
    ]
    assert rows == [
        ("2027-06-08", "0", None),
        ("2027-06-08", "1", None),
        ("2027-06-09", "0", "第 3 讲"),
        ("2027-06-09", "1", None),
    ]


def test_standards_are_filled_in_on_request(world: World) -> None:
    run = runs.planned_run(world)
    terms = runs.as_planned(run.plan)
    page = signed_in(world, "xuanchuan-staff").post(open_url(run), run_data(terms, action="fill"))
    form = page.context["form"]
    # 4 half-days of four hours at the senior rate, as the timetable has them.
    (lecture,) = [row for row in page.context["costs"] if row.line.item == "lecture"]
    assert lecture.line.most > 0
    assert D(form["cost_lecture"].value()) == lecture.line.most


def test_lecturers_travel_is_asked_for_beside_the_standards(world: World) -> None:
    run = runs.planned_run(world)
    terms = runs.as_planned(run.plan)
    terms = replace(terms, costs={**terms.costs, "lecturer_travel": D("1200.00")})
    client = signed_in(world, "xuanchuan-staff")
    page = client.post(open_url(run), run_data(terms, action="fill"))
    rows = page.context["costs"]
    assert [row.line.item for row in rows][-2:] == ["lecture", "lecturer_travel"]
    assert (rows[-1].line.title, rows[-1].line.most, rows[-1].more) == ("师资差旅费", None, D("1200.00"))
    assert page.context["form"]["cost_lecturer_travel"].value() == "1,200.00"
    assert "综合定额之外另列" in page.text
    client.post(open_url(run), run_data(terms))
    assert RunTerms.from_json(RunRequest.objects.get().content) == terms


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"trainees": "六十"}, "不是数字"),
        ({"span-0-first": "六月八日"}, "这不是日期"),
        ({"span-0-last": ""}, "请填写结束日期"),
        ({"lesson-0-topic": ""}, "请填写授课内容"),
        ({"lesson-1-hours": ""}, "请填写学时"),
        ({"cost_meals": "八千"}, "不是数字"),
    ],
)
def test_what_cant_be_read_is_said_at_its_box_and_nothing_is_saved(
    world: World, typed: dict[str, str], said: str
) -> None:
    run = runs.planned_run(world)
    answer = signed_in(world, "xuanchuan-staff").post(
        open_url(run), run_data(runs.as_planned(run.plan), **typed)
    )
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not RunRequest.objects.exists()


def test_beside_the_form_stands_what_the_book_says(world: World) -> None:
    run = runs.planned_run(world)
    client = signed_in(world, "xuanchuan-staff")
    terms = runs.as_planned(run.plan)
    page = client.post(open_url(run), run_data(terms, action=None), HTTP_HX_REQUEST="true")
    assert "与计划一致。" in page.content.decode()
    later = moved(terms, date(2027, 7, 6) - date(2027, 6, 8))
    page = client.post(open_url(run), run_data(later, action=None), HTTP_HX_REQUEST="true")
    text = page.content.decode()
    assert "与计划不一致" in text
    assert "分管领导审批" in text
    assert not RunRequest.objects.exists()


def test_a_refused_submission_keeps_what_was_typed_as_a_draft(world: World) -> None:
    run = runs.planned_run(world)
    client = signed_in(world, "xuanchuan-staff")
    terms = replace(runs.as_planned(run.plan), trainees=30)
    answer = client.post(open_url(run), run_data(terms, action="submit"), follow=True)
    assert "须填写理由" in answer.content.decode()
    request = RunRequest.objects.get()
    assert (request.state, request.content["trainees"]) == ("draft", 30)


def test_somebody_elses_saving_is_not_overwritten(world: World) -> None:
    run = runs.planned_run(world)
    terms = runs.as_planned(run.plan)
    request = runs.draft(world, run, terms=terms)
    runs.draft(world, run, terms=replace(terms, note="他人所填"), request_id=request.pk, who="xuanchuan-head")
    client = signed_in(world, "xuanchuan-staff")
    edit = reverse("workflow:run_request_edit", args=[request.pk])
    answer = client.post(edit, run_data(replace(terms, note="我填的"), revision=0))
    assert answer.status_code == 409
    assert "我填的" in answer.content.decode()
    assert runs.fresh_request(request).content["note"] == "他人所填"


def test_a_paper_comes_along_and_can_be_fetched(world: World) -> None:
    run = runs.planned_run(world)
    client = signed_in(world, "xuanchuan-staff")
    paper = SimpleUploadedFile("批示.pdf", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n")
    client.post(open_url(run), run_data(runs.as_planned(run.plan), basis=paper))
    request = RunRequest.objects.get()
    assert request.basis.name == "批示.pdf"
    answer = client.get(reverse("workflow:run_request_file", args=[request.pk]))
    assert answer.content.startswith(b"%PDF")
    assert answer["Content-Disposition"].startswith("attachment")


def test_a_postponement_takes_the_timetable_along(world: World) -> None:
    run = runs.opened_run(world)
    client = signed_in(world, "xuanchuan-staff")
    url = reverse("workflow:run_change", args=[run.pk, RequestKind.POSTPONE])
    page = client.get(url)
    terms = page.context["terms"]
    new_days = replace(terms, stretches=(Span(date(2027, 7, 6), 0, date(2027, 7, 7), 1),))
    page = client.post(url, run_data(new_days, action="shift", base=page.context["base"]))
    days = [form["day"].value() for form in page.context["form"].lessons]
    assert days == ["2027-07-06", "2027-07-06", "2027-07-07", "2027-07-07"]
    moved_terms = page.context["form"].terms()
    client.post(url, run_data(moved_terms, action="submit", reason="汛期避让"))
    request = RunRequest.objects.get(kind=RequestKind.POSTPONE)
    assert (request.state, request.chain) == ("reviewing", "postpone")


def test_cancelling_asks_for_a_reason_only(world: World) -> None:
    run = runs.opened_run(world)
    client = signed_in(world, "xuanchuan-staff")
    url = reverse("workflow:run_change", args=[run.pk, RequestKind.CANCEL])
    assert "全部释放" in client.get(url).content.decode()
    answer = client.post(url, {"reason": "报名不足", "action": "submit"})
    request = RunRequest.objects.get(kind=RequestKind.CANCEL)
    assert answer["Location"] == reverse("workflow:run_request", args=[request.pk])
    assert (request.state, request.reason) == ("reviewing", "报名不足")


def test_returned_it_says_why_and_is_handed_in_again(world: World) -> None:
    run = runs.planned_run(world)
    terms = runs.as_planned(run.plan)
    request = runs.hand_in(world, run, terms=terms)
    runs.decide(world, request, action=DecisionAction.RETURN, opinion="请补班主任")
    client = signed_in(world, "xuanchuan-staff")
    edit = reverse("workflow:run_request_edit", args=[request.pk])
    assert "请补班主任" in client.get(edit).content.decode()
    client.post(edit, run_data(replace(terms, class_teacher="吴桐"), action="submit"))
    assert runs.fresh_request(request).number == 2


def test_what_came_to_nothing_is_the_beginning_of_the_next(world: World) -> None:
    run = runs.planned_run(world)
    request = runs.hand_in(world, run, terms=replace(runs.as_planned(run.plan), class_teacher="吴桐"))
    runs.decide(world, request, action=DecisionAction.REFUSE, opinion="本季度不安排")
    page = signed_in(world, "xuanchuan-staff").get(open_url(run))
    assert page.context["form"]["class_teacher"].value() == "吴桐"
    assert page.context["form"].lessons[0]["topic"].value() == "第 1 讲"


def test_others_may_not_write(world: World) -> None:
    run = runs.planned_run(world)
    assert signed_in(world, "jiceng-head").get(open_url(run)).status_code == 403
    assert signed_in(world, "quanyi-staff").get(open_url(run)).status_code == 404


def test_a_draft_can_be_thrown_away(world: World) -> None:
    run = runs.planned_run(world)
    request = runs.draft(world, run, terms=runs.as_planned(run.plan))
    client = signed_in(world, "xuanchuan-staff")
    url = reverse("workflow:run_request_discard", args=[request.pk])
    assert "不能恢复" in client.get(url).content.decode()
    client.post(url, {"confirmed": "1"})
    assert not RunRequest.objects.exists()
