"""The reconciliation and sample pages as people use them: without JavaScript, by role, with what they write in the log."""

import csv
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from metrics.models import AccountExplanation, AccountMapping, ReconciliationSetting, SampleContract
from portal.accounts.models import User
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.engine.frames import frame, line
from tests.metrics.loading import load_lines
from tests.tenancy.routes_metrics import A_SAMPLE

pytestmark = pytest.mark.usefixtures("file_store")
SignIn = Callable[[User], Browser]
YEAR: dict[str, Any] = {"starts_on": "2024-01-01", "ends_on": "2025-12-31"}
AT = "month=2024-12"


def url(name: str, client: Client, **keys: Any) -> str:
    return reverse(name, kwargs={"client_slug": client.slug, **keys})


def text(response: Any) -> str:
    content: bytes = response.content
    return content.decode()


def lines_of(prefix: str, amounts: dict[str, str]) -> Any:
    return frame(
        *(
            line(f"{prefix}{customer}", amount, customer_id=customer, customer_name=f"{customer} Inc", **YEAR)
            for customer, amount in amounts.items()
        )
    )


@pytest.fixture
def two_sources(northwind: Client) -> Client:
    with tenant_context(northwind):
        load_lines(lines_of("L", {"A": "1000", "B": "500", "=C": "300"}), "Billing")
        load_lines(lines_of("L", {"A": "1000", "B": "650", "D": "40"}), "CRM")
    return northwind


def test_without_a_second_source_the_page_says_what_to_do(northwind: Client, rita: User, signed_in: SignIn) -> None:
    page = text(signed_in(rita).get(url("reconciliation", northwind)))
    assert "A second source is needed" in page and url("data_upload", northwind) in page
    assert "Ten to twenty contracts belong here" in text(signed_in(rita).get(url("samples", northwind)))


def test_totals_states_and_reasons_are_on_the_page(two_sources: Client, rita: User, signed_in: SignIn) -> None:
    page = text(signed_in(rita).get(f"{url('reconciliation', two_sources)}?{AT}"))
    for shown in (
        "1,800.00",
        "1,690.00",
        "\u2212110.00",
        "\u22126.11%",
        "Red flag",
        "Missing in CRM",
        "Missing in Billing",
    ):
        assert shown in page, shown
    assert "CRM is 6.11% below Billing at the end of Dec 2024" in page
    assert "Platform (LB) is 500.00 USD a year in Billing, 650.00 USD in CRM." in page
    assert page.index("=C Inc") < page.index("B Inc") < page.index("D Inc") < page.index("A Inc")


def test_the_table_sorts_and_filters_in_the_address(two_sources: Client, rita: User, signed_in: SignIn) -> None:
    browser = signed_in(rita)
    page = text(browser.get(f"{url('reconciliation', two_sources)}?{AT}&sort=account"))
    assert page.index("=C Inc") < page.index("A Inc") < page.index("B Inc") < page.index("D Inc")
    page = text(browser.get(f"{url('reconciliation', two_sources)}?{AT}&state=different"))
    assert "B Inc" in page and "A Inc" not in page and "1 account<" in page and "+150.00" in page
    page = text(browser.get(f"{url('reconciliation', two_sources)}?{AT}&sort=nonsense&state=none&base=77&start=x"))
    assert "0 accounts" in page


