"""A new client from the command line: whole, with those who work on it, or not at all."""

import pytest
from django.core.management import CommandError, call_command

from portal.accounts.models import User
from portal.tenancy.models import Client, Firm
from portal.tenancy.selectors import clients_reached

ACME = {"firm": "ridge", "client": "acme", "name": "Acme", "currency": "USD"}


def test_a_consultant_is_assigned_to_the_new_client(ridge: Firm, ana: User) -> None:
    call_command("client_create", **ACME, assign=["Ana@Example.com"])
    assert "acme" in {reached.client.slug for reached in clients_reached(ana)}


@pytest.mark.parametrize("firm", ["ridge", "another-firm"])
def test_nothing_is_created_for_somebody_who_does_not_work_for_the_firm(ridge: Firm, finn: User, firm: str) -> None:
    with pytest.raises(CommandError, match="is no consultant of the firm"):
        call_command("client_create", **{**ACME, "firm": firm}, assign=["finn@example.com"])
    assert not Client.objects.filter(slug="acme").exists()
    assert not Firm.objects.filter(slug="another-firm").exists()
