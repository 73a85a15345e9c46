"""What happens here reaches the client's programs: signed, at least once, and never longer than is good for anybody."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import quote

import pytest

from portal.accounts.models import User
from portal.lib import outbound
from portal.notices.kinds import Kind
from portal.notices.models import Notice
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from portal.webhooks.models import WebhookEndpoint, WebhookEvent
from portal.webhooks.services.delivering import MOST_TRIES
from portal.webhooks.services.emitting import webhook_emit, webhook_ping
from portal.webhooks.services.endpoints import delivery_again, endpoint_switch
from portal.webhooks.services.keys import key_rotate, previous_end
from portal.webhooks.signing import without_secrets
from tests.webhooks.conftest import deliveries, emit, endpoint_now, later, listen, send, states
from tests.webhooks.receiver import Received, Receiver


def verified(got: Received, secret: str) -> bool:
    """What the documentation tells a receiver to do, written anew from the specification of Standard Webhooks."""
    said = got.headers["webhook-id"].encode() + b"." + got.headers["webhook-timestamp"].encode() + b"." + got.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    own = base64.b64encode(hmac.new(key, said, hashlib.sha256).digest()).decode()
    is_fresh = abs(time.time() - int(got.headers["webhook-timestamp"])) < 300
    return is_fresh and f"v1,{own}" in got.headers["webhook-signature"].split(" ")


def test_a_program_is_told_what_it_chose_signed_and_once(
    endpoint: WebhookEndpoint, northwind: Client, finn: User, receiver: Receiver
) -> None:
    assert emit(northwind, by=finn) == 1
    assert send(northwind) == 1 and send(northwind) == 0
    (got,) = receiver.received
    assert verified(got, endpoint.secret)  # type: ignore[attr-defined]
    said = json.loads(got.body)
    assert said.pop("occurred_at").endswith("Z") and said.pop("id") == got.headers["webhook-id"]
    assert said == {
        "version": 1, "event": "policy.published", "client": "northwind", "by": "Finn",
        "data": {"number": 2, "note": "Grace", "sha256": "ab" * 32},
    }  # fmt: skip
    assert b"@" not in got.body, "no address of a person leaves"
    (row,) = deliveries(northwind)
    (tried,) = row.attempts.all()
    assert row.state == "delivered" and tried.status == 200 and tried.answer == "thank you"


def test_who_chose_something_else_or_is_off_or_is_another_client_hears_nothing(
    northwind: Client, contoso: Client, finn: User, otto: User, receiver: Receiver
) -> None:
    listen(northwind, finn, receiver.url, "month.closed")
    off = listen(northwind, finn, receiver.url + "/off", name="Off")
    listen(contoso, otto, receiver.url + "/contoso")
    with tenant_context(northwind):
        endpoint_switch(endpoint=off, is_on=False)
    assert emit(northwind) == 0
    with tenant_context(northwind):
        assert not WebhookEvent.objects.exists(), "what nobody hears is not kept"
    assert send(northwind) == 0 and send(contoso) == 0 and receiver.received == []


def test_a_change_that_is_rolled_back_was_never_told(
    endpoint: WebhookEndpoint, northwind: Client, receiver: Receiver
) -> None:
    with pytest.raises(ZeroDivisionError), tenant_context(northwind):
        webhook_emit(client=northwind, event="policy.published", data={"number": 1, "note": "", "sha256": ""})
        raise ZeroDivisionError
    assert send(northwind) == 0 and receiver.received == []


@pytest.mark.parametrize("data", [{"number": 1}, {"number": 1, "note": "", "sha256": "", "email": "x"}])
def test_an_event_has_its_fields_and_no_others(endpoint: WebhookEndpoint, northwind: Client, data: Any) -> None:
    with pytest.raises(ValueError, match="has the fields"), tenant_context(northwind):
        webhook_emit(client=northwind, event="policy.published", data=data)


def test_a_float_is_no_figure(endpoint: WebhookEndpoint, northwind: Client) -> None:
    with pytest.raises(ValueError, match="never a float"):
        emit(northwind, number=[{"ending": 0.1}])


def test_while_a_key_is_replaced_both_sign_and_an_ended_one_signs_no_more(
    endpoint: WebhookEndpoint, northwind: Client, receiver: Receiver
) -> None:
    old = endpoint.secret  # type: ignore[attr-defined]
    with tenant_context(northwind):
        new = key_rotate(endpoint=endpoint)
    emit(northwind)
    send(northwind)
    assert verified(receiver.received[-1], old) and verified(receiver.received[-1], new)
    with tenant_context(northwind):
        previous_end(endpoint=endpoint)
    emit(northwind)
    send(northwind)
    assert verified(receiver.received[-1], new) and not verified(receiver.received[-1], old)


def test_the_old_key_signs_no_more_after_a_day(
    endpoint: WebhookEndpoint, northwind: Client, receiver: Receiver
) -> None:
    with tenant_context(northwind):
        key_rotate(endpoint=endpoint)
    emit(northwind)
    send(northwind, later(hours=25))
    assert len(receiver.received[-1].headers["webhook-signature"].split(" ")) == 1


FAULTS = {
    "500": (500, ""), "404": (404, ""), "redirect": (302, "a redirect is not followed"),
    "close": (None, "the address cannot be reached"), "hang": (None, "the address cannot be reached"),
    "drip": (None, "the address cannot be reached"),
}  # fmt: skip


@pytest.mark.parametrize("mood", FAULTS)
def test_what_is_not_taken_is_tried_again_with_the_same_id_and_text(
    endpoint: WebhookEndpoint, northwind: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, mood: str
) -> None:
    monkeypatch.setattr(outbound, "MOST_SECONDS", 0.4)
    monkeypatch.setattr(outbound, "STEP_SECONDS", 0.3)
    receiver.mood, receiver.where = mood, receiver.url
    emit(northwind)
    assert send(northwind) == 0
    (row,) = deliveries(northwind)
    (tried,) = row.attempts.all()
    assert (tried.status, tried.fault) == FAULTS[mood] and row.state == "waiting" and row.tries == 1
    assert tried.milliseconds < 2_000
    receiver.mood = "200"
    assert send(northwind, later(minutes=3)) == 1
    first, second = receiver.received
    assert first.body == second.body and first.headers["webhook-id"] == second.headers["webhook-id"]
    assert states(northwind) == ["delivered"] and endpoint_now(northwind, endpoint).failing_since is None


def test_a_long_answer_is_read_in_its_beginning_alone_and_a_key_in_it_is_not_kept(
    endpoint: WebhookEndpoint, northwind: Client, receiver: Receiver
) -> None:
    receiver.mood = "long"
    emit(northwind)
    assert send(northwind) == 1
    receiver.mood, receiver.says = "200", f"your key is {endpoint.secret}".encode()  # type: ignore[attr-defined]
    emit(northwind)
    assert send(northwind) == 1
    receiver.mood = "nuls"
    emit(northwind)
    assert send(northwind) == 1
    answers = [row.attempts.all()[0].answer for row in deliveries(northwind)]
    assert answers[0] == "x" * 500 and answers[1] == "your key is •••" and answers[2] == "ab\ufffd"


def test_a_dead_endpoint_is_switched_off_after_about_a_day_and_its_people_are_told(
    endpoint: WebhookEndpoint, northwind: Client, finn: User, adam: User, receiver: Receiver
) -> None:
    receiver.mood = "503"
    emit(northwind)
    at, begun = later(seconds=1), later(seconds=1)
    for _ in range(MOST_TRIES):
        assert endpoint_now(northwind, endpoint).is_on
        send(northwind, at)
        (row,) = deliveries(northwind)
        at = max(at, row.due_at)
    assert 24 <= (at - begun).total_seconds() / 3600 <= 30
    assert states(northwind) == ["failed"] and len(receiver.received) == MOST_TRIES
    off = endpoint_now(northwind, endpoint)
    assert not off.is_on and off.off_because == "nothing was taken for about a day: it answered 503"
    with tenant_context(northwind):
        told = Notice.objects.filter(kind=Kind.WEBHOOK)
        assert {notice.user_id for notice in told} == {finn.pk, adam.pk}
        assert AuditEntry.objects.filter(action="webhook.switched_off").count() == 1
    assert emit(northwind) == 0, "nothing more is sent there"


def test_one_delivery_that_is_never_taken_does_not_switch_off_what_takes_others(
    endpoint: WebhookEndpoint, northwind: Client, receiver: Receiver
) -> None:
    receiver.mood = "400"
    emit(northwind)
    at = later(seconds=1)
    for number in range(MOST_TRIES):
        send(northwind, at)
        if number == 5:
            receiver.mood = "200"
            emit(northwind, note="Another")
            send(northwind, at)
            receiver.mood = "400"
        at = max(at, deliveries(northwind)[0].due_at)
    assert states(northwind) == ["failed", "delivered"] and endpoint_now(northwind, endpoint).is_on


def test_an_endpoint_that_says_it_is_gone_is_switched_off_at_once(
    endpoint: WebhookEndpoint, northwind: Client, receiver: Receiver
) -> None:
    receiver.mood = "410"
    emit(northwind)
    send(northwind)
    assert states(northwind) == ["failed"]
    assert endpoint_now(northwind, endpoint).off_because == "it answered 410: it is gone"


def test_what_failed_is_sent_again_by_hand_with_its_id(
    endpoint: WebhookEndpoint, northwind: Client, receiver: Receiver
) -> None:
    receiver.mood = "410"
    emit(northwind)
    send(northwind)
    receiver.mood = "200"
    with tenant_context(northwind):
        endpoint.refresh_from_db()
        endpoint_switch(endpoint=endpoint, is_on=True)
        delivery_again(delivery=deliveries_in_scope(endpoint))
    assert send(northwind) == 1 and states(northwind) == ["delivered"]
    assert len({got.headers["webhook-id"] for got in receiver.received}) == 1


def deliveries_in_scope(endpoint: WebhookEndpoint) -> Any:
    return endpoint.deliveries.select_related("event", "endpoint").get()


def test_a_silent_endpoint_keeps_nobody_else_waiting(
    endpoint: WebhookEndpoint, northwind: Client, finn: User, receiver: Receiver
) -> None:
    """Five are due to an endpoint that refuses: it is asked once in a run, and the other one gets all of its own."""
    other = Receiver()
    listen(northwind, finn, other.url, name="Lake")
    receiver.mood = "500"
    for number in range(5):
        emit(northwind, number=number)
    assert send(northwind) == 5
    other.stop()
    assert len(receiver.received) == 1 and len(other.received) == 5


def test_what_happens_while_an_endpoint_fails_waits_for_its_next_try(
    endpoint: WebhookEndpoint, northwind: Client, receiver: Receiver
) -> None:
    """Else every event would be one more request of ten seconds to somebody who answers none."""
    receiver.mood = "500"
    emit(northwind)
    send(northwind)
    emit(northwind, number=3)
    assert send(northwind) == 0 and len(receiver.received) == 1
    receiver.mood = "200"
    with tenant_context(northwind):
        webhook_ping(endpoint=endpoint)
    assert send(northwind) == 1, "who tries it by hand does not wait"
    assert send(northwind, later(minutes=2)) == 2


def test_a_failing_endpoint_is_asked_less_often_the_longer_it_fails(
    endpoint: WebhookEndpoint, northwind: Client, receiver: Receiver
) -> None:
    receiver.mood = "500"
    for number in range(20):
        emit(northwind, number=number)
    for minute in range(60):
        send(northwind, later(minutes=minute))
    assert len(receiver.received) < 25


def test_a_run_ends_after_its_time_and_the_rest_is_due_at_once(
    endpoint: WebhookEndpoint, northwind: Client, finn: User, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client whose endpoints are slow does not keep other clients' jobs waiting."""
    listen(northwind, finn, receiver.url + "/other", name="Other")
    receiver.on_request = lambda: time.sleep(0.2)
    monkeypatch.setattr("portal.webhooks.services.delivering.LONGEST_RUN", 0.1)
    emit(northwind)
    assert send(northwind) == 1 and sorted(states(northwind)) == ["delivered", "waiting"]
    northwind.refresh_from_db()
    assert northwind.next_webhook_at is not None and northwind.next_webhook_at <= later(seconds=1)
    assert send(northwind) == 1


