"""Every measure that formulas are made of, declared once: of which facts, summed how, filtered how, dated how.

A measure with a `reader` is computed by the selectors that the ARR page uses (`metrics.selectors.measure_values`). One without
has no facts yet: `needs` names the source that would bring them (`SOURCES`), so that a metric can say what has to be done.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Measure:
    """One figure a month (`is_each`: one for each deal). `fields` are those of the import format, or of the needed source."""

    name: str
    label: str
    unit: str
    table: str
    aggregation: str
    filters: str
    date: str
    fields: tuple[str, ...]
    reader: str = ""
    needs: str = ""
    is_each: bool = False


@dataclass(frozen=True)
class NeededSource:
    """Facts that are not loaded yet: what it is, and what somebody has to do about it."""

    key: str
    label: str
    task: str


LINE_FIELDS: Final = (
    "customer_id",
    "parent_customer_id",
    "product",
    "charge_type",
    "amount",
    "amount_basis",
    "discount",
    "currency",
    "start_date",
    "end_date",
    "cancelled_date",
    "replaces_contract_id",
    "replaces_line_id",
)
BOOK: Final = "ARR book (contract lines under the policy in force)"
SOURCES: Final[Mapping[str, NeededSource]] = {
    source.key: source
    for source in [
        NeededSource(
            "opportunities", "Opportunities of the CRM",
            "Load the CRM's opportunities with owner, amount, stage, created date, close date and outcome, and keep the "
            "history of stages and close dates for twelve months at least.",
        ),
        NeededSource(
            "quotas", "Quotas",
            "Agree on one list of quotas by representative and month, with ramped quotas for new representatives, and load it.",
        ),
        NeededSource(
            "funnel", "Leads of the marketing system",
            "Load leads with the days on which each became marketing-qualified, sales-qualified and an opportunity, after "
            "Marketing and Sales have agreed on what these words mean.",
        ),
        NeededSource(
            "spend", "Sales and marketing spend",
            "Load the monthly spend of Sales and Marketing from the ledger, people included, by cost centre.",
        ),
        NeededSource(
            "margin", "Gross margin",
            "Let Finance state the gross margin of recurring revenue by month, with the costs that it covers.",
        ),
        NeededSource(
            "budgets", "Budget", "Load the budget by month, with the days that each figure covers, as it was approved.",
        ),
        NeededSource(
            "forecasts", "Locked forecasts",
            "Lock the forecast at the beginning of each month, so that it can be held against what came; forecasts that were "
            "changed afterwards cannot be judged.",
        ),
        NeededSource(
            "references", "Consent to be named",
            "Load by customer whether it has agreed to be mentioned in public, and since when.",
        ),
        NeededSource(
            "usage", "Usage and support of the product",
            "Load usage and support tickets by customer and month, and agree on the parts of the health score and "
            "their weights.",
        ),
    ]
}  # fmt: skip


def of_book(name: str, label: str, column: str, unit: str = "money", *, date: str = "month") -> Measure:
    """A column of the ARR bridge."""
    balances = {
        "month end": "balance at the month's last day",
        "month begin": "balance at the last day of the month before",
    }
    how = balances.get(date, "sum over customers of the month's movements")
    return Measure(name, label, unit, BOOK, how, column, date, LINE_FIELDS, f"bridge::{column}")


def of_retention(name: str, label: str, column: str) -> Measure:
    """A sum of the twelve-month retention."""
    filters = "customers with ARR twelve months before"
    return Measure(
        name, label, "money", BOOK, "sum over customers", filters, "month end", LINE_FIELDS, f"retention::{column}"
    )


def of_source(name: str, label: str, side: str) -> Measure:
    """The ARR of one of the two sources that are reconciled."""
    table = "contract lines of one source"
    return Measure(
        name, label, "money", table, "ARR under the policy in force", side, "month end", LINE_FIELDS, f"sources::{side}"
    )


def needed(
    name: str,
    label: str,
    unit: str,
    needs: str,
    how: str,
    filters: str,
    date: str,
    fields: str,
    *,
    is_each: bool = False,
) -> Measure:
    """A measure whose facts are not there yet."""
    return Measure(
        name, label, unit, SOURCES[needs].label, how, filters, date, tuple(fields.split()), "", needs, is_each
    )


END: Final = "month end"
BEGIN: Final = "month begin"
DECLARED: Final = (
    of_book("book_beginning", "ARR at the beginning of the month", "beginning", date=BEGIN),
    of_book("book_new", "New", "new"),
    of_book("book_expansion", "Expansion", "expansion"),
    of_book("book_contraction", "Contraction", "contraction"),
    of_book("book_churn", "Churn", "churn"),
    of_book("book_reactivation", "Reactivation", "reactivation"),
    of_book("book_fx", "Currency effect", "fx"),
    of_book("book_adjustment", "Prior-period adjustment", "adjustment"),
    of_book("book_ending", "ARR at the end of the month", "ending", date=END),
    of_book("customers_beginning", "Customers at the beginning of the month", "customers_beginning", "customers", date=BEGIN),
    of_book("customers_new", "New customers", "customers_new", "customers"),
    of_book("customers_churned", "Lost customers", "customers_churned", "customers"),
    of_book("customers_reactivated", "Returned customers", "customers_reactivated", "customers"),
    of_book("customers_ending", "Customers at the end of the month", "customers_ending", "customers", date=END),
    Measure("customers_first", "Customers with ARR for the first time", "customers", BOOK, "count of customers",
            "no ARR at any month end before", "month", LINE_FIELDS, "first::customers"),
    Measure("carr_ending", "Contracted ARR at the end of the month", "money", BOOK, "balance at the month's last day",
            "counted from signature", END, (*LINE_FIELDS, "signed_date"), "bridge:signed:ending"),
    Measure("larr_ending", "Live ARR at the end of the month", "money", BOOK, "balance at the month's last day",
            "counted from go-live", END, (*LINE_FIELDS, "live_date"), "bridge:live:ending"),
    of_retention("retention_base", "ARR twelve months before", "base"),
    of_retention("retention_now", "ARR now of the customers of twelve months before", "now"),
    of_retention("retention_kept", "What the customers of twelve months before kept", "kept"),
    of_source("billing_arr", "ARR by the billing system", "base"),
    of_source("crm_arr", "ARR by the CRM", "other"),
    # the CRM's opportunities
    needed("opp_open_amount", "Amount of open opportunities", "money", "opportunities", "sum of amount",
           "open, to close in the period", "close date", "amount close_date stage"),
    needed("opp_qualified_amount", "Amount of open qualified opportunities", "money", "opportunities", "sum of amount",
           "open and qualified, to close in the period", "close date", "amount close_date stage"),
    needed("opp_weighted_amount", "Open amount weighted by stage", "money", "opportunities",
           "sum of amount × probability of the stage", "open, to close in the period", "close date",
           "amount close_date stage probability"),
    needed("opp_commit_amount", "Open amount that is committed", "money", "opportunities", "sum of amount",
           "open, of the forecast category Commit, to close in the period", "close date",
           "amount close_date stage forecast_category"),
    needed("opp_best_case_amount", "Open amount of the best case", "money", "opportunities", "sum of amount",
           "open, of the forecast category Best case, to close in the period", "close date",
           "amount close_date stage forecast_category"),
    needed("opp_history_amount", "Open amount weighted by own history", "money", "opportunities",
           "sum of amount × share won of those that had been as long in that stage", "open, to close in the period",
           "close date", "amount close_date stage stage_entered_date"),
    needed("opp_open_existing_amount", "Amount of open opportunities with existing customers", "money", "opportunities",
           "sum of amount", "open, with a company that has ARR, to close in the period", "close date",
           "amount close_date stage customer_id"),
    needed("opp_open_new_amount", "Amount of open opportunities with new customers", "money", "opportunities",
           "sum of amount", "open, with a company without ARR, to close in the period", "close date",
           "amount close_date stage customer_id"),
    needed("opp_open_count", "Open opportunities", "deals", "opportunities", "count", "open", END, "stage"),
    needed("opp_qualified_count", "Open qualified opportunities", "deals", "opportunities", "count", "open and qualified",
           END, "stage"),
    needed("opp_stale_count", "Stale opportunities", "deals", "opportunities", "count",
           "open longer in its stage than nine of ten that were won, past its close date, or without activity for days agreed",
           END,
           "stage stage_entered_date close_date last_activity_date"),
    needed("opp_won_amount", "Won amount", "money", "opportunities", "sum of amount", "won", "close date",
            "amount close_date outcome"),
    needed("opp_lost_amount", "Lost amount", "money", "opportunities", "sum of amount", "lost", "close date",
           "amount close_date outcome"),
    needed("opp_won_count", "Won deals", "deals", "opportunities", "count", "won", "close date", "close_date outcome"),
    needed("opp_lost_count", "Lost deals", "deals", "opportunities", "count", "lost", "close date", "close_date outcome"),
    needed("opp_cycle", "Days from created to won", "days", "opportunities", "one figure for each deal", "won", "close date",
           "created_date close_date outcome", is_each=True),
    needed("opp_entered_count", "Deals that entered the stage", "deals", "opportunities", "count", "by month of entry",
           "stage entered", "stage stage_entered_date"),
    needed("opp_advanced_count", "Of these, deals that went on", "deals", "opportunities", "count",
           "reached the next stage or a later one", "stage entered", "stage stage_entered_date"),
    # the others
    needed("quota_amount", "Quota", "money", "quotas", "sum of quota", "ramped by tenure", "month", "rep month quota"),
    needed("lead_count", "Leads", "leads", "funnel", "count", "created", "created date", "created_date"),
    needed("mql_count", "Marketing-qualified leads", "leads", "funnel", "count",
            "became marketing-qualified", "day of it", "mql_date"),
    needed("sql_count", "Sales-qualified leads", "leads", "funnel", "count", "became sales-qualified", "day of it", "sql_date"),
    needed("opp_created_count", "Opportunities created", "deals", "opportunities", "count", "created",
            "created date", "created_date"),
    needed("lead_mql_span", "Days from lead to MQL", "days", "funnel", "one figure for each lead", "became marketing-qualified",
           "day of it", "created_date mql_date", is_each=True),
    needed("mql_sql_span", "Days from MQL to SQL", "days", "funnel", "one figure for each lead", "became sales-qualified",
           "day of it", "mql_date sql_date", is_each=True),
    needed("sql_opp_span", "Days from SQL to opportunity", "days", "funnel", "one figure for each lead",
           "became an opportunity", "day of it", "sql_date opportunity_date", is_each=True),
    needed("logos_public_count", "New customers who may be mentioned", "customers", "references", "count",
           "first ARR ever in the month, and agreed to be named", "month", "customer_id is_public"),
    needed("customers_at_risk_count", "Customers at risk", "customers", "usage", "count",
           "purchases below the customer's own seasonal expectation", END, "customer_id month purchases"),
    needed("spend_amount", "Sales and marketing spend", "money", "spend", "sum of amount", "Sales and Marketing", "month",
           "month cost_centre amount"),
    needed("gross_margin", "Gross margin", "percent", "margin", "as stated by Finance", "recurring revenue",
            "month", "month margin"),
    needed("budget_amount", "Budget", "money", "budgets", "sum of budget", "days that both cover", "month", "month amount"),
    needed("budget_actual", "Actual beside the budget", "money", "budgets", "sum of actual", "days that both cover", "month",
           "month amount"),
    needed("forecast_amount", "Forecast", "money", "forecasts", "sum of forecast", "as locked at the beginning", "month",
           "month amount locked_at"),
    needed("forecast_manager_amount", "Forecast by managers", "money", "forecasts", "sum of what managers say",
           "the newest of each team, its roll-up where its manager says nothing", "month", "month team amount override"),
    needed("health_points", "Health of customers", "percent", "usage", "mean of the weighted parts", "customers with ARR", END,
           "customer_id month usage tickets"),
)  # fmt: skip
MEASURES: Final[Mapping[str, Measure]] = {measure.name: measure for measure in DECLARED}
