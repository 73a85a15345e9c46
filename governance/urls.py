"""Addresses of the Definitions pages, below a client's own address."""

from django.urls import path

from governance.views import definitions

ITEM = "definitions/item/<slug:key>/"

urlpatterns = [
    path("definitions/", definitions.definitions, name="definitions"),
    path("definitions/start/", definitions.definitions_begin, name="definitions_start"),
    path(ITEM, definitions.definition, name="definition"),
    path(f"{ITEM}change/", definitions.definition_edit, name="definition_edit"),
    path(f"{ITEM}confirm/", definitions.definition_confirm, name="definition_confirm"),
    path(f"{ITEM}open/", definitions.definition_open, name="definition_open"),
]
