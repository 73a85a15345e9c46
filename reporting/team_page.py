"""ARR by team or territory as its page and its file show it."""

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict

from metrics.engine.teams import COLUMNS, NOT_ASSIGNED
from metrics.models import AssignmentKind, Recognition
from metrics.selectors.books import page_heads
from metrics.selectors.figures import BookHead
from metrics.selectors.periods import Period, period_label
from metrics.selectors.teams import TeamBridge, TeamRow, assignments_list, team_bridge_get
from portal.lib.money import Scale, unit_text
from portal.lib.spreadsheets import harmless
from portal.tenancy.models import Client
from reporting.arr_page import DEFAULT_MONTHS, choice, month_filter, several
from reporting.arr_query import ArrQuery, Reader
from reporting.bridge_view import LABELS

TEAM_LABELS: Final = {
    "beginning": LABELS["beginning"],
    "transfer_in": "Transfer in",
    "transfer_out": "Transfer out",
    **{name: label for name, label in LABELS.items() if name != "beginning"},
}
STANDS: Final = ("beginning", "ending")
STATED: Final = {"closed": "as closed", "mixed": "partly closed"}


@dataclass(frozen=True)
class TeamQuery:
    """The page's question: months, grain, basis and scale as the ARR page has them, which kind, and which of its groups."""

    arr: ArrQuery
    kind: str = AssignmentKind.TEAM.value
    groups: tuple[str, ...] = ()

    @classmethod
    def from_parameters(cls, given: QueryDict, usual_scale: Scale = "thousands") -> "TeamQuery":
        """A value that makes no sense is left out rather than refused."""
        arr = plain(ArrQuery.from_parameters(given, usual_scale))
        groups = tuple(sorted({name for name in given.getlist("group") if name and "\0" not in name}))
        kind = given.get("kind", "")
        return cls(arr, kind if kind in AssignmentKind.values else AssignmentKind.TEAM.value, groups[:100])

    def address(self, base: str) -> str:
        """The address of this question."""
        more = QueryDict(mutable=True)
        more.setlist("group", list(self.groups))
        if self.kind != AssignmentKind.TEAM:
            more["kind"] = self.kind
        address = self.arr.address(base)
        return address + ("&" if "?" in address else "?") + more.urlencode() if more.urlencode() else address


def plain(arr: ArrQuery) -> ArrQuery:
    """A question of the ARR page without what this page cannot ask: filters, another split, closed months as they stand now."""
    return arr.having(by="total", reported=True, filters={})


def team_bridge_for(client: Client, query: TeamQuery, head: BookHead | None = None) -> TeamBridge:
    """The bridge that a question asks for."""
    arr = query.arr
    basis = head or arr.recognition or None
    return team_bridge_get(client, query.kind, basis, arr.first, arr.last, arr.grain, query.groups)


def team_context(client: Client, query: TeamQuery, reader: Reader, arr_base: str) -> dict[str, Any]:
    """The template context of the page; without numbers or assignments it says what to do first."""
    heads = page_heads(client)
    head = heads.get(query.arr.recognition) or next(head for head in heads.values() if head.is_policys_own)
    context = {
        "head": head,
        "currency": client.currency,
        "scale": query.arr.scale,
        "kind": AssignmentKind(query.kind),
        "keep": {"kind": query.kind},
        "has_any": assignments_list().exists(),
        "filters": filters_of(query, head, reader),
        "segments": switches_of(query, head),
    }
    if not head.has_numbers or not context["has_any"]:
        return context
    shown = shown_months(query, head)
    bridge = team_bridge_for(client, shown, head)
    export = {"export_url": shown.address(f"{reader.base}bridge.csv")}
    tables = tables_of(bridge, query, reader, arr_base)
    return context | export | {"bridge": bridge, "tables": tables, "is_adjusted": is_adjusted(bridge)}


def shown_months(query: TeamQuery, head: BookHead) -> TeamQuery:
    """Twelve months up to the newest, unless the address says otherwise."""
    last = head.last_month if query.arr.last is None else query.arr.last
    assert last is not None
    first = last - DEFAULT_MONTHS + 1 if query.arr.first is None else query.arr.first
    return TeamQuery(query.arr.having(first=first, last=last), query.kind, query.groups)


def filters_of(query: TeamQuery, head: BookHead, reader: Reader) -> list[dict[str, Any]]:
    """The selects of the filter bar."""
    if not head.has_numbers:
        return []
    groups = sorted(set(assignments_list(query.kind).order_by().values_list("group", flat=True)))
    label = str(AssignmentKind(query.kind).label)
    return [
        month_filter("from", "From", query.arr.first, head, reader),
        month_filter("to", "To", query.arr.last, head, reader),
        choice("grain", "Period", [("month", "Month"), ("quarter", "Quarter"), ("year", "Year")], query.arr.grain),
        several("group", [*groups, NOT_ASSIGNED], query.groups) | {"label": label},
    ]


