"""Handing in through the pages: findings first, an explanation, where it goes; again after a return; back."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.urls import reverse

from org.models import Duty
from tests.workflow import acts
from tests.workflow.pages.declaring import fresh, save, save_new, signed_in
from tests.workflow.pages.test_declare_editors import png
from tests.workflow.world import World, at
from workflow.models import ClassPlan, Decision, PlanVersion


@pytest.fixture(autouse=True)
def january():
    with time_machine.travel(at(1, 15), tick=False):
        yield


@pytest.fixture
def client(world: World) -> Any:
    return signed_in(world, "xuanchuan-staff")


def url(plan: ClassPlan) -> str:
    return reverse("workflow:plan_submit", args=[plan.pk])


def hand_in(client: Any, plan: ClassPlan, explanation: str = "") -> Any:
    revision = fresh(plan).revision
    return client.post(url(plan), {"revision": revision, "explanation": explanation})


def steps(response: Any) -> list[str]:
    return [stage.title for stage in response.context["steps"]]


def test_s1_a_class_without_its_survey_is_refused_then_passes(world: World, client: Any) -> None:
    """B-14: 60 people, 2 days, no survey; attached, it goes on its way."""
    asked: dict[str, Any] = {
        "survey_reference": "",
        "staff": "0",
        "residential": "1",
        "cost_lodging": "40800",
        "cost_meals": "15600",
        "cost_venue": "6000",
        "cost_other": "3600",
    }
    plan = save_new(client, **asked)
    page = client.get(url(plan))
    text = page.content.decode()
    assert "没有需求调研依据。" in text
    assert "请填写“需求调研依据”或上传调研材料。" in text
    assert "《意见》四(三)" in text
    assert f'href="{reverse("workflow:plan_edit", args=[plan.pk])}#id_survey_reference"' in text
    assert '<button class="button is-primary">' not in text
    answer = hand_in(client, plan)
    assert answer.status_code == 409
    assert "没有需求调研依据。" in answer.content.decode()
    assert not PlanVersion.objects.exists()
    save(client, fresh(plan), **asked, file=png(), kind="survey")
    page = client.get(url(plan))
    assert (page.context["stops"], page.context["asks"]) == ([], [])
    assert "综合定额内 66,000.00 元，上限 66,000.00 元" in page.content.decode()
    assert hand_in(client, plan).status_code == 302
    assert fresh(plan).state == "reviewing"
    acts.approve(world, plan)
    assert fresh(plan).plan_number == "P2027-0001"


def test_a_hint_never_stops_handing_in(world: World, client: Any) -> None:
    plan = save_new(client, hours="20", module_ability="20")
    page = client.get(url(plan))
    assert [finding.code for finding in page.context["asks"]] == ["hours_fit"]
    assert "1 项需要说明" in page.content.decode()
    assert hand_in(client, plan).status_code == 302
    assert fresh(plan).state == "reviewing"


def test_an_exemption_has_to_be_asked_for_in_words(world: World, client: Any) -> None:
    """S23: staff 7 of 60 is beyond a tenth; somebody may allow it, if it is said why."""
    plan = save_new(client, staff="7")
    page = client.get(url(plan)).content.decode()
    assert "工作人员 7 人，按学员 60 人最多 6 人。" in page
    assert "（1 项须经批准，必填）" in page
    answer = hand_in(client, plan)
    assert answer.status_code == 409
    assert "有须经批准的例外，请填写说明后报送" in answer.content.decode()
    assert fresh(plan).state == "draft"
    assert hand_in(client, plan, "含两名随班医务人员").status_code == 302
    assert fresh(plan).explanation == "含两名随班医务人员"


def test_where_it_will_go_is_shown_with_the_people(world: World, client: Any) -> None:
    plan = save_new(client)
    page = client.get(url(plan))
    assert page.context["going"].index == 0
    assert steps(page) == ["部门审签", "归口审核", "财务会审", "主席办公会审定"]
    text = page.content.decode()
    for words in ("首次报送，按审批环节逐级办理。", "孙莉", "周敏", "李想", "会议秘书 何静"):
        assert words in text


def test_a_step_nobody_holds_is_said_before_it_refuses(world: World, client: Any) -> None:
    Duty.objects.filter(code="finance").delete()
    plan = save_new(client)
    page = client.get(url(plan)).content.decode()
    assert "没有指定承担“财务会审”的部门或会议" in page


def returned(world: World, client: Any, **more: Any) -> ClassPlan:
    """A class the training authority has sent back."""
    plan = save_new(client, **more)
    assert hand_in(client, plan).status_code == 302
    acts.decide(world, plan)
    acts.give_back(world, plan, opinion="人数依据不足")
    assert fresh(plan).state == "returned"
    return fresh(plan)


def test_s2_fewer_people_start_the_chain_again(world: World, client: Any) -> None:
    plan = returned(world, client)
    page = client.get(reverse("workflow:plan_edit", args=[plan.pk])).content.decode()
    assert "人数依据不足" in page
    save(client, plan, trainees="45")
    page = client.get(url(plan))
    text = page.content.decode()
    assert [(c.label, c.before, c.after) for c in page.context["changes"]] == [("每期学员人数", "60", "45")]
    assert "与第 1 次报送相比" in text
    assert "从第一个环节重新办理。" in text
    assert steps(page)[0] == "部门审签"
    assert hand_in(client, plan).status_code == 302
    plan = fresh(plan)
    assert plan.version is not None
    assert (plan.state, plan.version.number, plan.version.restarted) == ("reviewing", 2, True)
    assert world.task(plan).step == "sign"
    assert PlanVersion.objects.get(plan=plan, number=1).content["trainees"] == 60
    assert plan.declaration_number == "2027-0001"


def test_s2_an_unchanged_one_is_refused(world: World, client: Any) -> None:
    plan = returned(world, client)
    page = client.get(url(plan)).content.decode()
    assert "与第 1 次报送完全相同。请按退回意见修改后再报送。" in page
    assert '<button class="button is-primary">' not in page
    answer = hand_in(client, plan)
    assert answer.status_code == 409
    assert fresh(plan).state == "returned"


def test_the_order_of_ticked_units_is_no_change(world: World, client: Any) -> None:
    """A sheet may name them in another order than the form's."""
    plan = world.draft(audience_units=["system", "town", "zone"], audience_levels=["grassroots", "middle"])
    acts.submit(world, plan)
    acts.give_back(world, plan, opinion="请补充")
    sent = dict(client.get(reverse("workflow:plan_edit", args=[plan.pk])).context["form"].initial)
    assert sent["audience_units"] == ["system", "town", "zone"]
    edited = acts.edit(
        world, plan, audience_units=["town", "zone", "system"], audience_levels=["middle", "grassroots"]
    )
    assert edited.audience_units == ["town", "zone", "system"]
    answer = hand_in(client, plan)
    assert answer.status_code == 409
    assert "与第 1 次报送完全相同" in answer.content.decode()


