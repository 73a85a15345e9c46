"""The sample contracts: expected and computed, and the one form in which they are chosen and changed."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from metrics.models import SampleContract
from metrics.reconciliation_forms import SampleFormSet, sample_initial
from metrics.selectors.month_ends import newest_month
from metrics.selectors.policies import policy_latest
from metrics.selectors.samples import contract_search, samples_agree, samples_get
from metrics.services.samples import MOST_SAMPLES, SampleEntry, SampleProblem, samples_save
from metrics.views.tabs import data_tabs, number_of
from portal.lib.periods import month_format
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import RECONCILE, VIEW_DATA
from portal.tenancy.reader import locale_of

PREFIX = "samples"


@require_GET
@client_page(VIEW_DATA)
def bench(request: TenantRequest) -> HttpResponse:
    """Every sample: what is expected, what the engine says, and why."""
    found = samples_get(request.client)
    context = {
        "bench": found,
        "check": samples_agree(request.client),
        "version": policy_latest(),
        "currency": found.currency,
        "tabs": data_tabs(request, "samples"),
        "may_reconcile": request.standing.may(RECONCILE),
    }
    return render(request, "metrics/samples.html", context)


@require_http_methods(["GET", "POST"])
@client_page(RECONCILE)
def change(request: TenantRequest) -> HttpResponse:
    """Search, add and remove contracts and enter what is expected; only the button Save writes anything."""
    options = {"currency": request.client.currency, "locale": locale_of(request)}
    if request.method != "POST":
        initial = [sample_initial(entry_of(row), **options) for row in SampleContract.objects.all()]
        forms = SampleFormSet(initial=initial, form_kwargs=options, prefix=PREFIX)
        return form_page(request, forms, "")
    text = request.POST.get("q", "")[:200].replace("\0", "")
    if added := request.POST.get("add", ""):
        data = with_row(request, added)
        return form_page(request, SampleFormSet(data, form_kwargs=options, prefix=PREFIX), text)
    forms = SampleFormSet(request.POST, form_kwargs=options, prefix=PREFIX)
    if "find" in request.POST:
        return form_page(request, forms, text)
    problem = "" if forms.is_valid() else "Nothing is saved yet: correct what is marked."
    if not problem:
        entries = [form.entry() for form in forms if form.is_kept]
        try:
            saved = samples_save(client=request.client, entries=entries, user=request.user)
        except SampleProblem as error:
            problem = str(error)
        else:
            are = "1 sample is" if len(saved) == 1 else f"{len(saved)} samples are"
            messages.success(request, f"{are} saved. The audit log has the change with your name.")
            return redirect("samples", client_slug=request.client.slug)
    return form_page(request, forms, text, problem)


def entry_of(row: SampleContract) -> SampleEntry:
    """A stored sample as an entry."""
    return SampleEntry(row.contract_id, row.month, row.expected, row.note)


def with_row(request: TenantRequest, contract: str) -> Any:
    """What was sent, with a row for one more contract at the newest month end."""
    data = request.POST.copy()
    count = number_of(data.get(f"{PREFIX}-TOTAL_FORMS"))
    if count < MOST_SAMPLES:
        newest = newest_month(request.client)
        data[f"{PREFIX}-{count}-contract_id"] = contract[:200].replace("\0", "")
        data[f"{PREFIX}-{count}-month"] = month_format(newest) if newest is not None else ""
        data[f"{PREFIX}-TOTAL_FORMS"] = str(count + 1)
    return data


def form_page(request: TenantRequest, forms: Any, text: str, problem: str = "") -> HttpResponse:
    """The form with what was entered, and what a search found that is not in it yet."""
    chosen = {form["contract_id"].value() for form in forms}
    context = {
        "forms": forms,
        "q": text,
        "found": [each for each in contract_search(text) if each.contract_id not in chosen],
        "is_full": len(chosen) >= MOST_SAMPLES,
        "problem": problem,
        "currency": request.client.currency,
    }
    return render(request, "metrics/samples_change.html", context, status=422 if problem else 200)