def switches_of(query: TeamQuery, head: BookHead) -> list[dict[str, Any]]:
    """The switches of the filter bar: basis and scale."""
    scales = [("full", "1"), ("thousands", "k"), ("millions", "m")]
    return [
        choice("basis", "Basis", list(Recognition.choices), query.arr.recognition or head.recognition),
        choice("scale", "Scale", scales, query.arr.scale) | {"end": True},
    ]


# --- tables -----------------------------------------------------------------------------------------------------------


def tables_of(bridge: TeamBridge, query: TeamQuery, reader: Reader, arr_base: str) -> list[dict[str, Any]]:
    """The whole span by group, and below it every period; of one period the first says it all."""
    if bridge.span is None or not bridge.spans:
        return []
    kind = str(AssignmentKind(bridge.kind).label)
    names = columns_of(bridge)
    unit = unit_text(bridge.head.currency, query.arr.scale)
    all_of = "All of these" if query.groups else "All teams" if kind == "Team" else "All territories"
    span = {
        "id": "team-span",
        "caption": f"Bridge by {kind.lower()}, {span_label(bridge, reader.locale)}",
        "unit": unit,
        "columns": columns([kind], names),
        "rows": [
            {"id": f"span-{place}", "cells": [group_cell(row, query, arr_base), *figures(row, names)]}
            for place, row in enumerate(bridge.spans)
        ],
        "total": {"id": "span-total", "cells": [all_of, *figures(bridge.span, names)]},
    }
    if len(bridge.periods) == 1:
        return [span]
    rows = period_rows(bridge, query, names, all_of, reader.locale, arr_base)
    by_period = {
        "id": "team-periods",
        "caption": f"By {bridge.grain}",
        "unit": unit,
        "columns": columns(["Period", kind], names),
        "rows": rows,
        "total": {"id": "total", "cells": ["All periods", all_of, *figures(bridge.span, names)]},
        "tall": len(rows) > 14,
    }
    return [span, by_period]


def period_rows(
    bridge: TeamBridge, query: TeamQuery, names: Sequence[str], all_of: str, locale: str, arr_base: str
) -> list[dict[str, Any]]:
    """Every period: all groups together, then each."""
    rows: list[dict[str, Any]] = []
    by_period: dict[Period, list[tuple[int, TeamRow]]] = defaultdict(list)
    for place, row in enumerate(bridge.rows):
        by_period[row.period].append((place, row))
    for total in bridge.totals:
        label = period_label(total.period, bridge.grain, locale)
        first = {"value": label, "note": STATED.get(total.state, "")}
        key = total.period.key
        rows.append({"id": key, "is_sum": True, "cells": [first, all_of, *figures(total, names)]})
        rows += [
            {"id": f"{key}-{place}", "cells": [label, group_cell(row, query, arr_base), *figures(row, names)]}
            for place, row in by_period[total.period]
        ]
    return rows


def columns_of(bridge: TeamBridge) -> list[str]:
    """The columns; the adjustment stands there only where there is one."""
    return [name for name in TEAM_LABELS if name != "adjustment" or is_adjusted(bridge)]


def is_adjusted(bridge: TeamBridge) -> bool:
    """Whether anything in it is an adjustment."""
    return any(row.adjustment for row in (*bridge.rows, *bridge.totals, *bridge.spans))


def columns(first: Sequence[str], names: Sequence[str]) -> list[dict[str, Any]]:
    """The heads of a table."""
    made: list[dict[str, Any]] = [{"label": label, "kind": "text"} for label in first]
    made += [{"label": TEAM_LABELS[name], "kind": "money" if name in STANDS else "signed"} for name in names]
    return [*made, {"label": "Customers", "kind": "count"}]


def group_cell(row: TeamRow, query: TeamQuery, arr_base: str) -> dict[str, Any]:
    """The name of a group, which leads to its representatives of the last month on the ARR page."""
    if not row.reps:
        return {"value": row.group}
    behind = query.arr.having(first=row.period.first, last=row.period.last, by="rep", filters={"rep": row.reps})
    return {"value": row.group, "href": behind.address(arr_base)}


def figures(row: TeamRow, names: Sequence[str]) -> list[Any]:
    """The figures of a row."""
    return [*(getattr(row, name) for name in names), row.customers_ending]


def span_label(bridge: TeamBridge, locale: str) -> str:
    """From the first to the last period."""
    ends = [period_label(period, bridge.grain, locale) for period in (bridge.periods[0], bridge.periods[-1])]
    return ends[0] if len(bridge.periods) == 1 else " to ".join(ends)


def team_bridge_csv(bridge: TeamBridge) -> str:
    """`month,team,beginning,transfer_in … customers_ending`, exact to the cent, by period and group.

    The first column is named after the grain, the second after the kind.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([bridge.grain, bridge.kind, *COLUMNS])
    for row in bridge.rows:
        writer.writerow([row.period.key, harmless(row.group), *(str(getattr(row, name)) for name in COLUMNS)])
    return text.getvalue()
