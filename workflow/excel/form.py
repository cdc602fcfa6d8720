"""The columns of the 年度培训计划申报表 (DOMAIN §3.1), in the words offices use for them.

Template, export and reader share this one list, made from the rule book, so what is written is read back.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from workflow.costs import COST_TITLES, LECTURE, LECTURER_TRAVEL, TRAVEL_HINT
from workflow.excel.columns import DAILY, LODGED, Column, Kind, Option
from workflow.models import ClassPlan
from workflow.states import TrainingMode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rulebook.schema import Book, Entry, LectureRate, RateClass


def _entries(entries: Sequence[Entry], *, coded: bool = False) -> tuple[Option, ...]:
    return tuple(
        Option(e.code, f"{e.code} {e.title}" if coded else e.title, (e.title, *e.aliases)) for e in entries
    )


def _rates(rows: Sequence[RateClass] | Sequence[LectureRate]) -> tuple[Option, ...]:
    """Bracketed remarks may be left out: 三类培训 for 三类培训（处级及以下）."""
    return tuple(Option(r.code, r.title, (re.sub(r"（.*?）", "", r.title),)) for r in rows)


_MODES: Final = (
    Option(TrainingMode.OFF_THE_JOB.value, "脱产", ("脱产培训", "线下", "集中", "面授", "集中培训")),
    Option(TrainingMode.ONLINE.value, "网络", ("网络培训", "线上", "网上", "在线")),
    Option(TrainingMode.BLENDED.value, "混合", ("混合培训", "线上线下", "线上+线下", "线上线下结合")),
)
_BOARD: Final = (
    Option("1", LODGED, ("是", "食宿", "安排住宿", "集中食宿", "住校", "有", "√")),
    Option("0", DAILY, ("否", "不住宿", "不安排住宿", "无", "×")),
)


def _length(name: str) -> int:
    return int(ClassPlan._meta.get_field(name).max_length or 0)  # type: ignore[union-attr]


def _text(key: str, title: str, width: float, hint: str, *names: str, **more: Any) -> Column:
    return Column(key, title, more.pop("kind", Kind.TEXT), width, hint, names, most=_length(key), **more)


def columns(book: Book) -> tuple[Column, ...]:
    """The columns of the book's form, in the order they are printed; the last one only in exports."""
    card = book.rate_card
    units, levels, posts = (
        _entries(e) for e in (book.audience_units, book.audience_levels, book.audience_posts)
    )
    subjects = _entries(book.subjects, coded=True)
    found = [
        Column("number", "序号", Kind.IGNORED, 5, "可不填，系统不读取。", ("编号", "序"), example="1"),
        _text(
            "name",
            "班次名称",
            24,
            "必填。培训班的全称，80 字以内；一行只写一个班次。",
            *("班名", "培训班名称", "培训班次名称", "培训班次", "培训名称", "培训班"),
            *("项目名称", "培训项目", "培训项目名称", "班次"),
            required=True,
            example="工会信息员培训班",
        ),
        Column(
            "category",
            "班次类别",
            Kind.CHOICE,
            10,
            "从下拉列表选择。",
            ("类别", "培训类别", "班次类型", "培训班类别"),
            _entries(book.categories),
            example=book.categories[1 % len(book.categories)].title,
            same_down=True,
        ),
        Column(
            "subject",
            "业务编码",
            Kind.CHOICE,
            17,
            "从下拉列表选择，可只写编码或名称。同类培训按编码认定，不按班名。",
            ("业务", "业务类别", "业务名称", "培训业务"),
            subjects,
            example=subjects[0].title if subjects else "",
            same_down=True,
        ),
        _text(
            "purpose",
            "培训目的",
            20,
            "为什么办这个班，500 字以内。",
            *("目的", "办班目的", "培训目标"),
            example="提高基层信息报送质量",
            same_down=True,
        ),
        _many("audience_units", "对象单位", 17, units, "培训对象", "对象", "参训单位", "培训对象单位"),
        _many("audience_posts", "对象岗位", 15, posts, "岗位", "参训人员", "培训对象岗位"),
        Column(
            "time_slots",
            "时间",
            Kind.TIME,
            11,
            "写到日、旬、月或季度都可以：6月21日、6月上旬、6月、二季度；多期写成 3、6、9月 或 每两月。",
            ("培训时间", "办班时间", "计划时间", "拟办时间", "举办时间", "起止时间", "时间安排"),
            example="6月上旬",
            same_down=True,
        ),
        Column(
            "sessions",
            "期数",
            Kind.COUNT,
            5.5,
            "办几期，不填按 1 期。",
            ("期次", "班期", "办班期数"),
            example="1",
            most=100,
        ),
        Column(
            "half_days",
            "每期天数",
            Kind.DAYS,
            6,
            "每期几天，半天写 0.5，报到撤离计入。",
            ("天数", "培训天数", "办班天数", "天数/期", "培训天数/期"),
            example="2",
            most=365,
            same_down=True,
        ),
        Column(
            "hours",
            "每期学时",
            Kind.HOURS,
            6,
            f"每期总学时，半天不超过 {book.max_hours_per_half_day} 学时。",
            ("学时", "总学时", "培训学时", "学时数", "课时"),
            example="16",
            same_down=True,
        ),
        Column(
            "mode",
            "培训方式",
            Kind.CHOICE,
            7,
            "脱产、网络或混合，不填按脱产。",
            ("方式", "培训形式", "办班方式", "办班形式"),
            _MODES,
            example="脱产",
            same_down=True,
        ),
        Column(
            "residential",
            "食宿",
            Kind.CHOICE,
            6,
            "住宿或走读，不填按走读；走读不列住宿费。",
            ("是否住宿", "安排住宿", "食宿安排"),
            _BOARD,
            example=DAILY,
            same_down=True,
        ),
        _text(
            "place",
            "地点",
            14,
            "未定的在后面加“（拟）”。",
            *("培训地点", "办班地点", "举办地点"),
            kind=Kind.PLACE,
            example="区委党校（拟）",
            same_down=True,
        ),
        Column(
            "trainees",
            "每期学员人数",
            Kind.COUNT,
            7,
            "每期学员人数，整数。",
            ("人数", "学员人数", "培训人数", "参训人数", "学员", "学员数", "每期人数"),
            example="60",
            most=100_000,
        ),
        Column(
            "staff",
            "每期工作人员数",
            Kind.COUNT,
            7,
            "每期工作人员数，整数。",
            ("工作人员", "工作人员数", "工作人员人数", "每期工作人员"),
            example="3",
            most=100_000,
        ),
        *(
            Column(
                f"cost:{item.code}",
                _yuan(item.title),
                Kind.MONEY,
                12,
                f"各期合计，单位元。{item.note}",
                # "住宿" alone may ask for yes or no as well as for money.
                (item.title,) if item.lodging else (item.title, item.title.removesuffix("费")),
                example="" if item.lodging else "8000",
            )
            for item in card.items
        ),
        Column(
            f"cost:{LECTURE}",
            "师资费（税前，元）",
            Kind.MONEY,
            12,
            "各期合计，税前，单位元；综合定额之外另计。",
            (COST_TITLES[LECTURE], "师资费", "讲课费", "授课费", "讲课费（税前）", "课酬"),
            example="4600",
        ),
        Column(
            f"cost:{LECTURER_TRAVEL}",
            _yuan(COST_TITLES[LECTURER_TRAVEL]),
            Kind.MONEY,
            11,
            f"各期合计，单位元。{TRAVEL_HINT}，没有的不填。",
            (
                *("师资差旅", "差旅费", "差旅", "教师差旅费", "教师差旅", "授课教师差旅费", "授课教师差旅"),
                *("授课人差旅费", "授课人差旅", "讲课人差旅费", "讲课人差旅", "专家差旅费", "专家差旅"),
            ),
        ),
        Column(
            "total",
            "经费合计（元）",
            Kind.IGNORED,
            13,
            "自动合计，不用填。",
            ("经费合计", "经费", "合计", "预算", "经费预算", "预算金额", "费用合计", "总经费"),
        ),
        Column(
            "source",
            "列支渠道",
            Kind.CHOICE,
            14,
            "从下拉列表选择。",
            ("经费来源", "经费渠道", "资金来源", "列支科目"),
            _entries(book.sources),
            example=book.sources[0].title,
            same_down=True,
        ),
        _text(
            "owner_name",
            "项目负责人",
            9,
            "对本班负责的人。",
            *("负责人", "班次负责人"),
            example="张三",
            same_down=True,
        ),
        _text(
            "owner_phone",
            "联系电话",
            13,
            "负责人的电话。",
            *("电话", "负责人电话", "手机", "联系方式"),
            kind=Kind.PHONE,
            example="13800000000",
            same_down=True,
        ),
        _text("remark", "备注", 11, "其他需要说明的。", same_down=True),
        *_more(book, levels),
        Column(
            "identity",
            "系统编号",
            Kind.IDENTITY,
            9,
            "系统用来认出已有班次，请勿改动；新增的班次不填。",
            extra=True,
        ),
    ]
    # A book without such a dictionary has no such column.
    closed = {Kind.CHOICE, Kind.MANY}
    return tuple(column for column in found if column.options or column.kind not in closed)


