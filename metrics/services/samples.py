"""The sample contracts of a client: which, and what Finance expects of them.

`samples_save(client=, entries=, user=) -> list[SampleContract]`
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.db import IntegrityError, transaction

from metrics.models import ContractLine, SampleContract
from metrics.repository import authoritative_source
from portal.lib.periods import month_format
from portal.tenancy import audit
from portal.tenancy.models import Client

MOST_SAMPLES: Final = 20
LONGEST_NOTE: Final = 400
LARGEST: Final = Decimal(10) ** 15


class SampleProblem(ValueError):
    """The samples cannot be saved; the message says why and what to do. Nothing was changed."""


@dataclass(frozen=True)
class SampleEntry:
    """One sample as somebody entered it; `expected` is ARR in the client's reporting currency."""

    contract_id: str
    month: int
    expected: Decimal
    note: str = ""

    @property
    def key(self) -> tuple[str, int]:
        """Which sample it is."""
        return self.contract_id, self.month


def samples_save(*, client: Client, entries: Sequence[SampleEntry], user: Any = None) -> list[SampleContract]:
    """Make these the client's samples: what is new is added, what differs changed, what is not named removed.

    Raises SampleProblem: more than twenty, one twice, an unknown contract, or an amount that is negative or finer than a cent.
    """
    require_entries(entries)
    standing = {(row.contract_id, row.month): row for row in SampleContract.objects.select_for_update()}
    require_known([entry for entry in entries if entry.key not in standing])
    before = {key: told(row.expected, row.note) for key, row in standing.items()}
    after = {entry.key: told(entry.expected, entry.note) for entry in entries}
    if before == after:
        return list(standing.values())
    for entry in entries:
        if before.get(entry.key) != after[entry.key]:
            row = standing.get(entry.key) or SampleContract(
                client=client, contract_id=entry.contract_id, month=entry.month
            )
            row.expected, row.note, row.updated_by = entry.expected, entry.note.strip(), user
            store(row)
    SampleContract.objects.filter(pk__in=[row.pk for key, row in standing.items() if key not in after]).delete()
    changes = [change(key, before.get(key), after.get(key)) for key in sorted(before | after)]
    audit.record(
        "samples.saved",
        object_type="samples",
        object_id=client.slug,
        before=listed(before),
        after=listed(after),
        details={"count": len(after), "changes": [each for each in changes if each]},
    )
    return list(SampleContract.objects.all())


def store(row: SampleContract) -> None:
    """Write a row. Raises SampleProblem where somebody else wrote the same at the same moment."""
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise SampleProblem("Somebody else saved samples at the same moment: look at them first.") from error


def require_entries(entries: Sequence[SampleEntry]) -> None:
    """Raise SampleProblem for entries that cannot be samples."""
    if len(entries) > MOST_SAMPLES:
        raise SampleProblem(f"A bench has at most {MOST_SAMPLES} samples: leave some out.")
    keys = [entry.key for entry in entries]
    for contract, month in {key for key in keys if keys.count(key) > 1}:
        raise SampleProblem(f"Contract {contract} is there twice for {month_format(month)}: keep one.")
    for entry in entries:
        if not 0 <= entry.expected < LARGEST or entry.expected != entry.expected.quantize(Decimal("0.01")):
            raise SampleProblem(f"Contract {entry.contract_id}: an expected ARR is 0 or more, to the cent.")
        if len(entry.note) > LONGEST_NOTE:
            raise SampleProblem(f"Contract {entry.contract_id}: a note has at most {LONGEST_NOTE} characters.")


def require_known(entries: Sequence[SampleEntry]) -> None:
    """Raise SampleProblem for a contract that the authoritative source does not have."""
    lines = ContractLine.objects.filter(source=authoritative_source(), removed_import=None)
    wanted = {entry.contract_id for entry in entries}
    known = set(lines.filter(contract_id__in=wanted).values_list("contract_id", flat=True))
    for contract in sorted(wanted - known):
        raise SampleProblem(f"There is no contract {contract} among the lines: choose it by search.")


def told(expected: Decimal, note: str) -> dict[str, str]:
    """A sample as the log keeps it."""
    return {"expected": f"{expected:.2f}", "note": note.strip()}


def listed(samples: dict[tuple[str, int], dict[str, str]]) -> list[Any]:
    """All samples as the log hashes them."""
    return [[contract, month_format(month), values] for (contract, month), values in sorted(samples.items())]


def change(key: tuple[str, int], before: dict[str, str] | None, after: dict[str, str] | None) -> dict[str, Any]:
    """What happened to one sample; empty where nothing did."""
    if before == after:
        return {}
    amounts = [values["expected"] if values else None for values in (before, after)]
    return {"contract": key[0], "month": month_format(key[1]), "expected": amounts}
