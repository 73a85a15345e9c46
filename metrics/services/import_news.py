"""Telling whoever sent a file that it was not loaded.

`import_failed_tell(contract_import=, text=)` · `rows_stuck_tell(contract_import=)`
"""

from django.urls import reverse

from metrics.models import ContractImport
from portal.notices.audience import consultants_of
from portal.notices.kinds import Kind
from portal.notices.services.raising import notice_add


def import_failed_tell(*, contract_import: ContractImport, text: str) -> None:
    """Whoever sent the file hears of it; where a program sent it, the consultants do. Once for each end of an import."""
    client, sender = contract_import.client, contract_import.created_by
    path = reverse("data_import", kwargs={"client_slug": client.slug, "import_id": contract_import.pk})
    notice_add(
        client=client, users=[sender] if sender else consultants_of(client), kind=Kind.IMPORT, path=path,
        text=f"{contract_import.file_name} {text}", about=f"import {contract_import.pk}",
        key=f"import {contract_import.pk} {contract_import.state} {contract_import.attempts}",
    )  # fmt: skip


def rows_stuck_tell(*, contract_import: ContractImport) -> None:
    """Whoever sent a large file, and the consultants, hear once that its lines cannot be written one by one."""
    client, sender = contract_import.client, contract_import.created_by
    path = reverse("data_import", kwargs={"client_slug": client.slug, "import_id": contract_import.pk})
    notice_add(
        client=client, users=[*([sender] if sender else []), *consultants_of(client)], kind=Kind.IMPORT, path=path,
        text=f"{contract_import.file_name} is loaded and its figures are right, but its lines could not be written one by one."
        " Pages of single lines stay closed, and it is tried again every hour; the log of the worker has the reason",
        about=f"import {contract_import.pk}", key=f"import {contract_import.pk} rows",
        is_for_doer=True,
    )  # fmt: skip
