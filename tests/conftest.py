"""The stage and the cast of the tests.

`northwind` and `contoso` are clients of the firm Ridge; `other_firm_client` is a client of another firm. `ana` is an architect
who works on Northwind; `finn` (finance), `rita` (RevOps), `eve` (executive) and `stan` (stakeholder) are Northwind's people;
`otto` belongs to Contoso alone and is the outsider of every test about the wall.
"""

import gc
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.signals import setting_changed
from django.db import connections
from django.test import Client as Browser
from hypothesis import settings as hypothesis_settings

from metrics.memory import Memory
from portal.accounts.models import User
from portal.accounts.services import usage
from portal.database import Server
from portal.embedded.server import pinned
from portal.tenancy.models import Client, ClientRole, Firm, FirmRole
from portal.tenancy.provision import provision
from portal.tenancy.scope import tenant_context
from portal.tenancy.server import server_of_settings
from portal.tenancy.services import client_create, consultant_assign, firm_create, firm_member_add, member_add
from tests import database

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"
PASSWORD = "correct-horse-battery"
ROOMS = {"portal", "metrics", "governance", "engagements", "reporting"}
hypothesis_settings.register_profile("untimed", deadline=None)  # how long an example takes is the machine's business
hypothesis_settings.load_profile("untimed")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where several processes share the tests, the long ones come first: at the end neither waits for the other's last one.

    Before them goes what mostly waits (`tests/shares.py`): one process takes it whole, and the other has the machine meanwhile.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from tests.shares import WaitingTogether

    return WaitingTogether(config, log)


def pytest_collection_finish() -> None:
    """What was imported by now stays to the end: the collector of garbage need not go through it time and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def storages(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Uploads go to a folder of this run; static files keep their plain names, so that nothing has to be collected first."""
    files = str(tmp_path_factory.mktemp("files"))
    settings.STORAGES = {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": files, "base_url": None},
        },
        "anchors": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path_factory.mktemp("anchors")), "base_url": None},
        },
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    setting_changed.send(sender=None, setting="STORAGES", value=settings.STORAGES, enter=True)


@pytest.fixture(scope="session", autouse=True)
def counts_are_written_when_asked() -> None:
    """What people open is counted in memory; a test that looks at the counts writes them itself."""
    settings.USES_WRITTEN_EVERY = None


@pytest.fixture(scope="session", autouse=True)
def hashes_once() -> None:
    """A password that many people have is hashed once."""
    settings.PASSWORD_HASHERS = ["tests.hashing.RememberingArgon2"]
    setting_changed.send(sender=None, setting="PASSWORD_HASHERS", value=settings.PASSWORD_HASHERS, enter=True)


@pytest.fixture(scope="session")
def base_server() -> Iterator[Server]:
    """The administrator's address of the server that the tests use, kept up however long a test leaves it alone."""
    with pinned(settings.VAR_DIR) if settings.EMBEDDED_POSTGRES else nullcontext():
        server = server_of_settings()
        assert server is not None, "the tests need an administrator's DATABASE_URL, or none at all"
        yield server


@pytest.fixture(scope="session")
def django_db_setup(base_server: Server, worker_id: str, django_db_blocker: Any) -> Iterator[None]:
    """One database per test process, copied from the migrated template."""
    name = f"tieout_test_{os.getpid()}_{worker_id}"
    with django_db_blocker.unblock():
        provision(base_server)  # the queues' database too: what a test enqueues really goes to a broker
        source = database.template(base_server)
        database.use(database.copy_template(base_server, source, name))
    yield
    with django_db_blocker.unblock():
        for connection in connections.all():
            connection.close()
        for made in (name, *database.owned):
            database.drop(base_server, made)


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """The name of this test process under pytest-xdist, or `main`."""
    workerinput = getattr(request.config, "workerinput", None)
    return workerinput["workerid"] if workerinput else "main"


