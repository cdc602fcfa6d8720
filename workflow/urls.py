"""Every page of the process; each room of ``views`` lists its own."""

from __future__ import annotations

from workflow.views import (
    callup,
    commitments,
    consolidation,
    declare,
    desk_work,
    fund_years,
    imports,
    long_tasks,
    meeting,
    money,
    money_requests,
    overview,
    payments,
    people,
    people_import,
    plan,
    project,
    register,
    run_requests,
    runs,
    settlement,
    spending,
    spending_prints,
    training_life,
)

app_name = "workflow"

urlpatterns = [
    *desk_work.urlpatterns,
    *plan.urlpatterns,
    *declare.urlpatterns,
    *imports.urlpatterns,
    *long_tasks.urlpatterns,
    *consolidation.urlpatterns,
    *meeting.urlpatterns,
    *money.urlpatterns,
    *money_requests.urlpatterns,
    *fund_years.urlpatterns,
    *overview.urlpatterns,
    *project.urlpatterns,
    *spending.urlpatterns,
    *payments.urlpatterns,
    *commitments.urlpatterns,
    *spending_prints.urlpatterns,
    *runs.urlpatterns,
    *run_requests.urlpatterns,
    *callup.urlpatterns,
    *settlement.urlpatterns,
    *training_life.urlpatterns,
    *register.urlpatterns,
    *people.urlpatterns,
    *people_import.urlpatterns,
]
