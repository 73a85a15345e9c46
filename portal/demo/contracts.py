"""Invented contract lines that tell a believable story. Deterministic: the same seed gives the same file.

A customer buys a platform, renews (usually on time, sometimes late), buys add-ons, grows, shrinks, leaves, and now and then
comes back. Each `Story` says how often, and what happened to whom and when.
"""

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from metrics.intake.layout import CONTRACT_NAMES

FIRST = "Alder Amber Aspen Birch Bright Cedar Clear Cobalt Copper Crest Delta Ember Fern Field Flint Forge Glen Granite"
FIRST += " Harbor Hazel Heron Ivory Juniper Keystone Lake Laurel Linden Maple Meadow Mill North Oak Orchard Osprey Pine"
FIRST += " Quarry Raven Ridge River Rowan Sable Sage Slate Spruce Stone Summit Thorn Vale Willow Wren Yarrow"
SECOND = (
    "Analytics Bank Biotech Building Capital Care Chemicals Components Dairy Diagnostics Electric Energy Engineering"
)
SECOND += (
    " Estates Finance Foods Freight Group Hospitals Hotels Insurance Instruments Labs Logistics Marine Media Metals"
)
SECOND += (
    " Mobility Networks Optics Outfitters Paper Partners Pharma Press Publishing Rail Retail Robotics Security Software"
)
SECOND += " Steel Studios Systems Telecom Textiles Tools Travel Utilities Ventures Water Works"


@dataclass(frozen=True)
class Wave:
    """Something that happened to one segment in one quarter: so many of its renewals were lost."""

    segment: str
    first: date
    last: date
    loss: float


@dataclass(frozen=True)
class Story:
    """What kind of business a client is, and what happened to it."""

    seed: int
    customers: int
    first: date
    last: date
    known: date  # what is signed after this day nobody has heard of yet
    products: dict[str, int]  # list price of a year, Mid-Market, in the reporting currency
    currencies: dict[str, float]  # share of customers
    regions: dict[str, tuple[str, ...]]  # region → its representatives
    renewal_loss: float = 0.07
    waves: tuple[Wave, ...] = ()
    segments: dict[str, float] = field(default_factory=lambda: {"Enterprise": 0.18, "Mid-Market": 0.4, "SMB": 0.42})


SIZE = {"Enterprise": 3.4, "Mid-Market": 1.0, "SMB": 0.28}
UNITS = {"USD": 1.0, "EUR": 0.92, "GBP": 0.79, "JPY": 148.0, "CAD": 1.36}


def contracts(story: Story) -> list[dict[str, str]]:
    """All lines of the story, in the import format."""
    dice = random.Random(story.seed)
    names = company_names(dice, story.customers)
    rows: list[dict[str, str]] = []
    for number, name in enumerate(names, start=1):
        rows.extend(Customer(story, dice, number, name).lines())
    return [row for row in rows if row.get("signed_date", row["start_date"]) <= story.known.isoformat()]


def company_names(dice: random.Random, count: int) -> list[str]:
    pairs = [f"{first} {second}" for first in FIRST.split() for second in SECOND.split()]
    return dice.sample(pairs, count)