@pytest.fixture
def committed_db(
    base_server: Server, worker_id: str, django_db_setup: None, django_db_blocker: Any
) -> Iterator[Server]:
    """A database as if it were new in which commits are real, for tests with several connections or processes."""
    name = f"tieout_test_{os.getpid()}_{worker_id}_own"
    before = dict(connections["default"].settings_dict)
    with django_db_blocker.unblock():
        server = database.own(base_server, name)
        database.use(server)
        forget_numbers()
        yield server
        forget_numbers()
        database.use(replace(server, name=before["NAME"]))


def forget_numbers() -> None:
    """What was kept of a client's numbers and counts is of another database's client, who may have the same key.

    A memory is of its process, and so it is a name of the module that fills it.
    """
    usage._held.take()
    usage._held.sign_ins.clear()
    ours = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] in ROOMS]
    for found in [value for module in ours for value in vars(module).values() if type(value) is Memory]:
        found.clear()


@pytest.fixture
def ridge(db: None) -> Firm:
    return firm_create(slug="ridge", name="Ridge Consulting")


@pytest.fixture
def northwind(ridge: Firm) -> Client:
    return client_create(firm=ridge, slug="northwind", name="Northwind", currency="USD", requires_mfa_for_admins=False)


@pytest.fixture
def contoso(ridge: Firm) -> Client:
    return client_create(firm=ridge, slug="contoso", name="Contoso", currency="USD", requires_mfa_for_admins=False)


@pytest.fixture
def in_scope() -> Callable[[Client], AbstractContextManager[Client]]:
    """`with in_scope(northwind): …`"""
    return tenant_context


@pytest.fixture
def person(db: None) -> Callable[..., User]:
    """`person("ana")` makes a person who can sign in."""
    return person_named


def person_named(name: str) -> User:
    found = User.objects.filter(email=f"{name}@example.com").first()
    return found or User.objects.create_user(f"{name}@example.com", PASSWORD, name=name.title())


def consultant(person: Callable[..., User], name: str, role: str, client: Client) -> User:
    from allauth.mfa.models import Authenticator

    user = person(name)
    firm_member_add(firm=client.firm, user=user, role=role)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "unused"})
    with tenant_context(client):
        consultant_assign(client=client, user=user)
    return User.objects.get(pk=user.pk)


def member(person: Callable[..., User], name: str, role: str, client: Client) -> User:
    user = person(name)
    with tenant_context(client):
        member_add(client=client, user=user, role=role)
    return user


@pytest.fixture
def ana(person: Callable[..., User], northwind: Client) -> User:
    return consultant(person, "ana", FirmRole.ARCHITECT, northwind)


@pytest.fixture
def finn(person: Callable[..., User], northwind: Client) -> User:
    return member(person, "finn", ClientRole.FINANCE, northwind)


@pytest.fixture
def rita(person: Callable[..., User], northwind: Client) -> User:
    return member(person, "rita", ClientRole.REVOPS, northwind)


@pytest.fixture
def eve(person: Callable[..., User], northwind: Client) -> User:
    return member(person, "eve", ClientRole.EXECUTIVE, northwind)


@pytest.fixture
def stan(person: Callable[..., User], northwind: Client) -> User:
    return member(person, "stan", ClientRole.STAKEHOLDER, northwind)


@pytest.fixture
def adam(person: Callable[..., User], northwind: Client) -> User:
    return member(person, "adam", ClientRole.ADMIN, northwind)


@pytest.fixture
def otto(person: Callable[..., User], contoso: Client) -> User:
    """A full admin, of another client."""
    return member(person, "otto", ClientRole.ADMIN, contoso)


def session_of(user: User) -> str:
    """The key of a session in which the person has just given their password, as it lies there after they signed in."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "reauthenticated": True}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return str(session.session_key)


@pytest.fixture
def signed_in() -> Callable[[User], Browser]:
    """`signed_in(ana).get("/")`: a browser with that person's session, who has just given their password."""

    def make(user: User) -> Browser:
        browser = Browser()
        browser.cookies[settings.SESSION_COOKIE_NAME] = session_of(user)
        return browser

    return make


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of worked answers and public data beside the checkout."""
    if not SHARED.exists():
        pytest.skip("the folder of golden cases and public data (../shared) is not beside this checkout")
    return SHARED