def test_a_test_is_sent_once_whatever_comes_of_it(
    endpoint: WebhookEndpoint, northwind: Client, receiver: Receiver
) -> None:
    receiver.mood = "500"
    with tenant_context(northwind):
        webhook_ping(endpoint=endpoint)
    send(northwind)
    assert states(northwind) == ["failed"] and endpoint_now(northwind, endpoint).failing_since is None
    assert json.loads(receiver.received[0].body)["event"] == "test.ping"


def test_what_was_sent_is_forgotten_after_ninety_days(
    endpoint: WebhookEndpoint, northwind: Client, receiver: Receiver
) -> None:
    emit(northwind)
    send(northwind)
    send(northwind, later(days=91))
    assert deliveries(northwind) == []


def test_an_address_that_breaks_the_request_is_its_own_failed_try_and_keeps_nobody_waiting(
    endpoint: WebhookEndpoint, northwind: Client, finn: User, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = listen(northwind, finn, receiver.url + "/other", name="Other")
    emit(northwind)

    def broken(method: str, url: str, **said: Any) -> outbound.Answer:
        if url == endpoint.url:
            raise TypeError("no such letter")
        return outbound.request(method, url, **said)

    monkeypatch.setattr("portal.webhooks.services.delivering.request", broken)
    assert send(northwind) == 1
    found = {row.endpoint_id: row for row in deliveries(northwind)}
    broke, other_one = found[endpoint.pk], found[other.pk]
    assert (broke.state, broke.tries, other_one.state) == ("waiting", 1, "delivered")
    assert [tried.fault for tried in broke.attempts.all()] == ["the request could not be made"]


@pytest.mark.parametrize("said", [str, lambda key: key.replace("/", "\\/"), lambda key: quote(key, safe="")])
def test_a_key_that_is_said_back_is_not_shown(said: Any) -> None:
    key = "whsec_aaaa/bbbb+cccc/dddd="
    shown = without_secrets(json.dumps({"secret": "x"}).replace("x", said(key)), [key])
    assert "•••" in shown and "bbbb" not in shown
