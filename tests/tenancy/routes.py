"""The access matrix as a whole, and the routes that are nobody's in particular."""

from tests.tenancy.routes_accounts import ACCOUNT_ROUTES
from tests.tenancy.routes_metrics import METRICS_ROUTES
from tests.tenancy.routes_reporting import REPORTING_ROUTES

CLIENT_ROUTES = [*ACCOUNT_ROUTES, *METRICS_ROUTES, *REPORTING_ROUTES]

# Libraries' own pages, cut down to a list in portal.accounts.urls; the API has its own table in tests/api.
LIBRARY_PREFIXES = ("accounts/", "api/")
