"""The operations of the API on tests and files of engagements."""

from typing import Any

from django.core.files.base import ContentFile

from engagements.models import ProjectTest
from engagements.services.files import file_keep
from portal.tenancy.models import Client
from portal.tenancy.permissions import RUN_ENGAGEMENT, TEST_ENGAGEMENT, VIEW_ENGAGEMENT
from tests.tenancy.api_matrix import ApiRoute
from tests.tenancy.engagement_rows import an_engagement, engagement_of, the_newest
from tests.tenancy.routes_metrics import two_sources

a_technical_test = the_newest(ProjectTest, "test_id", kind="technical", check_key="")
a_customer_test = the_newest(ProjectTest, "test_id", kind="customer")


def a_computed_test(client: Client) -> dict[str, Any]:
    """A test that the system runs, with numbers to run it on."""
    two_sources(client)
    return the_newest(ProjectTest, "test_id", check_key="bridge_ties")(client)


def a_file(client: Client) -> dict[str, Any]:
    """A file that is evidence of a test."""
    engagement = engagement_of(client)
    upload = ContentFile(b"a,b\n1,2\n", "invoice.csv")
    return {
        "engagement_id": engagement.pk,
        "file_id": file_keep(engagement=engagement, about="test", about_id=1, upload=upload).pk,
    }


VIEW, RUN = VIEW_ENGAGEMENT, RUN_ENGAGEMENT


def a_result() -> dict[str, str]:
    return {"result": "passed", "evidence": "Tried it"}


BUILD_API_ROUTES = [
    ApiRoute("api_tests", VIEW, "get", an_engagement, names_object=True),
    ApiRoute("api_test_runs", VIEW, "get", a_technical_test, names_object=True),
    ApiRoute("api_test_runs", RUN, "post", a_technical_test, names_object=True, data=a_result, status=201),
    ApiRoute(
        "api_test_try", TEST_ENGAGEMENT, "post", a_customer_test, names_object=True, data=a_result, status=201,
        is_clients=True,
    ),
    ApiRoute("api_test_compute", RUN, "post", a_computed_test, names_object=True),
    ApiRoute("api_project_file", VIEW, "get", a_file, names_object=True),
]  # fmt: skip
