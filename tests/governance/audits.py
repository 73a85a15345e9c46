"""Steps of the tests about audits: a book of fourteen contracts with a closed quarter, and its audit."""

import datetime as dt
from typing import Any

from django.db import connection

from governance.models import AuditedContract, ContractResult, QuarterAudit
from governance.selectors.quarter_audits import audit_content, audit_get, audit_view
from governance.services.quarter_audits import Found, audit_draw, audit_sign, intent_text, result_keep
from metrics.services.closes import month_close
from metrics.services.policies import policy_publish
from portal.accounts.proofs import Place, Proof
from portal.lib.periods import month_parse
from portal.tenancy import audit as log
from portal.tenancy.models import Client
from tests.reporting.numbers import line, numbers_load
from tests.tenancy.routes_reporting import POLICY

NOW = dt.datetime(2026, 4, 15, 9, tzinfo=dt.UTC)
QUARTER = "2026-Q1"
PROOF = Proof("password", NOW)
PLACE = Place("203.0.113.9", "Firefox")


def book_load(client: Client, contracts: int = 14) -> None:
    """Contracts of 1,000, 2,000, … a year since 2025, every third in Enterprise; March 2026 is closed."""
    policy_publish(client=client, parameters=POLICY | {"reactivation_window_months": None})
    numbers_load(client, [
        line(f"K{n:02d}/1", f"c{n:02d}", "Platform", 1_000 * n, dt.date(2025, 1 + n % 12, 1),
             segment="Enterprise" if n % 3 == 0 else "SMB", signed_on=dt.date(2024, 12, 1))
        for n in range(1, contracts + 1)
    ])  # fmt: skip
    month_close(client=client, month=month_parse("2026-03"))


def an_audit(client: Client, user: Any, size: int = 10, contracts: int = 14) -> QuarterAudit:
    """The audit of the first quarter of 2026, drawn by `user`."""
    if not QuarterAudit.objects.exists():
        book_load(client, contracts)
        audit_draw(client=client, quarter=QUARTER, size=size, due_on=dt.date(2026, 5, 15), user=user, now=NOW)
    return QuarterAudit.objects.get()


def contract_at(position: int) -> AuditedContract:
    found: AuditedContract = AuditedContract.objects.get(position=position)
    return found


def keep(client: Client, position: int, user: Any, **given: Any) -> AuditedContract:
    """What somebody found about a contract; it agrees unless something else is said."""
    row = contract_at(position)
    found = Found(**({"result": ContractResult.AGREES} | given))
    return result_keep(client=client, contract=row, version=row.version, given=found, user=user)


def check_rest(client: Client, user: Any) -> None:
    """Every contract that has no result yet agrees."""
    for row in AuditedContract.objects.filter(result=ContractResult.OPEN):
        keep(client, row.position, user)


def shown_sha256(client: Client) -> str:
    """The digest of the audit as its page shows it."""
    found = audit_get(QUARTER)
    assert found is not None
    return log.digest(audit_content(client, audit_view(found)))


def sign(client: Client, user: Any, sha256: str | None = None) -> Any:
    """Sign the audit as it stands."""
    return audit_sign(
        client=client, found=QuarterAudit.objects.get(), sha256=sha256 or shown_sha256(client),
        intent=intent_text(client, user, QUARTER), user=user, proof=PROOF, place=PLACE,
    )  # fmt: skip


def drawn_by_postgresql(seed: str, contracts: list[str], size: int) -> list[str]:
    """The same drawing by another program: what the method says, in SQL."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM unnest(%s::text[]) AS id "
            "ORDER BY encode(sha256(convert_to(%s || chr(10) || id, 'UTF8')), 'hex') COLLATE \"C\", id COLLATE \"C\" LIMIT %s",
            [contracts, seed, size],
        )
        return [row[0] for row in cursor.fetchall()]