def test_s2_a_remark_alone_goes_straight_back_to_whoever_returned_it(world: World, client: Any) -> None:
    plan = returned(world, client)
    save(client, plan, remark="人数依据见附件")
    page = client.get(url(plan))
    assert "直接送回退回的环节“归口审核”。" in page.content.decode()
    assert steps(page) == ["归口审核", "财务会审", "主席办公会审定"]
    assert hand_in(client, plan).status_code == 302
    plan = fresh(plan)
    assert world.task(plan).step == "review"
    assert plan.version is not None
    assert (plan.version.number, plan.version.restarted) == (2, False)


def test_s2_a_file_alone_is_a_change_too(world: World, client: Any) -> None:
    plan = returned(world, client)
    save(client, plan, file=png("人数依据.png"), kind="basis")
    page = client.get(url(plan))
    assert [(c.label, c.after) for c in page.context["changes"]] == [("附件", "人数依据.png")]
    assert hand_in(client, plan).status_code == 302
    assert world.task(fresh(plan)).step == "review"


def test_s6_in_august_a_class_needs_reason_channel_and_the_principal(world: World) -> None:
    with time_machine.travel(at(8, 10), tick=False):
        client = signed_in(world, "xuanchuan-staff")
        new = client.get(reverse("workflow:plan_new"))
        assert new.context["live"].outside
        assert "已不在年度申报期内，须填写" in new.content.decode()
        plan = save_new(client, source="")
        text = client.get(url(plan)).content.decode()
        assert (
            "不在年度申报期内，属计划外班次，缺少：计划外增加理由、列支渠道、主要负责同志审批意见。" in text
        )
        assert f'href="{reverse("workflow:plan_edit", args=[plan.pk])}#id_off_plan_reason"' in text
        assert hand_in(client, plan).status_code == 409
        save(
            client,
            plan,
            off_plan_reason="上级临时部署",
            principal_approval="赵启明 8月9日同意",
            source="special",
        )
        assert hand_in(client, plan).status_code == 302
        assert fresh(plan).state == "reviewing"


