"""The Python layer of the wall."""

import pytest
from django.db import connection, transaction

from metrics.models import Source
from portal.tenancy.models import Client
from portal.tenancy.scope import ScopeError, at_scope_end, not_at_scope_end, scope_settle, tenant_context


def test_a_query_outside_any_scope_raises(northwind: Client) -> None:
    with pytest.raises(ScopeError):
        list(Source.objects.all())


def test_a_query_begun_in_one_scope_does_not_run_in_another(northwind: Client, contoso: Client) -> None:
    with tenant_context(northwind):
        leaked = Source.objects.all()
    with tenant_context(contoso), pytest.raises(ScopeError):
        leaked.count()


def test_scopes_do_not_nest(northwind: Client, contoso: Client) -> None:
    with tenant_context(northwind), pytest.raises(ScopeError), tenant_context(contoso):
        pass


def test_each_client_sees_its_own_rows(northwind: Client, contoso: Client) -> None:
    with tenant_context(northwind):
        Source.objects.create(name="billing")
    with tenant_context(contoso):
        assert Source.objects.count() == 0
    with tenant_context(northwind):
        assert [source.name for source in Source.objects.all()] == ["billing"]


def test_a_row_of_another_client_is_not_saved(northwind: Client, contoso: Client) -> None:
    with tenant_context(northwind), pytest.raises(ScopeError):
        Source(client=contoso, name="stolen").save()


def test_the_setting_ends_with_the_scope(northwind: Client) -> None:
    with tenant_context(northwind):
        pass
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('tenancy.client', true), '')")
        assert cursor.fetchone() == ("",)


def test_what_is_left_for_the_end_of_a_scope_is_done_once_and_last(northwind: Client) -> None:
    seen: list[int] = []
    with tenant_context(northwind):
        for name in ("billing", "crm"):
            at_scope_end("sources", lambda: seen.append(Source.objects.count()))
            Source.objects.create(name=name)
        assert seen == []
    assert seen == [2]
    with tenant_context(northwind):
        pass
    assert seen == [2]


def test_what_is_left_for_the_end_may_be_done_before_or_called_off(northwind: Client) -> None:
    seen: list[str] = []
    with tenant_context(northwind):
        at_scope_end("a", lambda: seen.append("a"))
        scope_settle()
        at_scope_end("b", lambda: seen.append("b"))
        not_at_scope_end("b")
    assert seen == ["a"]


def test_nothing_is_left_to_do_for_a_transaction_that_is_rolled_back(northwind: Client) -> None:
    seen: list[str] = []
    with pytest.raises(ValueError, match="refused"), tenant_context(northwind):
        at_scope_end("a", lambda: seen.append("raised"))
        raise ValueError("refused")
    with tenant_context(northwind):
        at_scope_end("a", lambda: seen.append("answered with an error"))
        transaction.set_rollback(True)
    assert seen == []
    with pytest.raises(ScopeError):
        at_scope_end("a", lambda: None)
