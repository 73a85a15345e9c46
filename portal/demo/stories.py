"""The three clients of the demonstration, and what happened to each."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings

from portal.demo.contracts import Story, Wave


@dataclass(frozen=True)
class DemoClient:
    """A client, its people, its policy and its story."""

    slug: str
    name: str
    currency: str
    story: Story
    policy: dict[str, Any]
    settings: dict[str, Any]
    people: dict[str, str]  # first name → role


KNOWN = date(2026, 11, 15)

POLICY: dict[str, Any] = {
    "recognition": "start",
    "included_charge_types": ["recurring", "usage_minimum"],
    "minimum_term_months": 0,
    "overage": "exclude",
    "discounts": "net",
    "fx": "spot",
    "renewal_grace_days": 0,
    "reactivation_window_months": 12,
    "customer_unit": "customer",
    "retention_fx": "constant",
}

NORTHWIND = DemoClient(
    slug="northwind",
    name="Northwind Analytics",
    currency="USD",
    story=Story(
        seed=1,
        customers=190,
        first=date(2022, 1, 1),
        last=date(2027, 2, 1),
        known=KNOWN,
        products={"Platform": 46_000, "Insights": 18_000, "Connect": 11_000, "Premium support": 7_500},
        currencies={"USD": 0.62, "EUR": 0.23, "GBP": 0.15},
        regions={
            "Americas": ("Grace Okafor", "Luis Prado", "Mia Chen"),
            "EMEA": ("Jonas Weber", "Aoife Byrne"),
            "APAC": ("Ken Watanabe",),
        },
        # A price list raised in spring 2025 cost it small customers; the enterprise team made up for it.
        waves=(Wave("SMB", date(2025, 4, 1), date(2025, 7, 31), 0.55),),
    ),
    policy=POLICY | {"renewal_grace_days": 30},
    settings={"fiscal_year_start": 2, "time_zone": "America/New_York", "locale": "en"},
    people={"finn": "finance", "rita": "revops", "eve": "executive", "adam": "admin", "stan": "stakeholder"},
)
LARKSPUR = DemoClient(
    slug="larkspur",
    name="Larkspur Health",
    currency="EUR",
    story=Story(
        seed=7,
        customers=80,
        first=date(2022, 6, 1),
        last=date(2027, 1, 1),
        known=KNOWN,
        products={"Care records": 64_000, "Scheduling": 21_000, "Telehealth": 15_000},
        currencies={"EUR": 0.8, "GBP": 0.2},
        regions={"DACH": ("Lena Vogt", "Paul Huber"), "Benelux": ("Sanne de Wit",), "UK": ("Owen Price",)},
        renewal_loss=0.03,
        segments={"Enterprise": 0.3, "Mid-Market": 0.5, "SMB": 0.2},
    ),
    policy=POLICY | {"fx": "contract_date"},
    settings={"time_zone": "Europe/Berlin", "locale": "de"},
    people={"frieda": "finance", "ralf": "revops", "greta": "admin", "emil": "executive"},
)
QUAYSIDE = DemoClient(
    slug="quayside",
    name="Quayside Logistics",
    currency="GBP",
    story=Story(
        seed=4,
        customers=45,
        first=date(2023, 3, 1),
        last=date(2026, 12, 1),
        known=KNOWN,
        products={"Tracking": 9_500, "Customs": 6_000, "Fleet": 14_000},
        currencies={"GBP": 0.9, "EUR": 0.1},
        regions={"UK": ("Nia Howell", "Tom Marsh"), "EU": ("Eva Lindqvist",)},
        renewal_loss=0.16,
    ),
    policy=POLICY,
    settings={"time_zone": "Europe/London", "locale": "en-GB"},
    people={"fay": "finance"},
)
CLIENTS = (NORTHWIND, LARKSPUR, QUAYSIDE)
CONSULTANTS = {"ana": "architect", "admin": "admin", "evan": "engineer"}
DOMAIN: str = settings.DEMO_DOMAIN
