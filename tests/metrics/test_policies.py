"""Policy versions: immutable, numbered, audited, and said in plain words."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from metrics.engine.policy import CHOICES, PolicyError
from metrics.models import ArrBook, BookState, PolicyVersion
from metrics.selectors.clauses import policy_in_plain_words, sentence_of
from metrics.selectors.policies import default_policy, policy_changes, policy_in_force, policy_versions
from metrics.services.closes import month_close
from metrics.services.policies import policy_publish
from metrics.services.policy_versions import policy_ensure
from portal.lib.periods import month_parse
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.engine.frames import rates
from tests.metrics.loading import load_rates
from tests.reporting.numbers import numbers_load


def parameters(client: Client, **changes: Any) -> dict[str, Any]:
    return default_policy(client).with_(**changes).to_dict()


def test_versions_are_numbered_and_the_newest_is_in_force(northwind: Client) -> None:
    with tenant_context(northwind):
        assert policy_in_force(northwind) == default_policy(northwind)
        assert policy_ensure(client=northwind).number == 0
        first = policy_publish(client=northwind, parameters=parameters(northwind, renewal_grace_days=30), note="Signed")
        second = policy_publish(client=northwind, parameters=parameters(northwind, fx="monthly_average"))
        assert (first.number, second.number) == (1, 2)
        assert policy_in_force(northwind).fx == "monthly_average"
        changes = policy_changes(first, second)
        assert [(change.parameter, change.old, change.new) for change in changes] == [
            ("fx", "spot", "monthly_average"),
            ("renewal_grace_days", 30, 0),
        ]
        assert [version.number for version in policy_versions()] == [2, 1, 0]
        assert AuditEntry.objects.filter(action="policy.published").count() == 2


def test_publishing_what_is_in_force_makes_no_version(northwind: Client) -> None:
    with tenant_context(northwind):
        first = policy_publish(client=northwind, parameters=parameters(northwind))
        assert policy_publish(client=northwind, parameters=parameters(northwind)) == first


def test_a_new_version_makes_the_books_stale_and_due(northwind: Client) -> None:
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=parameters(northwind))
        assert {book.state for book in ArrBook.objects.all()} == {BookState.STALE}
    assert Client.objects.get(pk=northwind.pk).next_check_at is not None


def test_bad_parameters_are_refused_with_every_fault_and_nothing_is_written(northwind: Client) -> None:
    with tenant_context(northwind), pytest.raises(PolicyError) as raised:
        policy_publish(client=northwind, parameters={**parameters(northwind), "fx": "guess", "extra": 1})
    assert len(raised.value.faults) == 2
    with tenant_context(northwind):
        assert not PolicyVersion.objects.exists()


def test_a_version_never_changes(northwind: Client) -> None:
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=parameters(northwind))
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE metrics_policyversion SET note = 'other'")


def test_the_reporting_currency_follows_the_policy_unless_rates_are_in_the_old_one(northwind: Client) -> None:
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=parameters(northwind, reporting_currency="EUR"))
        assert Client.objects.get(pk=northwind.pk).currency == "EUR"
        load_rates(rates(("USD", "2024-01-31", "0.9")))
        with pytest.raises(PolicyError, match="own exchange rates are in EUR"):
            policy_publish(client=northwind, parameters=parameters(northwind, reporting_currency="USD"))


def test_closed_months_keep_their_currency(northwind: Client) -> None:
    with tenant_context(northwind):
        numbers_load(northwind)
        month_close(client=northwind, month=month_parse("2026-03"))
        with pytest.raises(PolicyError, match="months are closed in USD"):
            policy_publish(client=northwind, parameters=parameters(northwind, reporting_currency="EUR"))
        assert Client.objects.get(pk=northwind.pk).currency == "USD"


def test_a_version_that_was_made_from_an_older_one_changes_nothing(northwind: Client) -> None:
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=parameters(northwind, renewal_grace_days=30))
        with pytest.raises(PolicyError, match="published meanwhile"):
            policy_publish(client=northwind, parameters=parameters(northwind, reporting_currency="EUR"), based_on=0)
        assert PolicyVersion.objects.count() == 1
        assert Client.objects.get(pk=northwind.pk).currency == "USD"
        policy_publish(client=northwind, parameters=parameters(northwind, renewal_grace_days=10), based_on=1)


def test_a_publication_that_fails_half_way_leaves_the_currency(
    northwind: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that shows the fault answers 200 or 422: what it had begun is taken back all the same."""

    def fail(**given: Any) -> None:
        raise PolicyError(["somebody was quicker"])

    monkeypatch.setattr("metrics.services.policies.version_store", fail)
    with tenant_context(northwind):
        with pytest.raises(PolicyError, match="quicker"):
            policy_publish(client=northwind, parameters=parameters(northwind, reporting_currency="EUR"))
        assert Client.objects.get(pk=northwind.pk).currency == "USD"


def test_every_value_has_a_sentence_of_its_own(northwind: Client) -> None:
    values: list[tuple[str, Any]] = [(name, value) for name, choices in CHOICES.items() for value in choices]
    values += [(name, count) for name in ("minimum_term_months", "renewal_grace_days") for count in (0, 1, 30)]
    values += [("reactivation_window_months", window) for window in (None, 0, 1, 6)]
    sentences = [sentence_of(name, value) for name, value in values]
    assert len(set(sentences)) == len(sentences)
    assert [clause.parameter for clause in policy_in_plain_words(default_policy(northwind))]
    for types in ([], ["recurring"], ["services"], ["recurring", "usage_minimum"], ["recurring", "trial", "services"]):
        assert sentence_of("included_charge_types", types).endswith(".")
