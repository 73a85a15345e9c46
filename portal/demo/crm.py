"""Northwind's contracts as its CRM has them: the same business, wrong in the ways in which a CRM is wrong.

Sales books a contract under its opportunity, knows no setup fees, and hears late of cancellations. In August 2026 that adds up
to nearly 3 % of ARR; by the end of September the cancellations have arrived and the early start has become true, and what is
left is within 2 %.
"""

from typing import Final

# By line of the billing export: what the CRM says instead.
CHANGED: Final[dict[str, dict[str, str]]] = {
    "K-0042-06/1": {"cancelled_date": "2026-09-08"},  # cancelled in July; the account manager heard of it in September
    "K-0013-03/1": {"cancelled_date": "2026-09-08"},
    "K-0076-01/1": {"start_date": "2026-08-11"},  # counted from its signature
    "K-0093-01/1": {"currency": "EUR"},  # sold in dollars, entered in euros
    "K-0069-03/1": {"amount": "63024"},  # an uplift of 4 % that was agreed and never billed
}
DUPLICATE: Final = "K-0136-01/1"
NOT_IN_CRM: Final = "C-0182"
OTHER_IDS: Final = {"C-0120": "SF-00120", "C-0055": "SF-00055"}
MAPPED: Final = "C-0120"  # the other one is still to be found
NOT_BILLED: Final = {
    "contract_id": "O-0191-01",
    "line_id": "O-0191-01/1",
    "customer_id": "C-0191",
    "customer_name": "Quince Mobility",
    "product": "Connect",
    "charge_type": "recurring",
    "amount": "36400",
    "amount_basis": "year",
    "discount": "0",
    "currency": "USD",
    "signed_date": "2026-06-22",
    "start_date": "2026-07-06",
    "end_date": "2027-07-05",
    "live_date": "2026-07-06",
    "segment": "Mid-Market",
    "region": "EMEA",
    "rep": "Aoife Byrne",
}
EXPLAINED: Final = {
    "C-0136": "The opportunity was entered twice after a merge of accounts; Sales Ops removes the second."
}

# Contracts that Finance knows by heart, and what it expects where that is not what the engine says.
SAMPLES: Final = (
    "K-0050-04",
    "K-0108-01",
    "K-0062-07",
    "K-0001-03",
    "K-0079-03",
    "K-0114-02",
    "K-0042-06",
    "K-0125-02",
    "K-0097-04",
    "K-0056-04",
    "K-0076-01",
    "K-0044-02",
)
EXPECTED_OTHERWISE: Final = {
    "K-0001-03": ("189685.43", "At the rate of the day it was signed, as Finance keeps its own list"),
}


def crm_rows(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows of the billing export as the CRM exports them."""
    found = []
    for row in rows:
        if row["charge_type"] != "recurring" or row["customer_id"] == NOT_IN_CRM:
            continue
        found.append(opportunity(row | CHANGED.get(row["line_id"], {})))
        if row["line_id"] == DUPLICATE:
            found.append(found[-1] | {"contract_id": "O-0136-99", "line_id": "O-0136-99/1"})
    return [*found, dict(NOT_BILLED)]


def opportunity(row: dict[str, str]) -> dict[str, str]:
    """A billed line under the ids of the CRM."""
    own = {
        name: row.get(name, "").replace("K-", "O-", 1) for name in ("contract_id", "line_id", "replaces_contract_id")
    }
    return row | own | {"customer_id": OTHER_IDS.get(row["customer_id"], row["customer_id"])}
