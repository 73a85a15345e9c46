"""The demonstration's oversight, made by the services that people use."""

from governance.models import AuditedContract, AuditFollowUp, DisputeEvidence, FigureDispute, QuarterAudit
from metrics.services.closes import month_close
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.demo.oversight import oversight_load
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.governance.audits import NOW, QUARTER
from tests.reporting.numbers import numbers_load
from tests.tenancy.routes_reporting import POLICY


def test_it_has_a_signed_audit_with_one_difference_and_a_dispute_that_is_looked_into(
    northwind: Client, finn: User, rita: User, eve: User
) -> None:
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=POLICY | {"reactivation_window_months": None})
        numbers_load(northwind)
        month_close(client=northwind, month=month_parse("2026-03"))
        oversight_load(northwind, {"finn": finn, "rita": rita, "eve": eve}, NOW)
        audit = QuarterAudit.objects.get()
        assert (audit.quarter, audit.state, audit.auditor) == (QUARTER, "signed", rita)
        assert [row.is_off for row in AuditedContract.objects.all()].count(True) == 1
        assert AuditFollowUp.objects.get().owner == rita
        dispute = FigureDispute.objects.get()
        assert (dispute.state, dispute.raised_by, dispute.owner) == ("looking", eve, rita)
        kinds = [each.content["kind"] for each in DisputeEvidence.objects.all()]
        assert kinds == ["customers", "arr_explain"]
