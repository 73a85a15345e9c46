"""What the pages show on which a change is asked for: the kinds to choose from, the form of one, and what is alike."""

import json
from typing import Any, Final

from django.urls import reverse

from governance.board_words import joined
from governance.change_content import ContentFault, Held
from governance.change_forms import FORMS, PARAMETERS, Ground, MetricWishForm, PolicyWishForm, WishForm
from governance.metric_content import Content, content_clean
from governance.metric_editor import AHEAD, editor_context
from governance.metric_page import filters_of, is_wanted
from governance.metric_uses import pages_used
from governance.models import ChangeKind, ChangeRequest, Function, MetricStatus
from governance.outlook_page import may_need_told, outlook_context
from governance.selectors.board import board_now
from governance.selectors.board_outlook import lacks_for, lacks_of
from governance.selectors.change_duplicates import metrics_alike, twins_of
from governance.selectors.changes import held_now
from governance.selectors.library_drift import shipped_content
from governance.selectors.registry import Entry
from governance.services.registry import newest_closed
from metrics.selectors.books import book_head
from portal.tenancy.access import TenantRequest
from portal.tenancy.reader import locale_of

MOST_PAST: Final = 60
KINDS: Final = (
    (ChangeKind.POLICY, "A rule of the ARR policy", "When a contract counts, how late renewals are treated, which rates hold."),
    (ChangeKind.METRIC_CHANGE, "A metric that is in use", "Its definition, formula, unit, or who is accountable."),
    (ChangeKind.METRIC_NEW, "A new metric", "With its formula, tried on your own figures while it is written."),
    (ChangeKind.METRIC_RETIRE, "The end of a metric", "With the day on which it is last shown, and what replaces it."),
    (ChangeKind.THRESHOLD, "The thresholds of a metric", "From which value it deserves a look, or an alert."),
    (ChangeKind.QUOTA_RULE, "A quota rule", "How quotas or pay are set by metrics, in words."),
)  # fmt: skip
OF_A_METRIC: Final = (ChangeKind.METRIC_CHANGE, ChangeKind.METRIC_RETIRE, ChangeKind.THRESHOLD)


def kinds_context(request: TenantRequest) -> dict[str, Any]:
    """What may be asked for, and why the board could not decide it if the reader asked for it."""
    board = board_now()
    lacks = {kind: lacks_for(request.user, kind, board) for kind, *_ in KINDS}
    common = set(lacks.values())
    whole = common.pop() if len(common) == 1 else ()  # the same of every kind is said once
    kinds = [
        {
            "kind": kind,
            "label": label,
            "text": text,
            "lacks": "" if whole or not lacks[kind] else f"{joined(lacks[kind])}.",
        }
        for kind, label, text in KINDS
    ]
    return {"kinds": kinds, "outlook": outlook_context(request, whole)}


def choice_context(request: TenantRequest, kind: str) -> dict[str, Any]:
    """The metrics that a request of a kind may be about, by who is accountable; search and filter leave some of them."""
    held = held_now(request.client)
    entries = [each for each in held.registry.entries.values() if may_be_about(kind, each)]
    wanted = sorted((each for each in entries if is_wanted(each, request.GET)), key=lambda each: each.name.casefold())
    groups = [
        {"name": name, "label": label, "entries": [each for each in wanted if each.content["function"] == name]}
        for name, label in Function.choices
    ]
    return {
        "kind": kind, "kind_label": label_of(kind), "total": len(entries), "shown": len(wanted),
        "groups": [group for group in groups if group["entries"]], "search": request.GET.get("q", "")[:80],
        "filters": [each for each in filters_of(request.GET) if each["name"] == "function"],
    }  # fmt: skip


def may_be_about(kind: str, entry: Entry) -> bool:
    """Whether a request of a kind makes sense for a metric."""
    if kind == ChangeKind.METRIC_RETIRE:
        return entry.metric.status in (MetricStatus.ACTIVE, MetricStatus.DEPRECATED)
    return entry.is_standing


def label_of(kind: str) -> str:
    """A kind as the pages call it."""
    return next(label for each, label, _ in KINDS if each == kind)


def months_of(held: Held) -> tuple[list[int], list[int]]:
    """Months from which something may hold: those that are open, and those that are closed, the newest first."""
    closed, now = newest_closed(), held.registry.month
    first_open = closed + 1 if closed is not None else now
    first_open = max(first_open, now - AHEAD)
    first = book_head(held.registry.client).first_month
    if closed is None or first is None:
        return list(range(first_open, now + AHEAD + 1)), []
    return list(range(first_open, max(first_open, now) + AHEAD + 1)), list(
        range(closed, max(first, closed - MOST_PAST) - 1, -1)
    )


