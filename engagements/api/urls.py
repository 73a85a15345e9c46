"""The addresses below `/api/v1/clients/<client_slug>/` that are about engagements."""

from django.urls import path

from engagements.api import views

ONE = "engagements/<int:engagement_id>/"

urlpatterns = [
    path("engagements/", views.EngagementList.as_view(), name="api_engagements"),
    path(ONE, views.EngagementDetail.as_view(), name="api_engagement"),
    path(f"{ONE}tasks/", views.TaskList.as_view(), name="api_tasks"),
    path(f"{ONE}tasks/<int:task_id>/", views.TaskDetail.as_view(), name="api_task"),
    path(f"{ONE}tasks/<int:task_id>/move/", views.TaskMove.as_view(), name="api_task_move"),
    path(f"{ONE}gates/", views.GateList.as_view(), name="api_gates"),
    path(f"{ONE}gates/<int:gate_id>/open/", views.GateOpen.as_view(), name="api_gate_open"),
    path(f"{ONE}criteria/<int:criterion_id>/confirm/", views.CriterionConfirm.as_view(), name="api_criterion_confirm"),
]
