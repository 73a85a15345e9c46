"""The operations of the API about changes that take effect, and about restatements."""

from portal.tenancy.permissions import TRIAGE_CHANGES, VIEW_ARR
from tests.tenancy.api_matrix import ApiRoute
from tests.tenancy.routes_effects import a_scheduled_change, an_approved_change, months

EFFECT_API_ROUTES = [
    ApiRoute("api_change_schedule", TRIAGE_CHANGES, "post", an_approved_change, names_object=True, status=201),
    ApiRoute("api_change_effect", VIEW_ARR, "get", a_scheduled_change, names_object=True),
    ApiRoute("api_restatements", VIEW_ARR, "get", months),
]
