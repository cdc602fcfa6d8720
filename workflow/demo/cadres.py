"""The demo's cadres: who works in the units below, and what each was trained in during the last years.

All of it is made up. Identity numbers carry 市辖区 (…0100, …0700), which no card has ever borne, and order
codes from 900 on; their check digits are right, or nothing could be tried with them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any, Final

from stdnum.cn import ric

from org.services import register_cadre, set_status
from org.states import CadreKind, CadreStatus, Gender, IdentityKind
from training.services import NewRecord, imported_key, record_many
from training.states import RecordResult, RecordSource
from workflow.demo.clock import working_day
from workflow.demo.units import CHAIR, CONTACT, JOBS, Job, Unit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from org.models import Cadre, Union, User

AREAS: Final = {"binhai": "120100", "mianyang": "510700"}

_SURNAMES: Final = (
    "郁褚鄢虞仲邬毕桑娄闵滕荀羿糜宓蔚晏瞿阮缪荆隗逄麻储靳松苗"
    "凤扈封蒲卞庾终暨居衡步耿满匡广禄阙殳沃蔺屠蒙阴胥能苍闻莘"
)
_GIVEN: Final = {
    Gender.MALE: (
        *("承泽", "砺行", "远帆", "劲松", "思源", "牧野", "启航", "岳川", "立恒", "彦廷", "柏舟", "朗清"),
        *("守拙", "秉文", "昭明", "望北", "拓海", "峻熙", "锦程", "千山"),
    ),
    Gender.FEMALE: (
        *("语桐", "沐青", "若蘅", "雅南", "素秋", "晚棠", "静好", "知意", "芷兰", "念慈", "霁月", "采薇"),
        *("映荷", "舒窈", "清扬", "梦泽", "以宁", "书晴", "灵犀", "向暖"),
    ),
}
_WOMENS: Final = ("女工干部", "女职工委员会主任")


@dataclass(frozen=True)
class Made:
    """A cadre as he is entered, before he is anybody's row. ``login``: as whom he signs in, if he does."""

    name: str
    gender: Gender
    born_on: date
    number: str
    job: Job
    appointed_on: date
    since: date
    phone: str
    status: CadreStatus = CadreStatus.ACTIVE
    login: str = ""

    @property
    def is_active(self) -> bool:
        return self.status == CadreStatus.ACTIVE

    @property
    def fields(self) -> dict[str, Any]:
        return {
            "gender": self.gender.value,
            "born_on": self.born_on,
            "kind": self.job.kind.value,
            "post_title": self.job.title,
            "rank": self.job.rank,
            "appointed_on": self.appointed_on,
            "committees": [committee.value for committee in self.job.committees],
            "phone": self.phone,
        }


@dataclass
class Cast:
    """Makes people, no two of one name or number; the same ones each time."""

    house: str
    today: date
    random: Random = field(init=False)
    _names: set[str] = field(default_factory=set)
    _numbers: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.random = Random(self.house)  # noqa: S311 - a demo's people, no secrets

    def of(self, unit: Unit) -> Iterator[Made]:
        """Everybody of the unit, its chair and its contact first."""
        new_chair = unit.code in ("bailu", "shanglv", "wenlv")
        yield self._named(CHAIR, unit.chair, unit.chair_login, days=340 if new_chair else 1500)
        yield self._named(CONTACT, unit.contact, unit.contact_login, days=900)
        signs_in = unit.cadre
        for job in JOBS[self.house]:
            for _ in range(job.count):
                if signs_in and job.kind == CadreKind.SOCIALIZED:
                    yield self._named(job, signs_in, unit.cadre_login, days=1200)
                    signs_in = ""
                else:
                    yield self._somebody(job)

    def _somebody(self, job: Job) -> Made:
        """Somebody with that job; now and then one who has left or retired."""
        gender = Gender.FEMALE if job.title in _WOMENS else self.random.choice(list(Gender))
        since = self._days_ago(self.random.randint(200, 3600))
        leaves = self.random.random() < 0.05
        status = self.random.choice((CadreStatus.RETIRED, CadreStatus.TRANSFERRED)) if leaves else None
        oldest = status == CadreStatus.RETIRED
        return self._made(job, self._name(gender), gender, since, "", status, old=oldest)

    def _named(self, job: Job, name: str, login: str, *, days: int) -> Made:
        self._names.add(name)
        gender = self.random.choice(list(Gender))
        return self._made(job, name, gender, self._days_ago(days), login, None, old=False)

    def _made(
        self,
        job: Job,
        name: str,
        gender: Gender,
        since: date,
        login: str,
        status: CadreStatus | None,
        *,
        old: bool,
    ) -> Made:
        years = self.random.randint(58, 60) if old else self.random.randint(26, 54)
        born = self._days_ago(years * 365 + self.random.randint(0, 364))
        return Made(
            name=name,
            gender=gender,
            born_on=born,
            number=self._number(born, gender),
            job=job,
            appointed_on=since,
            since=since,
            phone=f"1380000{5000 + len(self._numbers) + (2000 if self.house != 'binhai' else 0):04}",
            status=status or CadreStatus.ACTIVE,
            login=login,
        )

    def _days_ago(self, days: int) -> date:
        return self.today - timedelta(days=days)

    def _name(self, gender: Gender) -> str:
        while True:
            name = self.random.choice(_SURNAMES) + self.random.choice(_GIVEN[gender])
            if name not in self._names:
                self._names.add(name)
                return name

    def _number(self, born: date, gender: Gender) -> str:
        for order in range(901 if gender == Gender.MALE else 900, 996, 2):
            body = f"{AREAS[self.house]}{born:%Y%m%d}{order}"
            number = body + ric.calc_check_digit(body + "0")
            if number not in self._numbers:
                self._numbers.add(number)
                return number
        raise RuntimeError(f"more people born on {born} than there are order codes")


