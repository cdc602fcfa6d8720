"""调训通知: every section of DOMAIN §3.3, on red-headed paper and as plain text."""

from __future__ import annotations

import zipfile
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from docx import Document
from docx.oxml.ns import qn

from org.models import Department
from tests.workflow.prints import made_up
from workflow.models import Lesson
from workflow.models.run import stretch
from workflow.prints.notice import notice_docx
from workflow.prints.notice_text import Section, wechat_text
from workflow.rules.half_days import dates_text, half_day_text, when_text


@pytest.mark.parametrize(
    ("stretches", "text"),
    [
        ([((2027, 6, 21), 0, (2027, 6, 21), 1)], "2027年6月21日"),
        ([((2027, 6, 21), 1, (2027, 6, 21), 1)], "2027年6月21日下午"),
        ([((2027, 6, 21), 0, (2027, 6, 23), 1)], "2027年6月21日至23日"),
        ([((2027, 6, 30), 0, (2027, 7, 1), 1)], "2027年6月30日至7月1日"),
        ([((2027, 6, 21), 1, (2027, 6, 23), 0)], "2027年6月21日下午至6月23日上午"),
        ([((2027, 12, 31), 0, (2028, 1, 2), 1)], "2027年12月31日至2028年1月2日"),
        (
            [((2027, 12, 27), 0, (2027, 12, 28), 1), ((2028, 1, 3), 0, (2028, 1, 3), 0)],
            "2027年12月27日至28日；2028年1月3日上午",
        ),
        ([], ""),
    ],
)
def test_days_in_words(stretches, text: str) -> None:
    parts = [stretch(date(*first), one, date(*last), other) for first, one, last, other in stretches]
    assert when_text(made_up.run(stretches=parts)) == text


@pytest.mark.parametrize(
    ("stretches", "text"),
    [
        ([((2027, 6, 8), 0, (2027, 6, 8), 1)], "6月8日"),
        ([((2027, 6, 8), 1, (2027, 6, 9), 0)], "6月8日至6月9日"),
        (
            [((2027, 3, 4), 0, (2027, 3, 5), 1), ((2027, 3, 8), 0, (2027, 3, 9), 1)],
            "3月4日至3月5日、3月8日至3月9日",
        ),
        ([((2027, 6, 8), 0, (2027, 6, 8), 0), ((2027, 6, 8), 1, (2027, 6, 9), 1)], "6月8日至6月9日"),
        ([((2027, 6, 8), 0, (2027, 6, 8), 1), ((2027, 6, 9), 0, (2027, 6, 9), 1)], "6月8日至6月9日"),
        (
            [((2027, 12, 30), 0, (2027, 12, 31), 1), ((2028, 1, 4), 0, (2028, 1, 5), 1)],
            "12月30日至12月31日、2028年1月4日至1月5日",
        ),
        ([((2028, 1, 4), 0, (2028, 1, 5), 1)], "2028年1月4日至1月5日"),
        ([], ""),
    ],
)
def test_the_days_of_a_class_leave_out_the_days_between(stretches, text: str) -> None:
    """A weekend between two stretches is nobody's class (the lists of 期 and of a unit's call-ups)."""
    parts = [stretch(date(*first), one, date(*last), other) for first, one, last, other in stretches]
    assert dates_text(made_up.run(stretches=parts)) == text


def test_a_half_day_has_its_weekday() -> None:
    assert half_day_text(date(2027, 6, 21), 1) == "6月21日（星期一）下午"