def _more(book: Book, levels: tuple[Option, ...]) -> Iterator[Column]:
    """The columns to the right of the printed form: they are filled in, not signed."""
    card = book.rate_card
    titles = tuple(Option(e.title, e.title, ()) for e in book.implementers)
    for index, module in enumerate(book.modules):
        yield Column(
            f"module:{module.code}",
            f"{module.title}学时",
            Kind.HOURS,
            8,
            f"“{module.title}”安排的学时（每期），没有的不填；各模块合计应等于每期学时。",
            (module.title, *(f"{alias}学时" for alias in module.aliases), *module.aliases),
            example="16" if index == 0 else "",
            same_down=True,
            extra=True,
        )
    yield _text(
        "survey_reference",
        "需求调研依据",
        18,
        "需求调研材料的名称；材料可在系统中上传。",
        *("需求调研", "调研依据", "调研材料"),
        example="2026年信息员需求汇总",
        same_down=True,
        extra=True,
    )
    yield _text(
        "implementer",
        "承办机构",
        14,
        "可从下拉列表选择，也可直接填写。",
        *("承办单位", "承办", "培训机构"),
        options=titles,
        example=titles[0].title if titles else "",
        same_down=True,
        extra=True,
    )
    yield replace(_many("audience_levels", "对象层级", 18, levels, "层级", "培训对象层级"), extra=True)
    yield _text(
        "audience_note",
        "对象说明",
        14,
        "需要补充的对象范围，可不填。",
        *("对象范围", "范围说明"),
        example="近两年未参训的优先",
        extra=True,
        same_down=True,
    )
    yield Column(
        "lecturer_title",
        "授课人职称",
        Kind.CHOICE,
        13,
        "有师资费的从下拉列表选择。",
        ("师资职称", "授课师资", "讲课人职称"),
        _rates(card.lecture),
        example=card.lecture[0].title if card.lecture else "",
        same_down=True,
        extra=True,
    )
    yield Column(
        "lecture_hours",
        "每期付酬学时",
        Kind.HOURS,
        8,
        "每期按学时付讲课费的学时数。",
        ("付酬学时", "讲课学时"),
        example="8",
        extra=True,
    )
    yield Column(
        "rate_class",
        "培训费类别",
        Kind.CHOICE,
        14,
        f"从下拉列表选择，不填按“{_default_class(book)}”。",
        ("定额类别", "经费类别"),
        _rates(card.classes),
        same_down=True,
        extra=True,
    )
    yield Column(
        "fee",
        "向学员收费（元/人）",
        Kind.MONEY,
        9,
        "不收费的不填。",
        ("向学员收费", "收费", "收费标准", "学员收费"),
        same_down=True,
        extra=True,
    )
    yield _text("fee_basis", "收费依据", 12, "收费的写明文件名称和文号。", same_down=True, extra=True)
    yield _text(
        "off_plan_reason",
        "计划外增加理由",
        14,
        "过了申报期临时增加的，写明理由。",
        *("增加理由", "计划外理由"),
        same_down=True,
        extra=True,
    )
    yield _text(
        "principal_approval",
        "主要负责同志审批意见",
        14,
        "计划外班次的审批意见。",
        *("主要负责同志意见", "主要领导意见"),
        same_down=True,
        extra=True,
    )
    yield _text(
        "explanation",
        "对核查提示的说明",
        18,
        "有超标准、疑似重复等提示的，在此说明。",
        *("核查说明", "情况说明"),
        extra=True,
        same_down=True,
    )


def _many(key: str, title: str, width: float, options: tuple[Option, ...], *names: str) -> Column:
    hint = "可写几个，用顿号“、”隔开：" + "、".join(option.title for option in options) + "。"
    example = "、".join(option.title for option in options[:2])
    return Column(key, title, Kind.MANY, width, hint, names, options, example=example, same_down=True)


def _default_class(book: Book) -> str:
    return next((c.title for c in book.rate_card.classes if c.code == book.rate_card.default_class), "")


def _yuan(title: str) -> str:
    return f"{title}（元）"
