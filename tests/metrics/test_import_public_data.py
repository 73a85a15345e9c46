"""Data that nobody here wrote, through the whole import: published answers come out, broken files do not get in."""

import csv
import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection

from metrics.engine.book import settle
from metrics.engine.policy import Policy
from metrics.intake.mapping import Mapping
from metrics.models import ContractLine
from metrics.models.intake import ImportState
from metrics.repository import authoritative_source, lines_frame
from metrics.selectors.policies import default_policy
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.metrics.steps import check, load_file

pytestmark = pytest.mark.usefixtures("file_store")

RAVENSTACK = {
    "columns": {
        "contract_id": "subscription_id",
        "line_id": "subscription_id",
        "customer_id": "account_id",
        "customer_name": "account_id",
        "product": "plan_tier",
        "charge_type": "is_trial",
        "amount": "mrr_amount",
        "start_date": "start_date",
        "end_date": "end_date",
    },
    "constants": {"amount_basis": "month", "currency": "USD"},
    "value_maps": {"charge_type": {"true": "trial", "false": "recurring"}},
    "end_is_exclusive": True,
}
SAASOPS = {
    "columns": {
        "contract_id": "contract_id",
        "line_id": "contract_id",
        "customer_id": "customer",
        "customer_name": "customer",
        "amount": "total_value",
        "signed_date": "contract_date",
        "start_date": "term_start",
        "end_date": "term_end",
        "replaces_contract_id": "renewal_from_contract_id",
    },
    "constants": {
        "product": "Subscription",
        "charge_type": "recurring",
        "amount_basis": "total",
        "currency": "USD",
    },
    "date_order": "ymd",
}
MRR = """
    SELECT sum(amount) FILTER (WHERE charge_type = 'recurring'), count(*),
      count(DISTINCT customer_id) FILTER (WHERE charge_type = 'recurring' AND amount > 0)
    FROM metrics_contractline WHERE starts_on <= %(day)s AND (ends_on IS NULL OR ends_on >= %(day)s)
      AND (cancelled_on IS NULL OR cancelled_on > %(day)s)
"""


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("name", "order"), [("ravenstack_subscriptions.csv", "dmy"), ("ravenstack_subscriptions_iso.csv", "ymd")]
)
def test_ravenstack_in_both_date_formats_gives_the_published_mrr(
    northwind: Client, shared: Path, name: str, order: str
) -> None:
    mapping = Mapping.from_dict({**RAVENSTACK, "date_order": order})
    done = load_file(northwind, shared / "data/ravenstack" / name, mapping=mapping)
    assert (done.state, done.added_count) == (ImportState.DONE, 5000)
    wanted = rows_of(shared / "data/expected/ravenstack_mrr_month_end.csv")
    with tenant_context(northwind), connection.cursor() as cursor:
        for row in wanted:
            day = dt.date.fromisoformat(row["as_of_start_of"]) - dt.timedelta(days=1)
            cursor.execute(MRR, {"day": day})
            mrr, lines, customers = cursor.fetchone()
            assert (mrr, lines, customers) == (
                Decimal(row["mrr"]),
                int(row["active_subscriptions"]),
                int(row["paying_accounts"]),
            ), row["as_of_start_of"]


@pytest.mark.parametrize("case", ["case1", "case2"])
@pytest.mark.parametrize(("recognition", "column"), [("start", "arr"), ("signed", "carr")])
def test_saasops_cases_give_their_published_arr_and_carr(
    northwind: Client, shared: Path, case: str, recognition: str, column: str
) -> None:
    folder = shared / "data/saasops-cases"
    load_file(northwind, folder / f"{case}_contracts.csv", mapping=Mapping.from_dict(SAASOPS))
    with tenant_context(northwind):
        lines = lines_frame(authoritative_source())
    plain: Policy = default_policy(northwind).with_(recognition=recognition, renewal_grace_days=0)
    settled = settle(lines, plain)
    for row in rows_of(folder / f"{case}_expected.csv"):
        day = dt.date.fromisoformat(row["month_end"])
        counting = [
            line["annual_value_cents"]
            for line in settled.iter_rows(named=True)
            if line["counts_from"] and line["counts_from"] <= day and (line["counts_until"] or dt.date.max) > day
        ]
        assert Decimal(sum(counting)) / 100 == Decimal(row[column]), (case, row["month_end"])


@pytest.mark.parametrize(
    "name",
    [
        "FactInternetSales2.csv",
        "FactInternetSales_isots_NULL_sample.csv",
        "FactResellerSales_ddmmyyyy_sample.csv",
        "FactResellerSales_locale_mangled.csv",
    ],
)
def test_messy_files_are_refused_with_reasons(northwind: Client, shared: Path, name: str) -> None:
    path = shared / "data/messy-reseller-sales" / name
    mapping = Mapping(
        columns={
            "contract_id": "ProductKey",
            "line_id": "ProductKey",
            "customer_id": "ProductKey",
            "customer_name": "ProductKey",
            "product": "ProductKey",
            "amount": "SalesAmount",
            "start_date": "OrderDate",
        },
        constants={"charge_type": "recurring", "amount_basis": "year", "currency": "USD"},
    )
    refused = check(northwind, path.read_bytes(), name=name, mapping=mapping)
    assert refused.state == ImportState.REFUSED and refused.fault_count > 0
    with tenant_context(northwind):
        assert ContractLine.objects.count() == 0
        assert all(fault.reason and fault.row >= 0 for fault in refused.faults.all()[:500])
