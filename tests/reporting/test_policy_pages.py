"""Publishing policies through the pages."""

from collections.abc import Callable

from django.test import Client as Browser

from metrics.models import PolicyVersion
from metrics.selectors.clauses import sentence_of
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.tenancy.routes_reporting import POLICY

SignIn = Callable[[User], Browser]


def test_publishing_makes_a_version_in_force_and_says_what_changed(
    northwind: Client, ana: User, signed_in: SignIn
) -> None:
    browser = signed_in(ana)
    browser.post("/c/northwind/policy/change/", POLICY | {"note": "Kickoff"})
    response = browser.post("/c/northwind/policy/change/", POLICY | {"renewal_grace_days": 0}, follow=True)
    text = response.content.decode()
    assert "Policy v2 is in force" in text
    assert "for 30 days after its term" in text and sentence_of("renewal_grace_days", 0) in text


def test_a_policy_that_makes_no_sense_is_refused_in_the_form(northwind: Client, ana: User, signed_in: SignIn) -> None:
    response = signed_in(ana).post("/c/northwind/policy/change/", POLICY | {"renewal_grace_days": -1})
    assert response.status_code == 422 and "greater than or equal to 0" in response.content.decode()
    with tenant_context(northwind):
        assert not PolicyVersion.objects.filter(number__gt=0).exists()
