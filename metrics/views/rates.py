"""Exchange rates: where they come from, what is missing, and a client's own."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from metrics.forms import RatesForm
from metrics.selectors.own_rates import own_rates_lacking
from metrics.selectors.rates import rate_changes, rate_coverage, rate_gaps, rate_imports
from metrics.services.books import last_completed_month
from metrics.services.problems import ImportProblem
from metrics.services.rates import RatesRefused, rates_import, rates_remove
from metrics.views.tabs import data_tabs
from portal.lib.dates import dated_text
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import IMPORT_DATA, VIEW_DATA
from portal.tenancy.reader import locale_of

SHOWN_FAULTS = 200


@require_GET
@client_page(VIEW_DATA)
def rates(request: TenantRequest) -> HttpResponse:
    """Coverage by currency, the gap report, and the history of the client's own rates."""
    context = {
        "coverage": rate_coverage(request.client),
        "gaps": rate_gaps(request.client),
        "lacking": own_rates_lacking(request.client, last_completed_month(request.client, timezone.now())),
        "imports": rate_imports(),
        "changes": rate_changes(),
        "tabs": data_tabs(request, "data_rates"),
        "may_import": request.standing.may(IMPORT_DATA),
    }
    return render(request, "metrics/rates.html", context)


@require_http_methods(["GET", "POST"])
@client_page(IMPORT_DATA)
def upload(request: TenantRequest) -> HttpResponse:
    """Add and correct rates from a file; a file with a fault changes nothing."""
    form = RatesForm(request.POST or None, request.FILES or None)
    refused = None
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            done = rates_import(client=request.client, file=file, file_name=file.name, user=request.user)
        except RatesRefused as error:
            refused = error.faults
        except ImportProblem as error:
            form.add_error("file", str(error))
        else:
            counts = f"{done.added_count} added, {done.changed_count} changed, {done.unchanged_count} unchanged"
            messages.success(request, f"Rates loaded: {counts}.")
            say_what_lacks(request)
            return redirect("data_rates", client_slug=request.client.slug)
    context = {
        "form": form,
        "faults": refused.first(SHOWN_FAULTS) if refused else [],
        "fault_count": len(refused or []),
    }
    return render(request, "metrics/rates_upload.html", context, status=422 if form.errors or refused else 200)


def say_what_lacks(request: TenantRequest) -> None:
    """The months that the client's own rates leave without one."""
    client = request.client
    for lacking in own_rates_lacking(client, last_completed_month(client, timezone.now())):
        messages.warning(request, dated_text(lacking.text, locale_of(request)))


@require_POST
@client_page(IMPORT_DATA)
def remove(request: TenantRequest) -> HttpResponse:
    """Take all own rates of a currency away, so that the European Central Bank's count for it again."""
    try:
        done = rates_remove(
            client=request.client, currency=request.POST.get("currency", "").replace("\0", "")[:3], user=request.user
        )
    except ImportProblem as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{done.removed_count} {done.removed_currency} rates of your own were taken away.")
    return redirect("data_rates", client_slug=request.client.slug)
