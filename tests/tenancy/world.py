"""Two clients of one firm, their people and an engagement: made once for all tests of a module that imports the fixtures."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction

from portal.accounts.models import User
from portal.tenancy.models import Client, ClientRole, FirmRole
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, firm_create
from tests.conftest import consultant, member, person_named
from tests.tenancy.engagement_rows import engagement_of

__all__ = ["ana", "contoso", "northwind", "otto", "world"]


@contextmanager
def undone() -> Iterator[None]:
    """A transaction that is rolled back, and that one which must be the outermost may lie in, as in Django's own TestCase."""
    around: Any = transaction.atomic()
    around._from_testcase = True
    with around:
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """In a transaction around all tests of the module; what a test changes is undone after it."""
    with django_db_blocker.unblock(), undone():
        firm = firm_create(slug="ridge", name="Ridge Consulting")
        northwind, contoso = (
            client_create(firm=firm, slug=slug, name=slug.title(), currency="USD", requires_mfa_for_admins=False)
            for slug in ("northwind", "contoso")
        )
        consultant(person_named, "ana", FirmRole.ARCHITECT, northwind)
        member(person_named, "otto", ClientRole.ADMIN, contoso)
        with tenant_context(northwind):
            engagement_of(northwind)
        yield


@pytest.fixture
def northwind(world: None, db: None) -> Client:
    return Client.objects.get(slug="northwind")


@pytest.fixture
def contoso(world: None, db: None) -> Client:
    return Client.objects.get(slug="contoso")


@pytest.fixture
def ana(world: None, db: None) -> User:
    return User.objects.get(email="ana@example.com")


@pytest.fixture
def otto(world: None, db: None) -> User:
    return User.objects.get(email="otto@example.com")
