"""Changing the metrics of the registry one by one: steps, owners, what sets pay."""

from typing import Any

from rest_framework.exceptions import ValidationError

from governance.api import metric_shapes as shapes
from governance.api.definitions import told
from governance.api.views import CHANGE, MetricView, detailed, entry_or_404
from governance.models import Metric
from governance.services.metric_direct import metric_step
from governance.services.metric_pay import metric_pay_set
from governance.services.registry import metric_owner_set, registry_start
from portal.accounts.models import User
from portal.tenancy.api import Call, Operation
from portal.tenancy.models import Membership
from portal.tenancy.permissions import MANAGE_METRICS


def member_named(email: str) -> User:
    """The one of the client's people who has that address; anybody else's is nobody's."""
    row = Membership.objects.select_related("user").filter(user__email__iexact=email).first()
    if row is None:
        raise ValidationError({"person": ["This is none of the client's people."]})
    found: User = row.user
    return found


class RegistryStart(MetricView):
    operations = {
        "POST": Operation("metrics_start", MANAGE_METRICS, shapes.StartedSerializer, status=201),
    }

    def post(self, call: Call) -> Any:
        """Start the client's registry from the library. 400 where that was done before.

        What contract lines are enough for is in use at once; where a board decides, all are proposed, and a request of the kind
        `metric_new` asks for each.
        """
        with told():
            return {"keys": [metric.key for metric in registry_start(client=call.client, user=call.user)]}


class MetricStep(MetricView):
    operations = {"POST": Operation("metric_step", takes=shapes.StepGiveSerializer, **CHANGE)}  # type: ignore[arg-type]

    def post(self, call: Call, key: str) -> Any:
        """Take a metric one step on. 409 where the step does not follow, and where an active one ends by a request."""
        registry, entry = entry_or_404(call, key)
        given = dict(call.body)
        named, revision = given.pop("successor"), given.pop("revision")
        if named and named not in registry.entries:
            raise ValidationError({"successor": ["There is no metric of this key."]})
        successor: Metric | None = registry.entries[named].metric if named else None
        with told():
            metric_step(metric=entry.metric, version=revision, successor=successor, user=call.user, **given)
        return detailed(call, key)


class MetricOwner(MetricView):
    operations = {"PUT": Operation("metric_owner_put", takes=shapes.OwnerGiveSerializer, **CHANGE)}  # type: ignore[arg-type]

    def put(self, call: Call, key: str) -> Any:
        """Say who of the client's people answers for a metric."""
        _, entry = entry_or_404(call, key)
        email = call.body["person"]
        owner = member_named(email) if email else None
        with told():
            metric_owner_set(metric=entry.metric, version=call.body["revision"], owner=owner, user=call.user)
        return detailed(call, key)


class MetricPay(MetricView):
    operations = {"PUT": Operation("metric_pay_put", takes=shapes.PayGiveSerializer, **CHANGE)}  # type: ignore[arg-type]

    def put(self, call: Call, key: str) -> Any:
        """Say whether quotas or pay are set by a metric. 400 while a request that moves it is open and would lose a vote."""
        _, entry = entry_or_404(call, key)
        given = call.body
        with told():
            metric_pay_set(metric=entry.metric, version=given["revision"], feeds_pay=given["feeds_pay"], user=call.user)
        return detailed(call, key)
