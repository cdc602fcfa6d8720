"""``check_roster FILE --class CODE --json``: what the page says of a roster, for a script or a colleague."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from django.core.management.base import BaseCommand
from django.utils import timezone

from office.refusals import Refused
from org.excel.problems import Status
from org.models import Union
from rulebook.selectors import book_for
from workflow.models import ClassRun
from workflow.rules.roster import check
from workflow.states import OPENED

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from workflow.rules.roster import CheckResult

CLEAN: Final = 0
FOUND: Final = 1
UNREADABLE: Final = 2


class Command(BaseCommand):
    help = "核查一份名册：谁不能参训、为什么。没有需处理和不符合的行时退出码为 0，有则为 1，文件读不了为 2。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="名册（.xlsx、.xls、.ods、.csv）")
        parser.add_argument("--class", dest="code", required=True, help="班次编号，如 P2027-0001-1")
        parser.add_argument("--union", help="主办工会的代码；几个工会有相同的班次编号时必须写明")
        parser.add_argument("--unit", help="报送单位的代码；不写则按每行的单位计算名额")
        parser.add_argument("--json", action="store_true", help="以 JSON 输出")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            run = _run(options["code"], options["union"])
            unit = _unit(options["unit"]) if options["unit"] else None
            content = _content(options["file"])
            now = timezone.now()
            today = timezone.localdate(now)
            result = check(
                content=content,
                name=options["file"].name,
                run=run,
                at=now,
                today=today,
                book=book_for(run.plan.union, today).book,
                unit=unit,
            )
        except Refused as refused:
            self._stop(str(refused))
        if options["json"]:
            self.stdout.write(json.dumps(result.as_json(), ensure_ascii=False, indent=2))
        else:
            self._tell(result)
        summary = result.summary
        sys.exit(FOUND if summary[Status.HELD] or summary[Status.REJECTED] else CLEAN)

    def _stop(self, reason: str) -> NoReturn:
        self.stderr.write(" ".join(reason.split()))
        sys.exit(UNREADABLE)

    def _tell(self, result: CheckResult) -> None:
        summary = result.summary
        counts = "，".join(f"{status.label} {summary[status]}" for status in Status)
        self.stdout.write(f"共 {summary['rows']} 行：{counts}。")
        for note in result.roster.notes:
            self.stdout.write(note)
        for row in result.rows:
            for finding in row.findings:
                self.stdout.write(f"第 {row.number} 行 {row.name}：{finding['message']}")


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError as error:
        raise Refused(f"没有“{file}”这个文件。") from error
    except OSError as error:
        raise Refused(f"“{file}”读不了：不是文件，或没有读取的权限。") from error


def _run(code: str, union: str | None) -> ClassRun:
    """The one opened 期 of that code. Raises ``Refused``."""
    runs = ClassRun.objects.filter(code=code).select_related("plan", "plan__union", "plan__department")
    found = list(runs.filter(plan__union__code=union) if union else runs)
    if not found:
        where = f"工会“{union}”" if union else "系统里"
        raise Refused(f"{where}没有编号为“{code}”的期次，编号写在班次页面上，如 P2027-0001-1。")
    if len(found) > 1:
        unions = "、".join(f"{run.plan.union.name}（{run.plan.union.code}）" for run in found)
        raise Refused(f"有几个工会的期次编号是“{code}”：{unions}。请用 --union 写明工会代码。")
    (run,) = found
    if run.state not in OPENED:
        raise Refused(f"《{run.title}》现为“{run.get_state_display()}”，批准开班以后才能核查名册。")
    return run


def _unit(code: str) -> Union:
    found: Union | None = Union.objects.filter(code=code).first()
    if found is None:
        raise Refused(f"没有代码为“{code}”的单位。")
    return found
