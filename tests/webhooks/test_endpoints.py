"""Making webhooks: a key that is shown once and kept sealed, everything in the log, and what is told by which service."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client as Browser

from governance.models import ChangeState, Metric
from governance.services.change_states import change_move
from governance.services.registry import metric_version_add, registry_start
from metrics.models import ContractLine
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close, month_restate
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from portal.webhooks.forms import WebhookForm
from portal.webhooks.models import WebhookEndpoint, WebhookEvent
from portal.webhooks.services.endpoints import (
    MOST,
    WebhookError,
    endpoint_add,
    endpoint_change,
    endpoint_remove,
    endpoint_switch,
)
from portal.webhooks.services.keys import key_rotate
from tests.engine.frames import frame, line, plain_policy
from tests.governance.test_change_states import at
from tests.metrics.loading import load_lines
from tests.tenancy.routes_api import NOW
from tests.webhooks.conftest import emit, later, listen, send
from tests.webhooks.receiver import Receiver

ADDRESS = "https://hooks.example.com/tieout"
SAID: dict[str, Any] = {"name": "Warehouse", "url": ADDRESS, "events": ["month.closed", "policy.published"]}
SignedIn = Callable[[User], Browser]


def test_a_key_is_shown_once_and_kept_nowhere_in_the_open(northwind: Client, adam: User, signed_in: SignedIn) -> None:
    page = signed_in(adam).post("/c/northwind/settings/webhooks/new/", SAID)
    secret = page.context["secret"]
    assert secret.startswith("whsec_") and secret in page.content.decode()
    with tenant_context(northwind):
        row = WebhookEndpoint.objects.get()
        kept = json.dumps([row.__dict__, *AuditEntry.objects.values()], default=str)
    assert secret.removeprefix("whsec_") not in kept
    again = signed_in(adam).get(f"/c/northwind/settings/webhooks/{row.pk}/")
    assert secret not in again.content.decode() and "Key made" in again.content.decode()


def test_every_change_is_in_the_log(northwind: Client, finn: User) -> None:
    made = listen(northwind, finn, ADDRESS)
    with tenant_context(northwind):
        key_rotate(endpoint=made)
        endpoint_switch(endpoint=made, is_on=False)
        endpoint_switch(endpoint=made, is_on=True)
        endpoint_remove(endpoint=made)
        done = list(AuditEntry.objects.filter(action__startswith="webhook.").values_list("action", flat=True))
        assert (made.sealed_secret, made.sealed_previous) == ("", "")
    assert done == [
        "webhook.added", "webhook.key_rotated", "webhook.switched_off", "webhook.switched_on", "webhook.removed"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"name": " "}, "a name"),
        ({"events": []}, "at least one event"),
        ({"events": ["money.stolen"]}, "of the list"),
        ({"url": "http://event.of/name"}, "https"),
    ],
)
def test_what_is_missing_is_said_beside_its_field(
    northwind: Client, finn: User, wrong: dict[str, Any], why: str
) -> None:
    with pytest.raises(WebhookError, match=why) as said, tenant_context(northwind):
        endpoint_add(client=northwind, user=finn, **(SAID | wrong))
    assert [said.value.field] == list(wrong)


def test_an_address_is_told_once_and_a_client_has_twenty_at_most(northwind: Client, finn: User) -> None:
    listen(northwind, finn, ADDRESS)
    with pytest.raises(WebhookError, match="already"):
        listen(northwind, finn, ADDRESS)
    for number in range(1, MOST):
        listen(northwind, finn, f"{ADDRESS}/{number}")
    with pytest.raises(WebhookError, match="20 webhooks at most"):
        listen(northwind, finn, f"{ADDRESS}/more")


def test_the_page_of_a_webhook_asks_the_database_as_often_for_many_deliveries_as_for_one(
    northwind: Client,
    adam: User,
    signed_in: SignedIn,
    receiver: Receiver,
    django_assert_max_num_queries: Any,
) -> None:
    made = listen(northwind, adam, receiver.url)
    for _ in range(4):
        emit(northwind)
    send(northwind)
    browser = signed_in(adam)
    browser.get(f"/c/northwind/settings/webhooks/{made.pk}/")
    with django_assert_max_num_queries(16):
        page = browser.get(f"/c/northwind/settings/webhooks/{made.pk}/")
    assert page.content.decode().count("Delivered") >= 4


def told(client: Client, event: str) -> list[dict[str, Any]]:
    """The data of an event, as it is sent."""
    with tenant_context(client):
        rows = WebhookEvent.objects.filter(event=event).order_by("pk")
        return [json.loads(row.body)["data"] for row in rows]


def test_closed_and_restated_months_are_told_with_their_figures_to_the_cent(northwind: Client, finn: User) -> None:
    listen(northwind, finn, ADDRESS, "month.closed", "month.restated")
    june = month_parse("2024-06")
    with tenant_context(northwind):
        load_lines(frame(line(amount="1200.37")))
        books_rebuild_all(client=northwind, now=NOW)
        closes = month_close(client=northwind, month=june)
        ContractLine.objects.update(amount=Decimal("2400.37"))
        books_rebuild_all(client=northwind, now=NOW)
        month_restate(client=northwind, month=june, reason="A late contract")
    (closed,), (restated,) = told(northwind, "month.closed"), told(northwind, "month.restated")
    assert (closed["month"], closed["currency"]) == ("2024-06", "USD")
    figures = {row["recognition"]: row for row in closed["figures"]}
    assert Decimal(figures["start"]["ending"]) == Decimal("1200.37")
    assert {row["content_sha256"] for row in closed["figures"]} == {close.content_hash for close in closes}
    assert restated["reason"] == "A late contract"
    assert {row["recognition"]: row["ending"] for row in restated["figures"]}["start"] == "2400.37"


def test_a_published_policy_and_a_new_version_of_a_metric_are_told(northwind: Client, finn: User) -> None:
    listen(northwind, finn, ADDRESS, "policy.published", "metric.version")
    with tenant_context(northwind):
        version = policy_publish(client=northwind, parameters=plain_policy().to_dict(), note="First", user=finn)
        registry_start(client=northwind, user=finn)
        metric = Metric.objects.get(key="nrr")
        content = metric.versions.latest("number").content | {"definition": "What existing customers are worth now."}
        metric_version_add(
            metric=metric,
            version=metric.version,
            content=content,
            effective_month=month_parse("2031-02"),
            reason="Clearer",
            user=finn,
        )
    assert told(northwind, "policy.published") == [{"number": 1, "note": "First", "sha256": version.sha256}]
    (said,) = told(northwind, "metric.version")
    assert (said["key"], said["number"], said["effective_month"], said["reason"]) == ("nrr", 2, "2031-02", "Clearer")


def test_the_delivery_page_shows_what_was_sent_and_every_answer(
    northwind: Client, adam: User, signed_in: SignedIn, receiver: Receiver
) -> None:
    made = listen(northwind, adam, receiver.url)
    receiver.mood = "500"
    emit(northwind)
    send(northwind)
    receiver.mood = "200"
    send(northwind, later(minutes=5))
    with tenant_context(northwind):
        delivery = made.deliveries.get()
    page = signed_in(adam).get(f"/c/northwind/settings/webhooks/{made.pk}/deliveries/{delivery.pk}/").content.decode()
    assert "policy.published" in page and "<strong>500</strong>" in page and "<strong>200</strong>" in page


def test_an_approved_change_request_and_one_that_takes_effect_are_told(
    northwind: Client, finn: User, rita: User
) -> None:
    listen(northwind, finn, ADDRESS, "change.approved", "change.effective")
    with tenant_context(northwind):
        request = at(northwind, ChangeState.REVIEW)
        for step in ("approve", "schedule", "take_effect"):
            request = change_move(request=request, step=step, user=rita)
    (approved,), (effective,) = told(northwind, "change.approved"), told(northwind, "change.effective")
    assert approved == effective and approved["number"] == request.number
    assert approved["content_sha256"] == request.content_sha256 and approved["kind"] == request.kind


def test_an_address_is_kept_in_plain_letters_and_the_log_says_its_host_alone(northwind: Client, finn: User) -> None:
    made = listen(northwind, finn, "https://exämple.com/tür?token=only-for-them")
    assert made.url == "https://xn--exmple-cua.com/t%C3%BCr?token=only-for-them"
    with tenant_context(northwind):
        endpoint_change(endpoint=made, name="Other", url="https://example.com/in?token=another", events=made.events)
        endpoint_remove(endpoint=made)
        said = json.dumps(list(AuditEntry.objects.values_list("details", flat=True)))
    assert "token" not in said and "https://xn--exmple-cua.com" in said and "https://example.com" in said


def test_a_form_says_everything_that_is_wrong_at_once(northwind: Client, adam: User, signed_in: SignedIn) -> None:
    sent = {"name": "Warehouse", "url": "ftp://hooks.example.com/", "events": []}
    page = signed_in(adam).post("/c/northwind/settings/webhooks/new/", sent)
    assert page.status_code == 422 and set(page.context["form"].errors) == {"url", "events"}


@pytest.mark.parametrize(("is_production", "says"), [(True, False), (False, True)])
def test_the_form_says_which_addresses_it_takes(settings: Any, is_production: bool, says: bool) -> None:
    settings.PRODUCTION = is_production
    help_text = str(WebhookForm().fields["url"].help_text)
    assert "beginning with https://" in help_text and ("http://127.0.0.1" in help_text) == says
