"""Contracts of which Finance said what they are worth."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.tenancy.operations import EnableTenantWall


class Migration(migrations.Migration):
    dependencies = [
        ("metrics", "0009_reconciliation"),
        ("tenancy", "0008_imports_due"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SampleContract",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("contract_id", models.CharField(db_collation="C", max_length=200)),
                ("month", models.IntegerField(help_text="Month ordinal: year * 12 + month - 1")),
                ("expected", models.DecimalField(decimal_places=2, max_digits=20)),
                ("note", models.CharField(blank=True, default="", max_length=400)),
                ("updated_at", models.DateTimeField(auto_now=True)),
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
                    "updated_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["contract_id", "month"],
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("client", "contract_id", "month"), name="sample_contract_once")
                ],
            },
        ),
        EnableTenantWall("SampleContract"),
    ]
