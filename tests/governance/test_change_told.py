"""What a change in effect says it did, in figures and in definitions, and who reads of it before it is closed."""

import hashlib
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client as Browser
from django.urls import reverse

from governance.effect_words import content_words
from governance.models import (
    ChangeEvent,
    ChangeReceipt,
    ChangeRequest,
    ChangeState,
    Metric,
    PreviewCustomers,
)
from governance.selectors.registry import registry_get
from governance.services.change_effect import changes_take_effect
from governance.services.change_told import receipt_read
from governance.services.change_triage import change_step
from governance.services.items import definitions_start, item_confirm
from governance.services.problems import DefinitionError
from governance.services.registry import metric_owner_set, registry_start
from metrics.services.closes import month_close
from portal.accounts.models import User
from portal.notices.models import Notice
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.governance.conftest import item
from tests.governance.effects import (
    MARCH,
    client,
    effect,
    scheduled,
)
from tests.reporting.numbers import NOW

__all__ = ["client"]


def test_what_it_did_is_told_of_the_first_month_for_which_it_holds(client: Client, rita: User, finn: User) -> None:
    """February stays as it was reported: only March is another one."""
    request = scheduled(client, rita, finn, MARCH)
    changes_take_effect(client=client, now=NOW)
    with tenant_context(client):
        found = effect(request)
        assert (found.at_month, found.before_cents, found.after_cents) == (MARCH, 51_000_00, 52_000_00)
        text = Notice.objects.filter(kind="changed").first().text  # type: ignore[union-attr]
        assert "ARR at the end of Mar 2026: 51,000.00 → 52,000.00 USD (+1,000.00)" in text and "Feb 2026" not in text


