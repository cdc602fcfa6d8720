"""结转 of a class: what its project still has goes on in a project of the next year's fund (S21)."""

from __future__ import annotations

import uuid
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from django.db.models import Q

from budgets import rules
from budgets.models import Account, BudgetLine, Commitment, Entry, Project, SupportingPaper
from budgets.services.posting import check_amount, check_moment, paper_number, posting
from budgets.states import LINE_ACCOUNTS, AccountKind, EntryKind
from office.refusals import Conflict, Refused
from office.wording import chinese_date

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Mapping

    from django.db.models import QuerySet

    from budgets.models import Fund
    from org.models import Post, User

    #: The accounts of one line, or of one fund, by kind.
    Accounts = dict[str, Account]

ZERO: Final = Decimal("0.00")


def hold_years(fund: Fund, to: Fund, projects: Iterable[Project]) -> None:
    """Nobody posts on both funds' own accounts and on the projects' lines until the transaction ends.

    For whoever carries over several classes at once: taken one after another, two carry-overs or a payment
    in between could wait for each other in a ring.
    """
    list(_held(fund, to, projects))


def _held(fund: Fund, to: Fund, projects: Iterable[Project]) -> QuerySet[Account]:
    wanted = Q(fund__in=[fund, to], line=None) | Q(line__project__in=list(projects))
    rows = Account.objects.filter(wanted).select_related("fund", "line").order_by("id")
    return rows.select_for_update(of=("self",), no_key=True)


def carry_class(
    *,
    project: Project,
    to: Fund,
    number: str,
    amounts: Mapping[str, Decimal],
    actor: User,
    post: Post | None,
    at: datetime.datetime,
    reason: str,
    reference: str,
) -> Project:
    """结转 of a class: a new project of the next year's fund continues `project` with `amounts` (cost item →
    yuan); gives that project, numbered `number`.

    All that is free or promised on the old lines leaves them: promises are released and made anew in the new
    project, with payee, 期, contract and papers; `amounts` go 收回 → 结转下年 → 上年结转 → 下达 to lines of
    the same items; what is more than that goes back to the old fund and stays there. One statement, one
    batch, every entry names `reference`. The old project has nothing left then: its year can be closed.

    Joins the caller's transaction, whose approval it rests on. Raises `Refused`, nothing changed, if a line
    has less (free and promised together) or is promised for more than its amount, nothing is carried over,
    either year is closed, or `to` isn't the next year's fund of the same union and source; `Conflict` if the
    project was carried over before.
    """
    check_moment(at)
    fund = project.fund
    if (to.union_id, to.source, to.year) != (fund.union_id, fund.source, fund.year + 1):
        raise Refused(f"只能结转到下一年同一渠道的专项预算：{fund} → {fund.year + 1} 年。")
    wanted = {item: amount for item, amount in amounts.items() if amount}
    for amount in wanted.values():
        check_amount(amount, "结转")
    with posting():
        lines: defaultdict[int, Accounts] = defaultdict(dict)
        own: defaultdict[int, Accounts] = defaultdict(dict)
        for account in _held(fund, to, [project]):
            if account.fund.closed_on is not None:
                day = chinese_date(account.fund.closed_on)
                raise Refused(f"{account.fund}已于{day}结账，不能结转；须先由财务负责人反结账。")
            kept = own[account.fund_id] if account.line_id is None else lines[account.line_id]
            kept[account.kind] = account
        if (later := Project.objects.filter(continues=project).first()) is not None:
            raise Conflict(f"项目 {project.number} 的结余已结转到 {later.number}，不能再次结转。")
        _check(project, wanted, lines.values())
        continuing = Project.objects.create(
            union_id=to.union_id,
            fund=to,
            number=number,
            name=project.name,
            department_id=project.department_id,
            continues=project,
            origin_id=project.first_id,
        )
        new = _new_lines(continuing, [line for line in _lines(lines) if line.item in wanted])
        batch = uuid.uuid4()
        total = sum(wanted.values(), ZERO)
        before, after = own[fund.pk], own[to.pk]
        entries = _released(project, lines)
        for account in (of_line[AccountKind.LINE] for of_line in lines.values()):
            left = account.balance + lines[account.line_id or 0][AccountKind.COMMITTED].balance
            if left:
                entries.append(_entry(EntryKind.RECALL, account, before[AccountKind.FUND], left, project))
        entries += [
            _entry(EntryKind.CARRY_OUT, before[AccountKind.FUND], before[AccountKind.SOURCE], total),
            _entry(EntryKind.CARRY_IN, after[AccountKind.SOURCE], after[AccountKind.FUND], total),
        ]
        entries += [
            _entry(
                EntryKind.APPROPRIATE,
                after[AccountKind.FUND],
                of_line[AccountKind.LINE],
                wanted[item],
                continuing,
            )
            for item, of_line in new.items()
        ]
        entries += _promised(entries, continuing, new, actor=actor, at=at)
        for entry in entries:
            entry.batch, entry.actor, entry.post, entry.at = batch, actor, post, at
            entry.reason, entry.reference = reason, reference
        Entry.objects.bulk_create(entries)
    return continuing


