"""What is read by who presents a secret, a public id or a domain is written inside the client's scope alone."""

from django.db import migrations

from portal.tenancy.operations import ReadMoreWriteInside

OWN_CLIENT = "client_id = (SELECT tenancy.client_id_if_set())"
BEARER = "(SELECT tenancy.bearer())"
OPENED_BY = {
    "Invitation": f"token_hash = {BEARER}",
    "MagicLink": f"token_hash = {BEARER}",
    "ApiToken": f"token_hash = {BEARER}",
    "SsoConnection": f"public_id = {BEARER}",
    "SsoDomain": f"(confirmed_at IS NOT NULL AND domain = {BEARER})",
}


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_walls"), ("tenancy", "0004_audit_chains")]

    operations = [ReadMoreWriteInside(name, f"{OWN_CLIENT} OR {opened}") for name, opened in OPENED_BY.items()]
