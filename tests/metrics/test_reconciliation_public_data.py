"""Public data as two sources that differ on purpose: every account and total against the oracle."""

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from metrics.engine.lines import LINE_SCHEMA
from metrics.intake.mapping import Mapping
from metrics.models import Source
from metrics.repository import lines_frame
from metrics.selectors.policies import default_policy
from metrics.selectors.reconciliation import reconciliation_get
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.engine.frames import rates
from tests.engine.oracle_input import oracle_arr
from tests.metrics.loading import load_lines
from tests.metrics.steps import load_file
from tests.metrics.test_import_public_data import RAVENSTACK, SAASOPS

pytestmark = pytest.mark.usefixtures("file_store")


def oracle_by_account(lines: pl.DataFrame, client: Client, month: int) -> dict[str, int]:
    """ARR by account; account by account, because no line here replaces another account's."""
    arr: dict[str, int] = {}
    for own in lines.partition_by("customer_id"):
        arr |= oracle_arr(own, rates(), default_policy(client), month)
    return arr


def told_otherwise(lines: pl.DataFrame) -> pl.DataFrame:
    """The same subscriptions as a CRM might have them: by place in the file, so that anybody gets the same."""
    at = pl.int_range(pl.len())
    changed = lines.sort("line_id").with_columns(
        pl.when(at % 97 == 0).then(pl.col("amount_e6") + 25_000_000).otherwise("amount_e6").alias("amount_e6"),
        pl.when(at % 101 == 1).then(None).otherwise("ends_on").alias("ends_on"),
        pl.when(at % 103 == 2).then(pl.col("starts_on")).otherwise("cancelled_on").alias("cancelled_on"),
        pl.when(at % 107 == 3).then(pl.lit("trial")).otherwise("charge_type").alias("charge_type"),
    )
    twice = changed.filter(at % 499 == 5).with_columns(pl.col("line_id") + "-2", pl.col("contract_id") + "-2")
    gone = changed["customer_id"].unique().sort()[:3].to_list()
    both = pl.concat([changed.filter(~pl.col("customer_id").is_in(gone)), twice])
    return both.select(LINE_SCHEMA.names())


def test_ravenstack_against_a_crm_that_has_it_wrong_ties_to_the_oracle_in_every_account(
    northwind: Client, shared: Path
) -> None:
    mapping = Mapping.from_dict({**RAVENSTACK, "date_order": "ymd"})
    load_file(northwind, shared / "data/ravenstack/ravenstack_subscriptions_iso.csv", mapping=mapping, source="Billing")
    with tenant_context(northwind):
        billing = lines_frame(Source.objects.get())
        crm = told_otherwise(billing)
        load_lines(crm, "CRM")
        for month, least in ((month_parse("2023-06"), 5), (month_parse("2024-10"), 60)):
            found = reconciliation_get(northwind, month)
            mine, theirs = (oracle_by_account(lines, northwind, month) for lines in (billing, crm))
            assert found.base_arr is not None and found.other_arr is not None and found.reason is None
            assert found.base_arr * 100 == sum(mine.values()) and found.other_arr * 100 == sum(theirs.values())
            differing = {account for account in mine | theirs if mine.get(account) != theirs.get(account)}
            assert {row.account for row in found.rows if row.state != "matched"} == differing
            assert len(differing) >= least
            for row in found.rows:
                assert row.difference * 100 == theirs.get(row.account, 0) - mine.get(row.account, 0)
                assert sum(reason.amount for reason in row.reasons) == row.difference
                assert row.base is None or row.base * 100 == mine.get(row.account, 0)
        codes = {reason.code for row in found.rows for reason in row.reasons}
        expected = {"amount", "cancellation", "dates", "charge_type", "duplicate", "missing_account"}
        assert codes == expected


def test_a_renewal_that_the_crm_booked_late_differs_by_the_published_step(northwind: Client, shared: Path) -> None:
    """The published case: 120,000 for a year, renewed at 240,000 on 1 June 2023. The CRM starts the renewal a month later."""
    mapping = Mapping.from_dict(SAASOPS)
    load_file(northwind, shared / "data/saasops-cases/case2_contracts.csv", mapping=mapping, source="Billing")
    with tenant_context(northwind):
        billing = lines_frame(Source.objects.get())
        late = pl.when(pl.col("line_id") == "2").then(pl.date(2023, 7, 1)).otherwise("starts_on").alias("starts_on")
        load_lines(billing.with_columns(late, amount_e6="amount_e6"), "CRM")
        june = reconciliation_get(northwind, month_parse("2023-06"))
        assert [(row.base, row.other) for row in june.rows] == [(Decimal(240_000), Decimal(0))]
        assert [reason.sentence for reason in june.rows[0].reasons] == [
            "Subscription (2) starts 2023-06-01 in Billing, 2023-07-01 in CRM."
        ]
        may = reconciliation_get(northwind, month_parse("2023-05"))
        assert (may.base_arr, may.variance, may.level) == (Decimal(120_000), Decimal(0), "within")
