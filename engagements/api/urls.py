"""The addresses below `/api/v1/clients/<client_slug>/` that are about engagements."""

from django.urls import path

from engagements.api import testing, views

ONE = "engagements/<int:engagement_id>/"
TEST = f"{ONE}tests/<int:test_id>/"

urlpatterns = [
    path("engagements/", views.EngagementList.as_view(), name="api_engagements"),
    path(ONE, views.EngagementDetail.as_view(), name="api_engagement"),
    path(f"{ONE}tasks/", views.TaskList.as_view(), name="api_tasks"),
    path(f"{ONE}tasks/<int:task_id>/", views.TaskDetail.as_view(), name="api_task"),
    path(f"{ONE}tasks/<int:task_id>/move/", views.TaskMove.as_view(), name="api_task_move"),
    path(f"{ONE}tests/", testing.ProjectTestList.as_view(), name="api_tests"),
    path(f"{TEST}runs/", testing.TestRunList.as_view(), name="api_test_runs"),
    path(f"{TEST}try/", testing.CustomerRun.as_view(), name="api_test_try"),
    path(f"{TEST}compute/", testing.ComputedRun.as_view(), name="api_test_compute"),
    path(f"{ONE}files/<int:file_id>/", testing.ProjectFileDetail.as_view(), name="api_project_file"),
    path(f"{ONE}gates/", views.GateList.as_view(), name="api_gates"),
    path(f"{ONE}gates/<int:gate_id>/open/", views.GateOpen.as_view(), name="api_gate_open"),
    path(f"{ONE}criteria/<int:criterion_id>/confirm/", views.CriterionConfirm.as_view(), name="api_criterion_confirm"),
]
