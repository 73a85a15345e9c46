"""What is read before a client is known is written inside the client's scope alone: tried as the app role, past Django."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from psycopg import errors, sql

from portal.accounts.models import ApiToken, Invitation, MagicLink, SsoConnection, SsoDomain, User
from portal.database import Server
from portal.tenancy.models import Client, ClientRole, ClientSummary
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, firm_create, member_add
from tests.tenancy.conftest import Connection


@dataclass(frozen=True)
class Stage:
    """Two committed clients, and a person who belongs to beta alone."""

    alpha: Client
    beta: Client
    person: User


@pytest.fixture
def stage(committed_db: Server) -> Stage:
    """Beta has a row in each of the tables that are read by another key."""
    firm = firm_create(slug="ridge", name="Ridge")
    alpha, beta = (client_create(firm=firm, slug=slug, name=slug, currency="USD") for slug in ("alpha", "beta"))
    user = User.objects.create_user("otto@example.com", None)
    later = timezone.now() + timedelta(days=1)
    with tenant_context(beta):
        member_add(client=beta, user=user, role=ClientRole.STAKEHOLDER)
        ClientSummary.objects.create(firm=firm)
        mailed: dict[str, Any] = {"email": user.email, "token_hash": "opens", "role": "sales", "expires_at": later}
        Invitation.objects.create(**mailed)
        MagicLink.objects.create(**mailed, user=user, purpose="read", target="/c/beta/")
        ApiToken.objects.create(user=user, name="x", public_id="x", token_hash="opens", expires_at=later)
        provider = {"issuer": "https://x.example", "oidc_client_id": "x", "sealed_secret": "x", "secret_last4": "x"}
        SsoConnection.objects.create(**provider, public_id="opens", secret_changed_at=later)
        SsoDomain.objects.create(domain="opens", confirmed_at=later)
    return Stage(alpha, beta, user)


def tell(connection: Connection, setting: str, value: object) -> None:
    connection.execute("SELECT set_config(%s, %s, true)", [f"tenancy.{setting}", str(value)])


def read_as(connection: Connection, stage: Stage, setting: str) -> None:
    """The scope in which the other key shows beta's row."""
    tell(connection, setting, {"person": stage.person.pk, "firm": stage.beta.firm_id, "bearer": "opens"}[setting])


OTHER_KEYS = {
    "tenancy_membership": "person",
    "tenancy_clientsummary": "firm",
    "accounts_invitation": "bearer",
    "accounts_magiclink": "bearer",
    "accounts_apitoken": "bearer",
    "accounts_ssoconnection": "bearer",
    "accounts_ssodomain": "bearer",
}
WRITES = ("UPDATE {} SET client_id = client_id", "DELETE FROM {}", "UPDATE {} SET client_id = {alpha}")


@pytest.mark.parametrize("is_elsewhere", [False, True], ids=["in no scope", "in alpha's scope"])
def test_the_other_key_reads_and_never_writes(stage: Stage, app: Connection, is_elsewhere: bool) -> None:
    for table, setting in OTHER_KEYS.items():
        read_as(app, stage, setting)
        if is_elsewhere:
            tell(app, "client", stage.alpha.pk)
        name = sql.Identifier(table)
        assert app.execute(sql.SQL("SELECT client_id FROM {}").format(name)).fetchall() == [(stage.beta.pk,)], table
        for write in WRITES:
            statement = sql.SQL(write).format(name, alpha=sql.Literal(stage.alpha.pk))
            assert written(app, statement) == 0, (table, write)


def written(connection: Connection, statement: sql.Composed) -> int:
    """How many rows a statement changes, taken back at once; none where it is refused."""
    try:
        with connection.transaction(force_rollback=True):
            return connection.execute(statement).rowcount
    except errors.InsufficientPrivilege:
        return 0


def test_nobody_makes_themself_a_member_by_their_own_key(stage: Stage, app: Connection) -> None:
    read_as(app, stage, "person")
    grab = "INSERT INTO tenancy_membership (client_id, user_id, role, created_at) VALUES (%s, %s, 'admin', now())"
    for scope in (None, stage.beta):
        if scope:
            tell(app, "client", scope.pk)
        with pytest.raises(errors.InsufficientPrivilege), app.transaction():
            app.execute(grab, [stage.alpha.pk, stage.person.pk])
    tell(app, "client", stage.alpha.pk)
    assert app.execute(grab, [stage.alpha.pk, stage.person.pk]).rowcount == 1, "the scope itself is what allows it"


def test_a_policy_for_all_commands_would_let_the_other_key_write(
    stage: Stage, app: Connection, committed_db: Server, owner_sql: Callable[[str], None]
) -> None:
    """The control: with the policy as it is for reading, a person raises their own role."""
    owner_sql("CREATE POLICY wide ON tenancy_membership USING (user_id = (SELECT tenancy.person_id()))")
    read_as(app, stage, "person")
    tell(app, "client", stage.alpha.pk)
    assert app.execute("UPDATE tenancy_membership SET role = 'admin'").rowcount == 1
