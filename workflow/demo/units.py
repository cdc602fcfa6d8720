"""The units below the demo's unions and the posts of their cadres. Every name is made up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from org.states import CadreKind, Committee, UnionLevel

_FULL, _PART = CadreKind.FULL_TIME, CadreKind.PART_TIME
_SECONDED, _SOCIAL = CadreKind.SECONDED, CadreKind.SOCIALIZED


@dataclass(frozen=True)
class Unit:
    """A union below. ``aliases``: (text, from which day on it is out of use, or None); ``kind`` is the word
    of the rule book's audience it belongs to; ``chair``, ``contact`` and, if any, ``cadre`` (a social worker
    without a post) are names of people who sign in."""

    code: str
    name: str
    short_name: str
    level: UnionLevel
    kind: str
    chair: str
    contact: str
    aliases: tuple[tuple[str, date | None], ...] = ()
    cadre: str = ""

    @property
    def chair_login(self) -> str:
        return f"{self.code}-chair"

    @property
    def contact_login(self) -> str:
        return f"{self.code}-contact"

    @property
    def cadre_login(self) -> str:
        return f"{self.code}-cadre"


@dataclass(frozen=True)
class Job:
    """A post cadres have in a unit; ``count`` people have it."""

    title: str
    kind: CadreKind
    committees: tuple[Committee, ...] = ()
    count: int = 1
    rank: str = ""


_TOWN, _DISTRICT, _GRASSROOTS = UnionLevel.TOWN, UnionLevel.DISTRICT, UnionLevel.GRASSROOTS

UNITS: Final[dict[str, tuple[Unit, ...]]] = {
    "binhai": (
        Unit(
            code="haitang",
            name="海棠街道总工会",
            short_name="海棠街道",
            level=_TOWN,
            kind="街镇",
            chair="颜书瑶",
            contact="温知夏",
            aliases=(("海棠街工会", None), ("海棠镇工会", date(2021, 7, 1))),
            cadre="梁夏木",
        ),
        Unit(
            code="yunfan",
            name="云帆街道总工会",
            short_name="云帆街道",
            level=_TOWN,
            kind="街镇",
            chair="戚长风",
            contact="梅疏影",
            aliases=(("云帆街工会", None),),
        ),
        Unit(
            code="wangchao",
            name="望潮街道总工会",
            short_name="望潮街道",
            level=_TOWN,
            kind="街镇",
            chair="龚望舒",
            contact="单清越",
            aliases=(("望潮街工会", None), ("潮前街道工会", date(2022, 1, 1))),
        ),
        Unit(
            code="bailu",
            name="白鹭镇总工会",
            short_name="白鹭镇",
            level=_TOWN,
            kind="街镇",
            chair="殷鹤鸣",
            contact="柏晚晴",
            aliases=(("白鹭工会", None),),
        ),
        Unit(
            code="liutang",
            name="柳塘镇总工会",
            short_name="柳塘镇",
            level=_TOWN,
            kind="街镇",
            chair="裴景初",
            contact="祝微澜",
            aliases=(("柳塘工会", None), ("柳塘乡工会", date(2020, 9, 1))),
        ),
        Unit(
            code="xinggang",
            name="星港功能区总工会",
            short_name="星港功能区",
            level=_DISTRICT,
            kind="功能区",
            chair="阎北辰",
            contact="乔若溪",
            aliases=(("星港园区工会", None),),
        ),
        Unit(
            code="lanwan",
            name="澜湾功能区总工会",
            short_name="澜湾功能区",
            level=_DISTRICT,
            kind="功能区",
            chair="霍云舟",
            contact="凌初雪",
        ),
        Unit(
            code="ganghang",
            name="港航系统工会",
            short_name="港航系统",
            level=_DISTRICT,
            kind="系统工会",
            chair="邢沧海",
            contact="纪南汐",
            aliases=(("港航工会", None),),
        ),
        Unit(
            code="zhizao",
            name="智造系统工会",
            short_name="智造系统",
            level=_DISTRICT,
            kind="系统工会",
            chair="席怀瑾",
            contact="童映雪",
        ),
        Unit(
            code="shanglv",
            name="商旅系统工会",
            short_name="商旅系统",
            level=_DISTRICT,
            kind="系统工会",
            chair="游思远",
            contact="尚可歆",
        ),
        Unit(
            code="tangxi",
            name="棠溪港务公司工会",
            short_name="棠溪港务",
            level=_GRASSROOTS,
            kind="直属单位",
            chair="鲁砚秋",
            contact="施忆安",
            aliases=(("棠溪港务工会委员会", None),),
        ),
        Unit(
            code="lanhai",
            name="澜海供热公司工会",
            short_name="澜海供热",
            level=_GRASSROOTS,
            kind="直属单位",
            chair="聂冬阳",
            contact="盛以沫",
        ),
    ),
    "mianyang": (
        Unit(
            code="qinglan",
            name="青岚县总工会",
            short_name="青岚县总",
            level=_DISTRICT,
            kind="县市区（园区）总工会",
            chair="章远山",
            contact="俞听荷",
            aliases=(("青岚县工会", None),),
        ),
        Unit(
            code="yunqi",
            name="云栖区总工会",
            short_name="云栖区总",
            level=_DISTRICT,
            kind="县市区（园区）总工会",
            chair="葛松年",
            contact="葛小满",
        ),
        Unit(
            code="wenlv",
            name="文旅系统工会工作委员会",
            short_name="文旅工委",
            level=_DISTRICT,
            kind="市级各工会工作委员会",
            chair="申屠明",
            contact="莫听雨",
        ),
    ),
}

_UNION, _AUDIT, _WOMEN = Committee.UNION, Committee.AUDIT, Committee.WOMEN

#: The chair's job and the contact's: held by the people named in the unit, who sign in.
CHAIR: Final = Job("主席", _PART, (_UNION,), rank="正科级")
CONTACT: Final = Job("组织干部", _FULL, (_UNION,), rank="一级科员")

_EVERYWHERE: Final = (
    Job("专职副主席", _FULL, (_UNION,), rank="副科级"),
    Job("兼职副主席", _PART, (_UNION,)),
    Job("经审委主任", _PART, (_UNION, _AUDIT)),
    Job("女职工委员会主任", _PART, (_UNION, _WOMEN)),
)

JOBS: Final[dict[str, tuple[Job, ...]]] = {
    "binhai": (
        *_EVERYWHERE,
        Job("宣传网络干部", _FULL),
        Job("信息员", _PART, count=2),
        Job("财会人员", _FULL, count=2),
        Job("统计人员", _PART),
        Job("法律干部", _PART),
        Job("女工干部", _PART, (_WOMEN,)),
        Job("工资集体协商指导员", _PART, count=2),
        Job("劳动争议调解员", _PART, count=2),
        Job("劳动法律监督员", _PART),
        Job("民主管理干部", _PART),
        Job("经济技术创新干部", _PART),
        Job("社会化工会工作者", _SOCIAL, count=5),
        Job("工会委员", _PART, (_UNION,), count=2),
        Job("挂职副主席", _SECONDED, (_UNION,)),
    ),
    "mianyang": (
        *_EVERYWHERE,
        Job("业务骨干", _FULL, count=3),
        Job("财务经审干部", _FULL, (_AUDIT,), count=2),
        Job("集体协商工作干部", _PART, count=2),
        Job("民主管理干部", _PART),
        Job("劳动保护干部", _PART),
        Job("社会化工会工作者", _SOCIAL, count=4),
    ),
}
