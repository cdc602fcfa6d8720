"""Two people and one draft: nothing typed is lost, whatever the other did meanwhile; and files of a draft."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from office.refusals import Refused
from tests.workflow import acts
from tests.workflow.pages.declaring import form_data, fresh, save, save_new, signed_in
from tests.workflow.world import World, at
from workflow.models import ClassPlan, PlanAttachment


@pytest.fixture(autouse=True)
def january():
    with time_machine.travel(at(1, 15), tick=False):
        yield


@pytest.fixture
def client(world: World) -> Any:
    return signed_in(world, "xuanchuan-staff")


@pytest.fixture
def colleague(world: World) -> Any:
    return signed_in(world, "xuanchuan-head")


LIST = "/plans/"


def edit_url(plan: ClassPlan) -> str:
    return reverse("workflow:plan_edit", args=[plan.pk])


def test_the_second_to_save_sees_both_texts_and_may_save_over(
    world: World, client: Any, colleague: Any
) -> None:
    plan = save_new(client)
    assert save(colleague, plan, trainees="45", place="工人文化宫", cost_meals="6000").status_code == 302
    answer = save(client, plan, trainees="80", cost_meals="9000", remark="我写的")
    assert answer.status_code == 409
    stands = fresh(plan)
    assert (stands.trainees, stands.place, stands.remark) == (45, "工人文化宫", "")
    page = answer.content.decode()
    assert "他人已先保存" in page
    assert {(c.label, c.before, c.after) for c in answer.context["conflict"]} == {
        ("每期学员人数", "45", "80"),
        ("地点", "工人文化宫", "区委党校"),
        ("备注", "", "我写的"),
        ("伙食费", "6,000.00", "9,000.00"),
        ("经费合计", "8,000.00", "11,000.00"),
    }
    # The form below holds the loser's own input and the revision it now stands on.
    form = answer.context["form"]
    assert (form["trainees"].value(), form["remark"].value()) == ("80", "我写的")
    assert f'name="revision" value="{stands.revision}"' in page
    assert "按我填写的保存" in page
    again = save(client, plan, revision=stands.revision, trainees="80", cost_meals="9000", remark="我写的")
    assert again.status_code == 302
    saved = fresh(plan)
    assert (saved.trainees, saved.place, saved.remark) == (80, "区委党校", "我写的")
    assert world.costs(plan)["meals"] == Decimal("9000.00")


def test_a_third_save_while_one_looks_asks_again(world: World, client: Any, colleague: Any) -> None:
    plan = save_new(client)
    save(colleague, plan, trainees="45")
    first = save(client, plan, trainees="80")
    seen = fresh(plan).revision
    save(colleague, plan, revision=seen, trainees="50")
    second = save(client, plan, revision=seen, trainees="80")
    assert (first.status_code, second.status_code) == (409, 409)
    assert fresh(plan).trainees == 50


def test_the_same_text_twice_is_said_to_be_the_same(client: Any, colleague: Any) -> None:
    plan = save_new(client)
    save(colleague, plan)
    answer = save(client, plan)
    assert answer.status_code == 409
    assert "两份内容相同" in answer.content.decode()


def test_a_form_without_a_revision_never_overwrites(client: Any) -> None:
    plan = save_new(client)
    answer = client.post(edit_url(plan), form_data(trainees="99"))
    assert answer.status_code == 409
    assert fresh(plan).trainees == 60


def test_a_draft_handed_in_meanwhile_can_be_kept_as_a_new_one(world: World, client: Any) -> None:
    plan = save_new(client)
    acts.submit(world, plan, "xuanchuan-head")
    answer = save(client, plan, trainees="80", remark="我写的")
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "《工会信息员培训班》现为“审核中”，不能办理这一操作。 您填写的内容都在下面，没有丢失。" in page
    assert "我写的" in page
    assert "另存为新草稿" in page
    answer = save(client, plan, trainees="80", remark="我写的", action="copy")
    new = ClassPlan.objects.latest("pk")
    assert answer.url == edit_url(new)
    assert (new.trainees, new.remark, new.state) == (80, "我写的", "draft")
    assert fresh(plan).trainees == 60


def test_a_draft_deleted_meanwhile_becomes_the_form_of_a_new_one(
    world: World, client: Any, colleague: Any
) -> None:
    plan = save_new(client)
    gone = plan.pk
    colleague.post(reverse("workflow:plan_delete", args=[plan.pk]), {"confirmed": "1"})
    answer = client.post(
        reverse("workflow:plan_edit", args=[gone]), form_data(revision=0, plan=gone, trainees="80")
    )
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "您编辑期间，这份草稿已被他人删除。" in page
    assert f'action="{reverse("workflow:plan_new")}"' in page
    assert 'value="80"' in page
    assert save_new(client, trainees="80", department=world.departments["xuanchuan"].pk).trainees == 80


def test_handing_in_what_was_changed_meanwhile_is_a_conflict(
    world: World, client: Any, colleague: Any
) -> None:
    plan = save_new(client)
    seen = fresh(plan).revision
    save(colleague, plan, trainees="45")
    answer = client.post(
        reverse("workflow:plan_submit", args=[plan.pk]), {"revision": seen, "explanation": "我的说明"}
    )
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "计划在您打开后又被修改过，请核对最新内容后再报送。" in page
    assert "我的说明" in page
    assert "45＋3 人" in page
    assert fresh(plan).state == "draft"


# ---- the moment between looking and acting


def _refuse(*_: Any, **__: Any) -> None:
    raise Refused("就在刚才变了。")


def _gone(*_: Any, **__: Any) -> None:
    raise ClassPlan.DoesNotExist


@pytest.mark.parametrize(
    ("service", "page", "status"),
    [
        ("workflow.services.drafts.create_draft", "plan_new", 409),
        ("workflow.services.drafts.edit_draft", "plan_edit", 409),
        ("workflow.services.drafts.delete_draft", "plan_delete", 302),
        ("workflow.services.drafts.detach", "file_delete", 302),
        ("workflow.services.submission.submit", "plan_submit", 409),
        ("workflow.services.submission.withdraw", "withdraw", 302),
    ],
)
def test_a_refusal_after_the_gate_is_shown_and_what_is_gone_is_gone(
    world: World, client: Any, monkeypatch: Any, service: str, page: str, status: int
) -> None:
    plan = save_new(client, file=png())
    if page == "withdraw":
        acts.submit(world, plan)
    key = PlanAttachment.objects.get().pk if page == "file_delete" else plan.pk
    address = reverse(f"workflow:{page}", args=[] if page == "plan_new" else [key])
    sent = form_data(confirmed="1", revision=fresh(plan).revision, remark="我写的")
    monkeypatch.setattr(service, _refuse)
    answer = client.post(address, sent)
    assert answer.status_code == status
    text = answer.content.decode() if status == 409 else client.get(LIST).content.decode()
    assert "就在刚才变了。" in text
    if page in ("plan_new", "plan_edit"):
        assert "我写的" in text
    monkeypatch.setattr(service, _gone)
    assert client.post(address, sent).status_code == 404


def test_the_list_without_a_book_in_force_still_shows_the_lines(
    world: World, client: Any, monkeypatch: Any
) -> None:
    save_new(client)
    monkeypatch.setattr("workflow.views.declare.book_for", _refuse)
    page = client.get(LIST).content.decode()
    assert "就在刚才变了。" in page
    assert "工会信息员培训班" in page


# ---- files


def png(name: str = "调研汇总.png") -> SimpleUploadedFile:
    """The smallest picture there is."""
    dot = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
        "1f15c4890000000a49444154789c6300010000050001"
        "0d0a2db40000000049454e44ae426082"
    )
    return SimpleUploadedFile(name, dot, "image/png")


def test_a_file_comes_along_with_the_first_save_and_counts_as_the_survey(world: World, client: Any) -> None:
    answer = client.post(
        reverse("workflow:plan_new"),
        form_data(survey_reference="", file=png(), kind="survey", action="attach"),
    )
    plan = ClassPlan.objects.get()
    assert answer.url == f"{edit_url(plan)}#files"
    attached = PlanAttachment.objects.get()
    assert (attached.plan, attached.file.name, attached.kind) == (plan, "调研汇总.png", "survey")
    page = client.get(edit_url(plan))
    assert "调研汇总.png" in page.content.decode()
    assert "需求调研：已附文件。" in page.content.decode()
    # The attachment moved the revision on; the page it led to knows.
    assert f'name="revision" value="{fresh(plan).revision}"' in page.content.decode()


def test_a_file_that_is_refused_leaves_the_draft_saved(client: Any) -> None:
    bad = SimpleUploadedFile("调研.exe", b"MZ" + b"\0" * 200, "application/octet-stream")
    answer = client.post(reverse("workflow:plan_new"), form_data(file=bad, action="submit"), follow=True)
    plan = ClassPlan.objects.get()
    assert answer.redirect_chain[0][0] == edit_url(plan)
    assert "附件没有上传：" in answer.content.decode()
    assert not PlanAttachment.objects.exists()


def test_a_file_chosen_beside_an_unreadable_field_has_to_be_chosen_again(client: Any) -> None:
    answer = client.post(reverse("workflow:plan_new"), form_data(trainees="六十", file=png()))
    assert answer.status_code == 422
    assert "附件“调研汇总.png”还没有上传，请在“需求调研与附件”中重新选择。" in answer.content.decode()


def test_uploading_without_choosing_a_file_says_so_and_saves_the_text(client: Any) -> None:
    answer = client.post(reverse("workflow:plan_new"), form_data(action="attach"), follow=True)
    assert "还没有选择要上传的文件。内容已保存" in answer.content.decode()
    assert ClassPlan.objects.get().name == "工会信息员培训班"


def test_taking_a_file_off_saves_the_text_first_and_asks(client: Any) -> None:
    plan = save_new(client, file=png())
    plan = fresh(plan)
    attached = PlanAttachment.objects.get()
    answer = save(client, plan, remark="先存下", action=f"detach:{attached.pk}")
    url = reverse("workflow:file_delete", args=[attached.pk])
    assert answer.url == url
    assert fresh(plan).remark == "先存下"
    assert "从《工会信息员培训班》中删除附件“调研汇总.png”。" in client.get(url).content.decode()
    assert PlanAttachment.objects.exists()
    assert client.post(url, {"confirmed": "1"}).url == f"{edit_url(plan)}#files"
    assert not PlanAttachment.objects.exists()


def test_the_single_upload_answers_by_the_edit_page(client: Any) -> None:
    plan = save_new(client)
    url = reverse("workflow:file_add", args=[plan.pk])
    assert client.post(url, {"file": png(), "kind": "courses"}).url == f"{edit_url(plan)}#files"
    assert PlanAttachment.objects.get().kind == "courses"
    assert "请先选择要上传的文件。" in client.post(url, follow=True).content.decode()
    assert client.get(url).status_code == 405


def test_files_of_a_plan_under_review_stay(world: World, client: Any) -> None:
    plan = save_new(client, file=png())
    acts.submit(world, plan)
    attached = PlanAttachment.objects.get()
    url = reverse("workflow:file_delete", args=[attached.pk])
    assert client.post(url, {"confirmed": "1"}).status_code == 403
    client.post(reverse("workflow:file_add", args=[plan.pk]), {"file": png("二.png")})
    assert PlanAttachment.objects.count() == 1


def test_files_of_another_department_arent_there(world: World, client: Any) -> None:
    save_new(client, file=png())
    plan, attached = ClassPlan.objects.get(), PlanAttachment.objects.get()
    outsider = signed_in(world, "quanyi-staff")
    assert (
        outsider.post(reverse("workflow:file_delete", args=[attached.pk]), {"confirmed": "1"}).status_code
        == 404
    )
    assert outsider.post(reverse("workflow:file_add", args=[plan.pk]), {"file": png()}).status_code == 404
    assert client.get(reverse("workflow:file_delete", args=[99999])).status_code == 404
    assert PlanAttachment.objects.count() == 1
