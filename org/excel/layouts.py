"""Which columns each kind of list has, and what senders call them (DOMAIN §3.3, §4 row 32)."""

from __future__ import annotations

from typing import Final, NamedTuple


class Field(NamedTuple):
    """A column. ``reader`` names how its cells are read; ``same_down``: a vertical merge says the same of
    each row it spans (a unit, a class), elsewhere it would multiply a person.
    """

    name: str
    title: str
    reader: str = "text"
    synonyms: tuple[str, ...] = ()
    required: bool = False
    same_down: bool = False


class Layout(NamedTuple):
    """A kind of list. ``half_days``: each further column may be a half-day of attendance."""

    code: str
    title: str
    fields: tuple[Field, ...]
    half_days: bool = False

    @property
    def adds_up_money(self) -> bool:
        """Whether its totals are amounts; those of a list of people say how many they are."""
        return any(known.reader == "amount" for known in self.fields)

    def field(self, name: str) -> Field | None:
        return next((known for known in self.fields if known.name == name), None)


def _field(name: str, title: str, reader: str, *synonyms: str, same_down: bool = False) -> Field:
    """``synonyms``: texts of several words, separated by spaces."""
    return Field(name, title, reader, tuple(" ".join(synonyms).split()), same_down=same_down)


def _required(field: Field) -> Field:
    return field._replace(required=True)


_NUMBER: Final = _field("number", "序号", "text", "编号 序 号 No NO.")
_NAME: Final = _field(
    "name", "姓名", "name", "名字 人员 学员姓名 参训人员 参训人员姓名 参训学员 人员姓名 学员"
)
_IDENTITY_KIND: Final = _field(
    "identity_kind", "证件类型", "identity_kind", "证件种类 证件名称 身份证件类型 证件类别"
)
_IDENTITY: Final = _field(
    *("identity_number", "身份证号", "identity"),
    "证件 身份证 身份证号码 公民身份号码 居民身份证号 居民身份证号码 身份号码 证件号 证件号码 身份证件号",
    "身份证件号码 有效证件号码 身份证(件)号码 ID ID号 ID号码",
)
_GENDER: Final = _field("gender", "性别", "gender", "男女")
_BORN: Final = _field("born_on", "出生年月", "date", "出生日期 生日 出生年月日 出生 出生时间")
_UNIT: Final = _field(
    *("unit", "单位", "unit"),
    "工作单位 所在单位 单位名称 所属单位 单位全称 选送单位 推荐单位 报送单位 工会 工会名称",
    "所在工会 所在单位名称 基层工会 工会组织",
    same_down=True,
)
_UNIT_AND_POST: Final = _field(
    *("unit_and_post", "工作单位及职务", "unit_and_post"),
    "单位及职务 单位职务 工作单位和职务 单位和职务 工作单位职务 现任职务及单位 单位、职务",
    "工作单位、职务 单位及职务职级 工作单位及职务职级 所在单位及职务",
)
_POST: Final = _field(
    *("post_title", "职务", "post"),
    "现任职务 职位 岗位 工会职务 任职 行政职务 工会任职 职务/职级 职务职级 职务及职级 职务(职级)",
)
_RANK: Final = _field("rank", "职级", "rank", "级别 行政级别 现任职级 职务层次")
_KIND: Final = _field(
    *("kind", "专兼职", "kind"),
    "专/兼职 专职兼职 专兼挂 专兼挂职 专(兼)职 专(兼/挂)职 专职/兼职 专职或兼职 人员性质 专兼职情况 专、兼职",
)
_PHONE: Final = _field(
    *("phone", "手机", "phone"),
    "手机号 手机号码 联系 电话 联系电话 联系方式 电话号码 移动电话 本人手机 手机/电话 联系手机 本人电话",
)
_REMARK: Final = _field("remark", "备注", "text", "说明 其他 附注")

