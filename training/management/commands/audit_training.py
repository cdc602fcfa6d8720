"""``manage.py audit_training``: prove each cadre's last day of training from his records."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from office.wording import chinese_date
from org.models import Cadre
from training.models import TrainingRecord
from training.selectors import wrong_last_trained

MOST = 100


class Command(BaseCommand):
    """One line if every day is right; else each wrong one, and exit 1."""

    help = "由培训记录逐人核对“最近参训”，有一处不符就列出是哪一行。"

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = wrong_last_trained(MOST)
        for row in wrong:
            self.stderr.write(
                f"干部 {row.cadre_id}（org_cadre.id={row.cadre_id}）：记录为{_day(row.kept)}，"
                f"按培训记录应为{_day(row.proven)}"
            )
        if wrong:
            more = "以上" if len(wrong) == MOST else ""
            raise CommandError(f"最近参训不符：{len(wrong)} 人{more}。", returncode=1)
        cadres, records = Cadre.objects.count(), TrainingRecord.objects.count()
        self.stdout.write(f"最近参训相符：{cadres:,} 人，{records:,} 条培训记录。")


def _day(day: Any) -> str:
    return chinese_date(day) if day else "从未参训"
