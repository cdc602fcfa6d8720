"""Every page of the call-up; each room lists its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.views import (
    callup_adding,
    callup_attendance,
    callup_correct,
    callup_feedback,
    callup_notice,
    callup_overrides,
    callup_papers,
    callup_quota,
    callup_rosters,
    callup_seat,
    callup_seats,
    callup_units,
)

if TYPE_CHECKING:
    from django.urls import URLPattern

urlpatterns: list[URLPattern] = [
    *callup_overrides.urlpatterns,
    *callup_quota.urlpatterns,
    *callup_notice.urlpatterns,
    *callup_seats.urlpatterns,
    *callup_adding.urlpatterns,
    *callup_seat.urlpatterns,
    *callup_correct.urlpatterns,
    *callup_papers.urlpatterns,
    *callup_attendance.urlpatterns,
    *callup_feedback.urlpatterns,
    *callup_units.urlpatterns,
    *callup_rosters.urlpatterns,
]
