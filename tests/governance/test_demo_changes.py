"""The demonstration's change requests, made by the services that people use."""

from governance.models import ChangeEvent, ChangeRequest
from governance.services.registry import registry_start
from portal.accounts.models import User
from portal.demo.changes import changes_load
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context


def test_each_stands_somewhere_else_and_was_asked_for_in_somebody_s_own_name(
    northwind: Client, finn: User, rita: User, eve: User
) -> None:
    with tenant_context(northwind):
        registry_start(client=northwind, user=rita)
    changes_load(northwind, {"finn": finn, "rita": rita, "eve": eve})
    with tenant_context(northwind):
        states = {request.kind: (request.state, request.requested_by) for request in ChangeRequest.objects.all()}
        assert states == {
            "policy": ("triage", finn),
            "threshold": ("submitted", rita),
            "quota_rule": ("needs_changes", eve),
            "metric_retire": ("draft", finn),
        }
        assert ChangeEvent.objects.filter(step="join", by=eve).count() == 1
        drafted = AuditEntry.objects.filter(action="change.drafted").order_by("sequence")
        assert [entry.actor_id for entry in drafted] == [finn.pk, rita.pk, eve.pk, finn.pk]