class Customer:
    """One customer's life, line by line."""

    def __init__(self, story: Story, dice: random.Random, number: int, name: str) -> None:
        self.story, self.dice = story, dice
        self.currency = pick(dice, story.currencies)
        self.segment = pick(dice, story.segments)
        self.region = dice.choice(list(story.regions))
        self.contract_number = 0
        self.base = {
            "customer_id": f"C-{number:04d}",
            "customer_name": name,
            "currency": self.currency,
            "segment": self.segment,
            "region": self.region,
            "rep": dice.choice(story.regions[self.region]),
            "discount": "0",
            "amount_basis": "year",
            "charge_type": "recurring",
        }

    def lines(self) -> Iterator[dict[str, str]]:
        days = (self.story.last - self.story.first).days
        # More customers arrive late than early: the business grows.
        start = self.story.first + timedelta(days=int(days * self.dice.random() ** 0.75))
        main, *others = self.dice.sample(list(self.story.products), len(self.story.products))
        yield from self.subscription(main, start)
        for product in others:
            if self.dice.random() < 0.28:
                later = start + timedelta(days=self.dice.randrange(120, 700))
                if later < self.story.last:
                    yield from self.subscription(product, later)

    def subscription(self, product: str, start: date) -> Iterator[dict[str, str]]:
        """A contract and its renewals, until the customer leaves or the story ends."""
        price = self.price(product)
        previous = ""
        while start < self.story.last:
            years = self.dice.choices([1, 2, 3], [78, 12, 10])[0]
            contract = self.next_contract()
            end = add_years(start, years)
            line = self.line(contract, product, price * years, start, end, previous)
            if years > 1:
                line["amount_basis"] = "total"
            cancelled = self.cancelled(start, end)
            yield line | ({"cancelled_date": cancelled.isoformat()} if cancelled else {})
            if not previous and self.dice.random() < 0.45:
                yield self.setup_fee(contract, product, price, start)
            if cancelled or self.is_lost(end):
                yield from self.maybe_return(product, price, cancelled or end)
                return
            late = self.dice.choices([0, 12, 40], [86, 10, 4])[0]
            start, previous = end + timedelta(days=late), contract
            price = (
                price * Decimal(self.dice.choices([100, 104, 112, 135, 82], [22, 40, 20, 11, 7])[0]) / 100
            ).quantize(Decimal(10))

    def maybe_return(self, product: str, price: Decimal, left: date) -> Iterator[dict[str, str]]:
        back = left + timedelta(days=self.dice.randrange(100, 400))
        if self.dice.random() < 0.12 and back < self.story.last:
            yield self.line(self.next_contract(), product, price, back, add_years(back, 1), "")

    def is_lost(self, end: date) -> bool:
        loss = self.story.renewal_loss * {"Enterprise": 0.45, "Mid-Market": 1.0, "SMB": 1.5}[self.segment]
        for wave in self.story.waves:
            if wave.segment == self.segment and wave.first <= end <= wave.last:
                loss = wave.loss
        return self.dice.random() < loss

    def cancelled(self, start: date, end: date) -> date | None:
        if self.dice.random() >= 0.025:
            return None
        left = start + timedelta(days=self.dice.randrange(90, (end - start).days))
        return left if left < self.story.last else None

    def price(self, product: str) -> Decimal:
        amount = self.story.products[product] * SIZE[self.segment] * UNITS[self.currency] * self.dice.uniform(0.7, 1.5)
        return Decimal(int(amount / 10) * 10)

    def next_contract(self) -> str:
        self.contract_number += 1
        return f"K-{self.base['customer_id'][2:]}-{self.contract_number:02d}"

    def line(
        self, contract: str, product: str, amount: Decimal, start: date, end: date, replaces: str
    ) -> dict[str, str]:
        signed = start - timedelta(days=self.dice.randrange(3, 55))
        live = start + timedelta(days=0 if replaces else self.dice.randrange(0, 45))
        return self.base | {
            "contract_id": contract,
            "line_id": f"{contract}/1",
            "product": product,
            "amount": str(amount),
            "signed_date": signed.isoformat(),
            "start_date": start.isoformat(),
            "end_date": (end - timedelta(days=1)).isoformat(),
            "live_date": live.isoformat(),
            "replaces_contract_id": replaces,
        }

    def setup_fee(self, contract: str, product: str, price: Decimal, start: date) -> dict[str, str]:
        return self.base | {
            "contract_id": contract,
            "line_id": f"{contract}/setup",
            "product": product,
            "charge_type": "one_time",
            "amount": str((price / 10).quantize(Decimal(10))),
            "amount_basis": "total",
            "start_date": start.isoformat(),
            "end_date": (start + timedelta(days=29)).isoformat(),
        }


def pick(dice: random.Random, shares: dict[str, float]) -> str:
    return dice.choices(list(shares), list(shares.values()))[0]


def add_years(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


def csv_bytes(rows: list[dict[str, Any]]) -> bytes:
    """The rows as a file a client would send."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, CONTRACT_NAMES, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