def test_the_sections_of_a_notice() -> None:
    found = made_up.notice(lessons=[Lesson(topic="信息写作"), Lesson(topic="信息写作"), Lesson(topic="舆情")])
    assert (found.red_head, found.number, found.title, found.addressees, found.issuer) == (
        "滨海新区总工会文件",
        "滨工发〔2027〕12号",
        "关于举办工会信息员培训班的通知",
        "各街镇总工会",
        "滨海新区总工会",
    )
    assert found.opening == (
        "按照2027年度培训计划（计划号 2027-018），经批准，决定举办工会信息员培训班。现将有关事项通知如下："
    )
    assert found.sections == (
        Section("一、培训目的", ("提高基层信息报送质量。",)),
        Section(
            "二、对象与名额",
            (
                "培训对象：功能区、街镇；信息员；从事信息工作满半年。",
                "共 50 人，其中机动名额 2 人，各单位名额见附件1。",
            ),
        ),
        Section(
            "三、时间",
            (
                "2027年6月21日至22日；6月28日上午，共 2.5 天（5 个半天），20 学时。",
                "报到：6月21日 8:00，一楼大厅。",
            ),
        ),
        Section("四、地点", ("区委党校（学府路 12 号）。",)),
        Section("五、内容与方式", ("主要内容：信息写作、舆情。", "培训方式：脱产，不安排住宿。")),
        Section("六、费用", ("不收取培训费，用餐统一安排。往返差旅费回原单位报销。",)),
        Section(
            "七、纪律要求",
            tuple(
                f"（{numeral}）{rule.replace('住学员宿舍、', '')}"
                for numeral, rule in zip("一二三四五", made_up.book().notice.discipline, strict=True)
            ),
        ),
        Section(
            "八、报名",
            (
                "请于 2027年6月11日 17:00 前在培训办班管理系统“名额与报名”中报名，"
                "或将报名表（附件2）加盖公章后报送。",
                "报名后确需换人的，由所在单位说明原因，经主办部门同意后调换。",
                "联系人：吴桐，电话：022-65300000，邮箱：jcgzb@example.org。",
            ),
        ),
        Section("九、其他要求", ("请自带笔记本。",)),
    )
    assert [tuple(line) for line in found.quotas] == [
        ("甲街道总工会", 30, 3, "女职工 5 人"),
        ("乙街道总工会", 18, 0, ""),
    ]
    assert (found.seats, found.reserve_seats) == (48, 2)


def test_a_class_with_lodging_and_one_that_charges() -> None:
    assert made_up.notice(made_up.run(residential=True)).sections[5].paragraphs == (
        "不收取培训费，食宿统一安排。往返差旅费回原单位报销。",
    )
    charged = made_up.run({"fee": Decimal(300), "fee_basis": "津发改〔2025〕8号"})
    assert made_up.notice(charged).sections[5].paragraphs == (
        "每人收取培训费 300.00 元（依据：津发改〔2025〕8号）。往返差旅费回原单位报销。",
    )


def test_a_class_one_sleeps_at_keeps_to_its_dormitory() -> None:
    there = made_up.notice(made_up.run(residential=True)).sections[6].paragraphs
    assert [text for text in there if "宿舍" in text] == [
        "（三）住学员宿舍、在食堂就餐，学员之间、学员与教师之间不得相互宴请。"
    ]
    assert (
        "（三）在食堂就餐，学员之间、学员与教师之间不得相互宴请。" in made_up.notice().sections[6].paragraphs
    )


def test_who_holds_his_own_class_is_named() -> None:
    run = made_up.run(implementer="本部门自办")
    run.plan.department = Department(name="宣传网络部")
    assert made_up.notice(run).sections[3].paragraphs == ("区委党校（学府路 12 号），由宣传网络部承办。",)
    run.implementer = "区委党校"
    assert made_up.notice(run).sections[3].paragraphs == ("区委党校（学府路 12 号），由区委党校承办。",)


