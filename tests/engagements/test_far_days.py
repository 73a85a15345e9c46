"""Days that nobody means: they are refused where they are entered, and spoil no page."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from engagements.models import Engagement
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.engagements.conftest import started


@pytest.fixture
def reached(northwind: Client, ana: User) -> Engagement:
    with tenant_context(northwind):
        return started(northwind, ana)


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("card/change/", {"name": "ARR", "kind": "single", "starts_on": "2026-11-02", "hypercare_from": "9999-12-31"}),
        ("card/change/", {"name": "ARR", "kind": "single", "starts_on": "0001-01-01"}),
        ("maintenance/begin/", {"begins_on": "9999-12-31"}),
    ],
)
def test_a_day_beyond_any_project_is_refused_at_its_field(
    reached: Engagement, ana: User, signed_in: Callable[[User], Browser], path: str, given: dict[str, str]
) -> None:
    home, browser = f"/c/northwind/engagements/{reached.pk}/", signed_in(ana)
    answer = browser.post(home + path, given)
    assert answer.status_code == 422
    for page in ("", "checklists/", "maintenance/", "card/"):
        assert browser.get(home + page).status_code == 200, page
