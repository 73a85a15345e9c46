"""Addresses of playbooks (a firm's) and engagements (a client's)."""

from django.urls import path

from engagements.views import (
    calendar,
    documents,
    files,
    firm,
    maintenance,
    plan,
    playbook_draft,
    playbook_edit,
    playbooks,
    process,
    projects,
    signing,
    work,
)

BOOKS = "f/<slug:firm_slug>/playbooks/"
SHIPPED = f"{BOOKS}shipped/<slug:key>/"
OWN = f"{BOOKS}own/<slug:key>/"
ALL = "c/<slug:client_slug>/engagements/"
ONE = f"{ALL}<int:engagement_id>/"

urlpatterns = [
    path(BOOKS, playbooks.playbooks, name="playbooks"),
    path(f"{BOOKS}import/", playbook_edit.playbook_upload, name="playbook_upload"),
    path(SHIPPED, playbooks.playbook_shipped, name="playbook_shipped"),
    path(f"{SHIPPED}copy/", playbook_edit.playbook_copy, name="playbook_copy"),
    path(f"{SHIPPED}export/<slug:form>/", playbooks.playbook_shipped_export, name="playbook_shipped_export"),
    path(OWN, playbooks.playbook, name="playbook"),
    path(f"{OWN}v/<int:number>/", playbooks.playbook_version, name="playbook_version"),
    path(f"{OWN}v/<int:number>/export/<slug:form>/", playbooks.playbook_export, name="playbook_export"),
    path(f"{OWN}edit/", playbook_edit.playbook_edit, name="playbook_edit"),
    path(f"{OWN}draft/", playbook_draft.playbook_draft, name="playbook_draft"),
    path(f"{OWN}draft/discard/", playbook_draft.playbook_draft_discard, name="playbook_draft_discard"),
    path(f"{OWN}draft/publish/", playbook_draft.playbook_draft_publish, name="playbook_draft_publish"),
    path(f"{OWN}draft/parts/<int:part_id>/", playbook_draft.playbook_draft_part, name="playbook_draft_part"),
    path(
        f"{OWN}draft/parts/<int:part_id>/<slug:step>/", playbook_draft.playbook_draft_step, name="playbook_draft_step"
    ),
    path(f"{OWN}diff/", playbooks.playbook_diff, name="playbook_diff"),
    path("f/<slug:firm_slug>/engagements/", firm.firm_engagements, name="firm_engagements"),
    # a client's engagements
    path(ALL, projects.engagements, name="engagements"),
    path(f"{ALL}new/", projects.engagement_new, name="engagement_new"),
    path(ONE, projects.engagement, name="engagement"),
    path(f"{ONE}card/", projects.engagement_card, name="engagement_card"),
    path(f"{ONE}card/change/", projects.engagement_card_edit, name="engagement_card_edit"),
    path(f"{ONE}people/", projects.engagement_people, name="engagement_people"),
    path(f"{ONE}people/add/", projects.participant_new, name="participant_new"),
    path(f"{ONE}people/<int:participant_id>/end/", projects.participant_end, name="participant_end"),
    # the plan
    path(f"{ONE}plan/", plan.plan, name="plan"),
    path(f"{ONE}tasks/new/", plan.task_new, name="task_new"),
    path(f"{ONE}tasks/<int:task_id>/", plan.task, name="task"),
    path(f"{ONE}tasks/<int:task_id>/change/", plan.task_edit, name="task_edit"),
    path(f"{ONE}tasks/<int:task_id>/needs/", plan.task_need, name="task_need"),
    path(f"{ONE}needs/<int:need_id>/end/", plan.task_need_end, name="task_need_end"),
    path(f"{ONE}tasks/<int:task_id>/points/<int:position>/", plan.task_point, name="task_point"),
    path(f"{ONE}tasks/<int:task_id>/time/", plan.time_new, name="time_new"),
    # phases and gates
    path(f"{ONE}step/<slug:about>/<int:row_id>/", process.row_step, name="row_step"),
    path(f"{ONE}checklists/", process.checklists, name="checklists"),
    path(f"{ONE}checklists/<int:point_id>/", process.point, name="checklist_point"),
    path(f"{ONE}gates/<int:gate_id>/", process.gate, name="gate"),
    path(f"{ONE}gates/<int:gate_id>/override/", process.gate_against, name="gate_override"),
    path(f"{ONE}gates/<int:gate_id>/day/", maintenance.gate_day, name="gate_day"),
    path(f"{ONE}gates/<int:gate_id>/<slug:step>/", process.gate_step, name="gate_step"),
    path(f"{ONE}criteria/<int:criterion_id>/confirm/", process.criterion_confirm, name="criterion_confirm"),
    path(f"{ONE}criteria/<int:criterion_id>/signing/", signing.criterion_signing, name="criterion_signing"),
    path(f"{ONE}criteria/<int:criterion_id>/signing/code/", signing.criterion_code, name="criterion_code"),
    path(f"{ONE}criteria/<int:criterion_id>/signing/sign/", signing.criterion_signed, name="criterion_sign"),
    path(f"{ONE}criteria/<int:criterion_id>/signing/end/", signing.criterion_unsigned, name="criterion_unsign"),
    path(f"{ONE}criteria/<int:criterion_id>/signing/file/", signing.criterion_file, name="criterion_file"),
    path(f"{ONE}criteria/<int:criterion_id>/ask/", signing.criterion_ask, name="criterion_ask"),
    path(f"{ONE}criteria/<int:criterion_id>/evidence/", signing.criterion_evidence, name="criterion_evidence"),
    path(
        f"{ONE}criteria/<int:criterion_id>/certificate.json",
        signing.criterion_certificate,
        name="criterion_certificate",
    ),
    # what is made
    path(f"{ONE}documents/", documents.documents, name="project_documents"),
    path(f"{ONE}documents/add/", documents.document_new, name="project_document_new"),
    path(f"{ONE}documents/<int:document_id>/", documents.document, name="project_document"),
    path(f"{ONE}documents/<int:document_id>/versions/", documents.document_version, name="project_document_version"),
    path(f"{ONE}documents/<int:document_id>/seen/", documents.document_visibility, name="project_document_seen"),
    path(f"{ONE}files/<int:file_id>/", files.project_file, name="project_file"),
    path(f"{ONE}meetings/", work.meetings, name="meetings"),
    path(f"{ONE}meetings/<int:meeting_id>/", work.meeting, name="meeting"),
    path(f"{ONE}meetings/<int:meeting_id>/notes/", work.meeting_notes, name="meeting_notes"),
    path(f"{ONE}meetings/<int:meeting_id>/items/", work.meeting_item, name="meeting_item"),
    path(f"{ONE}homework/<int:item_id>/", work.homework, name="homework"),
    path(f"{ONE}risks/", work.risks, name="risks"),
    path(f"{ONE}risks/add/", work.risk_new, name="risk_new"),
    path(f"{ONE}build/", work.build, name="build"),
    path(f"{ONE}trainings/<int:training_id>/", work.training, name="training"),
    path(f"{ONE}comments/<slug:about>/<int:about_id>/", work.comment, name="comment"),
    # after the launch
    path(f"{ONE}maintenance/", maintenance.maintenance, name="maintenance"),
    path(f"{ONE}maintenance/begin/", maintenance.maintenance_start, name="maintenance_start"),
    path(f"{ONE}maintenance/end/", maintenance.maintenance_stop, name="maintenance_stop"),
    path(f"{ONE}maintenance/look/", maintenance.maintenance_look, name="maintenance_look"),
    path(f"{ONE}maintenance/office-hours/", maintenance.office_hours, name="office_hours"),
    path(f"{ONE}maintenance/triggers/<int:trigger_id>/", maintenance.trigger_end, name="trigger_end"),
    path(f"{ONE}maintenance/<int:check_id>/", maintenance.check, name="maintenance_check"),
    path(f"{ONE}maintenance/<int:check_id>/result/", maintenance.check_result, name="maintenance_result"),
    path(f"{ONE}maintenance/<int:check_id>/<slug:step>/", maintenance.check_move, name="maintenance_move"),
    # a person's calendar
    path("me/calendar/", calendar.calendar, name="calendar"),
    path("calendar/<str:secret>/tieout.ics", calendar.calendar_feed, name="calendar_feed"),
]
