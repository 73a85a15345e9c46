"""The wall around what tenancy itself keeps for each client."""

from django.db import migrations

from portal.tenancy.operations import EnableTenantWall

# Reviewed exceptions to the one policy: both are read before a client is known, each by exactly one other key.
OWN_MEMBERSHIPS = "client_id = (SELECT tenancy.client_id_if_set()) OR user_id = (SELECT tenancy.person_id())"
FIRM_SUMMARIES = "client_id = (SELECT tenancy.client_id_if_set()) OR firm_id = (SELECT tenancy.firm_id())"


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0002_tables")]

    operations = [
        EnableTenantWall("Membership", policy=OWN_MEMBERSHIPS),
        EnableTenantWall("ClientSummary", policy=FIRM_SUMMARIES),
        EnableTenantWall("AuditEntry"),
    ]
