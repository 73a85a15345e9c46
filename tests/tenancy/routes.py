"""The access matrix as a whole, and the routes that belong to no client."""

from tests.tenancy.routes_accounts import ACCOUNT_ROUTES, OTHER_ACCOUNT_ROUTES
from tests.tenancy.routes_board import BOARD_ROUTES
from tests.tenancy.routes_changes import CHANGE_ROUTES
from tests.tenancy.routes_closing import CLOSING_ROUTES, OTHER_CLOSING_ROUTES
from tests.tenancy.routes_effects import EFFECT_ROUTES
from tests.tenancy.routes_engagements import ENGAGEMENT_ROUTES, OTHER_ENGAGEMENT_ROUTES
from tests.tenancy.routes_governance import GOVERNANCE_ROUTES
from tests.tenancy.routes_metrics import METRICS_ROUTES
from tests.tenancy.routes_notices import NOTICE_ROUTES, OTHER_NOTICE_ROUTES
from tests.tenancy.routes_oversight import OVERSIGHT_ROUTES
from tests.tenancy.routes_quality import QUALITY_ROUTES
from tests.tenancy.routes_registry import REGISTRY_ROUTES
from tests.tenancy.routes_reporting import REPORTING_ROUTES
from tests.tenancy.routes_teams import TEAM_ROUTES
from tests.tenancy.routes_webhooks import WEBHOOK_ROUTES

CLIENT_ROUTES = [
    *ACCOUNT_ROUTES,
    *BOARD_ROUTES,
    *CHANGE_ROUTES,
    *EFFECT_ROUTES,
    *ENGAGEMENT_ROUTES,
    *CLOSING_ROUTES,
    *GOVERNANCE_ROUTES,
    *METRICS_ROUTES,
    *NOTICE_ROUTES,
    *QUALITY_ROUTES,
    *OVERSIGHT_ROUTES,
    *REGISTRY_ROUTES,
    *REPORTING_ROUTES,
    *TEAM_ROUTES,
    *WEBHOOK_ROUTES,
]
OTHER_ROUTES = {
    **OTHER_ACCOUNT_ROUTES,
    **OTHER_ENGAGEMENT_ROUTES,
    **OTHER_NOTICE_ROUTES,
    **OTHER_CLOSING_ROUTES,
    "health_live": "public: tests/platform/test_health.py",
    "health_ready": "public: tests/platform/test_health.py",
    "health_jobs": "public: tests/platform/test_health.py",
}

# Allauth's pages are cut down to a list in portal.accounts.urls; the API has its own table, tests/tenancy/routes_api.py.
LIBRARY_PREFIXES = ("accounts/", "api/")