def enter(made: Made, *, unit: Union, actor: User, at: datetime) -> Cadre:
    """The cadre in the books, retired or moved away where the demo says so."""
    cadre = register_cadre(
        identity_kind=IdentityKind.RESIDENT.value,
        number=made.number,
        name=made.name,
        unit=unit,
        since=made.since,
        actor=actor,
        at=at,
        **made.fields,
    )
    if not made.is_active:
        on = made.since + (at.date() - made.since) * 3 // 4
        cadre = set_status(cadre=cadre, status=made.status.value, on=on, actor=actor, at=at)
    return cadre


@dataclass(frozen=True)
class Past:
    """A class of earlier years: it began ``ago`` days ago; ``share`` of the people with these jobs of the
    units of this kind ("" all) were there."""

    title: str
    subject: str
    ago: int
    days: int
    share: float
    jobs: tuple[str, ...]
    units: str = ""
    superior: bool = False

    @property
    def hours(self) -> Decimal:
        return Decimal(8 * self.days)


_ALL: Final = ("",)

#: Days ago, not dates: whenever the demo is loaded, the last of them lie within the year of 重复调训.
PAST: Final[dict[str, tuple[Past, ...]]] = {
    "binhai": (
        Past("工会干部轮训班", "ZT-01", 1560, 2, 0.30, _ALL),
        Past("工会干部轮训班", "ZT-01", 1290, 2, 0.22, _ALL),
        Past("社会化工会工作者培训班", "ZT-07", 1030, 3, 0.45, ("社会化工会工作者",)),
        Past("街镇工会干部培训班", "ZT-02", 985, 3, 0.60, ("主席", "副主席"), "街镇"),
        Past("工会财会人员培训班", "YW-07", 940, 2, 0.50, ("财会人员",)),
        Past("工会干部轮训班", "ZT-01", 800, 2, 0.25, _ALL),
        Past("工会信息员培训班", "YW-03", 760, 2, 0.50, ("信息员", "宣传网络干部")),
        Past("工资集体协商指导员培训班", "ZG-04", 700, 2, 0.50, ("工资集体协商指导员",)),
        Past("女职工工作干部示范班", "YW-05", 640, 3, 0.40, ("女工干部", "女职工委员会主任"), superior=True),
        Past("社会化工会工作者培训班", "ZT-07", 610, 3, 0.40, ("社会化工会工作者",)),
        Past("工会干部轮训班", "ZT-01", 455, 2, 0.20, _ALL),
        Past("法律干部培训班", "YW-06", 420, 2, 0.50, ("法律干部", "劳动法律监督员")),
        Past("街镇工会主席履职能力提升班", "ZT-02", 290, 3, 0.40, ("副主席",), "街镇"),
        Past("工会财务实务培训班", "YW-07", 250, 2, 0.45, ("财会人员",)),
        Past("劳动争议调解骨干班", "ZG-05", 215, 3, 0.35, ("劳动争议调解员",), superior=True),
        Past("工会经审业务提升班", "YW-08", 190, 2, 0.40, ("经审委主任",)),
        Past("集体协商指导员能力提升班", "ZG-04", 160, 2, 0.30, ("工资集体协商指导员",)),
    ),
    "mianyang": (
        Past("工会干部示范培训班", "ZT-02", 1400, 2, 0.30, _ALL),
        Past("工会干部“双提升”专题培训班", "ZT-01", 830, 3, 0.30, _ALL),
        Past("集体协商业务培训班", "YW-02", 600, 2, 0.50, ("集体协商工作干部",)),
        Past("社会化工作者轮训班", "SH-02", 400, 2, 0.40, ("社会化工会工作者",)),
        Past("工会财务经审培训班", "YW-06", 240, 2, 0.45, ("财务经审干部",)),
    ),
}


def train(
    people: list[tuple[Made, Cadre, Unit]], *, house: str, held_by: Union, superior: Union, at: datetime
) -> int:
    """The records of the classes of :data:`PAST`, as an import of the old lists; how many."""
    random = Random(f"{house} trained")  # noqa: S311
    rows = []
    for past in PAST[house]:
        starts = working_day(at.date() - timedelta(days=past.ago), 0)
        ends = working_day(starts, past.days - 1)
        by = superior if past.superior else held_by
        title = f"{ends.year}年{past.title}"
        for made, cadre, unit in people:
            fits = past.units in ("", unit.kind) and any(made.job.title.endswith(job) for job in past.jobs)
            if not fits or made.since > starts or random.random() > past.share:
                continue
            rows.append(
                NewRecord(
                    key=imported_key(cadre.pk, title, starts, ends, by.name),
                    cadre_id=cadre.pk,
                    unit_id=cadre.unit_id,
                    class_name=title,
                    starts_on=starts,
                    ends_on=ends,
                    hours=past.hours,
                    subject=past.subject,
                    organizer_id=by.pk,
                    organizer_name=by.name,
                    by_superior=past.superior,
                    result=RecordResult.FAILED if random.random() < 0.03 else RecordResult.COMPLETED,
                    source=RecordSource.IMPORTED,
                )
            )
    return record_many(rows, at=at)
