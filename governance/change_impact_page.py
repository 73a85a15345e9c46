"""The impact on the page of a change request: its state, the finding, tables, customers, and what it touches.

Amounts are for who may see the client's numbers; everybody else who may see the request reads what changes in words.
"""

from typing import Any, Final
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse

from governance.change_content import rule_name
from governance.change_impact import TOUCHED, Impact
from governance.change_impact_limits import alerts_told, limits_told
from governance.change_impact_tables import (
    Shown,
    bridge_rows,
    changes_table,
    groups_table,
    impact_chart,
    months_table,
)
from governance.change_impact_words import (
    closed_told,
    customer_rows,
    finding,
    kept_told,
    metric_rows,
    recognition_told,
    window_finding,
    window_title,
)
from governance.effect_words import largest_words
from governance.models import ChangePreview, ChangeRequest, PreviewState
from governance.selectors.change_previews import is_of_earlier_shape, newest_preview, preview_standing
from governance.selectors.changes import DECIDED
from metrics.selectors.periods import Grain, Period
from portal.lib.dates import month_text
from portal.lib.periods import month_format
from portal.tenancy.access import TenantRequest
from portal.tenancy.permissions import REQUEST_CHANGES, VIEW_ARR
from portal.tenancy.reader import locale_of

SPLITS: Final = (("total", "Total"), ("segment", "Segment"), ("region", "Region"), ("product", "Product"))
GRAINS: Final[tuple[tuple[Grain, str], ...]] = (("month", "Month"), ("quarter", "Quarter"))


def impact_section(request: TenantRequest, change: ChangeRequest) -> dict[str, Any]:
    """The part of a request's page: what `templates/governance/changes/_impact.html` shows."""
    newest = newest_preview(change)
    shown, standing = change.preview, preview_standing(change)
    is_decided = change.state in DECIDED
    made = {
        "state": state_of(newest, shown, standing, is_decided=is_decided),
        "newest": newest,
        "preview": shown,
        "is_decided": is_decided,
        "is_content_other": shown is not None and shown.content_sha256 != change.content_sha256,
        "is_earlier_shape": shown is not None and is_of_earlier_shape(shown),
        "may_see": request.standing.may(VIEW_ARR),
        "may_start": request.standing.may(REQUEST_CHANGES) and not is_decided,
        **addresses(request, change),
    }
    if shown is None or shown.result is None:
        return made
    impact = Impact(shown.result)
    if not made["may_see"]:
        return made | {
            "clauses": impact.book["changed"] if impact.book else [],
            "touched": touched_told(request, impact),
        }
    rights = largest_words(change, request.client.currency, locale_of(request)) if is_current(made) else ""
    return made | shown_context(request, impact) | {"rights": rights}


def state_of(
    newest: ChangePreview | None, shown: ChangePreview | None, standing: ChangePreview | None, *, is_decided: bool
) -> str:
    """`none`, `working`, `failed`, `outdated`, or `current` (also of a decided request: as it was shown)."""
    if newest is None:
        return "none"
    if newest.state == PreviewState.WORKING and not is_decided:
        return "working"
    if newest.state == PreviewState.FAILED and standing is None:
        return "failed"
    if shown is None:
        return "none"
    return "current" if standing is not None or is_decided else "outdated"


def is_current(made: dict[str, Any]) -> bool:
    """Whether what is shown is what the board decides by, or decided by."""
    return bool(made["state"] == "current")


def addresses(request: TenantRequest, change: ChangeRequest) -> dict[str, str]:
    """Where a request's impact is started, watched and taken away."""
    named = {"client_slug": request.client.slug, "number": change.number}
    return {
        "page_url": reverse("change", kwargs=named),
        "start_url": reverse("change_impact_start", kwargs=named),
        "poll_url": reverse("change_impact_progress", kwargs=named),
        "csv_url": reverse("change_impact_customers", kwargs=named) if change.kind == "policy" else "",
    }


def shown_context(request: TenantRequest, impact: Impact) -> dict[str, Any]:
    """Everything that is told in figures."""
    asked, locale = request.GET, locale_of(request)
    grain: Grain = "quarter" if asked.get("impact_grain") == "quarter" else "month"
    shown = Shown(impact, grain, request.client.fiscal_year_start, locale)
    alerts = alerts_told(shown)
    metrics = [] if alerts else metric_rows(shown)  # thresholds move no figure: what they do is ring
    made = {
        "finding": finding(shown),
        "limits": limits_told(shown),
        "alerts": alerts,
        "currency": shown.currency,
        "moves": impact.moves,
        "notes": impact.content["notes"],
        "metrics": metrics,
        "kept": kept_told(shown),
        "metrics_moved": sum(bool(row["months"]) for row in metrics),
        "metrics_differ": any(row["months"] for row in metrics),
        "is_retired": any("successor" in each for each in impact.content["metrics"]),
        "touched": touched_told(request, impact),
        "sha256": impact.sha256,
    }
    if impact.book is None:
        return made
    return made | book_context(request, shown)


