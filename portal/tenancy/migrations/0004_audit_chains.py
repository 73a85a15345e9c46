"""The audit chains: numbered and linked under a lock, and closed to every change."""

from django.db import migrations

HEAD = """
CREATE FUNCTION tenancy.{kind}_audit_head(chain bigint, OUT sequence bigint, OUT at timestamptz, OUT previous_hash text)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock({lock}, chain::int);
    SELECT e.sequence, e.hash INTO sequence, previous_hash
        FROM {table} e WHERE e.{key} = chain ORDER BY e.sequence DESC LIMIT 1;
    sequence := coalesce(sequence, 0) + 1;
    previous_hash := coalesce(previous_hash, repeat('0', 64));
    at := clock_timestamp();
END $$;

CREATE FUNCTION tenancy.{kind}_audit_link() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    head record;
BEGIN
    SELECT * INTO head FROM tenancy.{kind}_audit_head(NEW.{key});
    IF NEW.sequence <> head.sequence OR NEW.previous_hash <> head.previous_hash THEN
        RAISE EXCEPTION 'an audit entry must follow the head of its chain' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER audit_link BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION tenancy.{kind}_audit_link();
CREATE TRIGGER audit_closed BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION tenancy.refuse_change();
CREATE TRIGGER audit_kept BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION tenancy.refuse_change();
"""

REFUSE = """
CREATE FUNCTION tenancy.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% rows are never changed or removed', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
"""

# By grant as well as by trigger: every role but the owner may only read and append.
APPEND_ONLY = """
CREATE FUNCTION tenancy.make_append_only(target regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    grantee text;
BEGIN
    FOR grantee IN
        SELECT DISTINCT pg_get_userbyid(acl.grantee)
        FROM pg_class c, aclexplode(c.relacl) acl
        WHERE c.oid = target AND acl.grantee <> c.relowner AND acl.grantee <> 0
    LOOP
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %s FROM %I', target, grantee);
    END LOOP;
END $$;
SELECT tenancy.make_append_only('tenancy_auditentry');
SELECT tenancy.make_append_only('tenancy_firmauditentry');
"""


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0003_walls")]

    operations = [
        migrations.RunSQL(REFUSE, migrations.RunSQL.noop),
        migrations.RunSQL(
            HEAD.format(kind="client", lock=7601, table="tenancy_auditentry", key="client_id")
            + HEAD.format(kind="firm", lock=7602, table="tenancy_firmauditentry", key="firm_id"),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(APPEND_ONLY, migrations.RunSQL.noop),
    ]
