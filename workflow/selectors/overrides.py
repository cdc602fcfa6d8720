"""例外情况: who comes although a rule speaks against him, by whose word and for what reason (D2-24, S9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db.models import OuterRef, Q, Subquery

from rulebook.severity import Severity
from workflow.models import ClassPlan, Decision, Seat
from workflow.states import LIVE_SEATS, DecisionAction, RequestState, SeatState

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from org.selectors import Standing

_ASKED: Final = Q(exemption__isnull=False) & ~Q(exemption__state=RequestState.WITHDRAWN)
_EXPLAINED: Final = Q(
    findings__contains=[{"severity": Severity.WARN.value}],
    state__in=[*LIVE_SEATS, SeatState.COMPLETED, SeatState.UNFINISHED],
) & ~Q(explanation="")

#: Views of the report: key, title, what is in it.
VIEWS: Final = (
    ("", "全部", _ASKED | _EXPLAINED),
    ("approved", "批准的例外", Q(exemption__state=RequestState.APPROVED)),
    ("open", "审批中", Q(exemption__state__in=(RequestState.REVIEWING, RequestState.RETURNED))),
    ("refused", "未获同意", Q(exemption__state=RequestState.REFUSED)),
    ("explained", "说明后报名", _EXPLAINED & ~_ASKED),
)


def overrides(standing: Standing, *, view: str = "", year: int | None = None, q: str = "") -> QuerySet[Seat]:
    """The seats of classes one sees whole that went beyond a rule, the latest first.

    ``decided_by``, ``decided_at`` and ``opinion``: the last word on the exemption, None where there is none.
    """
    plans = ClassPlan.objects.visible_to(standing).order_by()
    if year is not None:
        plans = plans.filter(year=year)
    last = Decision.objects.filter(
        request=OuterRef("exemption"), action__in=(DecisionAction.AGREE, DecisionAction.REFUSE)
    ).order_by("-at", "-id")
    rows = Seat.objects.filter(run__plan__in=plans.values("pk")).filter(
        next(held for key, _, held in VIEWS if key == view)
    )
    if q:
        rows = rows.filter(
            Q(name__icontains=q) | Q(unit__name__icontains=q) | Q(run__plan__name__icontains=q)
        )
    return (
        rows.select_related("run__plan", "unit", "exemption")
        .annotate(
            decided_by=Subquery(last.values("actor_name")[:1]),
            decided_at=Subquery(last.values("at")[:1]),
            opinion=Subquery(last.values("opinion")[:1]),
        )
        .order_by("-nominated_at", "-pk")
    )


def years(standing: Standing) -> list[int]:
    """The years of the classes one sees whole, the latest first; one query."""
    found = ClassPlan.objects.visible_to(standing).filter(runs__isnull=False).order_by()
    return sorted(set(found.values_list("year", flat=True).distinct()), reverse=True)
