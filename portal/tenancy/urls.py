"""Addresses of the portfolio, firms, and what every client has."""

from django.urls import path

from portal.tenancy import views

urlpatterns = [
    path("", views.portfolio, name="portfolio"),
    path("f/<slug:firm_slug>/clients/new/", views.client_new, name="client_new"),
    path("c/<slug:client_slug>/settings/", views.client_settings, name="client_settings"),
    path("c/<slug:client_slug>/audit/", views.audit_log, name="audit_log"),
]
