"""A sheet of an audit that is not signed may be taken anew; the one before is kept, as the trigger asks."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.tenancy.wall
from portal.tenancy.operations import EnableTenantWall, KeepRows

# The contract that was drawn never changes, nor anything once the audit is signed; its sheet only where it is kept as replaced.
RENEWED_IS_KEPT = """
CREATE OR REPLACE FUNCTION tenancy.keep_audited() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (NEW.client_id, NEW.audit_id, NEW.position, NEW.contract_id)
        IS DISTINCT FROM (OLD.client_id, OLD.audit_id, OLD.position, OLD.contract_id)
        OR (
            (NEW.arr, NEW.sheet, NEW.sheet_sha256) IS DISTINCT FROM (OLD.arr, OLD.sheet, OLD.sheet_sha256)
            AND NOT EXISTS (
                SELECT 1 FROM governance_replacedsheet r
                WHERE r.client_id = OLD.client_id AND r.contract_id = OLD.id AND r.version = OLD.version
                AND r.content -> 'sheet' = OLD.sheet
            )
        )
        OR EXISTS (
            SELECT 1 FROM governance_quarteraudit a
            WHERE a.client_id = OLD.client_id AND a.id = OLD.audit_id AND a.state = 'signed'
        )
    THEN RAISE EXCEPTION 'what was drawn for an audit, and an audit that is signed, never change';
    END IF;
    RETURN NEW;
END $$;
"""
NEVER_RENEWED = """
CREATE OR REPLACE FUNCTION tenancy.keep_audited() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (NEW.client_id, NEW.audit_id, NEW.position, NEW.contract_id, NEW.arr, NEW.sheet, NEW.sheet_sha256)
        IS DISTINCT FROM (OLD.client_id, OLD.audit_id, OLD.position, OLD.contract_id, OLD.arr, OLD.sheet, OLD.sheet_sha256)
        OR EXISTS (
            SELECT 1 FROM governance_quarteraudit a
            WHERE a.client_id = OLD.client_id AND a.id = OLD.audit_id AND a.state = 'signed'
        )
    THEN RAISE EXCEPTION 'what was drawn for an audit, and an audit that is signed, never change';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0018_preview_customers"),
        ("tenancy", "0019_oversight_due"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ReplacedSheet",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField(help_text="Of the contract, while this was its sheet")),
                ("content", models.JSONField()),
                ("replaced_at", models.DateTimeField()),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.client",
                    ),
                ),
                (
                    "contract",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced",
                        to="governance.auditedcontract",
                    ),
                ),
                (
                    "replaced_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["version"],
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("client", "contract", "version"), name="replaced_sheet_once")
                ],
            },
        ),
        EnableTenantWall("ReplacedSheet"),
        KeepRows("ReplacedSheet"),
        migrations.RunSQL(RENEWED_IS_KEPT, NEVER_RENEWED),
    ]
