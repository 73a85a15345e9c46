"""The ARR page, its drawers, and its export."""

from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from governance.selectors.figure_disputes import Mark, disputed_marks
from governance.selectors.signoff import signed_policy
from metrics.memory import Memory, answers_kept
from metrics.selectors.books import book_head
from metrics.selectors.closes import policy_of_month
from metrics.selectors.stamp import numbers_stamp
from portal.lib.paper import SIZES, PaperError, paper_size
from portal.lib.periods import last_day, month_parse
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import IMPORT_DATA, RAISE_DISPUTES, VIEW_ARR
from portal.tenancy.reader import locale_of
from reporting.arr_page import arr_context, bridge_for
from reporting.arr_paper import arr_paper
from reporting.arr_query import ArrQuery, Reader, usual_scale
from reporting.break_notes import noted, rows_noted
from reporting.bridge_view import LABELS, figure_columns, segment_rows
from reporting.dispute_marks import cut_of, drawer_dispute, mark_rows, marked, of_groups, row_notes
from reporting.exports import bridge_csv
from reporting.file_refusals import refusal_of
from reporting.metric_links import metric_links
from reporting.views.teams import rooms
from reporting.why_page import drawer_for


@dataclass(frozen=True)
class Page:
    """A drawn page: what its head needs, and its body."""

    head: dict[str, Any]
    body: SafeString


PAGES: Final[Memory[Page]] = Memory(60_000_000)  # characters of this process


@client_page(VIEW_ARR)
@answers_kept()
def arr(request: TenantRequest) -> HttpResponse:
    """The page; with `why`, the drawer over it, and the drawer alone where only that was asked for."""
    query = ArrQuery.from_parameters(request.GET, usual_scale(request.client))
    reader = Reader(locale_of(request), reverse("arr", kwargs={"client_slug": request.client.slug}))
    drawer = drawer_for(request.client, query, reader, request.GET)
    marks = disputed_marks()
    shown = {"drawer_template": drawer.template, **drawer.context} if drawer else {}
    if drawer:
        may_raise = request.standing.may(RAISE_DISPUTES)
        shown |= drawer_dispute(drawer.context, marks, query, request.client.slug, may_raise=may_raise)
        shown["metrics"] = metric_links(request.standing, drawer.context)
    if drawer and request.headers.get("HX-Target") == "drawer":
        return TemplateResponse(request, "reporting/_drawer.html", {"currency": request.client.currency, **shown})
    page = numbers_page(request, query, reader, marks)
    number, in_force = page.head["policy_number"], page.head["head"].policy_number
    shown |= {"signed": signed_policy(number), "signed_later": signed_policy(in_force) if in_force != number else None}
    shown |= {"numbers": page.body, "rooms": rooms(request, query)}
    return TemplateResponse(request, "reporting/arr.html", {**page.head, **shown})


def numbers_page(request: TenantRequest, query: ArrQuery, reader: Reader, marks: tuple[Mark, ...]) -> Page:
    """Filters and figures as finished markup, remembered until a number, a dispute, the question or the language changes."""
    may_import = request.standing.may(IMPORT_DATA)
    asked = (query.scale, query.ignored, *sorted(query.parameters().items()))
    key = (*numbers_stamp(request.client), reader, may_import, marks, *asked)
    return PAGES.get(key, lambda: drawn_page(request, query, reader, marks, may_import), lambda page: len(page.body))


def drawn_page(
    request: TenantRequest, query: ArrQuery, reader: Reader, marks: tuple[Mark, ...], may_import: bool
) -> Page:
    """The figures, computed and drawn now."""
    context = arr_context(request.client, query, reader) | {"may_import": may_import}
    marked(context, marks, query, request.client.slug)
    month = context.get("month")
    context["gap_title"] = "Some months cannot be valued" if month is not None else "Exchange rates are missing"
    body = render_to_string("reporting/_arr_body.html", context, request)
    head = {name: context.get(name) for name in ("head", "month", "export_url", "paper_url", "currency")}
    number = context["head"].policy_number
    if month is not None and query.reported:
        number = policy_of_month(context["head"], month)
    as_of = last_day(month) if month is not None else None
    return Page(head | {"as_of": as_of, "policy_number": number}, SafeString(body))


@client_page(VIEW_ARR)
def arr_rows(request: TenantRequest) -> HttpResponse:
    """The rows by segment that one row of the table opens into; nothing for an address that makes no sense."""
    query = ArrQuery.from_parameters(request.GET, usual_scale(request.client))
    try:
        first, last = (month_parse(text) for text in request.GET.get("span", "").split(":"))
    except ValueError:
        return HttpResponse()
    base = reverse("arr", kwargs={"client_slug": request.client.slug})
    shown = query.having(first=first, last=last, by="segment")
    bridge = rows_noted(request.client, shown, bridge_for(request.client, shown, query.recognition or None))
    names = [name for name in LABELS if name != "adjustment" or request.GET.get("adjusted")]
    rows = segment_rows(bridge, names, query, base)
    if (cut := cut_of(query)) is not None:
        mark_rows(bridge, rows, of_groups(disputed_marks(), bridge.head), cut, request.client.slug)
    context = {"columns": figure_columns("", names), "rows": rows, "parent": request.GET.get("parent", "")[:40]}
    return TemplateResponse(
        request,
        "reporting/_bridge_rows.html",
        context | {"currency": request.client.currency, "scale": query.scale},
    )


@client_page(VIEW_ARR)
def arr_bridge_csv(request: TenantRequest) -> HttpResponse:
    """The bridge that the page shows, exact to the cent."""
    query = ArrQuery.from_parameters(request.GET)
    head = book_head(request.client, query.recognition or None)
    if (refusal := refusal_of(query.ignored, head)) is not None:
        return refusal
    bridge, notes = noted(request.client, query, bridge_for(request.client, query, head))
    disputes = row_notes(bridge, disputed_marks(), query)
    response = HttpResponse(bridge_csv(bridge, notes, disputes), content_type="text/csv; charset=utf-8")
    split = f"-by-{query.by}" if query.by != "total" else ""
    name = (
        f"{request.client.slug}-{bridge.head.label}-{bridge.head.currency}-bridge{split}-by-{query.grain}.csv".lower()
    )
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@client_page(VIEW_ARR)
def arr_bridge_pdf(request: TenantRequest) -> HttpResponse:
    """The same on paper; back to the page, with the reason, where it is none to print."""
    query = ArrQuery.from_parameters(request.GET)
    size = request.GET.get("paper", "")
    try:
        if query.ignored:
            raise PaperError("; ".join(each.why for each in query.ignored))
        content = arr_paper(
            request.client, query, locale_of(request), size if size in SIZES else paper_size(request.client.locale)
        )
    except PaperError as error:
        messages.error(request, f"Nothing was set on paper: {error}.")
        return redirect(query.address(reverse("arr", kwargs={"client_slug": request.client.slug})))
    response = HttpResponse(content, content_type="application/pdf")
    name = f"{request.client.slug}-{query.recognition or 'arr'}-bridge-by-{query.grain}.pdf"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