def book_context(request: TenantRequest, shown: Shown) -> dict[str, Any]:
    """Of changed parameters: months, groups, bridge, chart, customers and closed months."""
    impact, asked = shown.impact, request.GET
    by = asked.get("impact_by", "") if asked.get("impact_by") in dict(SPLITS) else "total"
    period = chosen_period(shown, asked.get("impact_month", ""))
    customers, end = impact.content["customers"], impact.content["headline"]["month"]
    made: dict[str, Any] = {
        "clauses": impact.book["changed"] if impact.book else [],
        "recognition": recognition_told(shown),
        "by": by,
        "is_chosen": any(name.startswith("impact_") for name in asked),
        "splits": switch(request, "impact_by", by, SPLITS),
        "grains": switch(request, "impact_grain", shown.grain, GRAINS),
        "periods": [
            {"value": month_format(each.last), "label": shown.label(each), "selected": each == period}
            for each in reversed(shown.periods)
        ],
        "period": shown.label(period) if period else "",
        "end": month_text(end, shown.locale) if end is not None else "",
        "reason": impact.book["reason"] if impact.book else "",
        "customers": customers,
        "at_end": with_why(request, customer_rows(shown, customers["at_end"], at_end=True)),
        "window_title": window_title(shown),
        "in_window": with_why(request, customer_rows(shown, customers["in_window"], at_end=False)),
        "closed": closed_told(shown),
    }
    if period is None:
        return made
    made["bridge"] = bridge_rows(shown, period)
    made["chart"] = impact_chart(shown, window_finding(shown))
    if by == "total":
        return made | {"table": months_table(shown)}
    return made | {"table": groups_table(shown, by, period), "changes": changes_table(shown, by)}


def chosen_period(shown: Shown, asked: str) -> Period | None:
    """The period that is asked for; else the newest if ARR differs then, or the one in which it differs most."""
    periods = shown.periods
    if not periods:
        return None
    wanted = [each for each in periods if month_format(each.last) == asked]
    differing = [each for each in periods if shown.differs(each)]
    newest = shown.impact.effect[0] if shown.impact.effect and shown.impact.effect[1] else None
    most = [each for each in periods if newest is not None and each.first <= newest <= each.last]
    at_end = [each for each in periods[-1:] if shown.change("ending", each)["value"]]
    return (wanted or at_end or most or differing[-1:] or periods[-1:])[0]


def switch(request: TenantRequest, name: str, chosen: str, options: Any) -> list[dict[str, Any]]:
    """The links of a switch, which keep what else was chosen."""
    kept = {key: value for key, value in request.GET.items() if key.startswith("impact_") and key != name}
    return [
        {"label": label, "url": f"?{urlencode({**kept, name: value})}#impact", "active": value == chosen}
        for value, label in options
    ]


def with_why(request: TenantRequest, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each customer with the address of the drawer that explains its figure as it is now."""
    base = reverse("arr", kwargs={"client_slug": request.client.slug})
    for row in rows:
        month = month_format(row["ordinal"])
        asked = {"to": month, "why": f"customer:{month}:{row['customer']}"}
        row["url"] = f"{base}?{urlencode(asked)}"
    return rows


def touched_told(request: TenantRequest, impact: Impact) -> list[dict[str, Any]]:
    """What the change touches, by kind, with the way to each where the reader may go there."""
    made = []
    for kind, title in TOUCHED.items():
        rows = [row for row in impact.content["touched"] if row["kind"] == kind]
        if rows:
            told = [{**row, "label": thing_label(row), "url": address_of(request, row)} for row in rows]
            made.append({"title": title, "rows": told})
    return made


def thing_label(row: dict[str, Any]) -> str:
    """What a touched thing is called; of a rule about quotas or pay a preview keeps the key."""
    return rule_name(row["label"]) if row["kind"] == "quota" else str(row["label"])


def address_of(request: TenantRequest, row: dict[str, Any]) -> str:
    """The page of a touched thing within the client; empty where it has none."""
    if not row["url_name"]:
        return ""
    try:
        return reverse(row["url_name"], kwargs={"client_slug": request.client.slug, **row["url_args"]})
    except NoReverseMatch:
        return ""  # the page has gone since the preview was made
