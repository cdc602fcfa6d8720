"""干部名册: the list, finding somebody by his document, the workbook."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from office.refusals import Refused
from org.excel.identity import read_identity
from org.models import Cadre
from org.selectors import reach
from org.services import take_out_identities
from org.states import CadreStatus
from workflow.excel.people import cadres_book
from workflow.forms.people import CadreFilter, PurposeForm
from workflow.selectors import people as select
from workflow.views import people_card, people_edit, people_forgotten
from workflow.views.common import DeskRequest, page_of, standing_of, workbook_file

if TYPE_CHECKING:
    from django.http import QueryDict
    from django.urls import URLPattern

    from org.models import Union
    from org.selectors import Reach
    from workflow.selectors.people import Listed

#: Text with so many digits together is a document's number, not a name: it never goes into an address.
_NUMBER = re.compile(r"\d{5}")
#: What a list is narrowed to beside a name.
NARROWED = ("unit", "scope", "status")
TONES = {
    CadreStatus.ACTIVE: "ok",
    CadreStatus.TRANSFERRED: "wait",
    CadreStatus.RETIRED: "off",
    CadreStatus.LEFT: "off",
    CadreStatus.DECEASED: "off",
}


class _Asked:
    """What the list is narrowed to; 404 for whoever sees no unit's cadres."""

    def __init__(self, request: DeskRequest, given: QueryDict) -> None:
        self.reach: Reach = reach(standing_of(request))
        self.units = select.units_seen(self.reach.seen)
        if not self.units:
            raise Http404
        self.form = CadreFilter({name: given.get(name, "") for name in NARROWED}, self.units)
        self.asked = {name: self.form.asked(name) for name in NARROWED}
        text = given.get("q", "").strip()[:60]
        self.asked["q"] = "" if _NUMBER.search(text) else text

    @property
    def unit(self) -> Union:
        """The unit asked for, else the first one sees."""
        return next((unit for unit in self.units if str(unit.pk) == self.asked["unit"]), self.units[0])

    def listed(self) -> Listed:
        """The rows."""
        status = self.asked["status"]
        return select.listed(
            self.unit,
            own=self.asked["scope"] == "own",
            status="" if status == "all" else status,
            q=self.asked["q"],
        )


@require_safe
def cadres(request: DeskRequest) -> HttpResponse:
    """The cadres of one's own units, or of those below."""
    asked = _Asked(request, request.GET)
    listed = asked.listed()
    page = page_of(request, listed.rows)
    context = {
        "form": asked.form,
        "unit": asked.unit,
        "page": page,
        "rows": [{"cadre": cadre, "tone": TONES[CadreStatus(cadre.status)]} for cadre in page],
        "narrowed": listed.narrowed,
        "most": select.MOST,
        "q": asked.asked["q"],
        "query": urlencode(asked.asked),
        "may_add": bool(asked.reach.kept or asked.reach.own),
        "may_take_out": request.user.has_perm("org.see_identity"),
        "changed": any(asked.asked[name] for name in ("scope", "q"))
        or asked.asked["status"] != CadreStatus.ACTIVE,
    }
    return render(request, "workflow/people/cadres.html", context)


@require_POST
def cadre_find(request: DeskRequest) -> HttpResponse:
    """A name to the list, a whole number straight to the person; a number never stands in an address."""
    text = unicodedata.normalize("NFKC", request.POST.get("q", "")).strip()[:60]
    if not _NUMBER.search(text):
        kept = {name: request.POST.get(name, "")[:20] for name in NARROWED}
        return redirect(f"{reverse('workflow:cadres')}?{urlencode({**kept, 'q': text})}")
    found = read_identity(text)
    if not found.number:
        messages.error(request, " ".join(problem.message + problem.mend for problem in found.problems))
        return redirect("workflow:cadres")
    cadre = _by_number(request, found.kind, found.number)
    if cadre is None:
        messages.info(request, "您能查看的范围内没有登记这个证件号码。")
        return redirect("workflow:cadres")
    return redirect("workflow:cadre", cadre.pk)


def _by_number(request: DeskRequest, kind: str, number: str) -> Cadre | None:
    """The one with that document; without a kind any of them may be meant."""
    seen = reach(standing_of(request))
    for cadre in Cadre.objects.with_identity(kind, number):
        if seen.sees(cadre.unit_path):
            return cadre
    return None


@require_safe
def cadres_export(request: DeskRequest) -> HttpResponse:
    """The list as a workbook, numbers masked."""
    asked = _Asked(request, request.GET)
    rows = list(asked.listed().rows[: select.MOST])
    return workbook_file(cadres_book(asked.unit.name, rows, {}), f"{asked.unit.name}干部名册")


@require_POST
def cadres_take_out(request: DeskRequest) -> HttpResponse:
    """The list with whole numbers, for whoever was trusted with them; leaves a line in the log."""
    asked = _Asked(request, request.POST)
    form = PurposeForm(request.POST if "purpose" in request.POST else None)
    if form.is_valid():
        rows = list(asked.listed().rows[: select.MOST])
        try:
            numbers = take_out_identities(
                cadres=rows,
                what=f"{asked.unit.name}干部名册",
                actor=request.user,
                at=timezone.now(),
                purpose=form.cleaned_data["purpose"],
            )
        except Refused as refused:
            form.add_error("purpose", str(refused))
        else:
            book = cadres_book(asked.unit.name, rows, numbers)
            return workbook_file(book, f"{asked.unit.name}干部名册（含证件号码）")
    ask = {
        "title": "导出完整证件号码",
        "text": f"导出{asked.unit.name}名册中当前所列人员的完整证件号码。"
        "导出人、时间、条数和事由会记入证件查看记录。",
        "action": request.path,
        "label": "导出",
        "hidden": list(asked.asked.items()),
        "cancel_url": f"{reverse('workflow:cadres')}?{urlencode(asked.asked)}",
        "form": form,
    }
    status = 422 if form.errors else 200
    return render(request, "workflow/ask.html", {"ask": ask}, status=status)


urlpatterns: list[URLPattern] = [
    path("people/", cadres, name="cadres"),
    path("people/find/", cadre_find, name="cadre_find"),
    path("people/export/", cadres_export, name="cadres_export"),
    path("people/take-out/", cadres_take_out, name="cadres_take_out"),
    *people_edit.urlpatterns,
    *people_card.urlpatterns,
    *people_forgotten.urlpatterns,
]
