"""Putting an approved change on its way, and the ledger of what was restated."""

import csv
import datetime as dt

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_POST

from governance.effect_page import LEDGER_COLUMNS, ledger_context, ledger_rows
from governance.selectors.restatements import ledger_get
from governance.services.change_effect import change_schedule, effect_accept, effect_retry
from governance.services.problems import DefinitionError
from governance.views.changes import done
from metrics.models import Recognition
from portal.lib.spreadsheets import harmless
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import TRIAGE_CHANGES, VIEW_ARR, VOTE_CHANGES
from portal.tenancy.step_up import recently_authenticated


@require_POST
@client_page(TRIAGE_CHANGES)
def change_plan(request: TenantRequest, number: int) -> HttpResponse:
    """Schedule what was approved."""
    return done(
        request, number, "Scheduled. It takes effect by itself as soon as nothing stands in its way.",
        lambda found: change_schedule(client=request.client, request=found, user=request.user, now=now()),
    )  # fmt: skip


@require_POST
@client_page(VOTE_CHANGES)
@recently_authenticated
def change_accept(request: TenantRequest, number: int) -> HttpResponse:
    """Let it take effect with another effect than the approved one, which was shown."""
    text = request.POST.get("cents", "")
    if not text.removeprefix("-").isdigit() or not text.isascii() or len(text) > 18:
        return done(request, number, "", lambda found: refused("say which effect you were shown"))
    return done(
        request, number, "It takes effect all the same, and the difference stays beside it.",
        lambda found: effect_accept(client=request.client, request=found, cents=int(text), user=request.user, now=now()),
    )  # fmt: skip


@require_POST
@client_page(TRIAGE_CHANGES)
def change_retry(request: TenantRequest, number: int) -> HttpResponse:
    """Try restatements once more that failed."""
    return done(
        request, number, "The restatements are tried once more.",
        lambda found: effect_retry(client=request.client, request=found, user=request.user, now=now()),
    )  # fmt: skip


@require_GET
@client_page(VIEW_ARR)
def restatements(request: TenantRequest) -> HttpResponse:
    """Every restatement and every changed definition: what, why, by which decision, by whom, by how much."""
    return TemplateResponse(request, "governance/restatements.html", ledger_context(request))


@require_GET
@client_page(VIEW_ARR)
def restatements_csv(request: TenantRequest) -> HttpResponse:
    """The restatements as a file, exact to the cent."""
    basis = request.GET.get("basis", "")
    ledger = ledger_get(request.client, basis if basis in Recognition.values else None)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{request.client.slug}-restatements.csv"'
    writer = csv.writer(response, lineterminator="\n")
    writer.writerow(LEDGER_COLUMNS)
    texts = {LEDGER_COLUMNS.index(name) for name in ("why", "reason", "by")}
    for row in ledger_rows(ledger):
        writer.writerow([harmless(cell) if place in texts else cell for place, cell in enumerate(row)])
    return response


def now() -> dt.datetime:
    """This instant: jobs are given theirs, pages take it."""
    return dt.datetime.now(dt.UTC)


def refused(reason: str) -> None:
    """Nothing is done, and the page says why."""
    raise DefinitionError(reason)
