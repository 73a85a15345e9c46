"""`manage.py changes_apply`: put a client's approved changes into force."""

from typing import Any

from django.core.management.base import CommandParser

from governance.models import Metric, MetricStatus
from governance.services.change_effect import changes_take_effect
from portal.tenancy.commands import StepsCommand, add_now, now_of
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context


class Command(StepsCommand):
    help = "Put into force what was approved and scheduled, with its restatements; the worker does the same by itself."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_now(parser)

    def work(self, client: Client, options: dict[str, Any]) -> None:
        now = now_of(options)
        with tenant_context(client):
            before = set(Metric.objects.filter(status=MetricStatus.RETIRED).values_list("key", flat=True))
        looked = changes_take_effect(client=client, now=now)
        with tenant_context(client):
            retired = Metric.objects.filter(status=MetricStatus.RETIRED).exclude(key__in=before).order_by("position")
            gone = list(retired.values_list("key", flat=True))
        for effect in looked:
            self.stdout.write(f"{effect.request}: {effect.get_state_display()}. {effect.message}".strip())
        for key in gone:
            self.stdout.write(f"The metric {key} is past its last day: retired.")
        if not looked and not gone:
            self.stdout.write("Nothing is scheduled, and no metric is past its last day: nothing was changed.")
