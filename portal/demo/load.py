"""Loads the demonstration through the same services that people use: nothing is written past them."""

import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from governance.services.metric_alerts import alerts_tell
from governance.services.registry import registry_start
from metrics.engine.month_end import MonthEnd
from metrics.models import ContractImport
from metrics.models.intake import ImportState, SourceKind
from metrics.selectors.books import book_head
from metrics.selectors.closes import latest_closes
from metrics.selectors.contract_told import contracts_told, sum_of
from metrics.selectors.month_ends import MonthEnds, newest_month
from metrics.selectors.policies import policy_in_force
from metrics.selectors.reconciliation import reconciliation_get
from metrics.services.after_change import numbers_refresh
from metrics.services.closes import NothingToRestateError, month_close, month_restate
from metrics.services.import_run import import_run
from metrics.services.imports import import_accept, import_check, import_read, import_start
from metrics.services.policies import policy_publish
from metrics.services.reconciliation import account_explain, account_map
from metrics.services.samples import SampleEntry, samples_save
from metrics.services.sources import source_ensure
from portal.accounts.models import User
from portal.demo import crm
from portal.demo.board import board_at_work, board_of_three
from portal.demo.changes import changes_load
from portal.demo.contracts import contracts, csv_bytes
from portal.demo.definitions import definitions_half_way, definitions_signed
from portal.demo.engagements import engagements_load
from portal.demo.metrics import registry_half_way
from portal.demo.notices import notices_settle
from portal.demo.oversight import oversight_load
from portal.demo.playbooks import playbooks_load
from portal.demo.quality import quality_at_work
from portal.demo.stories import CLIENTS, CONSULTANTS, DOMAIN, LARKSPUR, NORTHWIND, QUAYSIDE, DemoClient
from portal.demo.teams import teams_load
from portal.lib.periods import month_of
from portal.tenancy.actor import Actor, acting_as
from portal.tenancy.models import Client, Firm
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, consultant_assign, firm_create, firm_member_add, member_add

FIRM, FIRM_NAME = "ridge", "Ridge RevOps Partners"
EARLIER = date(2026, 8, 31)  # what was known when the first file was sent
OPEN_MONTHS = 1
BILLING, CRM = "Billing export", "CRM"


def demo_exists() -> bool:
    """Whether the demonstration's firm is on this installation."""
    return Firm.objects.filter(slug=FIRM).exists()


def say_nothing(what: str) -> None:
    """For whoever does not wait for the loading."""


def demo_load(password: str, said: Callable[[str], None] = say_nothing) -> list[tuple[str, str]]:
    """The firm, its people, three clients with their stories; gives (e-mail, who it is) of everyone who can sign in.

    All have the one password that is printed, so that it is hashed once: its cost is the point of the hash.
    `said` is told what is loaded next: it takes a minute, and whoever waits wants to see it go on.
    """
    hashed = make_password(password)
    with acting_as(Actor("demonstration")):
        firm = firm_create(slug=FIRM, name=FIRM_NAME)
        sign_ins = []
        staff = []
        for name, role in CONSULTANTS.items():
            user = person(name, hashed)
            firm_member_add(firm=firm, user=user, role=role)
            staff.append(user)
            sign_ins.append((user.email, f"{role} at {FIRM_NAME}"))
        said("playbooks")
        playbooks_load(firm, staff)
        for story in CLIENTS:
            sign_ins += client_load(firm, story, staff, hashed, said)
    return sign_ins


