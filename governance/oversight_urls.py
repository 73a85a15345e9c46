"""Addresses of the pages of oversight, below a client's own address."""

from django.urls import path

from governance.views import disputes, oversight, quarter_audits, reviews

DISPUTE = "oversight/disputes/<int:number>/"
REVIEW = "oversight/review/<slug:quarter>/"
AUDIT = "oversight/audits/<slug:quarter>/"

urlpatterns = [
    path("oversight/", oversight.oversight, name="oversight"),
    path("oversight/evidence/<int:file_id>/", quarter_audits.evidence_file, name="evidence_file"),
    # disputes of published figures
    path("oversight/disputes/", disputes.disputes, name="disputes"),
    path("oversight/disputes/new/", disputes.dispute_new, name="dispute_new"),
    path(DISPUTE, disputes.dispute, name="dispute"),
    path(f"{DISPUTE}take/", disputes.dispute_owner, name="dispute_take"),
    path(f"{DISPUTE}settle/", disputes.dispute_end, name="dispute_settle"),
    path(f"{DISPUTE}withdraw/", disputes.dispute_back, name="dispute_withdraw"),
    path(f"{DISPUTE}reopen/", disputes.dispute_again, name="dispute_reopen"),
    path(f"{DISPUTE}comment/", disputes.dispute_say, name="dispute_comment"),
    path(f"{DISPUTE}attach/", disputes.dispute_attach, name="dispute_attach"),
    # the board's review, and the handbook
    path("oversight/review/", reviews.board_reviews, name="board_reviews"),
    path(REVIEW, reviews.board_review, name="board_review"),
    path(f"{REVIEW}hold/", reviews.board_review_hold, name="board_review_hold"),
    path(f"{REVIEW}review.pdf", reviews.board_review_pdf, name="board_review_pdf"),
    path(f"{REVIEW}review.json", reviews.board_review_json, name="board_review_json"),
    path("oversight/handbook/", reviews.handbook, name="handbook"),
    path("oversight/handbook.pdf", reviews.handbook_pdf, name="handbook_pdf"),
    # audits of contracts
    path("oversight/audits/", quarter_audits.quarter_audits, name="quarter_audits"),
    path("oversight/audits/draw/", quarter_audits.quarter_audit_draw, name="quarter_audit_draw"),
    path(
        "oversight/follow-ups/<int:follow_up_id>/settle/",
        quarter_audits.audit_follow_up_settle,
        name="audit_follow_up_settle",
    ),
    path(
        "oversight/follow-ups/<int:follow_up_id>/owner/",
        quarter_audits.audit_follow_up_owner,
        name="audit_follow_up_owner",
    ),
    path(AUDIT, quarter_audits.quarter_audit, name="quarter_audit"),
    path(f"{AUDIT}audit.pdf", quarter_audits.quarter_audit_pdf, name="quarter_audit_pdf"),
    path(f"{AUDIT}audit.json", quarter_audits.quarter_audit_json, name="quarter_audit_json"),
    path(f"{AUDIT}contracts.txt", quarter_audits.quarter_audit_contracts, name="quarter_audit_contracts"),
    path(f"{AUDIT}follow-up/", quarter_audits.quarter_audit_follow_up, name="quarter_audit_follow_up"),
    path(f"{AUDIT}sign/", quarter_audits.quarter_audit_sign, name="quarter_audit_sign"),
    path(f"{AUDIT}<int:position>/", quarter_audits.quarter_audit_contract, name="quarter_audit_contract"),
    path(f"{AUDIT}<int:position>/sheet/", quarter_audits.quarter_audit_sheet, name="quarter_audit_sheet"),
    path(f"{AUDIT}<int:position>/result/", quarter_audits.quarter_audit_result, name="quarter_audit_result"),
]
