"""Tests of an engagement: what is expected, every run with its evidence, and files behind the one door that pages use."""

from typing import Any

from django.http import Http404
from django.utils import timezone
from rest_framework.parsers import BaseParser

from engagements.api import testing_shapes as shapes
from engagements.api.views import EngagementView, engagement_or_404, told
from engagements.models import ProjectTest, TestRun
from engagements.selectors.files import file_get
from engagements.selectors.projects import Reader
from engagements.services.testing import run_compute, run_record
from portal.tenancy.api import Call, Operation
from portal.tenancy.api_files import FileSerializer, stored_file
from portal.tenancy.api_input import BoundedFormParser, BoundedJSONParser
from portal.tenancy.api_paging import PageParameters
from portal.tenancy.permissions import RUN_ENGAGEMENT, TEST_ENGAGEMENT, VIEW_ENGAGEMENT

TAKES = {"application/json": shapes.RunBody, "multipart/form-data": shapes.RunFileBody}


def project_test_or_404(engagement_id: int, test_id: int, **which: str) -> ProjectTest:
    """A test of the engagement."""
    rows = ProjectTest.objects.select_related("engagement__client", "tested_by")
    found: ProjectTest | None = rows.filter(engagement=engagement_or_404(engagement_id), pk=test_id, **which).first()
    if found is None:
        raise Http404
    return found


def ran(call: Call, row: ProjectTest) -> TestRun:
    """Keep what came out of a test, in the name of the token's person."""
    given = dict(call.body)
    with told():
        return run_record(
            test=row, user=call.user, is_firm_staff=call.standing.is_firm_staff, upload=given.pop("file", None), **given
        )


class ProjectTestList(EngagementView):
    operations = {
        "GET": Operation(
            "tests_list", VIEW_ENGAGEMENT, shapes.ProjectTestSerializer, parameters=PageParameters, paged_by="id"
        )
    }  # fmt: skip

    def get(self, call: Call, engagement_id: int) -> Any:
        """The tests of what is built, technical ones and the client's, each with its newest result."""
        return ProjectTest.objects.filter(engagement=engagement_or_404(engagement_id)).select_related("tested_by")


class TestRunList(EngagementView):
    __test__ = False
    parser_classes: list[type[BaseParser]] = [BoundedJSONParser, BoundedFormParser]
    operations = {
        "GET": Operation(
            "test_runs_list", VIEW_ENGAGEMENT, shapes.TestRunSerializer, parameters=PageParameters, paged_by="-id"
        ),
        "POST": Operation(
            "test_run", RUN_ENGAGEMENT, shapes.TestRunSerializer, takes=TAKES, status=201, may_fail=(409,),
            examples=(shapes.RUN,),
        ),
    }  # fmt: skip

    def get(self, call: Call, engagement_id: int, test_id: int) -> Any:
        """Every run of a test with its evidence, the newest first; figures for whoever sees numbers."""
        return project_test_or_404(engagement_id, test_id).runs.select_related("by", "file")

    def post(self, call: Call, engagement_id: int, test_id: int) -> Any:
        """Say what came out of a technical test, as a form with a file or as JSON without. A failure raises an issue.

        409 where the engagement is closed; 400 for a test that the system runs, and for a file that is not kept.
        """
        return ran(call, project_test_or_404(engagement_id, test_id, kind="technical"))


class CustomerRun(EngagementView):
    parser_classes: list[type[BaseParser]] = [BoundedJSONParser, BoundedFormParser]
    operations = {
        "POST": Operation(
            "test_try", TEST_ENGAGEMENT, shapes.TestRunSerializer, takes=TAKES, status=201, may_fail=(409,)
        )
    }  # fmt: skip

    def post(self, call: Call, engagement_id: int, test_id: int) -> Any:
        """Say what came out of one of the client's own tests, as one of its people. A failure raises an issue.

        409 where the engagement is closed; 400 for a test that the system runs, and for a file that is not kept.
        """
        return ran(call, project_test_or_404(engagement_id, test_id, kind="customer"))


class ComputedRun(EngagementView):
    operations = {"POST": Operation("test_compute", RUN_ENGAGEMENT, shapes.ProjectTestSerializer, may_fail=(409,))}

    def post(self, call: Call, engagement_id: int, test_id: int) -> Any:
        """Let the system run a test now; a run is kept where something has changed. 400 where it cannot tell, and why."""
        row = project_test_or_404(engagement_id, test_id)
        with told():
            run_compute(test=row, now=timezone.now(), user=call.user)
        return project_test_or_404(engagement_id, test_id)


class ProjectFileDetail(EngagementView):
    operations = {"GET": Operation("project_file", VIEW_ENGAGEMENT, FileSerializer)}

    def get(self, call: Call, engagement_id: int, file_id: int) -> Any:
        """A file of the engagement, for whoever may see what it belongs to: evidence, a document's version, material."""
        row = file_get(engagement_or_404(engagement_id), file_id, Reader(call.user, call.standing.is_firm_staff))
        if row is None:
            raise Http404
        return stored_file(row)
