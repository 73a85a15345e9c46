"""A sheet says what the data said when it was taken: what moved since is shown, and may be taken anew, the one before kept."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.test import Client as Browser

from governance.models import AuditedContract, QuarterAudit, ReplacedSheet
from governance.services.audit_sheets import sheet_renew
from governance.services.problems import DefinitionError, OutdatedError
from metrics.models import ContractLine
from portal.accounts.models import User
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.governance.audits import QUARTER, an_audit, check_rest, contract_at, keep, sign

HOME = f"/c/northwind/oversight/audits/{QUARTER}/"


@pytest.fixture
def moved(northwind: Client, rita: User) -> AuditedContract:
    """The second contract of the sample: its result was kept, then its price became 77."""
    with tenant_context(northwind):
        an_audit(northwind, rita)
        row = keep(
            northwind, 2, rita, result="differs", difference=Decimal(-1), reason="price", note="The order says 77"
        )
        ContractLine.objects.filter(contract_id=row.contract_id).update(amount=77)
    return row


def test_the_page_names_the_sheets_that_the_data_left_behind_and_takes_one_anew(
    northwind: Client, rita: User, eve: User, moved: AuditedContract, signed_in: Callable[[User], Browser]
) -> None:
    browser = signed_in(rita)
    page = browser.get(HOME).content.decode()
    assert "The data changed after 1 sheet was taken" in page and "77.00 USD now" in page
    sheet = browser.get(f"{HOME}2/").content.decode()
    assert "The data changed after this sheet was taken" in sheet and "Take the sheet anew" in sheet
    read = signed_in(eve).get(f"{HOME}2/").content.decode()
    assert "The data changed after this sheet was taken" in read and "Take the sheet anew" not in read
    assert browser.post(f"{HOME}2/sheet/", {"version": moved.version - 1}).status_code == 409
    after = browser.post(f"{HOME}2/sheet/", {"version": moved.version}, follow=True).content.decode()
    assert "Sheets before this one" in after and "The order says 77" in after and "Take the sheet anew" not in after
    assert "The data changed" not in browser.get(HOME).content.decode()


def test_the_sample_stays_and_the_sheet_before_is_kept_with_what_was_found(
    northwind: Client, rita: User, finn: User, moved: AuditedContract
) -> None:
    with tenant_context(northwind):
        sample = list(AuditedContract.objects.values_list("position", "contract_id"))
        row = sheet_renew(client=northwind, contract=moved, version=moved.version, user=rita)
        assert (row.arr, row.result, row.checked_by) == (Decimal(77), "open", None)
        assert list(AuditedContract.objects.values_list("position", "contract_id")) == sample
        before = ReplacedSheet.objects.get().content
        assert (before["sheet"], before["note"], before["result"]) == (moved.sheet, "The order says 77", "differs")
        entry = AuditEntry.objects.get(action="quarter_audit.sheet_renewed")
        assert entry.details["contract"] == moved.contract_id and entry.details["result_before"] == "differs"
        for again, version in ((OutdatedError, moved.version), (DefinitionError, row.version)):
            with pytest.raises(again):
                sheet_renew(client=northwind, contract=row, version=version, user=rita)
        check_rest(northwind, rita)
        signed = sign(northwind, finn)
        shown = next(each for each in signed.content["contracts"] if each["position"] == 2)
        assert [each["sheet"] for each in shown["replaced"]] == [moved.sheet]
        ContractLine.objects.filter(contract_id=row.contract_id).update(amount=78)
        with pytest.raises(OutdatedError):
            sheet_renew(client=northwind, contract=contract_at(2), version=contract_at(2).version, user=rita)


def test_a_contract_that_is_gone_keeps_its_sheet(northwind: Client, rita: User, moved: AuditedContract) -> None:
    with tenant_context(northwind):
        ContractLine.objects.filter(contract_id=moved.contract_id).update(contract_id="other")
        with pytest.raises(DefinitionError, match="no line of this contract any more"):
            sheet_renew(client=northwind, contract=moved, version=moved.version, user=rita)


def test_past_the_services_no_sheet_is_replaced_that_is_not_kept(northwind: Client, moved: AuditedContract) -> None:
    with tenant_context(northwind):
        with pytest.raises(DatabaseError, match="never change"), transaction.atomic():
            AuditedContract.objects.filter(pk=moved.pk).update(arr=77)
        assert QuarterAudit.objects.get().state == "open"
