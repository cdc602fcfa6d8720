"""viewflow's own site with the one flow."""

from __future__ import annotations

from django.urls import path
from viewflow.contrib.auth import AuthViewset
from viewflow.urls import Site
from viewflow.workflow.flow import FlowAppViewset

from bench.stock.flows import ApproveFlow

site = Site(title="bench", viewsets=[FlowAppViewset(ApproveFlow, icon="task")])
urlpatterns = [path("accounts/", AuthViewset(with_profile_view=False).urls), path("", site.urls)]
