"""The operator's commands about people."""

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command

from portal.accounts.models import FirmInvitation, User
from portal.tenancy.models import AuditEntry, Client, Firm, FirmAuditEntry
from portal.tenancy.scope import tenant_context
from tests.accounts.conftest import Commits, Mailbox


def test_a_firms_first_admin_is_invited(ridge: Firm, mailbox: Mailbox, commits: Commits) -> None:
    with commits():
        call_command("firm_invite", firm="ridge", email="fay@example.com")
    assert FirmInvitation.objects.get().role == "admin" and mailbox.mails[-1]["To"] == "fay@example.com"
    with pytest.raises(CommandError):
        call_command("firm_invite", firm="nobody", email="fay@example.com")
    with pytest.raises(CommandError):
        call_command("firm_invite", firm="ridge", email="not an address")


def test_an_account_is_closed(finn: User, northwind: Client) -> None:
    call_command("person_disable", email="FINN@example.com")
    finn.refresh_from_db()
    assert not finn.is_active
    with tenant_context(northwind):
        assert AuditEntry.objects.get(action="person.disabled").object_id == "finn@example.com"
    with pytest.raises(CommandError):
        call_command("person_disable", email="nobody@example.com")


def test_second_factors_are_removed_with_a_reason_in_every_log(ana: User, northwind: Client) -> None:
    call_command("person_mfa_reset", email="ana@example.com", reason="video call with passport")
    assert not Authenticator.objects.filter(user=ana).exists()
    assert FirmAuditEntry.objects.get(action="person.mfa_reset").details["reason"] == "video call with passport"
    with tenant_context(northwind):
        assert AuditEntry.objects.filter(action="person.mfa_reset").exists()
