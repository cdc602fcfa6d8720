"""What a 调训通知 says (DOMAIN §3.3): put together once, for the red-headed paper, the page and WeChat.

The class says who, when and where; the union's rule book says what it charges, the discipline and its name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from django.utils import timezone

from office.wording import chinese_date, yuan
from workflow.rules.half_days import length_text, when_text
from workflow.states import TrainingMode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from rulebook.schema import Book
    from workflow.models import CallUp, ClassRun, Lesson, Quota

#: Headings in their order; X1 art. 8 and 19 and X3 ask for what stands below them.
NUMERALS = "一二三四五六七八九十"


class Section(NamedTuple):
    """``一、培训目的`` and its paragraphs."""

    heading: str
    paragraphs: tuple[str, ...]


class QuotaLine(NamedTuple):
    """A row of the 名额分配表."""

    unit: str
    seats: int
    reserve: int
    note: str


@dataclass(frozen=True)
class NoticeText:
    """A 调训通知 in words. ``number`` and ``issued_on`` are empty while it is being written."""

    red_head: str
    number: str
    title: str
    addressees: str
    opening: str
    sections: tuple[Section, ...]
    issuer: str
    issued_on: date | None
    quotas: tuple[QuotaLine, ...]
    reserve_seats: int

    @property
    def seats(self) -> int:
        """All the seats given to units."""
        return sum(line.seats for line in self.quotas)


def notice_text(
    *,
    run: ClassRun,
    call_up: CallUp,
    quotas: Sequence[Quota],
    lessons: Iterable[Lesson],
    book: Book,
) -> NoticeText:
    """The notice of ``run`` as it stands; ``run`` with its plan, each quota with its unit.

    ``book`` is the rule book in force for the plan's union when the notice is written.
    """
    plan, words = run.plan, book.notice
    lines = tuple(QuotaLine(quota.unit.name, quota.seats, quota.reserve, quota.note) for quota in quotas)
    number = f"（计划号 {plan.plan_number}）" if plan.plan_number else ""
    sections: tuple[tuple[str, list[str]], ...] = (
        ("培训目的", [_stop(plan.purpose)]),
        ("对象与名额", _audience(run, call_up, lines, book)),
        (
            "时间",
            [f"{when_text(run)}，{length_text(run)}，{run.hours.normalize():f} 学时。", *_check_in(run)],
        ),
        ("地点", [_place(run, book)]),
        ("内容与方式", _content(run, lessons, book)),
        ("费用", [_fee(run, book)]),
        ("纪律要求", [f"（{_numeral(n)}）{rule}" for n, rule in enumerate(_discipline(run, book), 1)]),
        ("报名", _enrolment(call_up)),
    )
    if others := [_stop(line) for line in call_up.requirements.splitlines() if line.strip()]:
        sections = (*sections, ("其他要求", others))
    return NoticeText(
        red_head=words.red_head,
        number=call_up.document_number,
        title=f"关于举办{run.title}的通知",
        addressees=call_up.addressees or "各有关单位工会",
        opening=(f"按照{plan.year}年度培训计划{number}，经批准，决定举办{run.title}。现将有关事项通知如下："),
        sections=tuple(
            Section(f"{_numeral(n)}、{heading}", tuple(text for text in texts if text))
            for n, (heading, texts) in enumerate(sections, 1)
        ),
        issuer=words.issuer,
        issued_on=call_up.issued_on,
        quotas=lines,
        reserve_seats=call_up.reserve_seats,
    )


def _numeral(number: int) -> str:
    if number <= len(NUMERALS):
        return NUMERALS[number - 1]
    tens, ones = divmod(number, 10)
    return f"{NUMERALS[tens - 1] if tens > 1 else ''}十{NUMERALS[ones - 1] if ones else ''}"


def _audience(run: ClassRun, call_up: CallUp, lines: Sequence[QuotaLine], book: Book) -> list[str]:
    plan = run.plan
    groups = [
        "、".join(book.titles(codes))
        for codes in (plan.audience_units, plan.audience_levels, plan.audience_posts)
        if codes
    ]
    who = "；".join([*groups, *([plan.audience_note] if plan.audience_note else [])])
    seats = [f"共 {run.trainees} 人"]
    if call_up.reserve_seats:
        seats.append(f"其中机动名额 {call_up.reserve_seats} 人")
    if lines:
        seats.append("各单位名额见附件1")
    return [f"培训对象：{who}。" if who else "", "，".join(seats) + "。"]


def _check_in(run: ClassRun) -> list[str]:
    return [f"报到：{_stop(run.check_in)}"] if run.check_in else []


def _place(run: ClassRun, book: Book) -> str:
    where = f"{run.venue}（{run.address}）" if run.address else run.venue
    host = "、".join(book.titles([run.implementer])) if run.implementer else ""
    if "自办" in host:  # 本部门自办: said of a paper that goes out in the union's name
        host = run.plan.department.name
    return f"{where}，由{host}承办。" if host else f"{where}。"


def _discipline(run: ClassRun, book: Book) -> list[str]:
    """The book's rules; a class nobody stays overnight for hears nothing of dormitories."""
    rules = book.notice.discipline
    if run.residential:
        return list(rules)
    without = (re.sub(r"[^，。；、]*宿舍[^，。；、]*[，、]?", "", rule) for rule in rules)
    return [rule for rule in without if rule.strip("。；")]


