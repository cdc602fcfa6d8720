"""What must hold between the parts of a rule book.

Each check names the parts it reads, so the loader can still run the others
when one part is broken, and a file's faults come out all at once. Reasons
are Chinese, fit to show to the office that keeps the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rulebook import people, travel
from rulebook.codes import (
    ANY_DEPARTMENT,
    AUTHORITY_DUTY,
    DECISION_DUTY,
    DUTY_CODES,
    DUTY_PREFIX,
    ENFORCED_RULE_CODES,
    LATER_RULE_CODES,
    LAUNCH_CHAINS,
    MONEY_CHAINS,
    RULE_CODES,
)
from rulebook.messages import found

if TYPE_CHECKING:
    from rulebook.schema import Book
    from rulebook.steps import Holder, Step

Loc = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One fault: where (keys and list positions from the top) and why."""

    loc: Loc
    reason: str


@dataclass(frozen=True)
class Check:
    """A consistency check and the top-level keys it needs to be readable."""

    needs: frozenset[str]
    run: Callable[[Book], Iterator[Problem]]


CHECKS: list[Check] = []


def path(loc: Loc) -> str:
    """``("steps", 2, "holder", "code")`` as ``steps[2].holder.code``."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def problems(book: Book, readable: Iterable[str] | None = None) -> list[Problem]:
    """Faults between the parts; ``readable`` limits it to checks that can run."""
    names = None if readable is None else frozenset(readable)
    return [p for check in CHECKS if names is None or check.needs <= names for p in check.run(book)]


def _check(
    *needs: str,
) -> Callable[[Callable[[Book], Iterator[Problem]]], Callable[[Book], Iterator[Problem]]]:
    def register(run: Callable[[Book], Iterator[Problem]]) -> Callable[[Book], Iterator[Problem]]:
        CHECKS.append(Check(frozenset(needs), run))
        return run

    return register


def _twice(loc: Loc, codes: Iterable[str], *key: str) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, code in enumerate(codes):
        if code in first:
            yield Problem((*loc, index, *key), f"“{code}”与第 {first[code] + 1} 项重复")
        first.setdefault(code, index)


def _nonempty(name: str, rows: tuple[object, ...]) -> Iterator[Problem]:
    if not rows:
        yield Problem((name,), "至少要有一项")


@_check("valid_from", "valid_until")
def _validity(book: Book) -> Iterator[Problem]:
    if book.valid_until is not None and book.valid_until < book.valid_from:
        yield Problem(("valid_until",), f"早于生效日期 {book.valid_from.isoformat()}")


@_check("steps")
def _chain(book: Book) -> Iterator[Problem]:
    if not book.steps:
        yield Problem(("steps",), "至少要有审定环节")
        return
    yield from _twice(("steps",), (step.key for step in book.steps), "key")
    last = len(book.steps) - 1
    for index, step in enumerate(book.steps):
        loc: Loc = ("steps", index)
        decides = step.holder.kind == "duty" and step.holder.code == DECISION_DUTY
        yield from _holder(step.holder, (*loc, "holder"))
        if index == last:
            yield from _decision(step, loc, decides=decides)
            continue
        if decides:
            yield Problem((*loc, "holder", "code"), "会议审定（decision_body）只能是最后一个环节")
        yield from _own_head_here(step, loc)
        yield from _stand_in(step, loc)


def _own_head_here(step: Step, loc: Loc) -> Iterator[Problem]:
    if step.holder.kind == "own_head" and step.level == "superior":
        yield Problem((*loc, "level"), "本部门负责人审签不能放在上级工会")


def _decision(step: Step, loc: Loc, *, decides: bool) -> Iterator[Problem]:
    if not decides:
        key: Loc = ("holder", "code") if step.holder.kind == "duty" else ("holder", "kind")
        yield Problem((*loc, *key), '最后一个环节必须是会议审定：kind = "duty"，code = "decision_body"')
    if step.level == "superior":
        yield Problem((*loc, "level"), "审定环节必须是本级会议")
    if step.stand_in is not None:
        yield Problem((*loc, "stand_in"), "会议审定不设代办岗位")
    if step.may_exclude:
        yield Problem((*loc, "may_exclude"), "审定会议本来就可决定不列入，此处不能再写")


def _holder(holder: Holder, loc: Loc) -> Iterator[Problem]:
    if holder.kind == "own_head":
        if holder.code:
            yield Problem((*loc, "code"), "本部门负责人（own_head）不需要代码，请删去")
    elif not holder.code:
        yield Problem((*loc, "code"), "缺少代码：duty 写职责代码，post 写岗位代码")
    elif holder.kind == "duty" and holder.code not in DUTY_CODES:
        yield Problem((*loc, "code"), f"没有职责“{holder.code}”，可用：{'、'.join(DUTY_CODES)}")


def _stand_in(step: Step, loc: Loc) -> Iterator[Problem]:
    if step.stand_in is None:
        return
    if step.stand_in.kind == "own_head":
        yield Problem((*loc, "stand_in", "kind"), "代办不能又是本部门负责人，请写岗位（post）或职责（duty）")
        return
    yield from _holder(step.stand_in, (*loc, "stand_in"))
    if step.stand_in.kind == "duty" and step.stand_in.code == DECISION_DUTY:
        yield Problem((*loc, "stand_in", "code"), "代办不能是会议")
    elif step.stand_in == step.holder:
        yield Problem((*loc, "stand_in"), "代办与本环节办理人相同，遇本人计划时无人可办")


@_check("launch")
def _launch_steps(book: Book) -> Iterator[Problem]:
    steps = book.launch.steps
    if not steps:
        yield Problem(("launch", "steps"), "至少要有开班审批环节")
    yield from _twice(("launch", "steps"), (step.key for step in steps), "key")
    used = {key for name in LAUNCH_CHAINS for key in getattr(book.launch, name)}
    for index, step in enumerate(steps):
        loc: Loc = ("launch", "steps", index)
        yield from _holder(step.holder, (*loc, "holder"))
        yield from _own_head_here(step, loc)
        yield from _stand_in(step, loc)
        if step.holder.kind == "duty" and step.holder.code == DECISION_DUTY:
            yield Problem((*loc, "holder", "code"), "开班审批不上会，请写岗位（post）或其他职责")
        if step.may_exclude:
            yield Problem((*loc, "may_exclude"), "开班审批没有建议不列入，请删去")
        if step.key not in used:
            yield Problem((*loc, "key"), f"“{step.key}”没有用在任何一种审批里")


@_check("launch")
def _launch_chains(book: Book) -> Iterator[Problem]:
    known = {step.key for step in book.launch.steps}
    signs = {step.key for step in book.launch.steps if _is_authority(step)}
    for name in LAUNCH_CHAINS:
        keys: tuple[str, ...] = getattr(book.launch, name)
        loc: Loc = ("launch", name)
        if not keys:
            yield Problem(loc, "至少写一个环节")
            continue
        yield from _unknown(loc, keys, known, "开班审批环节")
        if known.issuperset(keys) and signs.isdisjoint(keys):
            yield Problem(loc, f"缺少本级归口部门（{AUTHORITY_DUTY}）的环节")


def _is_authority(step: Step) -> bool:
    return step.holder.kind == "duty" and step.holder.code == AUTHORITY_DUTY and step.level == "own"


@_check("money")
def _money_steps(book: Book) -> Iterator[Problem]:
    steps = book.money.steps
    yield from _twice(("money", "steps"), (step.key for step in steps), "key")
    used = {key for name in MONEY_CHAINS for key in getattr(book.money, name)}
    for index, step in enumerate(steps):
        loc = ("money", "steps", index)
        yield from _holder(step.holder, (*loc, "holder"))
        yield from _own_head_here(step, loc)
        yield from _stand_in(step, loc)
        if step.holder.code == DECISION_DUTY:
            yield Problem((*loc, "holder", "code"), "经费事项不上会，请写岗位（post）或其他职责")
        if step.key not in used:
            yield Problem((*loc, "key"), f"“{step.key}”没有用在任何一种审批里")
    known = {step.key for step in steps}
    for name in MONEY_CHAINS:
        keys = getattr(book.money, name)
        if not keys:
            yield Problem(("money", name), "至少写一个环节")
        yield from _unknown(("money", name), keys, known, "经费审批环节")


@_check("money")
def _payments(book: Book) -> Iterator[Problem]:
    money = book.money
    yield from _twice(("money", "papers"), (paper.code for paper in money.papers), "code")
    yield from _twice(("money", "kinds"), (kind.code for kind in money.kinds), "code")
    known = {paper.code for paper in money.papers}
    for index, kind in enumerate(money.kinds):
        loc: Loc = ("money", "kinds", index)
        yield from _unknown((*loc, "papers"), kind.papers, known, "报销材料")
        if kind.lecture and kind.refund:
            yield Problem((*loc, "refund"), "讲课费和退款不能是同一类")
    if not any(not kind.refund for kind in money.kinds):
        yield Problem(("money", "kinds"), "至少要有一类支付")
    if not any(kind.refund for kind in money.kinds):
        yield Problem(("money", "kinds"), "至少要有一类退款（refund = true）")
    for index, (before, after) in enumerate(zip(money.pace, money.pace[1:], strict=False), start=1):
        if after.until <= before.until or after.share < before.share:
            yield Problem(("money", "pace", index), "日期须晚于上一行，比例不能小于上一行")
    if not money.pace or money.pace[-1].until != "12-31":
        yield Problem(("money", "pace"), '最后一行须是年末：until = "12-31"')


@_check("notice")
def _notice(book: Book) -> Iterator[Problem]:
    if not book.notice.discipline:
        yield Problem(("notice", "discipline"), "至少写一条纪律要求")
    yield from _twice(("notice", "discipline"), book.notice.discipline)


@_check("categories", "modules")
def _categories(book: Book) -> Iterator[Problem]:
    modules = {module.code for module in book.modules}
    for index, category in enumerate(book.categories):
        loc: Loc = ("categories", index)
        if not category.held_by:
            yield Problem((*loc, "held_by"), '至少写一个举办部门；各部门都可以办的写 "*"')
        yield from _twice((*loc, "held_by"), category.held_by)
        if ANY_DEPARTMENT in category.held_by and len(category.held_by) > 1:
            yield Problem((*loc, "held_by"), '已写 "*"（各部门），不能再列其他部门')
        for place, holder in enumerate(category.held_by):
            duty = holder.removeprefix(DUTY_PREFIX)
            if holder.startswith(DUTY_PREFIX) and (duty not in DUTY_CODES or duty == DECISION_DUTY):
                yield Problem((*loc, "held_by", place), f"没有可以办班的职责“{duty}”")
        yield from _unknown((*loc, "required_modules"), category.required_modules, modules, "内容模块")


@_check("subjects", "categories")
def _subjects(book: Book) -> Iterator[Problem]:
    categories = {category.code for category in book.categories}
    used: set[str] = set()
    for index, subject in enumerate(book.subjects):
        loc: Loc = ("subjects", index, "categories")
        if not subject.categories:
            yield Problem(loc, "至少写一个适用的班次类别")
        yield from _unknown(loc, subject.categories, categories, "班次类别")
        used.update(subject.categories)
    for index, category in enumerate(book.categories):
        if book.subjects and category.code not in used:
            yield Problem(("categories", index, "code"), f"类别“{category.code}”没有任何业务编码可选")


def _unknown(loc: Loc, codes: Iterable[str], known: set[str], what: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, code in enumerate(codes):
        if code not in known:
            yield Problem((*loc, index), f"{what}里没有“{code}”")
        elif code in seen:
            yield Problem((*loc, index), f"“{code}”写了两次")
        seen.add(code)


_DICTIONARIES = (
    "categories",
    "subjects",
    "modules",
    "audience_units",
    "audience_levels",
    "audience_posts",
    "implementers",
    "sources",
)


@_check(*_DICTIONARIES)
def _dictionaries(book: Book) -> Iterator[Problem]:
    """Codes are unique over all dictionaries, words inside each of them."""
    owner: dict[str, str] = {}
    for name, entries in book.dictionaries():
        if name != "implementers":
            yield from _nonempty(name, entries)
        words: dict[str, str] = {}
        for index, entry in enumerate(entries):
            loc: Loc = (name, index)
            if entry.code in owner:
                yield Problem((*loc, "code"), f"代码“{entry.code}”在 {owner[entry.code]} 里已经用过")
            owner.setdefault(entry.code, f"{name}[{index}]")
            for place, word in enumerate((entry.title, *entry.aliases)):
                key: Loc = ("title",) if place == 0 else ("aliases", place - 1)
                if word in words:
                    yield Problem((*loc, *key), f"“{word}”已指代“{words[word]}”，一个词只能指一项")
                words.setdefault(word, entry.code)


@_check("window")
def _window(book: Book) -> Iterator[Problem]:
    opens, closes = book.window.bounds(2001)
    if closes < opens:
        yield Problem(("window", "closes"), f"申报截止 {book.window.closes} 早于开始 {book.window.opens}")


@_check("rate_card")
def _rate_card(book: Book) -> Iterator[Problem]:
    card = book.rate_card
    items = [item.code for item in card.items]
    yield from _twice(("rate_card", "items"), items, "code")
    yield from _twice(("rate_card", "classes"), (c.code for c in card.classes), "code")
    yield from _twice(("rate_card", "lecture"), (rate.code for rate in card.lecture), "code")
    for name, rows in (("items", card.items), ("classes", card.classes), ("lecture", card.lecture)):
        if card.enabled and not rows:
            yield Problem(("rate_card", name), "启用综合定额时至少要有一项")
    for index, rate_class in enumerate(card.classes):
        loc: Loc = ("rate_card", "classes", index)
        for item in items:
            if item not in rate_class.items:
                yield Problem((*loc, "items", item), "缺少这一项的标准")
        for item in rate_class.items:
            if item not in items:
                yield Problem((*loc, "items", item), f"经费项目里没有“{item}”")
        total = sum(rate_class.items.values())
        if total != rate_class.total:
            yield Problem((*loc, "total"), f"合计写的是 {rate_class.total}，各项相加是 {total}")
    if card.default_class not in {c.code for c in card.classes} and (card.enabled or card.default_class):
        yield Problem(("rate_card", "default_class"), f"培训类别里没有“{card.default_class}”")
    for index, rate in enumerate(card.lecture):
        if rate.before_tax < rate.after_tax:
            yield Problem(
                ("rate_card", "lecture", index, "before_tax"),
                f"税前 {rate.before_tax} 低于税后 {rate.after_tax}",
            )


@_check("rules")
def _rules(book: Book) -> Iterator[Problem]:
    for code in RULE_CODES:
        if code not in book.rules:
            yield Problem(("rules", code), '缺少这条规则；不检查的也要写明 severity = "off"')
    for code in book.rules:
        if code not in RULE_CODES:
            yield Problem(("rules", code), "系统没有这条规则，请核对代码")


@_check("rules")
def _parameters(book: Book) -> Iterator[Problem]:
    known = {**people.PARAMETERS, **travel.PARAMETERS}
    for code in LATER_RULE_CODES:
        rule = book.rules.get(code)
        if rule is None:
            continue
        loc: Loc = ("rules", code, "params")
        judges = known.get(code, {})
        for name, judge in judges.items():
            if name not in rule.params:
                yield Problem((*loc, name), "缺少这一项")
            elif fault := judge(rule.params[name]):
                yield Problem((*loc, name), found(fault, rule.params[name]))
        for name in rule.params:
            if name not in judges:
                yield Problem((*loc, name), _no_such_parameter(judges))
    for code in ENFORCED_RULE_CODES:
        rule = book.rules.get(code)
        if rule and rule.severity != "block":
            yield Problem(("rules", code, "severity"), '系统不能让同一人同时占两个名额，只能是 "block"')


def _no_such_parameter(judges: Iterable[str]) -> str:
    names = "、".join(judges)
    return f"这条规则没有这个参数，可写：{names}" if names else "这条规则没有参数，请删去"


@_check("rules", "survey_required")
def _survey(book: Book) -> Iterator[Problem]:
    rule = book.rules.get("survey_missing")
    if rule and not book.survey_required and rule.severity in ("block", "hold"):
        yield Problem(
            ("rules", "survey_missing", "severity"),
            'survey_required = false 时不能拦住申报，请写 "warn" 或 "off"',
        )


@_check("rules", "rate_card")
def _ceilings(book: Book) -> Iterator[Problem]:
    if book.rate_card.enabled:
        return
    for code in ("over_ceiling_line", "over_ceiling_total", "lecture_over", "travel_days"):
        rule = book.rules.get(code)
        if rule and rule.severity != "off":
            yield Problem(("rules", code, "severity"), '未启用综合定额，这条应为 "off"')