def test_every_customer_that_moved_stays_with_the_impact_that_was_approved(
    client: Client, rita: User, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    """Computed against the policy in force, nobody would move any more."""
    request = scheduled(client, rita, finn, MARCH)
    address, page = f"/c/northwind/changes/{request.number}/impact/customers.csv", signed_in(rita)
    before = page.get(address).content
    changes_take_effect(client=client, now=NOW)
    after = page.get(address).content
    assert after == before and b"dora" in after
    with tenant_context(client):
        preview = ChangeRequest.objects.get().preview
        assert preview.result["customers"]["sha256"] == hashlib.sha256(after).hexdigest()
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            PreviewCustomers.objects.update(rows=b"")


def test_people_are_told_of_a_metric_by_its_name(client: Client, rita: User) -> None:
    with tenant_context(client):
        registry_start(client=client)
        registry = registry_get(client)
    ending = {"key": "quick_ratio", "successor": "nrr", "sunset_on": "2027-06-30"}
    retired = ChangeRequest(kind="metric_retire", content=ending)
    assert content_words(retired, registry, "en") == (
        "The metric “Quick ratio” is last shown on 30 Jun 2027, then retired. “Net revenue retention” takes its place."
    )
    other = ChangeRequest(kind="threshold", content={"key": "nrr", "thresholds": {}})
    assert content_words(other, registry, "en") == "Other thresholds of the metric: “Net revenue retention”."


def test_the_definition_says_it_confirmed_by_the_request(client: Client, ana: User, rita: User, finn: User) -> None:
    with tenant_context(client):
        definitions_start(client=client, user=ana)
        item_confirm(item=item("discounts"), version=1, by="Finn", meeting="Kickoff")
        untouched = item("mrr").sha256
        month_close(client=client, month=MARCH, user=finn)
    scheduled(client, rita, finn)
    changes_take_effect(client=client, now=NOW)
    with tenant_context(client):
        found = item("discounts")
        assert (found.value, found.state, found.confirmed_by) == ("list", "confirmed", "CR-1")
        assert "List prices count" in found.answer and item("mrr").sha256 == untouched
        assert [each.event for each in found.changes.order_by("id")][-2:] == ["edited", "confirmed"]


def test_owners_and_whoever_asked_have_receipts_and_the_last_closes_it(
    client: Client, rita: User, finn: User, eve: User
) -> None:
    with tenant_context(client):
        registry_start(client=client, user=rita)
        for metric in Metric.objects.filter(key="arr"):
            metric_owner_set(metric=metric, version=metric.version, owner=eve, user=rita)
        month_close(client=client, month=MARCH, user=finn)
    request = scheduled(client, rita, finn)
    changes_take_effect(client=client, now=NOW)
    with tenant_context(client):
        waiting = {row.user for row in ChangeReceipt.objects.filter(read_at=None).select_related("user")}
        assert waiting == {rita, eve}
        assert receipt_read(request=request, user=finn) is None, "nobody waits for Finn"
        assert receipt_read(request=request, user=eve) is not None and receipt_read(request=request, user=eve) is None
        assert ChangeRequest.objects.get().state == ChangeState.COMMUNICATED
        receipt_read(request=request, user=rita)
        assert ChangeRequest.objects.get().state == ChangeState.CLOSED
        assert ChangeEvent.objects.get(step="close").by == rita, "whoever read it last closed it, not Tieout"
        assert AuditEntry.objects.filter(action="change.read").count() == 2


def test_whoever_closes_it_before_everybody_has_read_of_it_says_why_and_who_has_not(
    client: Client, rita: User, finn: User, eve: User, signed_in: Callable[[User], Browser]
) -> None:
    """The requester closed it over the owner of the metric, who had not read of it, without a word."""
    with tenant_context(client):
        registry_start(client=client, user=rita)
        metric = Metric.objects.get(key="arr")
        metric_owner_set(metric=metric, version=metric.version, owner=eve, user=rita)
        month_close(client=client, month=MARCH, user=finn)
    request = scheduled(client, rita, finn)
    changes_take_effect(client=client, now=NOW)
    page = signed_in(rita).get(reverse("change", kwargs={"client_slug": client.slug, "number": request.number}))
    assert "Eve has not read of it" in page.content.decode() and "Close it all the same" in page.content.decode()
    with tenant_context(client):
        with pytest.raises(DefinitionError, match="Eve has not read of it: say why it is closed all the same"):
            change_step(request=request, step="close", user=rita, reason=" ")
        change_step(request=request, step="close", user=rita, reason="Eve is on leave.")
        closed = AuditEntry.objects.get(action="change.close")
        assert closed.details["reason"] == "Eve has not read of it. Eve is on leave."


def test_everybody_whose_numbers_move_is_listed_by_role_with_the_owners_first(
    client: Client, rita: User, finn: User, eve: User, stan: User, ana: User, signed_in: Callable[[User], Browser]
) -> None:
    def rows_of(reader: User, request: ChangeRequest) -> list[str]:
        page = signed_in(reader).get(f"/c/northwind/changes/{request.number}/").content.decode()
        table = page.split('id="receipts"')[1].split("</table>")[0]
        return [" ".join(re.sub("<[^>]+>", " ", row).split()) for row in table.split("<tr>")[2:]]

    with tenant_context(client):
        month_close(client=client, month=MARCH, user=finn)
    request = scheduled(client, rita, finn)
    before = rows_of(finn, request)
    assert before[0].startswith("Rita Asked for it") and "RevOps: 1" in before[1]
    changes_take_effect(client=client, now=NOW)
    rows = rows_of(finn, request)
    assert rows[0] == "Rita Asked for it Not yet"
    assert [row.split(":")[0] for row in rows[1:]] == [
        "RevOps",
        "Finance",
        "Executive",
        "Stakeholder",
        "Ridge Consulting",
    ]
    assert rows[2] == "Finance: 1 Finn Their numbers move 0 of 1"
    assert rows[4] == "Stakeholder: 1 Stan Told in words: their role sees no number of the whole client 0 of 1"
    assert "Stan" not in " ".join(rows_of(stan, request))
    with tenant_context(client):
        assert Notice.objects.filter(key=f"{request} in force").count() == sum(
            int(row.split(": ")[1].split()[0]) for row in rows[1:]
        )


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        ("policy", {"parameters": {"renewal_grace_days": 1}}, "They see the numbers that it is about; none moves"),
        ("policy", {"parameters": {"recognition": "signed"}}, "Their pages show another book first; no number of either moves"),
        (
            "quota_rule", {"key": "field", "rule": "Half of it counts.", "metrics": ["arr"]},
            "Quotas or pay are set by another rule; no number moves",
        ),
        (
            "threshold", {"key": "arr", "thresholds": {"warn_at": "1"}},
            "The thresholds of a metric that they see change; no number moves",
        ),
    ],
)  # fmt: skip
def test_whoever_is_told_of_a_change_that_moves_no_number_is_not_told_that_theirs_move(
    client: Client, rita: User, finn: User, signed_in: Callable[[User], Browser], kind: str, content: Any, said: str
) -> None:
    with tenant_context(client):
        registry_start(client=client, user=rita)
    request = scheduled(client, rita, finn, kind=kind, content=content)
    page = signed_in(finn).get(f"/c/northwind/changes/{request.number}/").text
    assert said in page and "Their numbers move" not in page


def test_a_rule_about_quotas_is_called_by_words_and_not_by_its_key(
    client: Client, rita: User, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(client):
        registry_start(client=client, user=rita)
    content = {"key": "enterprise_quota", "rule": "Half of it counts.", "metrics": ["arr"]}
    request = scheduled(client, rita, finn, MARCH, kind="quota_rule", content=content)
    page = signed_in(finn).get(f"/c/northwind/changes/{request.number}/").text
    assert "Quotas or pay are set by what this moves: Enterprise quota" in page and "enterprise_quota" not in page
    changes_take_effect(client=client, now=NOW)
    with tenant_context(client):
        assert "Quota rule “Enterprise quota”: Half of it counts." in Notice.objects.filter(kind="changed")[0].text
    moved = scheduled(client, rita, finn)
    touched = signed_in(finn).get(f"/c/northwind/changes/{moved.number}/").text
    assert "Enterprise quota" in touched and "enterprise_quota" not in touched
