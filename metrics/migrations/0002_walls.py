"""The wall around every table of metrics, and closed months that nothing changes."""

from django.db import migrations

from portal.tenancy.operations import EnableTenantWall

# Targets of foreign keys before the tables that point at them: each composite key needs its target's.
TABLES = [
    "Source",
    "RateImport",
    "PolicyVersion",
    "ContractImport",
    "ArrBook",
    "MonthClose",
    "ImportFault",
    "ContractLine",
    "LineChange",
    "FxRate",
    "RateChange",
    "BookSeries",
    "BookCohort",
    "BookMonth",
    "BookPatch",
    "CloseBridge",
    "CloseBalance",
]
KEPT_FOR_EVER = ["metrics_policyversion", "metrics_monthclose", "metrics_closebridge", "metrics_closebalance"]
APPEND_ONLY = "\n".join(
    f"""
    CREATE TRIGGER kept_rows BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION tenancy.refuse_change();
    CREATE TRIGGER kept_table BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION tenancy.refuse_change();
    SELECT tenancy.make_append_only('{table}');
    """
    for table in KEPT_FOR_EVER
)


class Migration(migrations.Migration):
    dependencies = [("metrics", "0001_tables"), ("tenancy", "0004_audit_chains")]

    operations = [
        *[EnableTenantWall(name) for name in TABLES],
        migrations.RunSQL(APPEND_ONLY, migrations.RunSQL.noop),
    ]