UNITS: Final = Layout(
    "units",
    "单位",
    (
        _NUMBER,
        _required(_field("name", "单位全称", "label", "单位名称 全称 单位 工会名称 名称 工会全称 规范全称")),
        _field("short_name", "简称", "label", "单位简称 规范简称"),
        _field(
            *("parent", "上级单位", "label", "上级工会 上级 所属上级 隶属单位 上级单位全称 主管单位"),
            same_down=True,
        ),
        _field("level", "级别", "level", "单位级别 层级 工会级别", same_down=True),
        _field("aliases", "别名", "labels", "曾用名 其他名称 又名 原名 旧名 习惯叫法"),
        _REMARK,
    ),
)
CADRES: Final = Layout(
    "cadres",
    "干部",
    (
        _NUMBER,
        _required(_NAME),
        _IDENTITY_KIND,
        _required(_IDENTITY),
        _GENDER,
        _BORN,
        _UNIT,
        _UNIT_AND_POST,
        _POST,
        _RANK,
        _KIND,
        _field(
            *("appointed_on", "任职日期", "date"),
            "任职时间 任现职时间 任现职日期 到任日期 任职年月 当选日期 任职起始日期",
        ),
        _field("committees", "三委", "committees", "三委委员 委员 委员会 委员会职务 三委任职 任三委"),
        _PHONE,
        _field("former_name", "曾用名", "former_name", "原名 别名 曾用姓名"),
        _REMARK,
    ),
)
RECORDS: Final = Layout(
    "records",
    "培训记录",
    (
        _NUMBER,
        _required(_IDENTITY),
        _IDENTITY_KIND,
        _NAME,
        _required(
            _field(
                *("class_name", "班次名称", "label"),
                "培训班名称 班次 培训班 班名 培训名称 培训项目 培训班次 培训班次名称",
                same_down=True,
            )
        ),
        _field("subject", "业务编码", "code", "业务 业务类别 业务代码 培训业务", same_down=True),
        _field(
            *("starts_on", "开始日期", "date", "开始时间 开班日期 开班时间 起始日期 报到日期"), same_down=True
        ),
        _field(
            *("ends_on", "结束日期", "date", "结束时间 结业日期 结业时间 截止日期 终止日期"), same_down=True
        ),
        _field(
            *("period", "培训时间", "period", "起止时间 培训日期 起止日期 培训起止时间 时间"), same_down=True
        ),
        _field("hours", "学时", "hours", "学时数 培训学时 总学时 课时 完成学时 实得学时"),
        _field("organizer", "主办单位", "label", "主办 主办方 培训单位 组织单位 举办单位", same_down=True),
        _field("result", "结果", "code", "培训结果 考核结果 结业情况 成绩 是否结业 考核情况"),
        _UNIT,
        _REMARK,
    ),
)
ROSTER: Final = Layout(
    "roster",
    "报名表",
    (
        _NUMBER,
        _UNIT,
        _UNIT_AND_POST,
        _required(_NAME),
        _GENDER,
        _field("ethnicity", "民族", "ethnicity", "族别"),
        _BORN,
        _field("political_status", "政治面貌", "political_status", "政治身份 党派 政治面目"),
        _field("education", "学历", "education", "文化程度 最高学历 学历学位 全日制学历 文化水平 学历(学位)"),
        _POST,
        _RANK,
        _KIND,
        _IDENTITY_KIND,
        _required(_IDENTITY),
        _PHONE,
        _field("lodging", "是否住宿", "yes_no", "住宿 是否需要住宿 安排住宿 是否安排住宿"),
        _field(
            *("lodging_need", "住宿需求", "text"),
            "食宿需求 特殊需求 饮食需求 饮食要求 食宿要求 住宿要求 住宿需求(清真等)",
        ),
        _field(
            *("arrival", "到达时间", "text"),
            "报到时间 到达时间/车次 车次 抵达时间 到站时间 到达车次 车次/航班",
        ),
        _REMARK,
    ),
)
ATTENDANCE: Final = Layout(
    "attendance",
    "签到表",
    (
        _NUMBER,
        _required(_NAME),
        _IDENTITY,
        _field("seat", "座号", "label", "座位号 座次 席位号 席号 学号"),
        _UNIT._replace(reader="label"),
        _REMARK,
    ),
    half_days=True,
)
LAYOUTS: Final = {layout.code: layout for layout in (UNITS, CADRES, RECORDS, ROSTER, ATTENDANCE)}