def test_s22_a_professional_class_that_charges_is_refused(world: World, client: Any) -> None:
    plan = save_new(client, fee="200")
    text = client.get(url(plan)).content.decode()
    assert "业务班不得向学员收费，填报了每人 200.00 元。" in text
    assert "《意见》五(二)" in text
    assert hand_in(client, plan).status_code == 409
    save(client, plan, fee="0")
    assert hand_in(client, plan).status_code == 302


def test_every_stop_links_to_the_box_that_mends_it(world: World, client: Any) -> None:
    plan = save_new(
        client,
        category="core",
        subject="",
        audience_units=[],
        time_slots="",
        place="",
        owner_phone="",
        survey_reference="",
        fee="100",
    )
    page = client.get(url(plan))
    links = {
        finding.code: link.partition("#")[2] for finding, link in page.context["findings"] if finding.stops
    }
    assert links == {
        "survey_missing": "id_survey_reference",
        "fee_forbidden": "id_fee",
        "audience_missing": "id_audience_units",
        "time_missing": "id_time_slots",
        "place_missing": "id_place",
        "owner_missing": "id_owner_phone",
        "category_holder": "id_subject",
    }
    form = client.get(reverse("workflow:plan_edit", args=[plan.pk])).content.decode()
    for anchor in links.values():
        assert f'id="{anchor}"' in form


def test_a_class_of_another_departments_category_links_to_the_category(world: World, client: Any) -> None:
    plan = save_new(client, category="core", subject="ZT-01")
    found = client.get(url(plan)).context["findings"]
    assert [(f.code, link.partition("#")[2]) for f, link in found if f.stops] == [
        ("category_holder", "id_category")
    ]


def test_a_long_explanation_is_counted_and_kept(world: World, client: Any) -> None:
    plan = save_new(client)
    answer = hand_in(client, plan, "说" * 501)
    assert answer.status_code == 422
    assert "说明最多 500 个字，现有 501 个，请精简。" in answer.content.decode()
    assert "说" * 501 in answer.content.decode()
    assert fresh(plan).state == "draft"


def test_handing_in_twice_does_it_once(world: World, client: Any) -> None:
    plan = save_new(client)
    assert hand_in(client, plan).status_code == 302
    assert hand_in(client, plan).status_code == 403
    assert Decision.objects.count() == 1


def test_a_class_is_taken_back_after_asking_until_somebody_has_acted(world: World, client: Any) -> None:
    plan = save_new(client)
    hand_in(client, plan)
    address = reverse("workflow:withdraw", args=[plan.pk])
    assert "撤回后可以修改，再次报送时从第一个环节办理。" in client.get(address).content.decode()
    assert client.post(address).status_code == 200
    assert fresh(plan).state == "reviewing"
    answer = client.post(address, {"confirmed": "1"}, follow=True)
    assert "《工会信息员培训班》已撤回，可以修改后重新报送。" in answer.content.decode()
    assert fresh(plan).state == "withdrawn"
    # Taken back, it may be handed in again as it is, through the whole chain.
    page = client.get(url(plan))
    assert "撤回后重新报送，从第一个环节办理。" in page.content.decode()
    assert hand_in(client, plan).status_code == 302
    acts.decide(world, plan)
    refused = client.get(address)
    assert refused.status_code == 403
    assert "宣传网络部 部长 孙莉 已办理（同意），不能撤回。" in refused.content.decode()


def test_the_form_and_the_bar_work_without_javascript(world: World, client: Any) -> None:
    """Every act is a plain form or link: no control is only for scripts."""
    plan = save_new(client)
    edit = client.get(reverse("workflow:plan_edit", args=[plan.pk])).content.decode()
    for button in ('value="save"', 'value="submit"', 'value="recompute"', 'value="fill"', 'value="attach"'):
        assert f'name="action" {button}' in edit
    assert 'method="post" enctype="multipart/form-data"' in edit
    page = client.get(url(plan)).content.decode()
    assert '<form id="submit-form" class="decide" method="post">' in page
    assert 'name="explanation" form="submit-form"' in page


def test_the_page_costs_few_queries(world: World, client: Any, django_assert_max_num_queries: Any) -> None:
    plan = returned(world, client)
    save(client, plan, remark="改过")
    client.get(url(plan))
    with django_assert_max_num_queries(60):
        client.get(url(plan))
