"""Addresses of what people are told."""

from django.urls import path

from portal.notices.views import fewer, inbox, settings

CLIENT = "c/<slug:client_slug>/notifications/"

urlpatterns = [
    path("me/notifications/", settings.notice_settings, name="notice_settings"),
    path("notifications/fewer/<str:token>/", fewer.notices_fewer, name="notices_fewer"),
    path(CLIENT, inbox.notices, name="notices"),
    path(f"{CLIENT}count/", inbox.notices_count, name="notices_count"),
    path(f"{CLIENT}read/", inbox.notices_read_all, name="notices_read_all"),
    path(f"{CLIENT}<int:notice_id>/", inbox.notice_open, name="notice_open"),
]
