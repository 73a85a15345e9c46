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


def test_a_taken_name_is_refused_with_whose_it_is_and_makes_no_firm(ridge: Firm, ana: User) -> None:
    call_command("client_create", **ACME)
    with pytest.raises(
        CommandError, match="there is a client 'acme' already, of the firm 'ridge': nothing was changed"
    ):
        call_command("client_create", **{**ACME, "firm": "another-firm"})
    assert not Firm.objects.filter(slug="another-firm").exists()


def test_what_was_done_is_on_standard_output(ridge: Firm, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("client_create", **ACME)
    said = capsys.readouterr()
    assert said.out == "Created client 'acme' of firm 'ridge'.\n" and said.err.startswith(
        "Nobody is assigned to it yet"
    )