def test_the_file_has_every_account_and_no_number_where_there_is_none(
    two_sources: Client, rita: User, signed_in: SignIn
) -> None:
    answer = signed_in(rita).get(f"{url('reconciliation_csv', two_sources)}?{AT}&sort=account")
    assert 'filename="reconciliation-northwind-2024-12.csv"' in answer["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(text(answer))))
    assert [
        (row["account"], row["base"], row["other"], row["difference"], row["ratio"], row["state"]) for row in rows
    ] == [
        ("'=C", "300.00", "", "-300.00", "", "missing_in_other"),
        ("A", "1000.00", "1000.00", "0.00", "0.0000", "matched"),
        ("B", "500.00", "650.00", "150.00", "0.3000", "different"),
        ("D", "", "40.00", "40.00", "", "missing_in_base"),
    ]
    assert {(row["month"], row["base_source"], row["other_source"], row["currency"]) for row in rows} == {
        ("2024-12", "Billing", "CRM", "USD")
    }
    sums = sum(Decimal(row["difference"]) for row in rows)
    assert sums == Decimal("-110.00")


def test_an_account_is_drilled_explained_and_the_explanation_withdrawn(
    two_sources: Client, finn: User, signed_in: SignIn
) -> None:
    browser = signed_in(finn)
    address = f"{url('reconciliation_account', two_sources)}?{AT}&account=B"
    page = text(browser.get(address))
    assert "Lines in Billing" in page and "Lines in CRM" in page and "650.00" in page and "Why do they differ?" in page
    post = f"{url('reconciliation_explain', two_sources)}?{AT}"
    stale = browser.post(post, {"account": "B", "difference": "149.00", "text": "An uplift"})
    assert stale.status_code == 422 and "has changed since it was shown" in text(stale)
    empty = browser.post(post, {"account": "B", "difference": "150.00", "text": " "})
    assert empty.status_code == 422 and "This field is required" in text(empty)
    done = browser.post(post, {"account": "B", "difference": "150.00", "text": "An uplift\nfrom May"}, follow=True)
    assert "B Inc is explained" in text(done) and "An uplift<br>from May" in text(done)
    assert "Explained" in text(browser.get(f"{url('reconciliation', two_sources)}?{AT}&state=explained"))
    with tenant_context(two_sources):
        made = AccountExplanation.objects.get()
        assert made.explained_by == finn and made.difference == Decimal("150.00")
        assert AuditEntry.objects.order_by("-sequence")[0].action == "account.explained"
    browser.post(url("reconciliation_withdraw", two_sources, explanation_id=made.pk))
    with tenant_context(two_sources):
        assert not AccountExplanation.objects.exists()
    assert browser.get(f"{url('reconciliation_account', two_sources)}?{AT}&account=nobody").status_code == 404


def test_an_account_under_another_id_is_mapped(two_sources: Client, rita: User, signed_in: SignIn) -> None:
    browser = signed_in(rita)
    with tenant_context(two_sources):
        load_lines(frame(line("X1", "300", customer_id="0061", customer_name="=c inc", **YEAR)), "CRM")
    page = text(browser.get(f"{url('reconciliation_account', two_sources)}?{AT}&account=0061"))
    assert "has the same name" in page and "?customer=0061&amp;account=%3DC&amp;source=" in page
    form = text(browser.get(f"{url('account_mappings', two_sources)}?customer=0061&account=%3DC"))
    assert 'value="0061"' in form and 'value="=C"' in form
    with tenant_context(two_sources):
        crm = load_lines(frame(), "CRM")
    refused = browser.post(url("account_map", two_sources), {"source": crm.pk, "customer_id": "A", "account_id": "A"})
    assert refused.status_code == 422 and "nothing to map" in text(refused)
    given = {"source": crm.pk, "customer_id": "0061", "account_id": "=C"}
    assert "0061 of CRM is now the account =C" in text(
        browser.post(url("account_map", two_sources), given, follow=True)
    )
    assert "Matched 2" in text(browser.get(f"{url('reconciliation', two_sources)}?{AT}"))
    with tenant_context(two_sources):
        mapping = AccountMapping.objects.get()
    browser.post(url("account_unmap", two_sources, mapping_id=mapping.pk))
    assert "Matched 1" in text(browser.get(f"{url('reconciliation', two_sources)}?{AT}"))


def test_levels_are_changed_by_who_may_and_shown(two_sources: Client, ana: User, rita: User, signed_in: SignIn) -> None:
    assert signed_in(rita).get(url("reconciliation_levels", two_sources)).status_code == 403
    browser = signed_in(ana)
    refused = browser.post(url("reconciliation_levels", two_sources), {"tolerance": "5", "red_flag": "2"})
    assert refused.status_code == 422 and "cannot lie below the tolerance" in text(refused)
    browser.post(url("reconciliation_levels", two_sources), {"tolerance": "6.2", "red_flag": "8.25"})
    with tenant_context(two_sources):
        setting = ReconciliationSetting.objects.get()
        assert (setting.tolerance, setting.red_flag) == (Decimal("0.0620"), Decimal("0.0825"))
    assert "Within tolerance" in text(browser.get(f"{url('reconciliation', two_sources)}?{AT}"))


# --- samples ----------------------------------------------------------------------------------------------------------


def test_samples_are_found_added_entered_and_saved_in_one_form(
    two_sources: Client, finn: User, signed_in: SignIn
) -> None:
    browser, address = signed_in(finn), url("samples_change", two_sources)
    empty = {"samples-TOTAL_FORMS": "0", "samples-INITIAL_FORMS": "0"}
    found = text(browser.post(address, {**empty, "q": "B Inc", "find": "1"}))
    assert 'value="K-LB"' in found and 'value="K-LA"' not in found
    added = text(browser.post(address, {**empty, "q": "B Inc", "add": "K-LB"}))
    assert 'value="K-LB"' in added and "Nothing was saved" not in added and "This field is required" not in added
    with tenant_context(two_sources):
        assert not SampleContract.objects.exists()
    for silly in ("9" * 5000, "²", "-1", ""):
        forged = {"samples-TOTAL_FORMS": silly, "samples-INITIAL_FORMS": "0", "q": "B Inc"}
        assert browser.post(address, {**forged, "add": "K-LB"}).status_code in (200, 422), silly
        assert browser.post(address, {**forged, "save": "1"}).status_code in (302, 422), silly
    row = {**A_SAMPLE, "samples-0-contract_id": "K-LB"}
    wrong = browser.post(address, {**row, "samples-0-expected": "five", "save": "1"})
    assert wrong.status_code == 422 and "is not an amount" in text(wrong)
    left_empty = {"samples-TOTAL_FORMS": "3", "samples-2-note": ""}  # rows two and three
    entered = {**row, **left_empty, "samples-0-expected": "480.00", "save": "1"}
    saved = text(browser.post(address, entered, follow=True))
    for shown in ("1 sample is saved", "480.00", "500.00", "+20.00", "Differs", "0 of 1 agree"):
        assert shown in saved, shown
    kept = text(browser.get(address))
    assert 'value="480.00"' in kept and 'value="2024-12"' in kept
    browser.post(address, {**row, "samples-0-remove": "on", "save": "1"})
    with tenant_context(two_sources):
        assert not SampleContract.objects.exists()
        assert AuditEntry.objects.order_by("-sequence")[0].action == "samples.saved"


def test_an_unknown_contract_is_refused_in_words(two_sources: Client, finn: User, signed_in: SignIn) -> None:
    answer = signed_in(finn).post(
        url("samples_change", two_sources), {**A_SAMPLE, "samples-0-contract_id": "K9", "save": "1"}
    )
    assert answer.status_code == 422 and "There is no contract K9 among the lines" in text(answer)
