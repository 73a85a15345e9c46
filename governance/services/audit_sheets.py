"""Taking the work sheet of a contract anew, where its data moved after the drawing. Runs in the client's scope.

`sheet_renew(client=, contract=, version=, user=)`
"""

from decimal import Decimal
from typing import Any

from governance.models import AuditedContract, ContractResult, ReplacedSheet
from governance.selectors.audit_moved import sheet_moved, sheets_now
from governance.selectors.audit_sheets import AuditInputError
from governance.selectors.quarter_audits import contract_content
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.quarter_audits import open_audit
from portal.tenancy import audit as log
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client


def sheet_renew(*, client: Client, contract: AuditedContract, version: int, user: Any) -> AuditedContract:
    """Take the sheet of a contract of the sample from the data as it is now, under the policy of the audit.

    The sheet before is kept with all that was found about it, so that the contract is to be checked once more. OutdatedError
    where the audit is signed or somebody was faster; DefinitionError where the data says the same, or has no such contract.
    """
    found = open_audit(contract.audit_id)
    row: AuditedContract = (
        AuditedContract.objects.select_for_update(of=("self",))
        .select_related("checked_by", "evidence")
        .get(pk=contract.pk)
    )
    if row.version != version:
        raise OutdatedError
    try:
        now = sheets_now(client, found, [row.contract_id])[row.contract_id]
    except AuditInputError as error:
        raise DefinitionError(str(error)) from error
    if now is None:
        raise DefinitionError(
            "the data has no line of this contract any more: say what was found about the sheet there is"
        )
    if not sheet_moved(row.sheet, now):
        raise DefinitionError("the data of this contract says what the sheet says")
    kept = ReplacedSheet.objects.create(
        client=client, contract=row, version=row.version, content=contract_content(row), replaced_by=user,
        replaced_at=database_time(),
    )  # fmt: skip
    row.sheet, row.sheet_sha256, row.arr = now, log.digest(now), Decimal(now["months"][-1]["arr"])
    row.result, row.difference, row.reason, row.note = ContractResult.OPEN, None, "", ""
    row.reference, row.evidence, row.checked_by, row.checked_at = "", None, None, None
    row.version += 1
    row.save()
    log.record(
        "quarter_audit.sheet_renewed", object_type="quarter audit", object_id=found.quarter,
        before=kept.content["sheet_sha256"], after=row.sheet_sha256,
        details={"contract": row.contract_id, "arr": [kept.content["sheet"]["months"][-1]["arr"], str(row.arr)],
                 "result_before": kept.content["result"], "by": user.email},
    )  # fmt: skip
    return row
