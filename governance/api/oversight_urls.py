"""The addresses below `/api/v1/clients/<client_slug>/` that are about oversight."""

from django.urls import path

from governance.api import disputes, oversight, papers

AUDIT = "quarter-audits/<slug:quarter>/"
DISPUTE = "disputes/<int:number>/"

urlpatterns = [
    path("quarter-audits/", oversight.AuditList.as_view(), name="api_quarter_audits"),
    path("quarter-audits/<slug:quarter>/", oversight.AuditDetail.as_view(), name="api_quarter_audit"),
    path(
        "quarter-audits/<slug:quarter>/contracts/<int:position>/",
        oversight.AuditResult.as_view(),
        name="api_quarter_audit_result",
    ),
    path(f"{AUDIT}contracts/<int:position>/sheet/", oversight.AuditSheet.as_view(), name="api_quarter_audit_sheet"),
    path(f"{AUDIT}file/", papers.AuditFile.as_view(), name="api_quarter_audit_file"),
    path(f"{AUDIT}population/", oversight.AuditPopulation.as_view(), name="api_audit_population"),
    path(f"{AUDIT}follow-ups/", oversight.FollowUpList.as_view(), name="api_audit_follow_ups"),
    path(
        "audit-follow-ups/<int:follow_up_id>/settle/",
        oversight.FollowUpSettle.as_view(),
        name="api_audit_follow_up_settle",
    ),
    path(
        "audit-follow-ups/<int:follow_up_id>/owner/",
        oversight.FollowUpOwner.as_view(),
        name="api_audit_follow_up_owner",
    ),
    path("audit-evidence/<int:file_id>/", oversight.EvidenceFileDetail.as_view(), name="api_audit_evidence"),
    path("disputes/", disputes.DisputeList.as_view(), name="api_disputes"),
    path("disputes/<int:number>/", disputes.DisputeDetail.as_view(), name="api_dispute"),
    path("disputes/<int:number>/take/", disputes.DisputeTake.as_view(), name="api_dispute_take"),
    path("disputes/<int:number>/settle/", disputes.DisputeSettle.as_view(), name="api_dispute_settle"),
    path(f"{DISPUTE}owner/", disputes.DisputeOwner.as_view(), name="api_dispute_owner"),
    path(f"{DISPUTE}withdraw/", disputes.DisputeWithdraw.as_view(), name="api_dispute_withdraw"),
    path(f"{DISPUTE}reopen/", disputes.DisputeReopen.as_view(), name="api_dispute_reopen"),
    path(f"{DISPUTE}comments/", disputes.DisputeComment.as_view(), name="api_dispute_comment"),
    path(f"{DISPUTE}evidence/", disputes.DisputeEvidenceList.as_view(), name="api_dispute_evidence"),
    path(f"{DISPUTE}corrections/", disputes.DisputeCorrections.as_view(), name="api_dispute_corrections"),
    path("board-reviews/", disputes.ReviewList.as_view(), name="api_board_reviews"),
    path("board-reviews/<slug:quarter>/", disputes.ReviewDetail.as_view(), name="api_board_review"),
    path("board-reviews/<slug:quarter>/file/", papers.ReviewFile.as_view(), name="api_board_review_file"),
    path("handbook/file/", papers.HandbookFile.as_view(), name="api_handbook_file"),
    path("handbook/", disputes.Handbook.as_view(), name="api_handbook"),
]
