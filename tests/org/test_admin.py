"""The administrator's pages: the rule of succession holds there too, and is told in Chinese."""

from __future__ import annotations

import html
import re
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from office.refusals import Conflict
from org import services
from org.models import Body, Department, Duty, Post, Tenure, Union, User
from org.selectors import lookers, looking_groups
from tests.org.cast import Cast, day, person, sits, term


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    client.force_login(cast.admin)
    return client


def url(model: type, page: str, pk: int | None = None) -> str:
    return reverse(f"admin:org_{model.__name__.lower()}_{page}", args=[pk] if pk else [])


def errors(response: Any) -> list[str]:
    assert response.status_code == 200, "the form was taken"
    form = response.context["adminform"].form
    return [message for messages in form.errors.values() for message in messages]


def told(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def english(page: str) -> set[str]:
    """Words of Latin letters that a reader sees on the page, codes and sign-in names apart."""
    content = page[page.index('<div id="content"') :]
    content = re.sub(r"<(script|style|svg|bdi|h2 id)\b.*?</\1>", " ", content, flags=re.DOTALL)
    content = re.sub(r'<div class="readonly">.*?</div>', " ", content, flags=re.DOTALL)
    content = re.sub(r'<[^>]+class="[^"]*field-(code|username)[^>]*>[^<]*(<a[^>]*>)?[^<]*', " ", content)
    words = re.findall(r"[A-Za-z]{3,}", html.unescape(re.sub(r"<[^>]+>", " ", content)))
    return set(words) - {"root", "cai", "dai", "Control", "Command", "Mac"}


PAGES: list[type] = [User, Union, Department, Post, Body, Tenure, Duty]


@pytest.mark.parametrize("model", PAGES)
def test_every_page_opens_and_is_chinese(cast: Cast, desk: Client, model: type) -> None:
    sits(cast.an, cast.training_head)
    row = model._default_manager.order_by("-pk").first()  # type: ignore[attr-defined]
    for address in (url(model, "changelist"), url(model, "add"), url(model, "change", row.pk)):
        response = desk.get(address)
        assert response.status_code == 200, address
        assert english(response.content.decode()) == set(), address


@pytest.mark.parametrize("model", [Department, Post, Tenure, Duty])
def test_history_can_be_read_and_nothing_else(cast: Cast, desk: Client, model: Any) -> None:
    services.appoint(
        post=cast.leader, user=cast.an, since=day("2024-01-01"), actor=cast.admin, at=timezone.now()
    )
    event = model.pgh_event_model
    page = desk.get(url(event, "changelist"))
    assert page.status_code == 200
    assert "新增" in page.content.decode()
    row = event.objects.first()
    assert desk.get(url(event, "change", row.pk)).status_code == 200
    assert desk.get(url(event, "add")).status_code == 403
    assert desk.post(url(event, "change", row.pk), {}).status_code == 403
    assert desk.post(url(event, "delete", row.pk), {"post": "yes"}).status_code == 403


def test_history_names_the_actor(cast: Cast, desk: Client) -> None:
    desk.post(url(Department, "change", cast.money.pk), {"name": "财务部", "ordinal": "4"})
    services.appoint(
        post=cast.leader, user=cast.an, since=day("2024-01-01"), actor=cast.admin, at=timezone.now()
    )
    tracked: tuple[Any, ...] = (Department, Tenure)
    for model in tracked:
        assert "系统管理员" in desk.get(url(model.pgh_event_model, "changelist")).content.decode()


@pytest.mark.parametrize("staff", [False, True])
def test_nobody_but_the_administrator(cast: Cast, client: Client, staff: bool) -> None:
    cast.an.is_staff = staff
    cast.an.save()
    sits(cast.an, cast.training_head)
    client.force_login(cast.an)
    for model in PAGES:
        for page in ("changelist", "add"):
            assert client.get(url(model, page)).status_code == (403 if staff else 302)


def new_tenure(cast: Cast, **more: str) -> dict[str, str]:
    return {
        "post": str(cast.training_head.pk),
        "user": str(cast.bo.pk),
        "since": "2024-06-01",
        "basis": "临工干〔2024〕3号",
        **more,
    }


def test_appointing_cuts_the_predecessor(cast: Cast, desk: Client) -> None:
    sits(cast.an, cast.training_head)
    response = desk.post(url(Tenure, "add"), new_tenure(cast, acting="on"), follow=True)
    assert response.redirect_chain == [(url(Tenure, "changelist"), 302)]
    tenures = Tenure.objects.order_by("period")
    assert [(t.user, t.period, t.acting, t.basis) for t in tenures] == [
        (cast.an, term("2018-01-01", "2024-06-01"), False, ""),
        (cast.bo, term("2024-06-01"), True, "临工干〔2024〕3号"),
    ]


def test_a_refusal_stands_in_the_form(cast: Cast, desk: Client) -> None:
    sits(cast.bo, cast.training_head)
    response = desk.post(url(Tenure, "add"), new_tenure(cast))
    assert errors(response) == ["柏林自2018年1月1日起一直任基层工作部 部长，不用再任命。"]
    response = desk.post(url(Tenure, "add"), new_tenure(cast, since="", user=""))
    assert errors(response) == ["这个字段是必填项。", "这个字段是必填项。"]
    assert Tenure.objects.count() == 1


def test_a_deactivated_user_is_not_offered(cast: Cast, desk: Client) -> None:
    User.objects.filter(pk=cast.bo.pk).update(is_active=False)
    response = desk.post(url(Tenure, "add"), new_tenure(cast))
    assert len(errors(response)) == 1
    assert not Tenure.objects.exists()


def test_somebody_was_faster(cast: Cast, desk: Client) -> None:
    with mock.patch("org.admin.services.appoint", side_effect=Conflict("刚刚被别人改过")):
        response = desk.post(url(Tenure, "add"), new_tenure(cast), follow=True)
    assert told(response) == ["刚刚被别人改过"]
    assert response.redirect_chain == [(url(Tenure, "add"), 302)]


def test_ending_a_tenure(cast: Cast, desk: Client) -> None:
    tenure = sits(cast.an, cast.training_head)
    page = url(Tenure, "change", tenure.pk)
    assert errors(desk.post(page, {"basis": "", "last_day": "2017-12-31"})) == [
        "安和自2018年1月1日起才任基层工作部 部长。如系误任，请撤销该任职。"
    ]
    assert errors(desk.post(page, {"basis": "", "last_day": "2017-06-30"})) == [
        "2017年7月1日没有人任基层工作部 部长。"
    ]
    assert desk.post(page, {"basis": "原文", "last_day": ""}).status_code == 302
    tenure.refresh_from_db()
    assert (tenure.basis, tenure.period) == ("原文", term("2018-01-01"))
    assert desk.post(page, {"basis": "免职", "last_day": "2024-05-31"}).status_code == 302
    tenure.refresh_from_db()
    assert (tenure.basis, tenure.period) == ("免职", term("2018-01-01", "2024-06-01"))
    assert "last_day" not in desk.get(page).context["adminform"].form.fields


def test_person_and_post_of_a_tenure_are_fixed(cast: Cast, desk: Client) -> None:
    tenure = sits(cast.an, cast.training_head)
    desk.post(
        url(Tenure, "change", tenure.pk),
        {"basis": "x", "user": cast.bo.pk, "post": cast.leader.pk, "acting": "on"},
    )
    tenure.refresh_from_db()
    assert (tenure.user, tenure.post, tenure.acting) == (cast.an, cast.training_head, False)


def test_revoking_one_and_several(cast: Cast, desk: Client) -> None:
    tenures = [sits(cast.an, post) for post in (cast.training_head, cast.leader, cast.money_head)]
    with mock.patch("org.admin.services.revoke", wraps=services.revoke) as revoke:
        desk.post(url(Tenure, "delete", tenures[0].pk), {"post": "yes"})
        chosen = [str(tenure.pk) for tenure in tenures[1:]]
        desk.post(
            url(Tenure, "changelist"),
            {"action": "delete_selected", "_selected_action": chosen, "post": "yes"},
        )
    assert revoke.call_count == 3
    assert not Tenure.objects.exists()


def test_assigning_a_duty(cast: Cast, desk: Client) -> None:
    data = {"union": cast.district.pk, "code": "finance", "since": "2024-01-01"}
    assert errors(desk.post(url(Duty, "add"), data)) == ["请指定一个部门或一个会议来承担职责，只能选一个。"]
    assert errors(desk.post(url(Duty, "add"), {**data, "department": cast.money.pk})) == [
        "财务资产部自2018年1月1日起一直承担“财务部门”，不用再指定。"
    ]
    assert len(errors(desk.post(url(Duty, "add"), {**data, "since": ""}))) == 1
    assert desk.post(url(Duty, "add"), {**data, "department": cast.bureau.pk}).status_code == 302
    duties = Duty.objects.filter(code="finance").order_by("period")
    assert [(str(duty.bearer), duty.period) for duty in duties] == [
        ("财务资产部", term("2018-01-01", "2024-01-01")),
        ("办公室", term("2024-01-01")),
    ]


def test_withdrawing_duties(cast: Cast, desk: Client) -> None:
    first, *rest = Duty.objects.all()
    desk.post(url(Duty, "delete", first.pk), {"post": "yes"})
    chosen = [str(duty.pk) for duty in rest]
    desk.post(
        url(Duty, "changelist"), {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    )
    assert not Duty.objects.exists()


def test_a_union_below_another(cast: Cast, desk: Client) -> None:
    data = {"code": "xizhen", "name": "西镇工会", "short_name": "西镇", "level": "town", "ordinal": "1"}
    assert desk.post(url(Union, "add"), {**data, "parent": cast.district.pk}).status_code == 302
    assert (
        desk.post(url(Union, "add"), {**data, "code": "beihe", "name": "北河", "ordinal": "0"}).status_code
        == 302
    )
    town = Union.objects.get(code="xizhen")
    assert town.superior == cast.district
    assert Union.objects.get(code="beihe").superior is None
    listed = desk.get(url(Union, "changelist")).context["cl"].result_list
    assert [union.code for union in listed] == ["beihe", "dongjiang", "nanshan", "linhai", "xizhen"]
    # The code and the place in the tree stay, the name may change.
    desk.post(url(Union, "change", town.pk), {**data, "code": "x", "name": "西镇总工会", "parent": ""})
    town = Union.objects.get(pk=town.pk)
    assert (town.code, town.name, town.superior) == ("xizhen", "西镇总工会", cast.district)


def test_only_an_unused_leaf_of_the_tree_can_be_deleted(cast: Cast, desk: Client) -> None:
    assert desk.post(url(Union, "delete", cast.city.pk), {"post": "yes"}).status_code == 403
    desk.post(url(Union, "delete", cast.district.pk), {"post": "yes"})
    assert Union.objects.filter(pk=cast.district.pk).exists()
    desk.post(url(Union, "delete", cast.other.pk), {"post": "yes"})
    assert not Union.objects.filter(pk=cast.other.pk).exists()
    assert Union.objects.get(pk=cast.city.pk).numchild == 1


def department_form(cast: Cast, **more: object) -> dict[str, object]:
    return {"name": "财务资产部", "ordinal": "4", "closed_on": "", **more}


def test_sharing_to_look(cast: Cast, desk: Client) -> None:
    auditors = Group.objects.create(name="经审")
    page = url(Department, "change", cast.money.pk)
    desk.post(page, department_form(cast, looking_users=[cast.an.pk], looking_groups=[auditors.pk]))
    assert (lookers(cast.money), looking_groups(cast.money)) == ([cast.an], [auditors])
    shown = desk.get(page).context["adminform"].form.initial
    assert (shown["looking_users"], shown["looking_groups"]) == ([cast.an], [auditors])
    with mock.patch("org.admin.services.share") as share:
        desk.post(
            page,
            department_form(cast, ordinal="5", looking_users=[cast.an.pk], looking_groups=[auditors.pk]),
        )
    share.assert_not_called()
    desk.post(page, department_form(cast))
    assert (lookers(cast.money), looking_groups(cast.money)) == ([], [])
    union = {"name": "临海区总工会", "level": "district", "ordinal": "2", "looking_users": [cast.bo.pk]}
    desk.post(url(Union, "change", cast.district.pk), union)
    assert lookers(cast.district) == [cast.bo]


def test_a_department_with_a_duty_does_not_close(cast: Cast, desk: Client) -> None:
    page = url(Department, "change", cast.money.pk)
    assert errors(desk.post(page, department_form(cast, closed_on="2024-01-01"))) == [
        "到2024年1月1日时该部门还承担“财务部门”，请先指定由谁接替。"
    ]
    Duty.objects.filter(department=cast.money).update(period=term("2018-01-01", "2024-01-01"))
    assert desk.post(page, department_form(cast, closed_on="2024-01-01")).status_code == 302
    cast.money.refresh_from_db()
    assert cast.money.closed_on == day("2024-01-01")
    new = {"union": cast.other.pk, "code": "x", "name": "旧部", "ordinal": "1", "closed_on": "2020-01-01"}
    assert desk.post(url(Department, "add"), new).status_code == 302


def test_posts_and_meetings_stay_in_their_union(cast: Cast, desk: Client) -> None:
    data = {"union": cast.other.pk, "code": "h", "title": "部长", "kind": "head", "ordinal": "0"}
    assert errors(desk.post(url(Post, "add"), {**data, "department": cast.money.pk})) == [
        "岗位与部门须属于同一工会。"
    ]
    assert errors(desk.post(url(Post, "add"), data)) == ["部门负责人岗位须填写所在部门。"]
    body = {"union": cast.other.pk, "code": "dangzu", "name": "党组会议"}
    assert errors(desk.post(url(Body, "add"), {**body, "secretary": cast.secretary.pk})) == [
        "会议秘书岗位须属于同一工会。"
    ]
    assert len(errors(desk.post(url(Body, "add"), body))) == 1


def test_a_new_person(cast: Cast, desk: Client) -> None:
    data = {
        "username": "eve",
        "name": "易文",
        "phone": "13800001234",
        "password1": "Long-enough-77",
        "password2": "Long-enough-77",
    }
    assert len(errors(desk.post(url(User, "add"), {**data, "name": ""}))) == 1
    assert desk.post(url(User, "add"), data).status_code == 302
    eve = User.objects.get(username="eve")
    assert (eve.name, eve.phone, eve.check_password("Long-enough-77")) == ("易文", "13800001234", True)
    assert desk.post(url(User, "delete", eve.pk), {"post": "yes"}).status_code == 403


def test_deactivating_says_which_posts_fall_vacant(cast: Cast, desk: Client) -> None:
    sits(cast.an, cast.training_head)
    sits(cast.an, cast.leader, "2018-01-01", "2019-01-01")
    # The list of his tenures is shown, not edited; its form sends two counters all the same.
    counters = {"tenures-TOTAL_FORMS": "0", "tenures-INITIAL_FORMS": "0"}
    data = {"username": "an", "name": "安和", "phone": "", "email": "", **counters}
    page = url(User, "change", cast.an.pk)
    warning = "安和已停用，以下岗位即成空缺，请另行任命：基层工作部 部长。"
    assert warning in told(desk.post(page, data, follow=True))
    assert not User.objects.get(pk=cast.an.pk).is_active
    assert warning not in told(desk.post(page, data, follow=True))
    other = {**data, "username": "bo", "name": "柏林"}
    assert len(told(desk.post(url(User, "change", cast.bo.pk), other, follow=True))) == 1


def test_lists_show_who_holds_what_in_few_queries(
    cast: Cast, desk: Client, django_assert_max_num_queries: Any
) -> None:
    sits(cast.an, cast.training_head)
    sits(cast.bo, cast.money_head, "2018-01-01", "2019-01-01")
    with django_assert_max_num_queries(12):
        assert "安和" in desk.get(url(Post, "changelist")).content.decode()
    for index in range(20):
        sits(
            person(f"p{index}", f"人{index}"),
            Post.objects.create(union=cast.district, code=f"p{index}", title="干事", kind="staff"),
        )
    for model in (Post, User, Tenure, Duty, Department, Body):
        with django_assert_max_num_queries(12):
            assert desk.get(url(model, "changelist")).status_code == 200