def _check(project: Project, wanted: Mapping[str, Decimal], lines: Iterable[Accounts]) -> None:
    """Raises `Refused` where a line can't carry over its amount, with the figures."""
    if not wanted:
        raise Refused(f"项目 {project.number} 没有可结转的金额，请至少填写一行。")
    there = set()
    for of_line in lines:
        line = of_line[AccountKind.LINE].line
        if line is None:
            continue
        there.add(line.item)
        fault = rules.carry_fault(
            f"{project.number}“{line.title}”",
            free=of_line[AccountKind.LINE].balance,
            promised=of_line[AccountKind.COMMITTED].balance,
            amount=wanted.get(line.item, ZERO),
        )
        if fault:
            raise Refused(fault)
    if unknown := sorted(wanted.keys() - there):
        raise Refused(f"项目 {project.number} 没有预算行“{'、'.join(unknown)}”，不能结转。")


def _lines(lines: Mapping[int, Accounts]) -> list[BudgetLine]:
    found = [of_line[AccountKind.LINE].line for of_line in lines.values()]
    return sorted((line for line in found if line is not None), key=lambda line: line.ordinal)


def _new_lines(project: Project, like: Iterable[BudgetLine]) -> dict[str, Accounts]:
    """Lines of the same items with their accounts, by item."""
    made = BudgetLine.objects.bulk_create(
        BudgetLine(project=project, item=line.item, title=line.title, ordinal=ordinal)
        for ordinal, line in enumerate(like, start=1)
    )
    found: dict[str, Accounts] = {line.item: {} for line in made}
    for account in Account.objects.bulk_create(
        Account(fund_id=project.fund_id, line=line, kind=kind) for line in made for kind in LINE_ACCOUNTS
    ):
        if account.line is not None:
            found[account.line.item][account.kind] = account
    return found


def _entry(
    kind: EntryKind,
    debit: Account,
    credit: Account,
    amount: Decimal,
    project: Project | None = None,
    commitment: Commitment | None = None,
) -> Entry:
    return Entry(kind=kind, debit=debit, credit=credit, amount=amount, project=project, commitment=commitment)


def _released(project: Project, lines: Mapping[int, Accounts]) -> list[Entry]:
    """释放 of everything promised; the accounts of the lines are held."""
    return [
        _entry(
            EntryKind.RELEASE,
            lines[each.line_id][AccountKind.COMMITTED],
            lines[each.line_id][AccountKind.LINE],
            each.outstanding,
            project,
            each,
        )
        for each in project.commitments.open().select_related("line").order_by("id")
    ]


def _promised(
    released: Iterable[Entry],
    project: Project,
    lines: Mapping[str, Accounts],
    *,
    actor: User,
    at: datetime.datetime,
) -> list[Entry]:
    """预占 anew of what was released, each naming the promise it continues, with that one's papers."""
    entries = []
    anew: dict[int, Commitment] = {}
    for one in released:
        old = one.commitment
        if old is None:
            continue
        accounts = lines[old.line.item]
        line = accounts[AccountKind.LINE].line
        if line is None:
            raise TypeError("an account of a line without its line")
        anew[old.pk] = made = Commitment.objects.create(
            project=project,
            # Accounts are held already; the project is new, so nobody else draws its numbers.
            number=paper_number(project, "YZ"),
            line=line,
            session_no=old.session_no,
            title=old.title,
            payee=old.payee,
            contract_number=old.contract_number,
            contract_on=old.contract_on,
            continues=old,
            key=uuid.uuid5(old.key, project.number),
            created_by=actor,
            at=at,
        )
        entries.append(
            _entry(
                EntryKind.COMMIT,
                accounts[AccountKind.LINE],
                accounts[AccountKind.COMMITTED],
                one.amount,
                project,
                made,
            )
        )
    papers = SupportingPaper.objects.filter(commitment__in=anew).order_by("id")
    SupportingPaper.objects.bulk_create(
        SupportingPaper(
            commitment=anew[paper.commitment_id],
            code=paper.code,
            title=paper.title,
            file_id=paper.file_id,
            evidence=paper.evidence,
        )
        for paper in papers
        if paper.commitment_id is not None
    )
    return entries
