"""The addresses below `/api/v1/clients/<client_slug>/` that are about definitions, policy documents and the metric registry."""

from django.urls import path

from governance.api import board, change_impact, changes, definitions, documents, effects, meetings, papers, respondents
from governance.api.metric_urls import urlpatterns as metric_urls
from governance.api.oversight_urls import urlpatterns as oversight_urls

ITEM = "definitions/<slug:key>/"
VERSION = "documents/<int:number>/"
MEETING = "meetings/<int:meeting_id>/"
CHANGE = "changes/<int:number>/"

urlpatterns = [
    path("definitions/", definitions.DefinitionList.as_view(), name="api_definitions"),
    path("answers/", definitions.AnswerList.as_view(), name="api_answers"),
    path(ITEM, definitions.DefinitionDetail.as_view(), name="api_definition"),
    path(f"{ITEM}confirm/", definitions.DefinitionConfirm.as_view(), name="api_definition_confirm"),
    path(f"{ITEM}reopen/", definitions.DefinitionReopen.as_view(), name="api_definition_reopen"),
    path(f"{ITEM}answer/", definitions.DefinitionAnswer.as_view(), name="api_definition_answer"),
    path(f"{ITEM}exposure/", definitions.DefinitionExposure.as_view(), name="api_definition_exposure"),
    path("questionnaire/start/", respondents.QuestionnaireStart.as_view(), name="api_questionnaire_start"),
    path("respondents/", respondents.RespondentList.as_view(), name="api_respondents"),
    path("respondents/<int:respondent_id>/", respondents.RespondentDetail.as_view(), name="api_respondent"),
    path("respondents/<int:respondent_id>/ask/", respondents.RespondentAsk.as_view(), name="api_respondent_ask"),
    path("documents/", documents.DocumentList.as_view(), name="api_documents"),
    path(VERSION, documents.DocumentDetail.as_view(), name="api_document"),
    path(f"{VERSION}file/", documents.DocumentFile.as_view(), name="api_document_file"),
    path(f"{VERSION}diff/", documents.DocumentDifference.as_view(), name="api_document_diff"),
    path(f"{VERSION}sign-off/", documents.SignoffDetail.as_view(), name="api_signoff"),
    path(f"{VERSION}certificate/", documents.CertificateDetail.as_view(), name="api_certificate"),
    path("changes/<int:number>/schedule/", effects.ChangeScheduled.as_view(), name="api_change_schedule"),
    path("changes/<int:number>/effect/", effects.ChangeEffectDetail.as_view(), name="api_change_effect"),
    path("changes/<int:number>/effect/accept/", effects.ChangeEffectAccept.as_view(), name="api_change_effect_accept"),
    path("changes/<int:number>/effect/retry/", effects.ChangeEffectRetry.as_view(), name="api_change_effect_retry"),
    path("changes/<int:number>/read/", effects.ChangeRead.as_view(), name="api_change_read"),
    path("receipts/", effects.ReceiptList.as_view(), name="api_receipts"),
    path("restatements/", effects.RestatementList.as_view(), name="api_restatements"),
    *oversight_urls,
    *metric_urls,
    path("board/", board.BoardDetail.as_view(), name="api_board"),
    path("board/agenda/", meetings.BoardAgenda.as_view(), name="api_board_agenda"),
    path("board/emergencies/", meetings.ReviewList.as_view(), name="api_emergencies"),
    path("changes/<int:number>/emergency/", meetings.ChangeEmergency.as_view(), name="api_change_emergency"),
    path("meetings/", meetings.MeetingList.as_view(), name="api_meetings"),
    path(MEETING, meetings.MeetingDetail.as_view(), name="api_meeting"),
    path(f"{MEETING}notes/<int:number>/", meetings.MeetingNote.as_view(), name="api_meeting_note"),
    path(f"{MEETING}minutes/", meetings.MeetingMinutes.as_view(), name="api_meeting_minutes"),
    path(f"{MEETING}file/", papers.MinutesFile.as_view(), name="api_meeting_file"),
    path(f"{MEETING}close/", meetings.MeetingClose.as_view(), name="api_meeting_close"),
    path(f"{MEETING}cancel/", meetings.MeetingCancel.as_view(), name="api_meeting_cancel"),
    path("changes/<int:number>/votes/", board.VoteList.as_view(), name="api_votes"),
    path("changes/<int:number>/decision/", board.DecisionDetail.as_view(), name="api_decision"),
    path("changes/", changes.ChangeList.as_view(), name="api_changes"),
    path(CHANGE, changes.ChangeDetail.as_view(), name="api_change"),
    path(f"{CHANGE}submit/", changes.ChangeSubmit.as_view(), name="api_change_submit"),
    path(f"{CHANGE}withdraw/", changes.ChangeWithdraw.as_view(), name="api_change_withdraw"),
    path(f"{CHANGE}join/", changes.ChangeJoin.as_view(), name="api_change_join"),
    path(f"{CHANGE}owner/", changes.ChangeOwner.as_view(), name="api_change_owner"),
    path(f"{CHANGE}triage/", changes.ChangeTriage.as_view(), name="api_change_triage"),
    path(f"{CHANGE}move/", changes.ChangeMove.as_view(), name="api_change_move"),
    path(
        f"{CHANGE}impact/customers/", change_impact.ChangeImpactCustomers.as_view(), name="api_change_impact_customers"
    ),
    path("changes/alike/", changes.ChangesAlike.as_view(), name="api_changes_alike"),
    path(f"{CHANGE}impact/", change_impact.ChangeImpact.as_view(), name="api_change_impact"),
]
