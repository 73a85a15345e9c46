"""What an audit draws from, and the work sheet of each contract, as the engine has them. Runs in the client's scope.

`quarter_book(client, first, last) -> QuarterBook` · `sheet_of(book, contract) -> dict` · `AuditInputError`

A sheet is plain data (amounts and days as text), so that it can be hashed, kept and signed as it was.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from metrics.engine.month_end import MonthEnd
from metrics.engine.policy import Policy
from metrics.engine.valuation import MissingRates
from metrics.explain_text import RULES
from metrics.figures import from_cents
from metrics.models import CloseBalance, ContractLine, MonthClose, PolicyVersion
from metrics.repository import authoritative_source
from metrics.selectors.closes import latest_closes
from metrics.selectors.contract_told import contract_rows, customer_of, terms_of
from metrics.selectors.drill import Why, WhyLine, why_get
from metrics.selectors.figures import BASES
from metrics.selectors.month_ends import MonthEnds, NoValue
from metrics.selectors.moves import customer_moves
from portal.lib.money import money_text
from portal.lib.periods import month_format
from portal.tenancy.models import Client


class AuditInputError(ValueError):
    """The quarter has no figures to audit; the message says what is missing."""


@dataclass(frozen=True)
class QuarterBook:
    """The contracts that had ARR at the month end before the quarter or at one of its own, with their cents at each."""

    client: Client
    first: int
    last: int
    policy: Policy
    version: PolicyVersion
    end: MonthEnd
    cents: Mapping[str, Mapping[int, int]]
    close: MonthClose | None

    @property
    def contracts(self) -> list[str]:
        """What is drawn from, in the order of the ids."""
        return sorted(self.cents)


def quarter_book(client: Client, first: int, last: int, version: PolicyVersion | None = None) -> QuarterBook:
    """The book of a quarter under the policy by which its last month is closed, whatever holds since; under `version` where
    one is given. AuditInputError names what is missing.
    """
    newest = MonthClose.objects.filter(month=last).select_related("policy").order_by("-id").first()
    if newest is None:
        raise AuditInputError(f"{month_format(last)} is not closed")
    version = version or newest.policy
    policy, ends = Policy.from_dict(version.parameters), MonthEnds.of(client)
    cents: dict[str, dict[int, int]] = {}
    end: MonthEnd | NoValue | None = None
    for month in range(first - 1, last + 1):
        end = ends.at(policy, month)
        if isinstance(end, NoValue):
            raise AuditInputError(f"the end of {month_format(month)} has no figures: {end.sentence}")
        for contract, held in contract_cents(end):
            cents.setdefault(contract, {})[month] = held
    assert isinstance(end, MonthEnd)
    if not cents:
        raise AuditInputError("no contract had ARR in this quarter: there is nothing to draw from")
    closes = [close for close in latest_closes(policy.recognition) if close.month == last]
    return QuarterBook(client, first, last, policy, version, end, cents, closes[0] if closes else None)


def contract_cents(end: MonthEnd) -> Iterable[tuple[str, int]]:
    """What each contract adds to ARR at a month end."""
    rows = end.lines.frame["contract_id"].gather(end.rows).to_frame().with_columns(cents=pl.Series(end.cents))
    held: Iterable[tuple[str, int]] = rows.group_by("contract_id").agg(pl.col("cents").sum()).iter_rows()
    return held


def sheet_of(book: QuarterBook, contract: str) -> dict[str, Any]:
    """The work sheet of one contract: lines, movements, the figure as closed, and what to look at in the source."""
    held = book.cents.get(contract, {})  # of a contract that was drawn and has no ARR in the quarter any more: none
    unit = str(book.end.lines.unit_names[int(book.end.lines.unit[contract_rows(book.end, contract)[0]])])
    customer, name = customer_of(book.end, contract)
    try:
        why = why_get(book.client, unit, book.last, version=book.version)
    except MissingRates as error:
        raise AuditInputError(f"contract {contract} cannot be valued: exchange rates are missing") from error
    if why is None:
        raise AuditInputError(f"customer {unit} of contract {contract} has no lines")
    own = [line for line in why.lines if line.explained.contract_id == contract]
    terms = {term.line_id: term for term in terms_of(book.end, contract)}
    lines = [line_told(line, terms[line.explained.line_id]) for line in own]
    months = range(book.first - 1, book.last + 1)
    return {
        "contract": contract,
        "customer": {"id": customer, "name": name, "unit": unit},
        "currency": book.client.currency,
        "traits": traits_of(contract, own),
        "months": [{"month": month_format(month), "arr": str(from_cents(held.get(month, 0)))} for month in months],
        "lines": lines,
        "customer_total": customer_told(book, why, unit),
        "movements": movements_of(book, unit),
        "look_at": look_at(contract, name, lines, book),
    }


def traits_of(contract: str, lines: list[WhyLine]) -> dict[str, list[str]]:
    """What is counted when differences are compared: segments, products and sources of the contract."""
    rows = ContractLine.objects.filter(source=authoritative_source(), contract_id=contract, removed_import=None)
    segments = {row or "none" for row in rows.values_list("segment", flat=True)}
    return {
        "segment": sorted(segments),
        "product": sorted({line.explained.product for line in lines}),
        "source": sorted({line.source_name for line in lines if line.source_name}),
    }


def line_told(line: WhyLine, term: Any) -> dict[str, Any]:
    """One contract line: as the source has it, what the engine makes of it, and by which clauses."""
    told, value = line.explained, line.explained.annual_value
    rate = told.rate_now
    return {
        "line": told.line_id,
        "product": told.product,
        "charge_type": told.charge_type,
        "amount": str(term.amount),
        "discount": str(term.discount),
        "basis": value.basis,
        "currency": told.currency,
        **{
            name: str(day) if (day := getattr(term, name)) else ""
            for name in ("signed_on", "starts_on", "ends_on", "live_on", "cancelled_on")
        },
        "annual_value": str(line.annual_value),
        "times": value.times,
        "divided_by": value.divided_by,
        "discount_counts": value.discount_subtracted,
        "rate": {"rate": rate.rate, "day": rate.day or "", "rule": rate.rule} if rate is not None else None,
        "counts_from": told.counts_from or "",
        "counts_until": told.counts_until or "",
        "rule": RULES.get(told.why_not or told.from_rule or "", told.why_not or told.from_rule or ""),
        "is_counting": told.why_not is None,
        "arr": str(line.contributes),
        "continues": told.continues or "",
        "continued_by": told.continued_by or "",
        "clauses": [{"title": clause.title, "sentence": clause.sentence} for clause in line.clauses],
        "source": {"name": line.source_name, "file": line.file_name, "row": line.source_row},
    }


def customer_told(book: QuarterBook, why: Why, unit: str) -> dict[str, Any]:
    """The customer's whole ARR at the end of the quarter: as the contracts stand now, and as the month was closed."""
    told: dict[str, Any] = {"now": str(why.ending), "closed": None, "revision": None}
    if book.close is not None:
        held = CloseBalance.objects.filter(close=book.close, customer=unit).values_list("amount", flat=True)
        told |= {"closed": str(sum(held, Decimal("0.00"))), "revision": book.close.revision}
    return told


