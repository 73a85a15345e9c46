"""What the gallery shows: invented figures of an invented client that agree with each other."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.template.context import Context

from portal.lib import money
from portal.tenancy.templatetags import figures

START = Decimal("9874120.00")
MOVES = [  # new, expansion, reactivation, contraction, churn, FX
    ("182400.00", "60250.00", "0.00", "-22100.00", "-41000.00", "3120.55"),
    ("96000.00", "112300.00", "12000.00", "-9000.00", "-18500.00", "-14210.10"),
    ("240500.00", "48000.00", "0.00", "-31250.00", "-96400.00", "8870.00"),
    ("120000.00", "75900.00", "0.00", "-4000.00", "-12000.00", "2210.40"),
    ("310250.00", "41200.00", "24000.00", "-18700.00", "-54000.00", "-6120.00"),
    ("88000.00", "131000.00", "0.00", "-27300.00", "-33000.00", "11004.15"),
    ("154300.00", "52400.00", "0.00", "-8000.00", "-61500.00", "-2190.00"),
    ("201000.00", "84000.00", "9600.00", "-15900.00", "-22000.00", "640.00"),
    ("176800.00", "97100.00", "0.00", "-41000.00", "-38000.00", "-9980.35"),
    ("133000.00", "118000.00", "0.00", "-12600.00", "-27900.00", "15060.00"),
    ("98400.00", "66000.00", "18000.00", "-20300.00", "-45000.00", "-4421.00"),
    ("96500.00", "214600.00", "12000.00", "-19800.00", "-31200.00", "-11340.85"),
]
LABELS = ("New", "Expansion", "Reactivation", "Contraction", "Churn", "FX")
DECEMBER = 2025 * 12 + 11


def months() -> list[dict[str, Any]]:
    """Twelve months; each ends where the next begins."""
    level, rows = START, []
    for position, texts in enumerate(MOVES):
        moves = [Decimal(text) for text in texts]
        ending = sum(moves, level)
        rows.append({"month": DECEMBER - 11 + position, "beginning": level, "moves": moves, "ending": ending})
        level = ending
    return rows


def month_table() -> dict[str, Any]:
    """Month × movement, with two segments under each month."""
    rows = []
    for row in reversed(months()):
        parts = [[(move * share).quantize(Decimal("0.01")) for move in row["moves"]] for share in (Decimal("0.7"),)]
        rest = [move - part for move, part in zip(row["moves"], parts[0], strict=True)]
        children = [
            {"id": f"{row['month']}-{name}", "cells": [{"value": name}, None, *part, None]}
            for name, part in (("Enterprise", parts[0]), ("SMB", rest))
        ]
        ending = {"value": row["ending"], "href": f"?why=arr-{row['month']}"}
        rows.append(
            {
                "id": row["month"],
                "cells": [row["month"], row["beginning"], *row["moves"], ending],
                "children": children,
            }
        )
    totals = [sum(column) for column in zip(*(row["moves"] for row in months()), strict=True)]
    return {
        "id": "months",
        "caption": "Twelve months",
        "unit": "EUR",
        "tall": True,
        "sortable": True,
        "columns": [
            {"label": "Month", "kind": "month", "sorted": "descending"},
            {"label": "Beginning", "kind": "money"},
            *({"label": label, "kind": "signed"} for label in LABELS),
            {"label": "Ending", "kind": "money", "stays": True},
        ],
        "rows": rows,
        "total": {"cells": ["2025", START, *totals, months()[-1]["ending"]]},
    }


def bridge() -> dict[str, Any]:
    """The waterfall of December."""
    row = months()[-1]
    steps = [("Nov 2025", "beginning", row["beginning"])]
    steps += [(label, label.lower(), move) for label, move in zip(LABELS, row["moves"], strict=True)]
    steps.append(("Dec 2025", "ending", row["ending"]))
    return {
        "id": "bridge",
        "kind": "bridge",
        "title": "Expansion carried December: 0.21 m of the 0.26 m gained",
        "unit": "EUR millions",
        "exponent": 6,
        "steps": [
            {
                "label": label,
                "role": role,
                "amount": str(amount),
                "text": money.money_text(amount, "EUR", scale="millions", plus=role not in ("beginning", "ending")),
                "url": f"?why={role}",
            }
            for label, role, amount in steps
        ],
    }


def bridge_table() -> dict[str, Any]:
    """The same steps for those who do not see the chart."""
    return {
        "id": "bridge-table",
        "columns": [{"label": "Step"}, {"label": "Amount", "kind": "signed"}],
        "rows": [
            {"id": index, "cells": [step["label"], {"value": Decimal(step["amount"]), "href": step["url"]}]}
            for index, step in enumerate(bridge()["steps"])
        ],
    }


def tiles() -> list[dict[str, Any]]:
    """Five tiles, one of them without a value."""
    context = Context({"currency": "EUR", "scale": "millions"})
    endings = [row["ending"] for row in months()]
    nets = [sum(row["moves"]) for row in months()]
    rates = [Decimal(text) for text in ("1.031", "1.029", "1.036", "1.041", "1.038", "1.045", "1.042")]
    spark = figures.sparkline
    net_change = figures.change(context, nets[-1] - nets[-2], None, "on Nov")
    rate = figures.change(context, Decimal("0.007"), None, "on Nov", points=True)
    gross = figures.change(context, Decimal("-0.004"), None, "on Nov", points=True)
    logo = figures.change(context, Decimal("0.002"), None, "on Nov", points=True, good="down")
    return [
        {
            "label": "ARR",
            "value": figures.money(context, endings[-1]),
            "unit": "EUR m",
            "delta": figures.change(context, None, Decimal("0.0216"), "on Nov"),
            "spark": spark(endings, "ARR over twelve months, rising"),
            "trust": "tied",
            "trust_note": "Ties to billing within EUR 0.00",
            "href": "?why=arr",
        },
        {
            "label": "Net new",
            "value": figures.signed_money(context, nets[-1]),
            "unit": "EUR m",
            "delta": net_change,
            "spark": spark(nets),
            "trust": "tied",
        },
        {
            "label": "NRR",
            "value": figures.percent(context, Decimal("1.042")),
            "delta": rate,
            "spark": spark(rates),
            "trust": "open",
        },
        {
            "label": "GRR",
            "value": figures.percent(context, Decimal("0.91")),
            "delta": gross,
            "spark": spark([Decimal(x) for x in ("0.921", "0.918", "0.917", "0.914", "0.915", "0.91")]),
            "trust": "stale",
            "trust_note": "CRM was last read 9 days ago",
        },
        {"label": "Logo churn", "value": figures.percent(context, Decimal("0.014")), "delta": logo, "trust": "locked"},
        {"label": "CAC payback", "value": figures.no_value(context, "No cost data yet: connect the ledger")},
    ]


def heat() -> dict[str, Any]:
    """Quarterly cohorts by quarters since the first contract."""
    rates = [
        ("Q1 2024", 41, "1 1.02 1.04 1.09 1.11 1.08 1.12 1.15"),
        ("Q2 2024", 36, "1 0.97 0.98 0.94 0.95 0.91 0.92"),
        ("Q3 2024", 52, "1 0.99 0.92 0.86 0.81 0.78"),
        ("Q4 2024", 44, "1 1.01 1.03 1.02 1.06"),
        ("Q1 2025", 39, "1 0.94 0.83 0.71"),
        ("Q2 2025", 47, "1 0.98 0.55"),
        ("Q3 2025", 51, "1 1"),
        ("Q4 2025", 33, "1"),
    ]
    rows = []
    for label, size, texts in rates:
        cells: list[Any] = [
            {"text": money.percent_text(rate, places=0), "level": figures.heat_level(rate), "href": "?why=cohort"}
            for rate in map(Decimal, texts.split())
        ]
        rows.append({"label": label, "size": size, "cells": cells + [None] * (8 - len(cells))})
    return {
        "id": "cohorts",
        "caption": "The 2025 cohorts shrink after two quarters",
        "columns": [f"Q{number}" for number in range(8)],
        "rows": rows,
        "low": "50%",
        "high": "110%",
    }


def series() -> dict[str, Any]:
    """A line chart and a column chart."""
    labels = [figures.month_label(Context(), row["month"]) for row in months()]
    lines = [
        ("NRR", "accent", [Decimal("1.021") + Decimal("0.002") * n for n in range(12)]),
        ("GRR", "neutral", [Decimal("0.934") - Decimal("0.002") * n for n in range(12)]),
    ]
    return {
        "lines": {
            "id": "lines",
            "kind": "lines",
            "title": "Net retention rose by two points while gross retention fell",
            "unit": "Per cent of ARR twelve months earlier",
            "percent": True,
            "from_zero": False,
            "labels": [label.split(" ")[0] for label in labels],
            "series": [
                {
                    "name": name,
                    "role": role,
                    "values": [str(value) for value in values],
                    "texts": [money.percent_text(value) for value in values],
                }
                for name, role, values in lines
            ],
        },
        "columns": {
            "id": "columns",
            "kind": "columns",
            "title": "New business outweighs churn in every month",
            "unit": "EUR thousands",
            "exponent": 3,
            "labels": [label.split(" ")[0] for label in labels],
            "series": [
                {
                    "name": label,
                    "role": label.lower(),
                    "values": [str(row["moves"][index]) for row in months()],
                    "texts": [
                        money.money_text(row["moves"][index], "EUR", scale="thousands", plus=True) for row in months()
                    ],
                }
                for index, label in enumerate(LABELS)
            ],
        },
    }


class ImportForm(forms.Form):
    """A form with every kind of field."""

    file = forms.FileField()
    source = forms.ChoiceField(choices=[("", "Choose one"), ("sf", "Salesforce"), ("st", "Stripe")])
    effective_on = forms.DateField(label="In force from", help_text="The first day on which these lines count.")
    note = forms.CharField(widget=forms.Textarea, required=False, help_text="Kept in the audit log.")
    basis = forms.ChoiceField(
        label="Amounts are",
        widget=forms.RadioSelect,
        choices=[("annual", "A year's value"), ("monthly", "A month's value"), ("total", "The whole term")],
    )
    notify = forms.BooleanField(label="Tell Finance when it is done", required=False)


def definitions() -> list[dict[str, Any]]:
    """Questions with what they are worth."""
    return [
        {
            "question": "When does a renewal that is signed late count as churn?",
            "detail": "Recommended: not before 30 days after the end date. Asked by Ana Ruiz, 3 Nov 2025",
            "worth": Decimal("170000"),
            "state": "waiting",
            "label": "Waiting for Finance",
        },
        {
            "question": "Does a paid pilot count as ARR?",
            "detail": "Agreed by Finance and RevOps on 11 Nov 2025",
            "worth": Decimal("64200"),
            "state": "agreed",
            "label": "",
        },
        {
            "question": "Which rate converts a contract in US dollars?",
            "detail": "Signed for v3; the rate table changed on 2 Dec 2025",
            "worth": Decimal("11340.85"),
            "state": "lapsed",
            "label": "",
        },
        {
            "question": "Is overage part of expansion?",
            "detail": "Refused by the CFO on 9 Nov 2025: only when it recurs for three months",
            "worth": Decimal("20500"),
            "state": "refused",
            "label": "",
        },
        {
            "question": "How are multi-year discounts spread?",
            "detail": "Not yet asked",
            "worth": Decimal("144000"),
            "state": "draft",
            "label": "",
        },
    ]


TODAY = date(2025, 12, 31)
