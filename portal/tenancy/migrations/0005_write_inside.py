"""Memberships and summaries are read by one more key each, and written inside the client's scope alone."""

from django.db import migrations

from portal.tenancy.operations import ReadMoreWriteInside

OWN_CLIENT = "client_id = (SELECT tenancy.client_id_if_set())"


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0004_audit_chains")]

    operations = [
        ReadMoreWriteInside("Membership", f"{OWN_CLIENT} OR user_id = (SELECT tenancy.person_id())"),
        ReadMoreWriteInside("ClientSummary", f"{OWN_CLIENT} OR firm_id = (SELECT tenancy.firm_id())"),
    ]
