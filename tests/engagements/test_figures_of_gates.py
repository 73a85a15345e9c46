"""What gates and health say of figures is for whoever may see figures: every role of the client, on pages and over the API."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from engagements.models import Engagement, Gate, GateDecision, Phase, RefinementTrigger
from engagements.services.gates import gate_override
from engagements.services.hypercare import phase_brings_hypercare
from portal.accounts.models import User
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client, Membership
from portal.tenancy.permissions import CLIENT_ROLE_PERMISSIONS, VIEW_ARR, VIEW_ENGAGEMENT
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Mint, program
from tests.engagements.conftest import started
from tests.engagements.upkeep import at, close, numbers

__all__ = ["program"]
FIGURE = "6.00%"
READERS = [role for role, may in CLIENT_ROLE_PERMISSIONS.items() if VIEW_ENGAGEMENT in may]


@pytest.fixture
def apart(northwind: Client, ana: User, finn: User) -> Engagement:
    """The CRM is 6 % above billing at the end of a closed month; a gate was opened against that; it happened twice running."""
    with tenant_context(northwind):
        project = started(northwind, ana)
        phase_brings_hypercare(phase=Phase.objects.get(key="3"), now=at("2026-11-09"))
        numbers(northwind, "106000")
        close(northwind, "2026-11", on="2026-12-04")
        RefinementTrigger.objects.create(
            engagement=project, trigger_key="variance_repeated", fact="2026-11", name="Reconciliation drifts",
            text=f"CRM and Billing were apart by {FIGURE}.", facts={"variances": {}}, raised_at=database_time(),
        )  # fmt: skip
        for gate in Gate.objects.select_related("phase", "engagement__client").order_by("phase__position"):
            gate_override(gate=gate, reason="The board meets", user=None)
        assert FIGURE in str([decision.seen for decision in GateDecision.objects.all()])
    return project


def pages_of(engagement: Engagement) -> list[str]:
    home = f"/c/northwind/engagements/{engagement.pk}/"
    with tenant_context(engagement.client):
        gates = [f"gates/{pk}/" for pk in Gate.objects.values_list("pk", flat=True)]
    return [home + tab for tab in ("", "checklists/", "maintenance/", *gates)]


def read(browser: Browser, pages: list[str]) -> str:
    """All of these pages, each of which opens."""
    answers = [browser.get(page) for page in pages]
    assert {answer.status_code for answer in answers} == {200}
    return "".join(answer.content.decode() for answer in answers)


@pytest.mark.parametrize("role", READERS)
def test_only_roles_that_see_figures_read_them_at_gates(
    apart: Engagement, northwind: Client, eve: User, role: str, signed_in: Callable[[User], Browser], program: Mint
) -> None:
    sees_figures = VIEW_ARR in CLIENT_ROLE_PERMISSIONS[role]
    with tenant_context(northwind):
        Membership.objects.filter(user=eve).update(role=role)
    text = read(signed_in(eve), pages_of(apart))
    assert (FIGURE in text) is sees_figures and "Reconciliation drifts" in text
    answer = program(northwind, eve).get(northwind, "api_gates", engagement_id=apart.pk)
    whys = [each["why"] for gate in answer.json()["results"] for each in gate["criteria"]]
    assert any(FIGURE in why for why in whys) is sees_figures
    if not sees_figures:
        assert "It does not hold yet." in text and "It does not hold yet." in whys


def test_a_program_without_the_scope_of_figures_reads_none_either(
    apart: Engagement, northwind: Client, eve: User, program: Mint
) -> None:
    answer = program(northwind, eve, [VIEW_ENGAGEMENT]).get(northwind, "api_gates", engagement_id=apart.pk)
    assert answer.status_code == 200 and FIGURE not in answer.content.decode()
