"""A page that asks the same small question of its client many times sends it once; who writes asks anew each time."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from metrics.memory import answers_kept
from metrics.selectors.close_memory import newest_close
from metrics.selectors.policies import policy_version_get
from metrics.services.closes import month_close
from portal.tenancy.models import Client
from portal.tenancy.scope import ScopeError, tenant_context
from tests.metrics.golden import golden_client
from tests.metrics.test_closes import JUNE


@pytest.fixture
def closed(shared: Path, northwind: Client) -> Client:
    golden_client(northwind, shared / "golden" / "contract-start")
    with tenant_context(northwind):
        month_close(client=northwind, month=JUNE)
    return northwind


def test_a_question_is_asked_once_while_a_page_is_drawn(
    closed: Client, django_assert_num_queries: Callable[..., Any]
) -> None:
    with tenant_context(closed):
        with answers_kept(), django_assert_num_queries(3):
            assert newest_close() == newest_close() is not None
            assert [version and version.number for version in map(policy_version_get, (1, 99, 1, 99))] == [1, None] * 2
        with django_assert_num_queries(2):
            assert newest_close() == newest_close()


def test_what_was_answered_is_forgotten_with_the_page(closed: Client) -> None:
    with tenant_context(closed):
        with answers_kept():
            before = newest_close()
        month_close(client=closed, month=JUNE + 1)
        with answers_kept():
            assert newest_close() not in (None, before)


def test_another_client_is_asked_for_itself(closed: Client, contoso: Client) -> None:
    with answers_kept():
        with tenant_context(closed):
            assert newest_close() is not None
        with tenant_context(contoso):
            assert newest_close() is None
        with pytest.raises(ScopeError):
            newest_close()
