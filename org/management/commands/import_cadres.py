"""``manage.py import_cadres FILE``: the cadres a union already has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from org.loading.cadres import CadreLoader
from org.loading.command import ImportCommand
from org.selectors import unit_matcher

if TYPE_CHECKING:
    import datetime

    from django.core.management.base import CommandParser

    from org.loading.run import Loader


class Command(ImportCommand):
    help = (
        "导入干部：姓名、证件类型、身份证号、性别、单位、职务、职级、专兼职、任职日期、手机。已登记的不改动。"
    )
    name = "import_cadres"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--union", default="", metavar="代码", help="只在这个工会及其下级中认单位")

    def loader(self, today: datetime.date, **options: Any) -> Loader:
        return CadreLoader(unit_matcher(self.union(options["union"]), today), today=today)
