"""The addresses below `/api/v1/clients/<client_slug>/` that are about oversight."""

from django.urls import path

from governance.api import disputes, oversight

urlpatterns = [
    path("quarter-audits/", oversight.AuditList.as_view(), name="api_quarter_audits"),
    path("quarter-audits/<slug:quarter>/", oversight.AuditDetail.as_view(), name="api_quarter_audit"),
    path(
        "quarter-audits/<slug:quarter>/contracts/<int:position>/",
        oversight.AuditResult.as_view(),
        name="api_quarter_audit_result",
    ),
    path("disputes/", disputes.DisputeList.as_view(), name="api_disputes"),
    path("disputes/<int:number>/", disputes.DisputeDetail.as_view(), name="api_dispute"),
    path("disputes/<int:number>/take/", disputes.DisputeTake.as_view(), name="api_dispute_take"),
    path("disputes/<int:number>/settle/", disputes.DisputeSettle.as_view(), name="api_dispute_settle"),
    path("board-reviews/<slug:quarter>/", disputes.ReviewDetail.as_view(), name="api_board_review"),
    path("handbook/", disputes.Handbook.as_view(), name="api_handbook"),
]
