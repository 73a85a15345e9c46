"""Addresses of the Definitions pages, below a client's own address."""

from django.urls import path

from governance.views import answers, definitions, documents, respondents, signing, signoff

ITEM = "definitions/item/<slug:key>/"
VERSION = "definitions/versions/<int:number>/"
SIGN = "definitions/sign/<int:signer_id>/"

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
    path(SIGN, signing.signing, name="signing"),
    path(f"{SIGN}code/", signing.signing_code, name="signing_code"),
    path(f"{SIGN}sign/", signing.signing_sign, name="signing_sign"),
    path(f"{SIGN}decline/", signing.signing_decline, name="signing_decline"),
]
