"""Who there is in the demo. Every name is made up; departments and duties are the documents' own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from workflow.demo.lists import topics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workflow.demo.lists import Topic

#: One password for all, as public as this file: `load_demo` refuses anything but a demo.
PASSWORD: Final = "guikou2027"  # noqa: S105


@dataclass(frozen=True)
class Office:
    """A department with its head and its clerk."""

    code: str
    name: str
    head_title: str
    head: str
    clerk: str


@dataclass(frozen=True)
class House:
    """A union of the demo. ``body``: code and name of the meeting that decides; ``leaders``: post code →
    (title, name, what the table of accounts says of him)."""

    code: str
    name: str
    short_name: str
    level: str
    superior: tuple[str, str, str]
    body: tuple[str, str]
    secretary: str
    offices: tuple[Office, ...]
    authority: str
    finance: str
    leaders: Mapping[str, tuple[str, str]]
    auditor: tuple[str, str]
    book: str
    fund: int

    @property
    def topics(self) -> Mapping[str, tuple[Topic, ...]]:
        """Its classes by department code."""
        return topics(self.code)


BINHAI: Final = House(
    code="binhai",
    name="滨海新区总工会",
    short_name="新区总工会",
    level="district",
    superior=("shizong", "市总工会", "province"),
    body=("zhuxi", "主席办公会"),
    secretary="何静姝",
    offices=(
        Office("jiceng", "基层工作部", "部长", "周慕白", "吴桐雨"),
        Office("bangongshi", "办公室", "主任", "卫东篱", "蒋知微"),
        Office("xuanchuan", "宣传网络部", "部长", "孙莉娜", "林晓峰"),
        Office("tongchou", "统筹发展部", "部长", "沈一鸣", "韩雨桐"),
        Office("quanyi", "权益保障部", "部长", "郑海宁", "冯雪莹"),
        Office("caiwu", "财务资产部", "部长", "李想南", "陈晨曦"),
    ),
    authority="jiceng",
    finance="caiwu",
    leaders={
        "principal": ("主席（主要负责同志）", "赵启明"),
        "leader": ("副主席（分管）", "钱文博"),
        "auditor": ("经审委主任", "杨思齐"),
    },
    auditor=("auditor", "经审"),
    book="binhai-2018.toml",
    fund=1_000_000,
)

MIANYANG: Final = House(
    code="mianyang",
    name="绵阳市总工会",
    short_name="市总",
    level="city",
    superior=("shengzong", "省总工会", "province"),
    body=("dangzu", "党组会议"),
    secretary="罗文静",
    offices=(
        Office("zuzhi", "组织部", "部长", "唐若谷", "许清和"),
        Office("xuanjiao", "宣教部", "部长", "宋雅琴", "曾子墨"),
        Office("falv", "法律部", "部长", "邓守正", "萧语嫣"),
        Office("baozhang", "保障部", "部长", "谢安民", "田小禾"),
        Office("jingshen", "经审办", "主任", "潘明鉴", "袁可心"),
        Office("caiwu", "财务部", "部长", "蔡理文", "余笑薇"),
        Office("nvgong", "女职工委员会", "主任", "苏婉清", "夏之遥"),
        Office("bangongshi", "办公室", "主任", "崔景行", "姜一诺"),
    ),
    authority="zuzhi",
    finance="caiwu",
    leaders={
        "principal": ("党组书记、常务副主席（主要负责同志）", "方致远"),
        "leader": ("副主席（分管）", "石敬之"),
    },
    auditor=("jingshen-head", "经审"),
    book="mianyang-2018.toml",
    fund=800_000,
)

HOUSES: Final = (BINHAI, MIANYANG)

#: In the superior union: somebody with a post who has nothing to do with the unions below.
OUTSIDER: Final = ("zuzhi-staff", "组织部", "干事", "顾南星")
