"""Examples of the OpenAPI schema."""

from drf_spectacular.utils import OpenApiExample

FAULT = OpenApiExample(
    "A faulty row",
    response_only=True,
    status_codes=["200"],
    value={
        "next": None,
        "results": [
            {
                "row": 17,
                "column": "start_date",
                "value": "31.02.2025",
                "reason": "this is no date: write 2025-01-31",
                "code": "date_bad",
            }
        ],
    },
)
IMPORT_WAITING = OpenApiExample(
    "A file that would change something",
    response_only=True,
    status_codes=["201"],
    value={
        "id": 12,
        "source": "billing",
        "state": "waiting",
        "state_label": "Waiting for a decision",
        "file_name": "contracts-2025-12.csv",
        "file_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "file_bytes": 48210,
        "is_partial": False,
        "row_count": 412,
        "fault_count": 0,
        "added_count": 9,
        "changed_count": 3,
        "vanished_count": 0,
        "unchanged_count": 400,
        "step": "",
        "progress": 0,
        "error": "",
        "created_by": "rita@example.com",
        "created_at": "2026-01-05T08:12:44.120000Z",
        "finished_at": None,
        "mapping": None,
        "totals": [{"currency": "EUR", "basis": "year", "rows": 412, "amount": "8334450.00", "discount": "0.00"}],
        "header": ["line_id", "contract_id"],
        "suggested_mapping": None,
        "questions": [],
        "fault_codes": {},
    },
)
MAPPING = OpenApiExample(
    "German export with exclusive end dates",
    request_only=True,
    value={
        "columns": {"line_id": "Position", "contract_id": "Vertrag", "amount": "Betrag", "end_date": "Ende"},
        "constants": {"charge_type": "recurring", "currency": "EUR"},
        "date_order": "dmy",
        "decimal_mark": ",",
        "end_is_exclusive": True,
    },
)
RATES = OpenApiExample(
    "Two rates as rows",
    request_only=True,
    media_type="application/json",
    value={
        "rates": [
            {"currency": "EUR", "date": "2025-12-31", "rate": "1.1750"},
            {"currency": "GBP", "date": "2025-12-31", "rate": "1.3456"},
        ]
    },
)
POLICY = OpenApiExample(
    "ARR from the start date",
    request_only=True,
    value={
        "parameters": {
            "reporting_currency": "USD",
            "recognition": "start",
            "included_charge_types": ["recurring", "usage_minimum"],
            "minimum_term_months": 0,
            "overage": "exclude",
            "discounts": "net",
            "fx": "spot",
            "renewal_grace_days": 30,
            "reactivation_window_months": 12,
            "customer_unit": "customer",
            "retention_fx": "constant",
        },
        "note": "Late renewals are carried for thirty days",
        "based_on": 3,
    },
)
ROW = {
    "period": "2025-12",
    "group": "",
    "beginning": "8210400.00",
    "new": "96000.00",
    "expansion": "41250.00",
    "contraction": "-7200.00",
    "churn": "-6000.00",
    "reactivation": "0.00",
    "fx": "0.00",
    "prior_period_adjustment": "0.00",
    "ending": "8334450.00",
    "net_new": "124050.00",
    "customers_beginning": 211,
    "customers_new": 3,
    "customers_churned": 1,
    "customers_reactivated": 0,
    "customers_ending": 213,
    "customers_adjusted": 0,
    "state": "live",
}
BRIDGE = OpenApiExample(
    "One month",
    response_only=True,
    status_codes=["200"],
    value={
        "book": {
            "basis": "start",
            "label": "ARR",
            "state": "ready",
            "message": "",
            "currency": "USD",
            "first_month": "2022-01",
            "last_month": "2025-12",
            "retention_from": "2022-01",
            "policy_number": 3,
            "version": 41,
            "built_at": "2026-01-05T08:13:02.512000Z",
        },
        "by": "total",
        "grain": "month",
        "periods": [{"key": "2025-12", "first": "2025-12", "last": "2025-12", "is_partial": False}],
        "groups": [],
        "rows": [ROW],
        "totals": [ROW],
    },
)
CORRECTION = OpenApiExample(
    "She began a month later",
    request_only=True,
    value={"group": "Enterprise", "from": "2026-02", "until": None, "reason": "The list had last year's month"},
)
EXPLANATION = OpenApiExample(
    "An uplift that the CRM has and billing has not",
    request_only=True,
    value={
        "account": "C-1042",
        "difference": "1200.00",
        "text": "The uplift of January is invoiced from March on.",
        "month": "2025-12",
    },
)
ACCOUNT = OpenApiExample(
    "The CRM has its own id",
    request_only=True,
    value={"source": "CRM", "customer": "0061-778", "account": "C-1042"},
)
LEVELS = OpenApiExample(
    "Two and five per cent",
    request_only=True,
    value={"tolerance": "0.0200", "red_flag": "0.0500", "base": "Billing", "other": "CRM"},
)
SAMPLES = OpenApiExample(
    "Two contracts",
    request_only=True,
    value={
        "samples": [
            {"contract": "K-1001", "month": "2025-12", "expected": "24000.00", "note": "Signed, live in January"},
            {"contract": "K-1002", "month": "2025-12", "expected": "0.00", "note": ""},
        ]
    },
)
