"""Addresses of playbooks (a firm's) and engagements (a client's)."""

from django.urls import path

from engagements.views import playbook_edit, playbooks

BOOKS = "f/<slug:firm_slug>/playbooks/"
SHIPPED = f"{BOOKS}shipped/<slug:key>/"
OWN = f"{BOOKS}own/<slug:key>/"

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
    path(f"{OWN}diff/", playbooks.playbook_diff, name="playbook_diff"),
]