def movements_of(book: QuarterBook, unit: str) -> list[dict[str, str]]:
    """What moved the customer's ARR in the quarter, month by month."""
    moves = customer_moves(book.client, None, unit, book.first, book.last, policy=book.policy)
    return [
        {"month": month_format(move.month), "kind": move.kind, "amount": str(move.amount)}
        for move in (moves.moves if moves else ())
    ]


def in_form(client: Client, amount: str, currency: str) -> str:
    """An amount in the client's own form."""
    return money_text(Decimal(amount), currency, client.locale)


def look_at(contract: str, name: str, lines: list[dict[str, Any]], book: QuarterBook) -> list[dict[str, str]]:
    """What the auditor opens in the source, and what has to stand there."""
    found = []
    for line in lines:
        amount, discount = (in_form(book.client, line[name], line["currency"]) for name in ("amount", "discount"))
        less = f" less {discount} discount" if Decimal(line["discount"]) else ""
        price = f"{amount}{less} {line['currency']} {BASES[line['basis']]}"
        signed = f"signed {line['signed_on']}" if line["signed_on"] else "no day of signature in the data: note it"
        term = f"{line['starts_on']} to {line['ends_on']}" if line["ends_on"] else f"from {line['starts_on']}, no end"
        found.append(
            {"where": "Signed contract", "what": f"{contract}, {name}: {line['product']} at {price}; {term}; {signed}."}
        )
        if line["is_counting"]:
            span = f"{month_format(book.first)} to {month_format(book.last)}"
            found.append(
                {"where": "Billing", "what": f"Invoices of {span} for {line['product']}: {price}, nothing credited."}
            )
        if line["live_on"] and book.policy.recognition == "live":
            found.append({"where": "Go-live", "what": f"Acceptance or first use on {line['live_on']}."})
        if line["cancelled_on"]:
            found.append({"where": "Notice", "what": f"The letter that ends service on {line['cancelled_on']}."})
        if line["continues"] or line["continued_by"]:
            other = " and ".join(each for each in (line["continues"], line["continued_by"]) if each)
            found.append({"where": "Renewal", "what": f"That it renews or is renewed by {other}, as the data says."})
    return found
