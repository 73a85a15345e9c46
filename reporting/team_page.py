"""ARR by team or territory as its page shows it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict

from governance.dispute_links import mark_shown
from governance.selectors.figure_disputes import Mark
from metrics.engine.teams import COLUMNS, NOT_ASSIGNED
from metrics.models import AssignmentKind, Recognition
from metrics.selectors.books import page_heads
from metrics.selectors.figures import BookHead
from metrics.selectors.periods import SHOWN_MONTHS, Period, period_label
from metrics.selectors.teams import TeamBridge, TeamRow, assignments_list, team_bridge_get
from portal.lib.money import Scale, unit_text
from portal.tenancy.models import Client
from reporting.address_reading import AddressReading
from reporting.arr_page import choice, month_filter, several
from reporting.arr_query import ArrQuery, Reader
from reporting.break_notes import Notes
from reporting.bridge_view import AS_REPORTED, LABELS, figure_column, rounding_note
from reporting.team_file import TeamMarks, marks_of_teams

TEAM_LABELS: Final = {
    "beginning": LABELS["beginning"],
    "transfer_in": "Transfer in",
    "transfer_out": "Transfer out",
    **{name: label for name, label in LABELS.items() if name != "beginning"},
}
STATED: Final = {"closed": "as closed", "mixed": "partly closed"}


@dataclass(frozen=True)
class TeamQuery:
    """The page's question: months, grain, basis and scale as the ARR page has them, which kind, and which of its groups."""

    arr: ArrQuery
    kind: str = AssignmentKind.TEAM.value
    groups: tuple[str, ...] = ()

    @classmethod
    def from_parameters(cls, given: QueryDict, usual_scale: Scale = "thousands") -> "TeamQuery":
        """A value that makes no sense is left out rather than refused, and said to be so."""
        arr = plain(ArrQuery.from_parameters(given, usual_scale))
        reading = AddressReading(given)
        kind = reading.one_of("kind", AssignmentKind.values, "teams are") or AssignmentKind.TEAM.value
        groups = tuple(sorted({name for name in given.getlist("group") if name and "\0" not in name}))
        return cls(arr.having(ignored=arr.ignored + reading.ignored), kind, groups[:100])

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
    ignored = tuple(each for each in arr.ignored if each.name not in ("by", "view"))
    return arr.having(by="total", reported=True, filters={}, ignored=ignored)


def team_bridge_for(client: Client, query: TeamQuery, head: BookHead | None = None) -> TeamBridge:
    """The bridge that a question asks for."""
    arr = query.arr
    basis = head or arr.recognition or None
    return team_bridge_get(client, query.kind, basis, arr.first, arr.last, arr.grain, query.groups)


