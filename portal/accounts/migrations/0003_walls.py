"""The wall around invitations, links, tokens and single sign-on."""

from django.db import migrations

from portal.tenancy.operations import EnableTenantWall

BEARER = """
CREATE FUNCTION tenancy.bearer() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('tenancy.bearer', true), '');
"""

# Reviewed exceptions to the one policy: each table is also read, one row at a time, by who presents what opens that row:
# the hash of a secret, the public id of a sign-in, a confirmed e-mail domain. Nothing is written that way.
OWN_CLIENT = "client_id = (SELECT tenancy.client_id_if_set())"
OPENED_BY = {
    "Invitation": "token_hash = (SELECT tenancy.bearer())",
    "MagicLink": "token_hash = (SELECT tenancy.bearer())",
    "ApiToken": "token_hash = (SELECT tenancy.bearer())",
    "SsoConnection": "public_id = (SELECT tenancy.bearer())",
    "SsoDomain": "(confirmed_at IS NOT NULL AND domain = (SELECT tenancy.bearer()))",
}
WRITES_IN_SCOPE = "\n".join(
    f"ALTER POLICY tenant ON accounts_{name.lower()} WITH CHECK (client_id = (SELECT tenancy.client_id()));"
    for name in OPENED_BY
)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_people_tables"), ("tenancy", "0004_audit_chains")]

    operations = [
        migrations.RunSQL(BEARER, "DROP FUNCTION tenancy.bearer()"),
        *[EnableTenantWall(name, policy=f"{OWN_CLIENT} OR {opened}") for name, opened in OPENED_BY.items()],
        EnableTenantWall("SsoIdentity"),
        migrations.RunSQL(WRITES_IN_SCOPE, migrations.RunSQL.noop),
    ]