def test_a_notice_still_being_written_says_only_what_is_known() -> None:
    found = made_up.notice(
        made_up.run(check_in="", address=""),
        deadline=None,
        contact_name="",
        contact_phone="",
        contact_email="",
        requirements="",
        reserve_seats=0,
        addressees="",
        document_number="",
        issued_on=None,
    )
    assert found.addressees == "各有关单位工会"
    assert found.sections[1].paragraphs[1] == "共 50 人，各单位名额见附件1。"
    assert len(found.sections[2].paragraphs) == 1
    assert found.sections[3].paragraphs == ("区委党校。",)
    assert found.sections[7].paragraphs == (
        "请按规定时间在培训办班管理系统“名额与报名”中报名，或将报名表（附件2）加盖公章后报送。",
        "报名后确需换人的，由所在单位说明原因，经主办部门同意后调换。",
    )


def test_the_paper() -> None:
    found = made_up.notice()
    document = Document(BytesIO(notice_docx(found)))
    lines = [paragraph.text for paragraph in document.paragraphs if paragraph.text]
    assert lines == [
        "滨海新区总工会文件",
        "滨工发〔2027〕12号",
        "关于举办工会信息员培训班的通知",
        "各街镇总工会：",
        found.opening,
        *(text for section in found.sections for text in (section.heading, *section.paragraphs)),
        "附件：1．名额分配表",
        "2．报名表（回执）",
        "滨海新区总工会",
        "2027年5月31日",
        "附件1",
        "名额分配表",
        "附件2",
        "报名表（回执）",
        "单位（盖章）：　　　　　　　　　　　　填表人：　　　　　　联系电话：",
        "填表说明：一行填一人；身份证号按文本填写 18 位；不需要住宿的填“否”。电子版请另报 Excel 表。",
    ]
    head = document.paragraphs[0].runs[0]
    assert str(head.font.color.rgb) == "E60012"
    assert head._r.rPr.rFonts.get(qn("w:eastAsia")) == "方正小标宋简体"
    quota, form = document.tables
    assert [[cell.text for cell in row.cells] for row in quota.rows] == [
        ["序号", "单位", "名额", "备选名额", "其中"],
        ["1", "甲街道总工会", "30", "3", "女职工 5 人"],
        ["2", "乙街道总工会", "18", "", ""],
        ["", "机动名额", "2", "", "由主办部门安排"],
        ["", "合计", "50", "3", ""],
    ]
    assert [cell.text for cell in form.rows[0].cells][-6:] == [
        "身份证号",
        "手机",
        "是否住宿",
        "住宿需求",
        "到达时间、车次",
        "备注",
    ]
    assert [section.orientation for section in document.sections] == [0, 0, 1]


def test_each_font_names_what_stands_in_for_it() -> None:
    with zipfile.ZipFile(BytesIO(notice_docx(made_up.notice()))) as package:
        table = package.read("word/fontTable.xml").decode()
        text = package.read("word/document.xml").decode()
    named = {name for name in ("方正小标宋简体", "仿宋_GB2312", "黑体", "宋体") if name in text + table}
    assert named == {"方正小标宋简体", "仿宋_GB2312", "黑体", "宋体"}
    assert '<w:font w:name="仿宋_GB2312"><w:altName w:val="仿宋,FangSong,' in table


def test_plain_text_for_wechat() -> None:
    of = made_up.run()
    text = wechat_text(made_up.notice(of), run=of, call_up=made_up.call_up(of))
    assert text.splitlines() == [
        "【调训通知】工会信息员培训班",
        "文号：滨工发〔2027〕12号",
        "时间：2027年6月21日至22日；6月28日上午，共 2.5 天（5 个半天）",
        "报到：6月21日 8:00，一楼大厅",
        "地点：区委党校（学府路 12 号）",
        "培训对象：功能区、街镇；信息员；从事信息工作满半年",
        "名额：甲街道总工会 30 人，乙街道总工会 18 人",
        "费用：不收取培训费，用餐统一安排。往返差旅费回原单位报销",
        "报名截止：2027年6月11日 17:00",
        "报名方式：登录培训办班管理系统“名额与报名”，或报送盖章的报名表",
        "联系人：吴桐 022-65300000",
        "请各单位按名额选派，优先安排长期未参训人员。收到请回复。",
    ]
