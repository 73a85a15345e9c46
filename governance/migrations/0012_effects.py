"""What becomes of approved requests, and who has read that they are in force."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.tenancy.wall
from portal.tenancy.operations import EnableTenantWall


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0011_board"),
        ("metrics", "0012_close_borders"),
        ("tenancy", "0018_changes_due"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ChangeEffect",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waits for its month"),
                            ("blocked", "Something stands in the way"),
                            ("working", "Closed months are being restated"),
                            ("done", "In effect"),
                            ("failed", "Not carried out in full"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("content_sha256", models.CharField(help_text="Of the request as it was approved", max_length=64)),
                ("message", models.CharField(blank=True, default="", max_length=600)),
                ("at_month", models.IntegerField(help_text="The month end at which the effect is measured", null=True)),
                ("approved_cents", models.BigIntegerField(null=True)),
                (
                    "found_cents",
                    models.BigIntegerField(
                        help_text="What it would do, where that is not what was approved", null=True
                    ),
                ),
                ("accepted_cents", models.BigIntegerField(null=True)),
                ("before_cents", models.BigIntegerField(null=True)),
                ("after_cents", models.BigIntegerField(null=True)),
                (
                    "lines_changed",
                    models.PositiveIntegerField(default=0, help_text="Contract lines that changed since the preview"),
                ),
                ("restated_months", models.JSONField(default=list)),
                (
                    "lapsed",
                    models.JSONField(default=list, help_text="[{item, people}]: signatures that lapsed with it"),
                ),
                ("scheduled_at", models.DateTimeField()),
                ("begun_at", models.DateTimeField(null=True)),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "accepted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
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
                    "metric_version",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="governance.metricversion",
                    ),
                ),
                (
                    "policy_version",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="metrics.policyversion",
                    ),
                ),
                (
                    "request",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="effects",
                        to="governance.changerequest",
                    ),
                ),
                (
                    "scheduled_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["client", "policy_version"], name="change_effect_version"),
                    models.Index(fields=["client", "state"], name="change_effect_by_state"),
                ],
                "constraints": [models.UniqueConstraint(fields=("client", "request"), name="change_effect_once")],
            },
        ),
        migrations.CreateModel(
            name="ChangeReceipt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(help_text="Why they have to know", max_length=200)),
                ("told_at", models.DateTimeField()),
                ("read_at", models.DateTimeField(null=True)),
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
                    "request",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipts",
                        to="governance.changerequest",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("client", "request", "user"), name="change_receipt_once")
                ],
            },
        ),
        EnableTenantWall("ChangeEffect"),
        EnableTenantWall("ChangeReceipt"),
    ]
