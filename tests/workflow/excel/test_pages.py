"""The import pages as people see them: who may, what is shown, what a second click says."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from tests.workflow.excel.books import edited, filled_book, upload
from tests.workflow.world import World, at
from workflow.models import ClassPlan, PlanImport


@pytest.fixture(autouse=True)
def january() -> object:
    with time_machine.travel(at(1, 10), tick=False):
        yield


def signed_in(world: World, who: str) -> Client:
    client = Client()
    client.force_login(world.people[who], backend="django.contrib.auth.backends.ModelBackend")
    return client


def post_file(client: Client, content: bytes, name: str = "计划表.xlsx", **data: object):
    return client.post(
        reverse("workflow:import_new"), {"file": SimpleUploadedFile(name, content), "year": "2027", **data}
    )


def digest_of(page: str) -> str:
    return re.search(r'name="digest" value="([0-9a-f]{64})"', page)[1]


def test_template_upload_preview_commit_through_the_pages(world: World) -> None:
    client = signed_in(world, "xuanchuan-staff")
    form = client.get(reverse("workflow:import_template"))
    assert form.status_code == 200
    sheet = load_workbook(BytesIO(form.content)).worksheets[0]
    assert sheet["A1"].value == "滨海新区总工会2027年度培训计划申报表"
    sent = post_file(client, filled_book(world, [{"name": "一班"}, {"name": "二班", "trainees": "六十"}]))
    assert sent.status_code == 302
    page = client.get(sent["Location"]).content.decode()
    assert "“六十”不是数字" in page
    assert ClassPlan.objects.count() == 0
    received = PlanImport.objects.get()
    done = client.post(
        reverse("workflow:import_commit", args=[received.pk]), {"digest": digest_of(page), "sheet": ""}
    )
    assert done["Location"] == "/plans/?year=2027"
    assert list(ClassPlan.objects.values_list("name", flat=True)) == ["一班"]


def test_a_second_click_is_told_who_imported_it_and_when(world: World) -> None:
    client = signed_in(world, "xuanchuan-staff")
    received = upload(world, filled_book(world, [{}]))
    address = reverse("workflow:import_preview", args=[received.pk])
    digest = digest_of(client.get(address).content.decode())
    for _ in range(2):
        client.post(reverse("workflow:import_commit", args=[received.pk]), {"digest": digest})
    page = client.get(address).content.decode()
    assert "已由 林晓峰 于 1月10日 09:00 导入，共 1 个班次，不能重复导入" in page
    assert ClassPlan.objects.count() == 1


def test_a_preview_that_no_longer_holds_is_not_committed(world: World) -> None:
    client = signed_in(world, "xuanchuan-staff")
    received = upload(world, filled_book(world, [{}]))
    page = client.post(
        reverse("workflow:import_commit", args=[received.pk]), {"digest": "0" * 64}, follow=False
    )
    assert page["Location"] == reverse("workflow:import_preview", args=[received.pk])
    assert ClassPlan.objects.count() == 0


def test_a_file_that_cannot_be_read_is_answered_on_the_spot_and_not_kept(world: World) -> None:
    client = signed_in(world, "xuanchuan-staff")
    answer = post_file(client, "班次名称,人数\n一班,60\n".encode("gbk"), "计划表.csv")
    assert answer.status_code == 422
    assert "请用 Excel 或 WPS 打开，另存为" in answer.content.decode()
    assert not PlanImport.objects.exists()


def test_uploads_are_their_departments_own(world: World) -> None:
    received = upload(world, filled_book(world, [{}]))
    for name in ("import_preview", "import_errors"):
        address = reverse(f"workflow:{name}", args=[received.pk])
        assert signed_in(world, "quanyi-staff").get(address).status_code == 404
        assert signed_in(world, "jiceng-head").get(address).status_code == 404
    commit = reverse("workflow:import_commit", args=[received.pk])
    assert signed_in(world, "quanyi-staff").post(commit).status_code == 404
    assert "由上传人 林晓峰 导入" in (
        signed_in(world, "xuanchuan-head")
        .get(reverse("workflow:import_preview", args=[received.pk]))
        .content.decode()
    )
    assert Client().get(commit).status_code == 302


def test_nobody_uploads_into_a_department_not_his_own(world: World) -> None:
    client = signed_in(world, "quanyi-staff")
    answer = post_file(client, filled_book(world, [{}]), department=world.departments["xuanchuan"].pk)
    assert answer.status_code == 404
    outsider = signed_in(world, "leader")
    assert outsider.get(reverse("workflow:import_new")).status_code == 403


def test_the_error_workbook_is_the_sheet_with_comments_and_without_the_good_rows(world: World) -> None:
    content = filled_book(
        world,
        [{"name": "好班"}, {"name": "坏班", "trainees": "六十", "category": "大班"}, {"name": "又一好班"}],
    )
    received = upload(world, content)
    client = signed_in(world, "xuanchuan-staff")
    answer = client.get(reverse("workflow:import_errors", args=[received.pk]))
    sheet = load_workbook(BytesIO(answer.content)).worksheets[0]
    assert sheet["B4"].value == "坏班"
    assert "大班" in sheet["C4"].comment.text
    assert sheet["C4"].fill.start_color.rgb == "FFFFC7CE"
    assert [cell.value for cell in sheet["B"][3:]].count(None) == len(sheet["B"]) - 4

    def mend(ws) -> None:
        for cell in ws[4]:
            if cell.comment:
                cell.value = {"C": "业务班"}.get(cell.column_letter, 60)

    again = post_file(client, edited(answer.content, mend))
    page = client.get(again["Location"]).content.decode()
    assert "将新增 1 个草稿" in page
    assert 'id="faults"' not in page


def test_the_lists_cost_the_same_at_any_length(
    world: World, django_assert_max_num_queries, django_assert_num_queries
) -> None:
    client = signed_in(world, "xuanchuan-staff")
    counts = []
    for size in (5, 50):
        received = upload(world, filled_book(world, [{"name": f"第{n}班"} for n in range(size)]))
        with django_assert_max_num_queries(40) as context:
            client.get(reverse("workflow:import_preview", args=[received.pk]))
        counts.append(len(context.captured_queries))
    assert counts[0] == counts[1]


def test_the_export_is_the_departments_own_plans_on_the_form(world: World) -> None:
    world.draft(name="一班")
    world.draft(department="quanyi", name="别部门的班")
    client = signed_in(world, "xuanchuan-staff")
    answer = client.get(reverse("workflow:plans_export"), {"year": "2027"})
    sheet = load_workbook(BytesIO(answer.content)).worksheets[0]
    assert [cell.value for cell in sheet["B"][3:] if cell.value] == ["一班"]
    again = post_file(client, answer.content)
    page = client.get(again["Location"]).content.decode()
    assert "没有可以导入的班次" in page
    assert "一班</span> — 与系统中的计划相同" in page


def test_the_same_file_again_is_questioned(world: World) -> None:
    client = signed_in(world, "xuanchuan-staff")
    content = filled_book(world, [{}])
    for _ in range(2):
        sent = post_file(client, content)
        page = client.get(sent["Location"]).content.decode()
        received = PlanImport.objects.latest("pk")
        client.post(
            reverse("workflow:import_commit", args=[received.pk]), {"digest": digest_of(page), "sheet": ""}
        )
    assert "同一个文件已由 林晓峰 于 1月10日 09:00 导入过，共 1 个班次" in page
    assert "可能重复导入：本部门 2027 年度已有同名班次（草稿）" in page
    assert ClassPlan.objects.count() == 2


def test_another_sheet_is_previewed_and_committed_as_chosen(world: World) -> None:
    def copy(ws) -> None:
        ws.parent.copy_worksheet(ws).title = "修改稿"
        ws.parent["修改稿"]["B4"] = "修改稿的班"

    client = signed_in(world, "xuanchuan-staff")
    sent = post_file(client, edited(filled_book(world, [{}]), copy))
    assert "修改稿" in client.get(sent["Location"]).content.decode()
    page = client.get(sent["Location"], {"sheet": "修改稿"}).content.decode()
    received = PlanImport.objects.get()
    client.post(
        reverse("workflow:import_commit", args=[received.pk]), {"digest": digest_of(page), "sheet": "修改稿"}
    )
    assert list(ClassPlan.objects.values_list("name", flat=True)) == ["修改稿的班"]


def test_nothing_chosen_and_nothing_wrong_are_answered(world: World) -> None:
    client = signed_in(world, "xuanchuan-staff")
    answer = client.post(reverse("workflow:import_new"), {"year": "2027"})
    assert (answer.status_code, "请选择要上传的申报表" in answer.content.decode()) == (422, True)
    received = upload(world, filled_book(world, [{}]))
    answer = client.get(reverse("workflow:import_errors", args=[received.pk]), follow=True)
    assert "这份申报表没有差错" in answer.content.decode()


def test_texts_of_a_file_are_never_markup(world: World) -> None:
    client = signed_in(world, "xuanchuan-staff")
    wrong = {"name": "<script>alert(1)</script>", "trainees": "<b>六十</b>"}
    sent = post_file(client, filled_book(world, [wrong]), "<img src=x>.xlsx")
    page = client.get(sent["Location"]).content.decode()
    assert "<script>alert" not in page
    assert "<b>六十" not in page
    assert "<img src=x>" not in page