def _content(run: ClassRun, lessons: Iterable[Lesson], book: Book) -> list[str]:
    topics = list(dict.fromkeys(lesson.topic for lesson in lessons))
    modules = book.titles(run.plan.modules)
    lodging = "集中住宿" if run.residential else "不安排住宿"
    what = f"主要内容：{'、'.join(topics or modules)}。" if topics or modules else ""
    return [what, f"培训方式：{TrainingMode(run.plan.mode).label}，{lodging}。"]


def _fee(run: ClassRun, book: Book) -> str:
    plan, words = run.plan, book.notice
    if plan.fee:
        return f"每人收取培训费 {yuan(plan.fee)} 元（依据：{plan.fee_basis}）。{words.travel_text}"
    fee = words.fee_text
    if not run.residential:
        # The book speaks of classes with lodging; this one, says its own section 五, has none.
        fee = fee.replace("食宿", "用餐")
    return f"{fee}{words.travel_text}"


def _enrolment(call_up: CallUp) -> list[str]:
    until = f"请于 {deadline_text(call_up.deadline)} 前" if call_up.deadline else "请按规定时间"
    contact = [
        f"联系人：{call_up.contact_name}" if call_up.contact_name else "",
        f"电话：{call_up.contact_phone}" if call_up.contact_phone else "",
        f"邮箱：{call_up.contact_email}" if call_up.contact_email else "",
    ]
    return [
        f"{until}在培训办班管理系统“名额与报名”中报名，或将报名表（附件2）加盖公章后报送。",
        "报名后确需换人的，由所在单位说明原因，经主办部门同意后调换。",
        "，".join(text for text in contact if text) + "。" if any(contact) else "",
    ]


def deadline_text(deadline: datetime) -> str:
    """``2027年6月11日 17:00``."""
    local = timezone.localtime(deadline)
    return f"{chinese_date(local.date())} {local:%H:%M}"


def _stop(text: str) -> str:
    text = text.strip()
    return text if not text or text.endswith(("。", "！", "；", "：")) else f"{text}。"


def wechat_text(notice: NoticeText, *, run: ClassRun, call_up: CallUp) -> str:
    """复制微信通知: plain lines that fit one message, without the discipline in full and without marks."""
    units = [f"{line.unit} {line.seats} 人" for line in notice.quotas]
    where = f"{run.venue}（{run.address}）" if run.address else run.venue
    contact = " ".join(part for part in (call_up.contact_name, call_up.contact_phone) if part)
    lines = [
        f"【调训通知】{run.title}",
        f"文号：{notice.number}" if notice.number else "",
        f"时间：{when_text(run)}，{length_text(run)}",
        f"报到：{run.check_in.strip().rstrip('。')}" if run.check_in else "",
        f"地点：{where}",
        next(
            (text.rstrip("。") for text in notice.sections[1].paragraphs if text.startswith("培训对象")), ""
        ),
        f"名额：{'，'.join(units)}" if units else f"名额：共 {run.trainees} 人",
        f"费用：{notice.sections[5].paragraphs[0].rstrip('。')}",
        f"报名截止：{deadline_text(call_up.deadline)}" if call_up.deadline else "",
        "报名方式：登录培训办班管理系统“名额与报名”，或报送盖章的报名表",
        f"联系人：{contact}" if contact else "",
        "请各单位按名额选派，优先安排长期未参训人员。收到请回复。",
    ]
    return "\n".join(line for line in lines if line)
