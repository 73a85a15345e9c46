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
    "adjustment": "0.00",
    "ending": "8334450.00",
    "net_new": "124050.00",
    "customers_beginning": 211,
    "customers_new": 3,
    "customers_churned": 1,
    "customers_reactivated": 0,
    "customers_ending": 213,
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
