"""What each metric was when a month was closed is kept: what is decided afterwards moves none of it."""

import django.db.models.deletion
from django.db import migrations, models

import portal.tenancy.wall
from portal.tenancy.operations import EnableTenantWall, KeepRows


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0019_replaced_sheets"),
        ("metrics", "0016_look_asked"),
        ("tenancy", "0019_oversight_due"),
    ]

    operations = [
        migrations.CreateModel(
            name="KeptValue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "grain",
                    models.CharField(
                        choices=[("month", "month"), ("quarter", "quarter"), ("year", "year")], max_length=7
                    ),
                ),
                ("month", models.IntegerField(help_text="The last month of the period")),
                (
                    "version",
                    models.PositiveIntegerField(help_text="The version of the metric that computed it", null=True),
                ),
                (
                    "exact",
                    models.TextField(
                        blank=True, help_text="The value as a fraction, such as 3/7; empty where there was none"
                    ),
                ),
                ("reason", models.TextField(blank=True, help_text="Why there was none")),
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
                    "close",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="metrics.monthclose",
                    ),
                ),
                (
                    "metric",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="governance.metric",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("client", "grain", "metric", "month", "close"), name="metric_value_kept_once"
                    )
                ],
            },
        ),
        EnableTenantWall("KeptValue"),
        KeepRows("KeptValue"),
    ]
