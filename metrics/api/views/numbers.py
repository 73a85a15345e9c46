"""The numbers: bridge, headline, retention, cohorts, movers, and what is behind them."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from django.http import Http404
from rest_framework.exceptions import ValidationError

from metrics.api.examples import BRIDGE
from metrics.api.serializers import cells
from metrics.api.serializers import numbers as shapes
from metrics.api.serializers import questions as asks
from metrics.api.serializers.explain import WhySerializer
from metrics.computation import missing_rates_text
from metrics.disputed import Disputed, disputed_of
from metrics.engine.bridge import TOTAL
from metrics.engine.valuation import MissingRates
from metrics.selectors.beside import bridge_beside, headline_beside, marks_of_cut, retention_beside
from metrics.selectors.books import book_head, bridge_get, headline_get, retention_get
from metrics.selectors.breaks import Marks, marks_get
from metrics.selectors.clauses import retention_method
from metrics.selectors.close_cells import ClosedCell, closed_cell, months_unkept
from metrics.selectors.close_details import kept_get
from metrics.selectors.closes import newest_month
from metrics.selectors.cohorts import cohorts_get
from metrics.selectors.drill import customers_of_cell, months_behind, why_get
from metrics.selectors.figures import ZERO, Basis, Cell
from metrics.selectors.movers import movers_get
from metrics.selectors.moves import customer_moves
from metrics.selectors.periods import SHOWN_MONTHS
from metrics.selectors.policies import policy_in_force
from metrics.selectors.reported import bridge_reported, headline_reported, retention_reported
from portal.lib.periods import month_format
from portal.tenancy.api import Call, ClientAPIView, Operation
from portal.tenancy.permissions import VIEW_ARR
from portal.tenancy.problems import Conflict

MOST_ROWS = 20_000


class NumbersView(ClientAPIView):
    """An operation that answers figures."""

    tag = "Numbers"


class BridgeDetail(NumbersView):
    operations = {
        "GET": Operation(
            "bridge_get", VIEW_ARR, shapes.BridgeSerializer, parameters=asks.BridgeParameters, examples=(BRIDGE,)
        )
    }

    def get(self, call: Call) -> Any:
        """The ARR bridge by month, quarter or year of the client's fiscal year.

        The months are cut to those that the book has. Every row ties to the cent.
        """
        asked = call.query
        filters = asks.filters_of(asked)
        given = (asked["first"], asked["last"], asked["by"], asked["grain"], filters)
        if asked["view"] == "current":
            bridge = bridge_get(call.client, asked["basis"], *given)
        else:
            bridge = bridge_reported(call.client, asked["basis"], *given, asked["as_of"])
        months = [each for row in bridge.totals for each in (row.period.first, row.period.last)]
        known = marks_known(call, bridge.head)
        bridge = bridge_beside(call.client, bridge, known, filters)
        marks = marks_between(known, months)
        disputes = disputed_of(call.client, bridge.head, months)
        return bounded(vars(bridge) | shown_marks(marks, disputes), len(bridge.rows))


def marks_of(call: Call, basis: Basis, months: Sequence[int]) -> Marks:
    """What has to be marked in the months of an answer; nothing where all of them follow one definition, or are of one day."""
    return marks_between(marks_known(call, basis), months)


def marks_known(call: Call, basis: Basis) -> Marks:
    """`marks_of` of all months."""
    asked = call.query
    if asked["view"] != "reported" or asked["as_of"] is not None:
        return Marks()
    marks = marks_get(call.client, basis)
    return marks_of_cut(call.client, basis, marks, asked.get("by", TOTAL), asks.filters_of(asked))


def marks_between(marks: Marks, months: Sequence[int]) -> Marks:
    """Those of the months of an answer."""
    return marks.between(min(months), max(months)) if months else Marks()


def shown_marks(marks: Marks, disputes: Collection[Disputed]) -> dict[str, Any]:
    """Marks in the shape of `MarkedSerializer`."""
    return {"breaks": marks.breaks, "restated": marks.restated.values(), "disputes": disputes}


class HeadlineDetail(NumbersView):
    operations = {
        "GET": Operation("headline_get", VIEW_ARR, shapes.HeadlineSerializer, parameters=asks.HeadlineParameters)
    }

    def get(self, call: Call) -> Any:
        """ARR, MRR, net new, NRR, GRR and logo churn at a month end, each beside the month before.

        Closed months are as they were reported, unless `view=current`; with `as_of` as they stood on that day.
        """
        asked = call.query
        filters = asks.filters_of(asked)
        if asked["view"] == "current":
            found = headline_get(call.client, asked["basis"], asked["month"], filters)
        else:
            found = headline_reported(call.client, asked["basis"], asked["month"], filters, asked["as_of"])
        marks = marks_of(call, found.head, found.months)
        disputes = disputed_of(call.client, found.head, found.months)
        told = vars(headline_beside(call.client, found, marks, filters)) | shown_marks(marks, disputes)
        return told | {"retention_method": retention_method(policy_in_force(call.client))}


class RetentionDetail(NumbersView):
    operations = {
        "GET": Operation("retention_get", VIEW_ARR, shapes.RetentionSerializer, parameters=asks.RetentionParameters)
    }

    def get(self, call: Call) -> Any:
        """NRR, GRR and logo churn by month, against twelve months before.

        Closed months are as they were reported, unless `view=current`; with `as_of` as they stood on that day.
        """
        asked = call.query
        book, filters = book_head(call.client, asked["basis"]), asks.filters_of(asked)
        given = (asked["first"], asked["last"], asked["by"], filters)
        if asked["view"] == "current":
            rows = retention_get(call.client, book, *given)
        else:
            rows = retention_reported(call.client, book, *given, asked["as_of"])
        months = [row.month for row in rows]
        marks, disputes = marks_of(call, book, months), disputed_of(call.client, book, months)
        rows = retention_beside(call.client, book, rows, asked["by"], marks, filters)
        method = retention_method(policy_in_force(call.client))
        answer = {"book": book, "method": method, "by": asked["by"], "rows": rows} | shown_marks(marks, disputes)
        return bounded(answer, len(rows))


class CohortList(NumbersView):
    operations = {"GET": Operation("cohorts_get", VIEW_ARR, shapes.CohortsSerializer, parameters=asks.CohortParameters)}

    def get(self, call: Call) -> Any:
        """Cohorts of customers by their first ARR, and what is left of them after each period.

        Closed months are as they were closed, as far as closes kept that, also under filters.
        """
        asked = call.query
        filters = asks.filters_of(asked)
        head = book_head(call.client, asked["basis"])
        last = newest_month(head) if asked["to"] is None else asked["to"]
        kept = kept_get(head, last or 0, last or 0)
        cohorts = cohorts_get(call.client, head, asked["grain"], last, filters, kept=kept)
        return bounded(vars(cohorts) | {"unkept": kept.unkept}, sum(len(cohort.cells) for cohort in cohorts.cohorts))


class MoverList(NumbersView):
    operations = {"GET": Operation("movers_get", VIEW_ARR, shapes.MoversSerializer, parameters=asks.MoverParameters)}

    def get(self, call: Call) -> Any:
        """The customers whose ARR moved most, up and down; closed months as they were closed, as far as closes kept that."""
        asked = call.query
        head = book_head(call.client, asked["basis"])
        last = newest_month(head) if asked["last"] is None else asked["last"]
        first = asked["first"] if asked["first"] is not None or last is None else last - SHOWN_MONTHS + 1
        kept = kept_get(head, first or 0, last or 0)
        found = movers_get(call.client, head, first, last, asked["count"], asks.filters_of(asked), kept)
        has_months = found.head.has_numbers and found.first <= found.last
        months = {"first": found.first if has_months else None, "last": found.last if has_months else None}
        return {"head": found.head, **months, "gains": found.gains, "losses": found.losses} | {
            "restated": found.restated,
            "unkept": [month for month in kept.closed if month in kept.unkept],
        }


class CellDetail(NumbersView):
    operations = {
        "GET": Operation("cell_get", VIEW_ARR, cells.CellSerializer, parameters=asks.CellParameters, may_fail=(409,))
    }

    def get(self, call: Call) -> Any:
        """The customers behind one cell of the bridge: of closed months those of their closes, beside the contracts of now.

        What the contracts say now is computed from the lines, not looked up. 409 where a rate is missing.
        """
        asked = call.query
        head = book_head(call.client, asked["basis"])
        span, of = (asked["first"], asked["last"]), (asked["by"], asked["group"], asked["column"])
        filters = asks.filters_of(asked)
        is_reported = asked["view"] == "reported"
        with rates_at_hand():
            closed = closed_cell(call.client, head, *span, *of, filters) if is_reported else None
            if closed is not None:
                return shown_closed(closed, asked["limit"])
            cell = customers_of_cell(call.client, head.recognition, *span, *of, filters, most=asked["limit"])
        note = unkept_text(months_unkept(head, asked["column"], *span)) if is_reported else ""
        return shown_cell(cell, asked["limit"]) | {"note": note}


class ExplainDetail(NumbersView):
    operations = {
        "GET": Operation("explain_get", VIEW_ARR, WhySerializer, parameters=asks.ExplainParameters, may_fail=(409,))
    }

    def get(self, call: Call) -> Any:
        """Why a customer's figure is what it is at a month end.

        Every line with its dates, annual value, rate and source row, and the parameter of the policy that decided. 404 for a
        customer without lines, 409 where a rate is missing.
        """
        with rates_at_hand():
            why = why_get(call.client, call.query["customer"], call.query["month"], call.query["basis"])
        if why is None:
            raise Http404
        return why


class MovesDetail(NumbersView):
    operations = {
        "GET": Operation("moves_get", VIEW_ARR, cells.MovesSerializer, parameters=asks.MovesParameters, may_fail=(409,))
    }

    def get(self, call: Call) -> Any:
        """One customer's part of a movement, month by month: closed months as they were closed, as far as closes kept that.

        404 for a customer of whom neither lines nor closes say anything, 409 where a rate is missing.
        """
        asked = call.query
        head, span = book_head(call.client, asked["basis"]), (asked["first"], asked["last"])
        of = (asked["by"], asked["group"], asked["column"])
        kept = kept_get(head, *span) if asked["view"] == "reported" else None
        with rates_at_hand():
            found = customer_moves(
                call.client, head.recognition, asked["customer"], *span, *of, filters=asks.filters_of(asked), kept=kept
            )
        if found is None:
            raise Http404
        moves = [
            {"month": move.month, "kind": move.kind, "state": "closed" if move.is_closed else "live"}
            | figure(move.kind, move.amount)
            for move in found.moves
        ]
        beside = {"as_reported": part(found.column, found.reported), "now": part(found.column, found.now)}
        return vars(found) | figure(found.column, found.amount) | beside | {
            "moves": moves, "note": unkept_text(found.unkept),
        }  # fmt: skip


def figure(column: str, value: Decimal) -> dict[str, Any]:
    """Money as an amount, customers as a count."""
    is_count = column.startswith("customers")
    return {"amount": None if is_count else value, "count": int(value) if is_count else None}


def part(column: str, value: Decimal | None) -> dict[str, Any] | None:
    """A figure another way; None where there is none."""
    return None if value is None else figure(column, value)


def unkept_text(months: Sequence[int]) -> str:
    """Why closed months have the customers of now; empty where none do."""
    if not months:
        return ""
    named, was = ", ".join(month_format(month) for month in months), "was" if len(months) == 1 else "were"
    return f"{named} {was} closed before closes kept customers: these are the customers by the contracts of now."


def shown_closed(closed: ClosedCell, limit: int) -> dict[str, Any]:
    """A cell of closed months in the shape of `CellSerializer`: everybody with a part by any of its figures."""
    column, ways = closed.cell.column, {"as_reported": closed.reported, "now": closed.now}
    rows = sorted(closed.customers, key=lambda row: (-abs(row.closed or ZERO), row.customer))
    customers = [
        {"customer": row.customer, "name": row.name, "kind": row.kind, **figure(column, row.closed or ZERO)}
        | {
            name: None if ways[name] is None else figure(column, own or ZERO)
            for name, own in (("as_reported", row.reported), ("now", row.now))
        }
        for row in rows[:limit]
    ]
    return shown_cell(closed.cell, 0) | {
        "customer_count": len(rows),
        "customers": customers,
        "closes": closed.closes,
        "open_months": closed.open_months,
        "note": "",
        **{name: part(column, value) for name, value in ways.items()},
    }


def shown_cell(cell: Cell, limit: int) -> dict[str, Any]:
    """A cell of the contracts of now in the shape of `CellSerializer`, without its note."""
    nothing: dict[str, Any] = {"as_reported": None, "now": None}
    customers = [
        {"customer": row.customer, "name": row.name, "kind": row.kind, **figure(cell.column, row.amount)} | nothing
        for row in cell.customers[:limit]
    ]
    return {
        "book": cell.head,
        "period": cell.period,
        "by": cell.dimension,
        "group": cell.group,
        "column": cell.column,
        **figure(cell.column, cell.amount),
        "customer_count": cell.customer_count,
        "customers": customers,
        "closes": [],
        "open_months": [*months_behind(cell.column, cell.period.first, cell.period.last)],
        **nothing,
    }


def bounded(answer: Any, rows: int) -> Any:
    """The answer, unless it would have more rows than one answer may."""
    if rows > MOST_ROWS:
        raise ValidationError({"from": [f"This has {rows} rows, more than {MOST_ROWS}: ask for fewer months."]})
    return answer


@contextmanager
def rates_at_hand() -> Iterator[None]:
    """Conflict, with currency and day, where a rate is missing."""
    try:
        yield
    except MissingRates as error:
        raise Conflict(missing_rates_text(error.gaps)) from error
