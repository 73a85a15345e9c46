"""The functions that row policies and the audit chain call."""

from django.db import migrations

SETTING = """
CREATE FUNCTION tenancy.{name}() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('tenancy.{setting}', true), '')::bigint;
"""

# An empty result would be a wrong number: without a tenant the query fails.
CLIENT_ID = """
CREATE FUNCTION tenancy.client_id() RETURNS bigint LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    tenant bigint := nullif(current_setting('tenancy.client', true), '')::bigint;
BEGIN
    IF tenant IS NULL THEN
        RAISE EXCEPTION 'no client is in scope' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN tenant;
END $$;
"""

DROP = "DROP FUNCTION tenancy.client_id(); DROP FUNCTION tenancy.client_id_if_set(); DROP FUNCTION tenancy.person_id(); DROP FUNCTION tenancy.firm_id();"


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.RunSQL(
            "CREATE SCHEMA IF NOT EXISTS tenancy;"
            + CLIENT_ID
            + SETTING.format(name="client_id_if_set", setting="client")
            + SETTING.format(name="person_id", setting="person")
            + SETTING.format(name="firm_id", setting="firm"),
            DROP,
        ),
    ]
