"""``manage.py import_records FILE``: trainings people already had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone

from org.loading.command import ImportCommand
from org.selectors import unit_matcher
from training.loading import RecordLoader

if TYPE_CHECKING:
    import datetime

    from org.loading.run import Loader


class Command(ImportCommand):
    help = "导入培训记录：身份证号、姓名、班次名称、业务编码、开始日期、结束日期、学时、主办单位、结果。"
    name = "import_records"

    def loader(self, today: datetime.date, **options: Any) -> Loader:
        return RecordLoader(unit_matcher(None, today), today=today, at=timezone.now())