def wish_form(
    request: TenantRequest, kind: str, *, about: str = "", change: ChangeRequest | None = None, data: Any = None,
    filed: str = "",
) -> WishForm:  # fmt: skip
    """The form of a kind: empty, as a request was written, with what a file says of a metric, or with what was sent."""
    held = held_now(request.client)
    open_months, closed = months_of(held)
    key = change.content.get("key", "") if change and kind != ChangeKind.POLICY else about
    preview = f"{reverse('metric_preview', kwargs={'client_slug': request.client.slug})}?key={key}"
    echo = reverse("figure_understood", kwargs={"client_slug": request.client.slug})
    entry = held.registry.entries.get(key)
    begun = shipped_content(entry) if entry is not None and "library" in request.GET else None
    if entry is not None and filed:
        begun = filed_content(entry, filed, request.client.currency)
    has_numbers = book_head(request.client).has_numbers
    ground = Ground(held, open_months, closed, preview, echo, locale_of(request), has_numbers, begun)
    return FORMS[kind](data, ground=ground, about=key, change=change)


def filed_content(entry: Entry, filed: str, currency: str) -> Content | None:
    """The newest content of a metric with the fields that a file says otherwise (JSON); None for what is no content."""
    try:
        said = json.loads(filed)
        return content_clean({**entry.newest, **said}, currency) if isinstance(said, dict) else None
    except (ValueError, RecursionError):  # ContentError is a ValueError
        return None


def form_context(request: TenantRequest, form: WishForm) -> dict[str, Any]:
    """A form with what stands beside it: present values, the preview of a formula, uses of a metric, what is alike."""
    slug = {"client_slug": request.client.slug}
    change = form.change
    entry = form.ground.held.registry.entries.get(form.about) if form.kind in OF_A_METRIC else None
    cancel = reverse("change", kwargs={**slug, "number": change.number}) if change else reverse("changes", kwargs=slug)
    context: dict[str, Any] = {
        "form": form,
        "kind": form.kind,
        "kind_label": label_of(form.kind),
        "change": change,
        "entry": entry,
        "cancel_url": cancel,
        "outlook": outlook_context(request, lacks_of(change) if change else lacks_for(request.user, form.kind)),
        "may_need": may_need_told(request, form.kind),
        **alike(form),
        "own": change.number if change else None,
    }
    if isinstance(form, PolicyWishForm):
        asked = asked_already(change)
        context["clauses"] = [clause | {"requests": asked.get(clause["field"].name, [])} for clause in form.clauses()]
    if isinstance(form, MetricWishForm):
        context |= editor_context(request, form, entry)
    if form.kind == ChangeKind.METRIC_RETIRE and entry is not None:
        registry = form.ground.held.registry
        context |= {
            "dependants": [registry.entries[key] for key in registry.named_from_now_on(entry.key)],
            "pages": pages_used(request.standing, entry.key, form.ground.held.today),
        }
    return context


def asked_already(leave: ChangeRequest | None) -> dict[str, list[ChangeRequest]]:
    """By parameter of the policy the open requests that would change it, told before anything is typed."""
    parameters: dict[str, Any] = dict.fromkeys(PARAMETERS)
    found: dict[str, list[ChangeRequest]] = {}
    for twin in twins_of(ChangeKind.POLICY, {"parameters": parameters}, "", leave.pk if leave else None):
        for name in twin.change.content.get("parameters", {}):
            found.setdefault(name, []).append(twin.change)
    return found


def alike(form: WishForm) -> dict[str, Any]:
    """Open requests that may ask for the same as a form that is being written, and metrics that are computed so already."""
    if not form.is_bound and form.change is not None:
        return {"twins": twins_of(form.kind, form.change.content, form.change.title, form.change.pk)}
    if not form.is_bound:  # what it is about may be asked for already
        about = {"parameters": {form.about: None}} if form.kind == ChangeKind.POLICY else {"key": form.about}
        return {"twins": twins_of(form.kind, about, "") if form.about else []}
    form.is_valid()
    title = str(form.cleaned_data.get("title", ""))
    leave = form.change.pk if form.change else None
    try:
        content = form.settled_content()
    except (KeyError, ContentFault):
        content = {"parameters": {}} if form.kind == ChangeKind.POLICY else {"key": form.about or " "}
    return {
        "twins": twins_of(form.kind, content, title, leave),
        "metrics_alike": metrics_alike(form.ground.held.registry, form.kind, content),
    }