def client_load(
    firm: Firm, told: DemoClient, staff: list[User], hashed: str, said: Callable[[str], None]
) -> list[tuple[str, str]]:
    """One client: people, policy, contract files, closed months."""
    said(f"{told.name}, people and contracts")
    client = client_create(
        firm=firm,
        slug=told.slug,
        name=told.name,
        currency=told.currency,
        requires_mfa_for_admins=False,
        **told.settings,
    )
    people = {}
    with tenant_context(client):
        for user in staff:
            consultant_assign(client=client, user=user)
        for name, role in told.people.items():
            user = people[name] = person(name, hashed)
            member_add(client=client, user=user, role=role)
        parameters = told.policy | {"reporting_currency": told.currency}
        policy_publish(client=client, parameters=parameters, note="Agreed at the kickoff", user=staff[0])
    import_file(client, f"{told.slug}-contracts-2026-08.csv", file_of(told, EARLIER), staff[0])
    import_file(client, f"{told.slug}-contracts-2026-11.csv", file_of(told, told.story.known), staff[0])
    said(f"{told.name}, numbers and closed months")
    numbers_refresh(client=client)
    metrics_load(client, told, people, staff[0])
    close_months(client, staff[0])
    if told is QUAYSIDE:
        correct_late(client, told, staff[0])
    said(f"{told.name}, definitions")
    definitions_load(client, told, staff[0], timezone.now().date())
    if told is NORTHWIND:
        said(f"{told.name}, reconciliation and governance")
        governance_load(client, told, people, staff[0])
    if told is LARKSPUR:
        board_of_three(client, people)
    if told is QUAYSIDE:
        rows = [crm.opportunity(row) for row in contracts(told.story) if row["charge_type"] == "recurring"]
        import_file(client, f"{told.slug}-opportunities-2026-11.csv", csv_bytes(rows), staff[0], source=CRM)
    said(f"{told.name}, engagements")
    with acting_as(Actor(staff[0].email, staff[0].pk)), tenant_context(client):
        engagements_load(client, staff, people, timezone.now().date())
        is_northwind = told is NORTHWIND
        quality_at_work(client, timezone.now(), *((people["rita"], people["finn"]) if is_northwind else ()))
        notices_settle()
    return [(people[name].email, f"{role} at {told.name}") for name, role in told.people.items()]


def governance_load(client: Client, told: DemoClient, people: dict[str, User], user: User) -> None:
    """What is between two sources, a board at work with changes before it, audits and disputes, and work that is open."""
    reconcile_crm(client, user)
    board_at_work(client, people)
    changes_load(client, people)
    with tenant_context(client):
        oversight_load(client, people, timezone.now())
        alerts_tell(client=client)
    leave_work_open(client, told, user)


def metrics_load(client: Client, told: DemoClient, people: dict[str, User], user: User) -> None:
    """A second source and the metrics, before months are closed, so that these keep what metrics are."""
    if told is NORTHWIND:
        crm_load(client, told, user)
        registry_load(client, people)
    if told is LARKSPUR:
        registry_begun(client, people["ralf"])


def registry_load(client: Client, people: dict[str, User]) -> None:
    """The metric registry, and who belongs to which team, kept by RevOps."""
    rita = people["rita"]
    owners = {"finance": people["finn"], "revops": rita, "executive": people["eve"], "sales": people["eve"]}
    with acting_as(Actor(rita.email, rita.pk)), tenant_context(client):
        registry_half_way(client, owners, rita)
        teams_load(client, rita)


def registry_begun(client: Client, user: User) -> None:
    """The metrics that Tieout ships, as RevOps took them over: nobody has changed one yet."""
    with acting_as(Actor(user.email, user.pk)), tenant_context(client):
        registry_start(client=client, user=user)


def definitions_load(client: Client, told: DemoClient, ana: User, today: date) -> None:
    """What the client's people said so far about its definitions."""
    people = [User.objects.get(email=f"{name}@{DOMAIN}") for name in told.people]
    with tenant_context(client):
        if told is NORTHWIND:
            finn, rita, _, _, stan = people
            definitions_half_way(client, ana, finn, rita, stan, today)
        elif told is LARKSPUR:
            frieda, ralf, *_ = people
            definitions_signed(client, ana, frieda, ralf, today)
            samples_save(client=client, entries=sample_entries(client, some_contracts(told)), user=ana)


def person(name: str, hashed: str) -> User:
    user = User.objects.create_user(f"{name}@{DOMAIN}", name=name.title())
    user.password = hashed
    user.save(update_fields=["password"])
    return user


def file_of(told: DemoClient, known: date) -> bytes:
    """The contract file as it was sent when only contracts signed up to `known` were known."""
    return csv_bytes(contracts(replace(told.story, known=known)))


def import_file(
    client: Client, name: str, content: bytes, user: User, *, accept: bool = True, source: str = BILLING
) -> ContractImport:
    """Send a file through upload, check and load."""
    kind = SourceKind.BILLING if source == BILLING else SourceKind.CRM
    with tenant_context(client):
        found = source_ensure(client=client, name=source, kind=kind)
        started = import_start(client=client, source=found, file=io.BytesIO(content), file_name=name, user=user)
        import_read(contract_import=started)
        checked = import_check(client=client, contract_import=started)
        if accept and started.state == ImportState.WAITING:
            import_accept(client=client, contract_import=started, in_background=False)
    if accept:
        import_run(client=client, import_id=started.pk, checked=checked)
    return started


def close_months(client: Client, user: User) -> None:
    """Every month but the newest is closed, as in a client whose finance team keeps to its calendar."""
    with tenant_context(client):
        head = book_head(client)
        if head.first_month is None or head.last_month is None:
            return
        for month in range(head.last_month - 11, head.last_month + 1 - OPEN_MONTHS):
            month_close(client=client, month=month, user=user)


