"""`manage.py audit_ledger`: prove that no yuan was made or lost, or name the first row that doesn't fit."""

from __future__ import annotations

from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from budgets.models import Account, Entry, Fund
from budgets.selectors import LedgerFault, conservation, first_fault, fund_totals
from office.wording import yuan

RULES: Final = {
    "budgets_entry_amount": "金额须大于 0，且转出与转入不能是同一账户",
    "budgets_entry_account": "转出或转入的账户不存在",
    "budgets_entry_one_fund": "转出与转入不属于同一年度专项预算",
    "budgets_entry_route": "这类流水不能在这两类账户之间移动",
    "budgets_entry_project": "流水所记项目与预算行所属项目不一致",
    "budgets_entry_reversal": "红字冲销须与被冲销的流水金额相同、方向相反，且只能冲销一次",
    "budgets_entry_one_line": "除调剂外，转出与转入须是同一预算行",
    "budgets_entry_commitment": "流水所记预占与预算行不一致",
    "budgets_entry_payment": "流水所记支付与项目不一致",
    "budgets_entry_carry_pair": "结转没有在相邻两年成对出现",
    "budgets_commitment_moved": "预占余额与流水合计不一致",
    "budgets_payment_entries": "支付金额与流水合计不一致",
    "budgets_payment_half_reversed": "红字冲销只冲了一部分",
    "budgets_payment_refunded": "退款与冲销多于原支付在该预算行的支出",
    "budgets_project_continues": "结转的项目须接上一年同一渠道的项目",
    "budgets_project_carried": "结转到项目的金额与上年收回、结转的金额不一致",
    "budgets_account_moved": "余额与流水合计不一致",
    "budgets_account_balance": "余额为负",
}


TABLES: Final = {
    "entry": "流水",
    "account": "账户",
    "commitment": "预占",
    "payment": "支付",
    "project": "经费项目",
}


class Command(BaseCommand):
    help = "核对账本：逐户证明余额等于流水合计；不一致时指出第一条，返回 1。"

    def handle(self, *args: Any, **options: Any) -> None:
        if fault := first_fault():
            raise CommandError(self.describe(fault))
        funds = list(
            Fund.objects.select_related("union").order_by("union__ordinal", "union", "year", "source")
        )
        totals = fund_totals(fund.pk for fund in funds)
        conserved = conservation()
        for fund in funds:
            t = totals[fund.pk]
            self.stdout.write(
                f"{fund.union} {fund}：设立与追加 {yuan(t.granted)} = 可安排 {yuan(t.available)}"
                f" + 项目可用 {yuan(t.appropriated - t.committed - t.paid)}"
                f" + 预占 {yuan(t.committed)} + 已支出 {yuan(t.paid)}"
            )
            c = conserved[fund.pk]
            self.stdout.write(
                f"　　流水合计：下达 {yuan(c.given)} = 可用 {yuan(c.available)} + 预占 {yuan(c.committed)}"
                f" + 支出 {yuan(c.paid)} + 收回 {yuan(c.taken_back)}"
            )
        if open_ones := [pk for pk, sums in conserved.items() if not sums.holds]:
            raise CommandError(
                f"账本不符：年度专项预算 {open_ones[0]} 的下达不等于可用、预占、支出与收回之和。"
            )
        self.stdout.write(f"账本相符：{Account.objects.count()} 个账户，{Entry.objects.count()} 条流水。")

    @staticmethod
    def describe(fault: LedgerFault) -> str:
        """The fault as a sentence that names table, key and rule."""
        row = f"{TABLES[fault.table]} {fault.pk}"
        figures = ""
        if fault.stored is not None and fault.proven is not None:
            figures = f"：记录 {yuan(fault.stored)} 元，流水合计 {yuan(fault.proven)} 元"
        return f"账本不符，第一条：{row}（budgets_{fault.table}.id={fault.pk}）{RULES[fault.rule]}{figures}。"
