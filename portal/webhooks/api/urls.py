"""The addresses below `/api/v1/clients/<client_slug>/` that are about webhooks."""

from django.urls import path

from portal.webhooks.api import views

ONE = "webhooks/<int:endpoint_id>/"

urlpatterns = [
    path("webhooks/", views.WebhookList.as_view(), name="api_webhooks"),
    path(ONE, views.WebhookDetail.as_view(), name="api_webhook"),
    path(f"{ONE}switch/", views.WebhookSwitch.as_view(), name="api_webhook_switch"),
    path(f"{ONE}key/", views.WebhookKey.as_view(), name="api_webhook_key"),
    path(f"{ONE}key/end-old/", views.WebhookKeyEnd.as_view(), name="api_webhook_key_end"),
    path(f"{ONE}test/", views.WebhookTest.as_view(), name="api_webhook_test"),
    path(f"{ONE}deliveries/", views.DeliveryList.as_view(), name="api_webhook_deliveries"),
    path(f"{ONE}deliveries/<int:delivery_id>/", views.DeliveryDetail.as_view(), name="api_webhook_delivery"),
    path(f"{ONE}deliveries/<int:delivery_id>/again/", views.DeliveryAgain.as_view(), name="api_webhook_delivery_again"),
]
