"""A first mapping for a file that nobody has mapped yet, and the questions that only a person can answer.

Column names are matched by synonyms; values decide the rest as far as they can. What they leave open is asked, not
guessed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from metrics.intake.dates import parse_dates
from metrics.intake.faults import Fault, Faults
from metrics.intake.fields import NULL_TEXTS
from metrics.intake.layout import CONTRACT_COLUMNS, Column
from metrics.intake.mapping import Mapping
from metrics.intake.table import Table
from portal.lib.currencies import tender_codes

SYNONYMS: Final = {
    "contract_id": "contract_id contract contract_number contract_no agreement_id order_id subscription_id",
    "line_id": "line_id contract_line_id line order_line_id subscription_item_id item_id subscription_id contract_id",
    "customer_id": "customer_id customer account_id account customer_key client_id customer_name account_name",
    "customer_name": "customer_name customer account_name account company company_name name customer_id account_id",
    "parent_customer_id": "parent_customer_id parent_id parent_account_id parent_customer ultimate_parent_id",
    "product": "product product_name product_id plan plan_tier plan_name sku item product_key",
    "charge_type": "charge_type type revenue_type line_type is_trial trial",
    "amount": "amount mrr_amount mrr monthly_amount arr_amount arr annual_amount acv tcv total_value contract_value",
    "amount_basis": "amount_basis basis price_period",
    "discount": "discount discount_amount",
    "currency": "currency currency_code currency_iso_code ccy",
    "signed_date": "signed_date signed_on signed contract_date booking_date booked_on close_date order_date",
    "start_date": "start_date start starts_on term_start service_start valid_from subscription_start",
    "end_date": "end_date end ends_on term_end service_end valid_to subscription_end expiry_date",
    "live_date": "live_date live_on go_live go_live_date",
    "cancelled_date": "cancelled_date canceled_date cancelled_on cancellation_date",
    "replaces_contract_id": "replaces_contract_id replaces_contract renewal_from_contract_id renewed_from_contract_id",
    "replaces_line_id": "replaces_line_id replaces_line",
    "segment": "segment customer_segment",
    "region": "region territory",
    "rep": "rep sales_rep owner account_executive salesperson",
}
BASIS_BY_NAME: Final = {
    "month": ("mrr_amount", "mrr", "monthly_amount"),
    "year": ("arr_amount", "arr", "annual_amount", "acv"),
    "total": ("tcv", "total_value", "contract_value"),
}
KNOWN_VALUES: Final = {
    "charge_type": {
        "recurring": "subscription subscriptions license licence saas",
        "usage_minimum": "usage_commitment minimum_commitment",
        "usage_overage": "overage usage",
        "one_time": "onetime one_off setup setup_fee",
        "services": "service professional_services",
        "trial": "free_trial",
    },
    "amount_basis": {
        "month": "monthly mo",
        "quarter": "quarterly",
        "year": "yearly annual annually",
        "total": "tcv total_value whole_term",
    },
}
FLAGS: Final = {"is_trial", "trial"}
TRUTHS: Final = {"true", "yes", "y", "1", "t"}


@dataclass(frozen=True)
class Question:
    """What only a person can say: the `setting` of the mapping, the question, the possible answers, and cells that show
    why.
    """

    setting: str
    text: str
    options: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suggestion:
    """A mapping to start from, the open questions, and what no answer can repair."""

    mapping: Mapping
    questions: tuple[Question, ...]
    faults: Faults


def suggest_mapping(table: Table) -> Suggestion:
    """Propose a mapping for a contract file from its header and all its values."""
    chosen = _match_columns(table.header)
    mapping = Mapping(columns=chosen, sheet=table.sheet if len(table.sheets) == 1 else None)
    mapping = replace(mapping, null_markers=_null_markers(table, chosen), value_maps=_value_maps(table, chosen))
    questions: list[Question] = []
    faults: list[Fault] = []
    steps: tuple[Callable[[Table, Mapping, list[Question], list[Fault]], Mapping], ...] = (
        _choose_sheet,
        _choose_basis,
        _choose_date_order,
        _choose_decimal_mark,
        _choose_end,
        _ask_for_required,
    )
    for step in steps:
        mapping = step(table, mapping, questions, faults)
    return Suggestion(mapping, tuple(questions), Faults.joined([table.faults, Faults.of(*faults)]))


def _plain(name: str) -> str:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"\W+|_+", "_", spaced).strip("_").casefold()


def _match_columns(header: tuple[str, ...]) -> dict[str, str]:
    by_name = {_plain(name): name for name in reversed(header)}
    chosen = {}
    for ours, synonyms in SYNONYMS.items():
        found = next((by_name[name] for name in synonyms.split() if name in by_name), None)
        if found is not None:
            chosen[ours] = found
    return chosen


def _values(table: Table, mapping: Mapping, column: str) -> list[str]:
    """The different texts of our column, without empty cells and empty markers."""
    name = mapping.columns.get(column)
    if name is None or name not in table.cells.columns:
        return []
    return sorted(set(table.cells[name].drop_nulls().unique().to_list()) - set(mapping.null_markers))


def _null_markers(table: Table, chosen: dict[str, str]) -> tuple[str, ...]:
    found = {text for name in set(chosen.values()) for text in NULL_TEXTS if (table.cells[name] == text).any()}
    return tuple(sorted(found))


def _value_maps(table: Table, chosen: dict[str, str]) -> dict[str, dict[str, str]]:
    maps: dict[str, dict[str, str]] = {}
    for column, meanings in KNOWN_VALUES.items():
        known = {synonym: ours for ours, words in meanings.items() for synonym in [ours, *words.split()]}
        texts = _values(table, Mapping(columns=chosen), column)
        if column == "charge_type" and _plain(chosen.get(column, "")) in FLAGS:
            found = {text: "trial" if text.casefold() in TRUTHS else "recurring" for text in texts}
        else:
            found = {
                text: known[_plain(text)] for text in texts if _plain(text) in known and text != known[_plain(text)]
            }
        if found:
            maps[column] = found
    lower = [text for text in _values(table, Mapping(columns=chosen), "currency") if text != text.upper()]
    if currency := {text: text.upper() for text in lower if text.upper() in tender_codes()}:
        maps["currency"] = currency
    return {column: {text.casefold(): ours for text, ours in texts.items()} for column, texts in maps.items()}


def _choose_sheet(table: Table, mapping: Mapping, questions: list[Question], faults: list[Fault]) -> Mapping:
    if len(table.sheets) > 1:
        questions.append(Question("sheet", "Which sheet holds the contracts?", table.sheets))
    return mapping


def _choose_basis(table: Table, mapping: Mapping, questions: list[Question], faults: list[Fault]) -> Mapping:
    if "amount_basis" in mapping.columns or "amount" not in mapping.columns:
        return mapping
    name = _plain(mapping.columns["amount"])
    for basis, names in BASIS_BY_NAME.items():
        if name in names:
            return replace(mapping, constants={**mapping.constants, "amount_basis": basis})
    text = f"What does '{mapping.columns['amount']}' pay for: one month, quarter or year, or the total term?"
    questions.append(Question("amount_basis", text, ("month", "quarter", "year", "total")))
    return mapping


def _choose_date_order(table: Table, mapping: Mapping, questions: list[Question], faults: list[Fault]) -> Mapping:
    """Only values that rule out an order choose one; if several orders remain, the person is asked."""
    names = [mapping.columns[c.name] for c in CONTRACT_COLUMNS if c.kind == "date" and c.name in mapping.columns]
    parts = [table.cells[name].rename("value") for name in dict.fromkeys(names)]
    texts = pl.concat(parts).drop_nulls().unique() if parts else pl.Series("value", [], pl.String)
    texts = texts.filter(~texts.is_in([*mapping.null_markers]))
    year_last = texts.filter(texts.str.contains(r"^\d{1,2}\D\d{1,2}\D\d{4}"))
    if not len(year_last):
        return replace(mapping, date_order="ymd" if texts.str.contains(r"^\d{4}").any() else None)
    reads = {order: parse_dates(year_last, order).filter(pl.col("parsed").is_null()) for order in ("dmy", "mdy")}
    fitting = [order for order, unread in reads.items() if not unread.height]
    if len(fitting) == 1:
        return replace(mapping, date_order=fitting[0])
    if len(fitting) == 2:
        examples = tuple(year_last.sort().head(3).to_list())
        text = f"'{examples[0]}': which comes first in this file, the day or the month? Every date could be either."
        questions.append(Question("date_order", text, ("dmy", "mdy"), examples))
        return mapping
    swapped = {order: set(unread["value"]) - set(reads[other]["value"]) for order, unread, other in _pairs(reads)}
    if all(swapped.values()):
        day, month = sorted(swapped["mdy"])[0], sorted(swapped["dmy"])[0]
        reason = f"the file mixes date orders: '{day}' has the day first, '{month}' the month: correct the source"
        faults.append(Fault(0, "", "", reason, "date_order_mixed"))
        return mapping
    return replace(mapping, date_order=min(reads, key=lambda order: reads[order].height))


def _pairs(reads: dict[str, pl.DataFrame]) -> list[tuple[str, pl.DataFrame, str]]:
    return [("dmy", reads["dmy"], "mdy"), ("mdy", reads["mdy"], "dmy")]


def _choose_decimal_mark(table: Table, mapping: Mapping, questions: list[Question], faults: list[Fault]) -> Mapping:
    texts = [text for column in ("amount", "discount") for text in _values(table, mapping, column)]
    with_comma = [text for text in texts if re.fullmatch(r"-?\d+,\d+", text)]
    if not with_comma or any(re.fullmatch(r"-?\d+\.\d+", text) for text in texts):
        return mapping
    if any(len(text.split(",")[1]) != 3 for text in with_comma):
        return replace(mapping, decimal_mark=",")
    example = with_comma[0]
    text = f"Is the comma in '{example}' a decimal comma? If it separates thousands, export plain numbers instead."
    questions.append(Question("decimal_mark", text, (",", "."), tuple(with_comma[:3])))
    return mapping


def _choose_end(table: Table, mapping: Mapping, questions: list[Question], faults: list[Fault]) -> Mapping:
    if ("end_date" in mapping.columns and mapping.columns["end_date"] != "end_date") or _is_foreign(table):
        text = "Is the end date the last day of service, or the first day without?"
        if "end_date" in mapping.columns:
            questions.append(Question("end_is_exclusive", text, ("last day of service", "first day without service")))
    return mapping


def _is_foreign(table: Table) -> bool:
    """Not a file in our own format: some column name is not ours."""
    return not {column.name for column in CONTRACT_COLUMNS} >= set(table.header)


def _ask_for_required(table: Table, mapping: Mapping, questions: list[Question], faults: list[Fault]) -> Mapping:
    asked = {question.setting for question in questions}
    for column in CONTRACT_COLUMNS:
        is_open = (
            column.name not in mapping.columns and column.name not in mapping.constants and column.name not in asked
        )
        if column.is_required and is_open:
            questions.append(_required_question(column))
    return mapping


def _required_question(column: Column) -> Question:
    text = f"Which column holds {column.name}, or which one value holds for all rows?"
    return Question(column.name, text, column.choices)
