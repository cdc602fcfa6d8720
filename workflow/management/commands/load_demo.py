"""`manage.py load_demo`: the demo's unions, their units, people and plans; run again, it changes nothing."""

from __future__ import annotations

import unicodedata
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from org.models import Union, User
from rulebook import loader
from workflow.demo.build import load
from workflow.demo.houses import ADMIN, BOOKS
from workflow.demo.mistakes import mistaken_workbook
from workflow.demo.people import HOUSES, OUTSIDER, PASSWORD, House
from workflow.demo.planning import workbook
from workflow.demo.rosters import sample_roster
from workflow.demo.units import UNITS
from workflow.selectors.years import current_year


class Command(BaseCommand):
    help = "载入演示数据（两个工会及其下属单位、虚构人员、文件列出的班次）；已载入的不再改动。"
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--workbooks", metavar="目录", type=Path, help="只把各部门填好的申报表写到该目录，不载入数据"
        )

    def handle(self, *args: Any, workbooks: Path | None = None, **options: Any) -> None:
        """Raises CommandError outside a demo: the accounts' password is public."""
        now = timezone.now()
        if workbooks is not None:
            written = write_workbooks(workbooks, current_year(now))
            self.stdout.write(f"已写出 {written} 份申报表：{workbooks}")
            return
        if not settings.DEMO:
            raise CommandError(
                "演示帐号的密码是公开的，只能载入演示库：请用 make demo，或设置 GUIKOU_DEMO=1。"
            )
        made = load(HOUSES, now=now)
        self.stdout.write(f"演示数据：{'已载入' + '、'.join(made) if made else '早已载入，没有改动'}。\n\n")
        for line in accounts():
            self.stdout.write(line)
        self.stdout.write(f"\n以上帐号的密码都是 {PASSWORD}，人员均为虚构。")
        folder = settings.VAR_DIR / "demo-workbooks"
        if made or not folder.is_dir():
            phones = dict(User.objects.order_by().values_list("username", "phone"))
            write_workbooks(folder, current_year(now), phones)
            write_rosters(folder)
        self.stdout.write(f"各部门填好的申报表、有差错的名册在 {folder}，可用来试导入、试报名。")


def write_workbooks(folder: Path, year: int, phones: Mapping[str, str] | None = None) -> int:
    """Every department's filled form, and one full of mistakes for each union; how many were written.

    ``phones``: login → number of those who are there already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for house in HOUSES:
        book = loader.read(BOOKS / house.book)
        for office in house.offices:
            name = f"{house.name}-{office.name}-{year}年度培训计划申报表.xlsx"
            phone = (phones or {}).get(f"{house.code}-{office.code}-staff", "13800001200")
            (folder / name).write_bytes(workbook(house, office, book, year, phone))
            written += 1
        name = f"{house.name}-{house.offices[0].name}-有差错的示例.xlsx"
        (folder / name).write_bytes(mistaken_workbook(house, house.offices[0], book, year))
        written += 1
    return written


def write_rosters(folder: Path) -> None:
    """For the first unit of each union the list it might send, with the usual faults."""
    for house in HOUSES:
        unit = Union.objects.get(code=UNITS[house.code][0].code)
        (folder / f"{unit.name}-有差错的名册.xlsx").write_bytes(sample_roster(unit))


def accounts() -> Iterator[str]:
    """Who may sign in as what, as two tables: people of the unions, and people of the units below them."""
    rows: list[Sequence[str]] = [("登录名", "姓名", "工会", "岗位", "可以办理")]
    for house in HOUSES:
        rows += _of(house)
    rows.append(
        ("outsider", OUTSIDER[3], "市总工会", f"{OUTSIDER[1]} {OUTSIDER[2]}", "局外人：看不到以上工会的计划")
    )
    rows.append((ADMIN, "系统管理员", "", "", "组织机构、任职、职责和授权（/admin/）"))
    yield from _table(rows)
    yield ""
    yield "下属单位：联络员报名、传名册、维护本单位干部，主席可办同样的事；干部本人只看到“我的培训”。"
    rows = [("单位", "联络员登录名", "姓名", "主席登录名", "姓名", "干部登录名", "姓名")]
    for house in HOUSES:
        for unit in UNITS[house.code]:
            cadre = (unit.cadre_login, unit.cadre) if unit.cadre else ("", "")
            rows.append((unit.name, unit.contact_login, unit.contact, unit.chair_login, unit.chair, *cadre))
    yield from _table(rows)


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    for index, row in enumerate(rows):
        yield "  ".join(
            text + " " * (width - _width(text)) for text, width in zip(row, widths, strict=True)
        ).rstrip()
        if index == 0:
            yield "  ".join("─" * width for width in widths)


def _of(house: House) -> Iterator[Sequence[str]]:
    for office in house.offices:
        extra = {house.authority: "、归口审核、计划汇总、安排议题", house.finance: "、财务会审、培训经费"}
        acts = "部门审签" + extra.get(office.code, "")
        if house.auditor[0] == f"{office.code}-head":
            acts += "；可查阅全会计划"
        yield (
            f"{house.code}-{office.code}-head",
            office.head,
            house.name,
            f"{office.name} {office.head_title}",
            acts,
        )
        acts = "编制、导入、报送计划" + ("、培训经费" if office.code == house.finance else "")
        yield f"{house.code}-{office.code}-staff", office.clerk, house.name, f"{office.name} 干事", acts
    yield (
        f"{house.code}-secretary",
        house.secretary,
        house.name,
        "办公室 会议秘书",
        f"{house.body[1]}议题、记录审定结果",
    )
    said = {
        "principal": "（计划外班次由其签署意见）",
        "leader": "归口、财务部门自己的计划由其代审",
        "auditor": "查阅全会计划和经费，不办理",
    }
    for code, (title, name) in house.leaders.items():
        yield f"{house.code}-{code}", name, house.name, title, said[code]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
