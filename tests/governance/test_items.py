"""Definition items: what ships, how a client's own begin, and who may change them when."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections, transaction
from django.db.utils import ProgrammingError

from governance.library.reader import LibraryError, items_read, library_items
from governance.models import DefinitionItem, ItemChange
from governance.selectors.items import item_history, no_assumed_critical, policy_drafted
from governance.services.items import definitions_start, item_confirm, item_edit, item_reopen
from governance.services.problems import DefinitionError, OutdatedError
from metrics.engine.policy import PARAMETER_FAULT
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, firm_create
from tests.tenancy.routes_reporting import POLICY

TERMS = {"arr", "mrr", "new-arr", "expansion-arr", "churned-arr", "contraction-arr", "carr", "larr", "net-new-arr",
         "multi-year-treatment"}  # fmt: skip


def item(key: str) -> DefinitionItem:
    found: DefinitionItem = DefinitionItem.objects.get(key=key)
    return found


def test_the_library_covers_every_parameter_once_and_every_term_of_the_alignment() -> None:
    items = library_items()
    assert sorted(found.parameter for found in items if found.parameter) == sorted(PARAMETER_FAULT)
    assert {found.key for found in items if found.kind == "term"} >= TERMS
    alike = [found for found in items if found.critical and not {"finance", "revops"} & set(found.functions)]
    assert not alike, "Finance or RevOps has to say yes to whatever is critical"
    assert {"reconciliation-tolerance", "pipeline-coverage", "retention-method"} <= {found.key for found in items}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("key: x", "not a list"),
        ("- {key: x, kind: riddle}", "kind is not one of"),
        ("- {key: x, parameter: vat, value: 1}", "vat is no parameter"),
        ("- {key: x, parameter: fx, value: guess}", "'guess' is not one of"),
        ("- {key: x, answer: A, choices: [B]}", "answer is none of the choices"),
        ("- {key: x, colour: red}", "colour is no field"),
    ],
)
def test_a_fault_of_the_library_is_named(text: str, fault: str) -> None:
    with pytest.raises(LibraryError, match=fault):
        items_read(text)


def test_definitions_start_assumed_at_what_is_in_force_and_only_once(northwind: Client, ana: User) -> None:
    with tenant_context(northwind):
        policy_publish(
            client=northwind, parameters=POLICY | {"reactivation_window_months": None, "fx": "contract_date"}
        )
        items = definitions_start(client=northwind, user=ana)
        assert len(items) == len(library_items()) and not any(found.is_confirmed for found in items)
        assert item("exchange-rates").value == "contract_date" and item("exchange-rates").recommended_value == "spot"
        assert item("reporting-currency").value == "USD"
        assert policy_drafted(northwind).fx == "contract_date"
        assert AuditEntry.objects.filter(action="definitions.started").count() == 1
        assert not no_assumed_critical()
        with pytest.raises(DefinitionError, match="before"):
            definitions_start(client=northwind)


def test_a_change_is_audited_kept_in_the_history_and_takes_the_confirmation_away(northwind: Client, ana: User) -> None:
    with tenant_context(northwind):
        definitions_start(client=northwind)
        confirmed = item_confirm(item=item("late-renewals"), version=1, by="Finn", meeting="Kickoff, 3 Nov", user=ana)
        assert (confirmed.state, confirmed.confirmed_in, confirmed.version) == ("confirmed", "Kickoff, 3 Nov", 2)
        before = confirmed.sha256
        changed = item_edit(item=confirmed, version=2, changes={"value": 45}, note="Longer", user=ana)
        assert changed.state == "assumed" and changed.confirmed_by == "" and "45 days" in changed.answer
        assert changed.sha256 != before and policy_drafted(northwind).renewal_grace_days == 45
        back = item_edit(item=changed, version=3, changes={"value": 30}, user=ana)
        assert back.sha256 != before, "changed back is still not what was confirmed"
        history = item_history(back)
        assert [row.change.event for row in history] == ["edited", "edited", "confirmed", "started"]
        assert [label for label, _, _ in history[1].edits] == ["Answer"]
        actions = list(AuditEntry.objects.order_by("sequence").values_list("action", flat=True))[-3:]
        assert actions == ["definition.confirmed", "definition.edited", "definition.edited"]


@pytest.mark.parametrize(
    ("key", "changes", "fault"),
    [
        ("late-renewals", {"value": -1}, "whole number"),
        ("late-renewals", {"value": "thirty"}, "whole number"),
        ("recurring-charges", {"value": ["usage_overage"]}, "only through the parameter"),
        ("arr", {"answer": " "}, "needs a title"),
        ("arr", {"functions": []}, "somebody has to say yes"),
        ("arr", {"functions": ["board"]}, "somebody has to say yes"),
        ("arr", {"title": "ARR"}, "nothing was changed"),
    ],
)
def test_a_bad_change_is_refused_whole(key: str, changes: dict[str, Any], fault: str, northwind: Client) -> None:
    with tenant_context(northwind):
        definitions_start(client=northwind)
        with pytest.raises(DefinitionError, match=fault):
            item_edit(item=item(key), version=1, changes=changes)
        assert item(key).version == 1


def test_critical_items_hold_the_gate_until_all_are_confirmed(northwind: Client) -> None:
    with tenant_context(northwind):
        assert not no_assumed_critical(), "nothing was started"
        definitions_start(client=northwind)
        for found in DefinitionItem.objects.filter(is_critical=True):
            item_confirm(item=found, version=1, by="Finn", meeting="M")
        assert no_assumed_critical()
        item_reopen(item=item("arr"), version=2, note="Sales disagrees")
        assert not no_assumed_critical()


def test_the_history_cannot_be_rewritten(northwind: Client) -> None:
    with tenant_context(northwind):
        definitions_start(client=northwind)
        for change in (lambda: ItemChange.objects.update(note="x"), lambda: ItemChange.objects.all().delete()):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                change()


@pytest.mark.usefixtures("committed_db")
def test_of_fifty_edits_of_one_version_one_wins_and_the_others_are_told() -> None:
    client = client_create(firm=firm_create(slug="ridge", name="Ridge"), slug="north", name="North", currency="USD")
    with tenant_context(client):
        definitions_start(client=client)
    start = Barrier(10)

    def edit(number: int) -> bool:
        start.wait()
        try:
            with tenant_context(client):
                item_edit(item=item("late-renewals"), version=1, changes={"value": 100 + number})
        except OutdatedError:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(10) as threads:
        assert sum(threads.map(edit, range(50))) == 1
    with tenant_context(client):
        found = item("late-renewals")
        assert found.version == 2 and (found.value or 0) >= 100
        assert ItemChange.objects.filter(item=found).count() == 2
        assert AuditEntry.objects.filter(action="definition.edited").count() == 1