def correct_late(client: Client, told: DemoClient, user: User) -> None:
    """A credit note for a contract of this summer came after its months were closed: they are restated, with the reason."""
    rows = contracts(told.story)
    with tenant_context(client):
        newest = max(close.month for close in latest_closes())
    wanted = next(row for row in rows if is_late(row, newest))
    wanted["amount"] = str((Decimal(wanted["amount"]) * 3 / 4).quantize(Decimal("1")))
    import_file(client, f"{told.slug}-contracts-corrected.csv", csv_bytes(rows), user)
    numbers_refresh(client=client)
    with tenant_context(client):
        for month in (newest - 1, newest):
            with suppress(NothingToRestateError):
                month_restate(
                    client=client,
                    month=month,
                    reason="A credit note for a contract of this summer came late",
                    user=user,
                )


def is_late(row: Mapping[str, Any], newest: int) -> bool:
    """Whether a contract begins in one of the two newest closed months."""
    starts = date.fromisoformat(str(row["start_date"]))
    return row["charge_type"] == "recurring" and newest - 1 <= month_of(starts) <= newest


def crm_load(client: Client, told: DemoClient, user: User) -> None:
    """The CRM as a second source."""
    name = f"{told.slug}-opportunities-2026-11.csv"
    import_file(client, name, csv_bytes(crm.crm_rows(contracts(told.story))), user, source=CRM)


def reconcile_crm(client: Client, user: User) -> None:
    """What people found out about the CRM so far, and the contracts that Finance knows by heart."""
    with tenant_context(client):
        source = source_ensure(client=client, name=CRM)
        mapped = crm.OTHER_IDS[crm.MAPPED]
        account_map(client=client, source=source, customer_id=mapped, account_id=crm.MAPPED, user=user)
        explain_accounts(client, user)
        samples_save(client=client, entries=sample_entries(client), user=user)


def explain_accounts(client: Client, user: User) -> None:
    """What was found out, for the newest closed month."""
    found = reconciliation_get(client, max(close.month for close in latest_closes()))
    assert found.base is not None and found.other is not None and found.month is not None
    pair = {"base": found.base, "other": found.other}
    for account, text in crm.EXPLAINED.items():
        row = found.account(account)
        assert row is not None
        about: dict[str, Any] = {**pair, "month": found.month, "account_id": account, "difference": row.difference}
        account_explain(client=client, **about, text=text, user=user)


def some_contracts(told: DemoClient) -> list[str]:
    """Twelve contracts of a client, spread over its book, of which Finance expects what the engine says."""
    known = sorted({str(row["contract_id"]) for row in contracts(told.story)})
    return known[:: max(len(known) // 12, 1)][:12]


def sample_entries(client: Client, chosen: Sequence[str] = crm.SAMPLES) -> list[SampleEntry]:
    """The sample contracts at the newest month end; Finance expects what the engine says, but for those that say otherwise."""
    month = newest_month(client)
    end = MonthEnds.of(client).at(policy_in_force(client), month)
    assert month is not None and isinstance(end, MonthEnd)
    told = zip(chosen, contracts_told(end, tuple(chosen), month), strict=True)
    otherwise = crm.EXPECTED_OTHERWISE if chosen is crm.SAMPLES else {}
    return [
        SampleEntry(contract, month, Decimal(otherwise[contract][0]), otherwise[contract][1])
        if contract in otherwise
        else SampleEntry(contract, month, sum_of(lines))
        for contract, lines in told
    ]


def leave_work_open(client: Client, told: DemoClient, user: User) -> None:
    """What a consultant finds in the morning: a file that was refused, and one that waits for a decision."""
    broken = csv_bytes(broken_rows(told))
    import_file(client, "northwind-contracts-draft.csv", broken, user, accept=False)
    rows = contracts(told.story)
    rows[3] = rows[3] | {"amount": str(int(rows[3]["amount"]) + 5_000)}
    import_file(client, "northwind-contracts-corrected.csv", csv_bytes(rows[:-1]), user, accept=False)


def broken_rows(told: DemoClient) -> list[dict[str, Any]]:
    """A few rows as people really send them."""
    rows = [dict(row) for row in contracts(told.story)[:40]]
    rows[4]["start_date"] = "31/02/2025"
    rows[9]["amount"] = "12,400"
    rows[15]["currency"] = "EURO"
    rows[21]["end_date"] = "2021-01-01"
    rows[30]["line_id"] = rows[29]["line_id"]
    return rows
