"""Addresses of the Definitions pages, below a client's own address."""

from django.urls import path

from governance import board_urls
from governance.oversight_urls import urlpatterns as oversight_urls
from governance.views import (
    answers,
    change_editor,
    change_impact,
    changes,
    definitions,
    documents,
    effects,
    metrics,
    registry,
    respondents,
    signing,
    signoff,
)

ITEM = "definitions/item/<slug:key>/"
VERSION = "definitions/versions/<int:number>/"
SIGN = "definitions/sign/<int:signer_id>/"
METRIC = "metrics/of/<slug:key>/"
CHANGE = "changes/<int:number>/"

urlpatterns = [
    path("definitions/", definitions.definitions, name="definitions"),
    path("definitions/start/", definitions.definitions_begin, name="definitions_start"),
    path(ITEM, definitions.definition, name="definition"),
    path(f"{ITEM}change/", definitions.definition_edit, name="definition_edit"),
    path(f"{ITEM}confirm/", definitions.definition_confirm, name="definition_confirm"),
    path(f"{ITEM}open/", definitions.definition_open, name="definition_open"),
    # what people are asked, and who is asked
    path("definitions/answer/", answers.answering, name="answering"),
    path("definitions/answer/<slug:key>/", answers.answer, name="answer"),
    path("definitions/answered/", answers.answered, name="answered"),
    path("definitions/people/", respondents.respondents, name="respondents"),
    path("definitions/people/add/", respondents.respondent_new, name="respondent_add"),
    path("definitions/people/<int:respondent_id>/end/", respondents.respondent_end, name="respondent_end"),
    path("definitions/people/<int:respondent_id>/ask/", respondents.respondent_ask, name="respondent_ask"),
    # policy documents
    path("definitions/versions/", documents.documents, name="documents"),
    path("definitions/versions/new/", documents.document_new, name="document_new"),
    path(VERSION, documents.document, name="document"),
    path(f"{VERSION}policy.pdf", documents.document_pdf, name="document_pdf"),
    path(f"{VERSION}policy.json", documents.document_json, name="document_json"),
    path("definitions/compare/<int:before>/<int:after>/", documents.document_compare, name="document_compare"),
    # signatures
    path(f"{VERSION}sign-off/", signoff.signoff, name="signoff"),
    path(f"{VERSION}sign-off/ask/", signoff.signoff_new, name="signoff_new"),
    path(f"{VERSION}sign-off/withdraw/", signoff.signoff_end, name="signoff_withdraw"),
    path(f"{VERSION}sign-off/publish/", signoff.signoff_publish, name="signoff_publish"),
    path(f"{VERSION}certificate.json", signoff.certificate_json, name="certificate_json"),
    path(f"{VERSION}certificate.pdf", signoff.certificate_pdf, name="certificate_pdf"),
    path("definitions/verify_certificate.py", signoff.certificate_script, name="certificate_script"),
    path(SIGN, signing.signing, name="signing"),
    path(f"{SIGN}code/", signing.signing_code, name="signing_code"),
    path(f"{SIGN}sign/", signing.signing_sign, name="signing_sign"),
    path(f"{SIGN}decline/", signing.signing_decline, name="signing_decline"),
    # the metric registry
    path("metrics/", metrics.metrics, name="metrics"),
    path("metrics/start/", metrics.metrics_start, name="metrics_start"),
    path("metrics/new/", metrics.metric_new, name="metric_new"),
    path("metrics/preview/", metrics.metric_preview, name="metric_preview"),
    path("metrics/figure/", metrics.figure_understood, name="figure_understood"),
    path(METRIC, metrics.metric, name="metric"),
    path(f"{METRIC}change/", metrics.metric_edit, name="metric_edit"),
    path(f"{METRIC}status/", metrics.metric_status, name="metric_status"),
    path(f"{METRIC}owner/", metrics.metric_owner, name="metric_owner"),
    path(f"{METRIC}pay/", metrics.metric_pay, name="metric_pay"),
    path("metrics/matrix/", registry.metric_matrix, name="metric_matrix"),
    path("metrics/matrix/save/", registry.metric_matrix_save, name="metric_matrix_save"),
    path("metrics/import/library/", registry.metrics_library, name="metrics_library"),
    path("metrics/lineage/", registry.metric_lineage, name="metric_lineage"),
    path("metrics/availability/", registry.metric_availability, name="metric_availability"),
    path("metrics/glossary/", registry.metric_glossary, name="metric_glossary"),
    path("metrics/glossary.pdf", registry.metric_glossary_pdf, name="metric_glossary_pdf"),
    path("metrics/validation/", registry.metric_validation, name="metric_validation"),
    path("metrics/validation/add/", registry.control_new, name="metric_control_add"),
    path("metrics/validation/<int:control_id>/end/", registry.control_end, name="metric_control_end"),
    path("metrics/registry.yaml", registry.metrics_yaml, name="metrics_yaml"),
    path("metrics/import/", registry.metrics_import, name="metrics_import"),
    path("metrics/import/apply/", registry.metrics_import_apply, name="metrics_import_apply"),
    # change requests
    path("changes/", changes.changes, name="changes"),
    path("changes/new/", change_editor.changes_new, name="changes_new"),
    path("changes/new/<slug:kind>/", change_editor.change_new, name="change_new"),
    path("changes/alike/", change_editor.changes_alike, name="changes_alike"),
    path(CHANGE, changes.change, name="change"),
    path(f"{CHANGE}edit/", change_editor.change_rewrite, name="change_edit"),
    path(f"{CHANGE}submit/", changes.change_hand_in, name="change_submit"),
    path(f"{CHANGE}withdraw/", changes.change_end, name="change_withdraw"),
    path(f"{CHANGE}join/", changes.change_support, name="change_join"),
    path(f"{CHANGE}triage/", changes.change_take, name="change_triage"),
    path(f"{CHANGE}owner/", changes.change_owner, name="change_owner"),
    path(f"{CHANGE}schedule/", effects.change_plan, name="change_schedule"),
    path(f"{CHANGE}accept/", effects.change_accept, name="change_accept"),
    path(f"{CHANGE}retry/", effects.change_retry, name="change_retry"),
    path(f"{CHANGE}impact/", change_impact.change_impact_start, name="change_impact_start"),
    path(f"{CHANGE}impact/progress/", change_impact.change_impact_progress, name="change_impact_progress"),
    path(f"{CHANGE}impact/customers.csv", change_impact.change_impact_customers, name="change_impact_customers"),
    path("restatements/", effects.restatements, name="restatements"),
    path("restatements/restatements.csv", effects.restatements_csv, name="restatements_csv"),
    path(f"{CHANGE}step/", changes.change_advance, name="change_step"),
    *board_urls.urlpatterns,
    *oversight_urls,
]
