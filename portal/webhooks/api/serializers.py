"""What operations on webhooks take and give."""

from typing import Any

from rest_framework import serializers

from portal.tenancy.api_input import StrictSerializer
from portal.tenancy.api_paging import PageParameters
from portal.webhooks.events import CHOICES
from portal.webhooks.models import DeliveryState


class WebhookBody(StrictSerializer):
    """A webhook as it is to be."""

    name = serializers.CharField(max_length=80, help_text="Which program listens.")
    url = serializers.CharField(max_length=500, help_text="Public, beginning with https://.")
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=CHOICES), allow_empty=False, max_length=50, help_text="What it is told."
    )


class SwitchBody(StrictSerializer):
    """On or off."""

    is_on = serializers.BooleanField()


class WebhookSerializer(serializers.Serializer[Any]):
    """A webhook. Its key is never among these."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    url = serializers.CharField()
    events = serializers.ListField(child=serializers.CharField())
    is_on = serializers.BooleanField()
    off_because = serializers.CharField(allow_blank=True)
    failing_since = serializers.DateTimeField(allow_null=True, help_text="Nothing was taken since then.")
    secret_changed_at = serializers.DateTimeField()
    previous_until = serializers.DateTimeField(allow_null=True, help_text="Until when the key before signs as well.")
    created_at = serializers.DateTimeField()


class WebhooksSerializer(serializers.Serializer[Any]):
    """Every webhook of the client."""

    results = WebhookSerializer(many=True)


class WebhookKeySerializer(serializers.Serializer[Any]):
    """A webhook and its key, which no other answer has."""

    webhook = WebhookSerializer()
    secret = serializers.CharField(help_text="whsec_ and the key in base64. Keep it: it is given this once.")


class RemovedSerializer(serializers.Serializer[Any]):
    """That it is gone."""

    id = serializers.IntegerField()
    removed_at = serializers.DateTimeField()


class TrySerializer(serializers.Serializer[Any]):
    """One request and what came back."""

    at = serializers.DateTimeField()
    milliseconds = serializers.IntegerField()
    status = serializers.IntegerField(allow_null=True, help_text="Of HTTP; null where there was no answer.")
    answer = serializers.CharField(allow_blank=True, help_text="How the answer begins: 500 characters at most.")
    fault = serializers.CharField(allow_blank=True)


class DeliverySerializer(serializers.Serializer[Any]):
    """One event on its way to a webhook."""

    id = serializers.IntegerField()
    message_id = serializers.CharField(source="event.message_id", help_text="The header webhook-id, at every try.")
    event = serializers.CharField(source="event.event")
    occurred_at = serializers.DateTimeField(source="event.occurred_at")
    state = serializers.ChoiceField(choices=DeliveryState.choices)
    tries = serializers.IntegerField()
    due_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)
    attempts = TrySerializer(source="attempts.all", many=True, help_text="The newest first.")


class DeliveryDetailSerializer(DeliverySerializer):
    """A delivery with what was sent."""

    sent = serializers.CharField(source="event.body", help_text="The very text of the request's body.")


class DeliveryParameters(PageParameters):
    """Which deliveries."""

    state = serializers.ChoiceField(choices=DeliveryState.choices, required=False)
