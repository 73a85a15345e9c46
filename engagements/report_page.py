"""The final status report as page and paper show it: its content in tables and sentences, with where each comes from."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse

from engagements.models import Engagement
from engagements.selectors.report import report_content, report_get
from portal.tenancy import audit
from portal.tenancy.clock import paper_reader
from portal.tenancy.models import Client

SOURCES = {
    "agreed": ("Signatures under the newest final version of the definitions", "definitions"),
    "figures": ("The newest closed month as it was reported, under the policy of that close", "arr"),
    "variance": ("The reconciliation of the decided sources at that month's end", "reconciliation"),
}


@dataclass(frozen=True)
class ShownReport:
    """A report that was kept, or what it would be now (`number` 0)."""

    number: int
    content: dict[str, Any]
    sha256: str
    kept_at: datetime | None


def shown_report(engagement: Engagement, today: date) -> ShownReport:
    """The kept report of an engagement that has ended; of one under way, a preview."""
    kept = None if engagement.is_open else report_get(engagement)
    if kept is not None:
        return ShownReport(kept.number, kept.content, kept.sha256, kept.created_at)
    content = report_content(engagement, today, with_hours=False)
    return ShownReport(0, content, audit.digest(content), None)


def page_parts(content: dict[str, Any], slug: str, home: str, *, may_see_arr: bool) -> dict[str, Any]:
    """What the page shows beside the content itself: figures as numbers, and the links to where each part comes from."""
    return {
        "content": content,
        "figures": figures_of(content) if may_see_arr else None,
        "dates": dates_of(content),
        "sources": {
            name: {"text": text, "url": reverse(route, kwargs={"client_slug": slug})}
            for name, (text, route) in SOURCES.items()
        },
        "build_url": f"{home}build/",
        "gates_url": f"{home}checklists/",
        "risks_url": f"{home}risks/",
        "documents_url": f"{home}documents/",
    }


def figures_of(content: dict[str, Any]) -> dict[str, Any]:
    """The figures, read back from their text."""
    told = content["figures"]
    if "missing" in told:
        return {"missing": told["missing"]}
    numbers: dict[str, Any] = {name: decimal_of(told[name]) for name in ("arr", "nrr", "grr", "variance", "tolerance")}
    return {**told, **numbers, "month_end": date.fromisoformat(told["month_end"])}


def decimal_of(text: str | None) -> Decimal | None:
    """A decimal from its text."""
    return None if text is None else Decimal(text)


def dates_of(content: dict[str, Any]) -> dict[str, Any]:
    """The days of the report as dates."""
    told = content["engagement"]
    return {
        "as_of": date.fromisoformat(told["as_of"]),
        "starts_on": date.fromisoformat(told["starts_on"]),
        "gates": [(gate, day_of(gate["on"])) for gate in content["gates"]],
        "signatures": [(each, day_of(each["on"])) for each in content["agreed"].get("signatures", [])],
        "trainings": [(each, day_of(each["held_on"])) for each in content["taught"]],
        "follow_up": [(each["what"], day_of(each["on"])) for each in content["follow_up"]],
    }


def day_of(text: str) -> date | None:
    """A day from its text; None where there is none."""
    return date.fromisoformat(text) if text else None


def paper_context(shown: ShownReport, client: Client) -> dict[str, Any]:
    """The report for paper; all of it, as whoever gets it may see ARR."""
    return {
        "content": shown.content,
        "figures": figures_of(shown.content),
        "dates": dates_of(shown.content),
        "report": shown,
        "document_name": f"Final status report, {shown.content['engagement']['name']}",
        "client_name": shown.content["engagement"]["client"],
        "sha256": shown.sha256,
        "as_of": date.fromisoformat(shown.content["engagement"]["as_of"]),
        "currency": client.currency,
        "reader": paper_reader(client),
    }