def team_context(
    client: Client, query: TeamQuery, reader: Reader, arr_base: str, disputed: Sequence[Mark] = ()
) -> dict[str, Any]:
    """The template context of the page; without numbers or assignments it says what to do first."""
    heads = page_heads(client)
    head = heads.get(query.arr.recognition) or next(head for head in heads.values() if head.is_policys_own)
    context = {
        "head": head,
        "currency": client.currency,
        "scale": query.arr.scale,
        "ignored": query.arr.ignored,
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
    notes = notes_for(bridge, query)
    marks = marks_of_teams(bridge, disputed, is_cut=bool(query.groups))
    told = Told(query, reader, arr_base, notes, marks, client.slug)
    tables = tables_of(bridge, told)
    footnotes = notes.footnotes(client.currency, reader.locale)
    shown_now = {"bridge": bridge, "tables": tables, "footnotes": footnotes, "is_adjusted": is_adjusted(bridge)}
    return context | export | shown_now


def notes_for(bridge: TeamBridge, query: TeamQuery) -> Notes:
    """What there is to say of the months of a bridge."""
    return Notes(breaks=bridge.marks.breaks, restated=bridge.marks.restated, is_filtered=bool(query.groups))


def shown_months(query: TeamQuery, head: BookHead) -> TeamQuery:
    """Twelve months up to the newest, unless the address says otherwise."""
    last = head.last_month if query.arr.last is None else query.arr.last
    assert last is not None
    first = last - SHOWN_MONTHS + 1 if query.arr.first is None else query.arr.first
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


@dataclass(frozen=True)
class Told:
    """What rows need beside their figures: the question, whose it is, where groups lead, and what there is to say of months."""

    query: TeamQuery
    reader: Reader
    arr_base: str
    notes: Notes
    marks: TeamMarks
    slug: str

    def flags(self, row: TeamRow) -> list[dict[str, str]]:
        """The disputes of a row, those of a representative with their name."""
        if not row.group:
            return [mark_shown(self.slug, each) for each in self.marks.of_all(row)]
        own = [(each, mark_shown(self.slug, each)) for each in self.marks.of_reps(row)]
        return [shown | {"label": f"{each.group} {shown['label']}"} for each, shown in own]


def tables_of(bridge: TeamBridge, told: Told) -> list[dict[str, Any]]:
    """The whole span by group, and below it every period; of one period the first says it all."""
    if bridge.span is None or not bridge.spans:
        return []
    kind = str(AssignmentKind(bridge.kind).label)
    names = columns_of(bridge)
    unit = unit_text(bridge.head.currency, told.query.arr.scale)
    all_of = "All of these" if told.query.groups else "All teams" if kind == "Team" else "All territories"
    span = {
        "id": "team-span",
        "caption": f"Bridge by {kind.lower()}, {span_label(bridge, told.reader.locale)}",
        "unit": unit,
        "columns": columns(kind, names),
        "rows": [
            {"id": f"span-{place}", "is_restated": bool(row.as_reported)}
            | {"cells": [group_cell(row, told), *figures(row, names)]}
            for place, row in enumerate(bridge.spans)
        ],
        "total": whole_row("span-total", all_of, bridge.span, names, told),
    }
    note = rounding_note([*bridge.rows, *bridge.totals, *bridge.spans], names, told.query.arr.scale)
    if len(bridge.periods) == 1:
        return [span | {"note": note}]
    rows = period_rows(bridge, names, told)
    by_period = {
        "id": "team-periods",
        "caption": f"By {bridge.grain}",
        "unit": unit,
        "columns": columns(f"Period and {kind.lower()}", names),
        "rows": rows,
        "total": whole_row("total", "All periods", bridge.span, names, told),
        "tall": len(rows) > 14,
        "note": note,
    }
    return [span, by_period]


def whole_row(name: str, label: str, row: TeamRow, names: Sequence[str], told: Told) -> dict[str, Any]:
    """The row of the whole span, which says of its lower figures what they are."""
    first = {"value": label, "note": AS_REPORTED if is_moved(row) else "", "flags": told.flags(row)}
    return {"id": name, "is_restated": bool(row.as_reported), "cells": [first, *figures(row, names)]}


def period_rows(bridge: TeamBridge, names: Sequence[str], told: Told) -> list[dict[str, Any]]:
    """Every period: all groups together, and each below it."""
    rows: list[dict[str, Any]] = []
    signs = told.notes.signs(bridge.periods)
    by_period: dict[Period, list[tuple[int, TeamRow]]] = defaultdict(list)
    for place, row in enumerate(bridge.rows):
        by_period[row.period].append((place, row))
    for total in bridge.totals:
        label = period_label(total.period, bridge.grain, told.reader.locale)
        key, is_restated = total.period.key, bool(total.as_reported)
        first: dict[str, Any] = {
            "value": label,
            "note": AS_REPORTED if is_moved(total) else STATED.get(total.state, ""),
        }
        first |= {"mark": signs.get(key, ""), "flags": told.flags(total)}
        begins = {"is_sum": True, "is_break": told.notes.begins_in(total.period), "is_restated": is_restated}
        rows.append({"id": key, **begins, "cells": [first, *figures(total, names)]})
        rows += [
            {"id": f"{key}-{place}", "is_restated": is_restated, "level": 1}
            | {"cells": [group_cell(row, told), *figures(row, names)]}
            for place, row in by_period[total.period]
        ]
    return rows


def columns_of(bridge: TeamBridge) -> list[str]:
    """The columns; the adjustment stands there only where there is one."""
    return [name for name in TEAM_LABELS if name != "adjustment" or is_adjusted(bridge)]


def is_adjusted(bridge: TeamBridge) -> bool:
    """Whether anything in it is an adjustment, or was one as it was first reported."""
    rows = (*bridge.rows, *bridge.totals, *bridge.spans)
    return any(row.adjustment or (row.as_reported and row.as_reported.adjustment) for row in rows)


def columns(first: str, names: Sequence[str]) -> list[dict[str, Any]]:
    """The heads of a table, of which the first column names the rows."""
    figures_of = [figure_column(TEAM_LABELS[name], name) for name in names]
    return [{"label": first, "kind": "text"}, *figures_of, {"label": "Customers", "kind": "count"}]


def group_cell(row: TeamRow, told: Told) -> dict[str, Any]:
    """The name of a group, which leads to its representatives of the last month on the ARR page."""
    label = {"value": row.group, "note": AS_REPORTED if is_moved(row) else "", "flags": told.flags(row)}
    if not row.reps:
        return label
    arr = told.query.arr
    behind = arr.having(first=row.period.first, last=row.period.last, by="rep", filters={"rep": row.reps})
    return label | {"href": behind.address(told.arr_base)}


def is_moved(row: TeamRow) -> bool:
    """Whether a restatement gave any figure of a row."""
    first = row.as_reported
    return first is not None and any(getattr(row, name) != getattr(first, name) for name in COLUMNS)


def figures(row: TeamRow, names: Sequence[str]) -> list[Any]:
    """The figures of a row; `reported` is what a restated one was first, where that is another figure."""
    first = row.as_reported or row
    found = [(getattr(row, name), getattr(first, name)) for name in (*names, "customers_ending")]
    return [{"value": now, "reported": None if now == before else before} for now, before in found]


def span_label(bridge: TeamBridge, locale: str) -> str:
    """From the first to the last period."""
    ends = [period_label(period, bridge.grain, locale) for period in (bridge.periods[0], bridge.periods[-1])]
    return ends[0] if len(bridge.periods) == 1 else " to ".join(ends)
