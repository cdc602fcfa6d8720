"""``manage.py import_units FILE``: the tree of unions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from org.loading.command import ImportCommand
from org.loading.units import UnitLoader

if TYPE_CHECKING:
    import datetime

    from org.loading.run import Loader


class Command(ImportCommand):
    help = "导入单位：单位全称、简称、上级单位、级别、别名。行的先后不限，上级在前在后都可以；已有的不改动。"
    name = "import_units"

    def loader(self, today: datetime.date, **options: Any) -> Loader:
        return UnitLoader()
