"""What a unit's name in a list means: full, short and other names, with dates; homonyms told apart."""

from __future__ import annotations

import pytest

from office.refusals import Conflict, Refused
from org.models import Union, UnitAlias
from org.selectors import unit_matcher
from org.services import add_alias, remove_alias
from org.unit_names import UnitChoice, unit_key
from tests.org.cast import Cast, M, day

pytestmark = pytest.mark.django_db

TODAY = day("2024-06-10")


@pytest.fixture
def tree(cast: Cast) -> dict[str, Union]:
    def found(code: str, name: str, parent: Union, short_name: str = "") -> Union:
        return Union.objects.found(parent=parent, code=code, name=name, short_name=short_name, level="town")

    return {
        "bridge": found("bridge", "大桥街道总工会", cast.district, "大桥"),
        "bridge2": found("bridge2", "大桥街道总工会", cast.other),
        "hill": found("hill", "青山街道总工会", cast.other, "青山"),
        "firm": found("firm", "海阔（东江）公司工会", cast.district),
    }


def names(union: Union | None, text: str) -> list[tuple[int, str, str]]:
    return [(pk, name, note) for pk, name, note in unit_matcher(union, TODAY)(text).choices]


def test_keys_fold_width_brackets_and_blanks_but_keep_the_legal_form() -> None:
    assert unit_key("海阔（东江）公司 工会") == unit_key("海阔(东江)公司工会") == "海阔东江公司工会"
    assert unit_key("海阔（东江）公司") != unit_key("海阔(东江)有限公司")
    assert unit_key("（）—") == ""


@pytest.mark.parametrize("text", ["大桥街道总工会", " 大桥街道 总工会", "大桥", "临海区总工会大桥街道总工会"])
def test_a_name_in_the_area_is_sure(cast: Cast, tree: dict[str, Union], text: str) -> None:
    assert names(cast.district, text) == [(tree["bridge"].pk, "大桥街道总工会", "")]


def test_homonyms_are_given_with_their_superiors(cast: Cast, tree: dict[str, Union]) -> None:
    assert names(None, "大桥街道总工会") == [
        (tree["bridge"].pk, "大桥街道总工会（临海区总工会）", ""),
        (tree["bridge2"].pk, "大桥街道总工会（南山区总工会）", ""),
    ]
    assert unit_matcher(None, TODAY)("大桥街道总工会").sure is None


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("南山区大桥街道总工会", "bridge2"),
        ("东江市总工会南山区总工会大桥街道总工会", "bridge2"),
        ("东江市临海区大桥街道总工会", "bridge"),
        ("临海区大桥", "bridge"),
    ],
)
def test_the_superior_in_front_tells_homonyms_apart(
    cast: Cast, tree: dict[str, Union], text: str, unit: str
) -> None:
    assert [pk for pk, *_ in names(None, text)] == [tree[unit].pk]


@pytest.mark.parametrize("text", ["", "  ", "——", "大桥街道", "西山区大桥街道总工会", "大桥街道总工会女工部"])
def test_what_isnt_known_isnt_guessed(cast: Cast, tree: dict[str, Union], text: str) -> None:
    assert names(None, text) == []


def test_outside_the_area_nothing_is_known_but_the_superiors(cast: Cast, tree: dict[str, Union]) -> None:
    assert names(cast.district, "青山街道总工会") == []
    assert names(tree["bridge"], "东江市总工会") == [(cast.city.pk, "东江市总工会", "")]


def test_aliases_count_in_their_time_and_are_noted_outside_it(cast: Cast, tree: dict[str, Union]) -> None:
    bridge = tree["bridge"]
    for alias, since, until in (
        ("桥办", None, None),
        ("老桥街道总工会", None, day("2020-01-01")),
        ("新桥街道总工会", day("2025-01-01"), None),
    ):
        add_alias(unit=bridge, alias=alias, since=since, until=until, actor=cast.admin, at=M)
    assert names(cast.district, "桥办") == [(bridge.pk, "大桥街道总工会", "")]
    assert names(cast.district, "临海区桥办") == [(bridge.pk, "大桥街道总工会", "")]
    assert names(cast.district, "老桥街道总工会") == [
        (bridge.pk, "大桥街道总工会", "“老桥街道总工会”是“大桥街道总工会”2020年1月1日以前的名称")
    ]
    assert names(cast.district, "新桥街道总工会") == [
        (bridge.pk, "大桥街道总工会", "“新桥街道总工会”自2025年1月1日起才用作“大桥街道总工会”的名称")
    ]


def test_a_full_name_goes_before_another_units_alias(cast: Cast, tree: dict[str, Union]) -> None:
    add_alias(unit=tree["hill"], alias="海阔东江公司工会", actor=cast.admin, at=M)
    assert names(None, "海阔（东江）公司工会") == [(tree["firm"].pk, "海阔（东江）公司工会", "")]


def test_two_queries_however_many_names(
    cast: Cast, tree: dict[str, Union], django_assert_num_queries
) -> None:
    with django_assert_num_queries(2):
        match = unit_matcher(cast.district, TODAY)
        for number in range(50):
            match(f"第{number}小学工会")
        assert match("大桥").sure == UnitChoice(tree["bridge"].pk, "大桥街道总工会")


@pytest.mark.parametrize(
    ("alias", "since", "until", "said"),
    [
        ("！", None, None, "别名应为 2 至 100 个字，不能只有标点。"),
        ("大桥", None, None, "“大桥”就是大桥街道总工会的全称或简称，不用再登记。"),
        ("桥", None, None, "别名应为 2 至 100 个字，不能只有标点。"),
        ("桥办", day("2024-01-01"), day("2024-01-01"), "停用日期应晚于启用日期。"),
    ],
)
def test_an_alias_that_isnt_one(
    cast: Cast, tree: dict[str, Union], alias: str, since: object, until: object, said: str
) -> None:
    with pytest.raises(Refused) as refusal:
        add_alias(
            unit=tree["bridge"],
            alias=alias,
            since=since,  # type: ignore[arg-type]
            until=until,  # type: ignore[arg-type]
            actor=cast.admin,
            at=M,
        )
    assert refusal.value.message == said


def test_an_alias_is_written_once_and_by_whom_the_unit_is_kept(cast: Cast, tree: dict[str, Union]) -> None:
    row = add_alias(unit=tree["bridge"], alias="桥办", actor=cast.admin, at=M)
    with pytest.raises(Conflict, match="大桥街道总工会已有别名“桥 办”"):
        add_alias(unit=tree["bridge"], alias="桥 办", actor=cast.admin, at=M)
    with pytest.raises(Refused, match="您不能修改"):
        remove_alias(alias=row, actor=cast.bo, at=M)
    remove_alias(alias=row, actor=cast.admin, at=M)
    assert not UnitAlias.objects.exists()
    with pytest.raises(Conflict, match="这条别名已被别人删除"):
        remove_alias(alias=row, actor=cast.admin, at=M)
