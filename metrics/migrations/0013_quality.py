"""Monitors of data quality: what each found, what became of it, and how much it was day by day."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.tenancy.wall
from portal.tenancy.operations import EnableTenantWall


class Migration(migrations.Migration):
    dependencies = [
        ("metrics", "0012_close_borders"),
        ("tenancy", "0017_webhooks_and_quality_due"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="QualityMonitor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=20)),
                ("threshold", models.DecimalField(decimal_places=2, max_digits=14)),
                ("days", models.PositiveSmallIntegerField(help_text="How long a finding may stay open")),
                (
                    "escalate_days",
                    models.PositiveSmallIntegerField(help_text="Days after the deadline until it is told further up"),
                ),
                ("looked_at", models.DateTimeField(null=True)),
                ("looked_month", models.IntegerField(help_text="The month end whose ARR is at stake", null=True)),
                (
                    "blind_because",
                    models.CharField(blank=True, default="", help_text="Why nothing can be looked at", max_length=300),
                ),
                ("at_stake", models.DecimalField(decimal_places=2, max_digits=20, null=True)),
                ("no_value_because", models.CharField(blank=True, default="", max_length=300)),
                (
                    "told_on",
                    models.DateField(help_text="When people were last told of deadlines that had passed", null=True),
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
                    "escalate_to",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="QualityFinding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "subject",
                    models.CharField(
                        db_collation="C", help_text="What it is about, the same at every look", max_length=200
                    ),
                ),
                ("title", models.CharField(max_length=200)),
                ("detail", models.CharField(blank=True, default="", max_length=400)),
                ("lines", models.IntegerField(help_text="How many contract lines it is about")),
                ("line_ids", models.JSONField(default=list, help_text="The first of them")),
                (
                    "arr",
                    models.DecimalField(
                        decimal_places=2, help_text="At stake, reporting currency", max_digits=20, null=True
                    ),
                ),
                ("no_value_because", models.CharField(blank=True, default="", max_length=300)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("acknowledged", "Acknowledged"), ("fixed", "Fixed")],
                        default="open",
                        max_length=12,
                    ),
                ),
                ("first_seen_on", models.DateField()),
                ("opened_on", models.DateField(help_text="When it was last opened")),
                ("due_on", models.DateField()),
                (
                    "stage",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="1: its deadline was told of; 2: told further up"
                    ),
                ),
                (
                    "reason",
                    models.CharField(blank=True, default="", help_text="Why it may stay for now", max_length=400),
                ),
                ("until", models.DateField(help_text="Until when it is acknowledged", null=True)),
                ("fixed_on", models.DateField(null=True)),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
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
                    "monitor",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="findings",
                        to="metrics.qualitymonitor",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="QualityDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("open_count", models.IntegerField()),
                ("acknowledged_count", models.IntegerField()),
                ("arr", models.DecimalField(decimal_places=2, max_digits=20, null=True)),
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
                    "monitor",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="history",
                        to="metrics.qualitymonitor",
                    ),
                ),
            ],
            options={
                "ordering": ["day"],
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="QualityEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("kind", models.CharField(max_length=12)),
                ("text", models.CharField(max_length=600)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
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
                    "finding",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="metrics.qualityfinding",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "indexes": [models.Index(fields=["client", "finding"], name="quality_event_of")],
            },
        ),
        migrations.AddConstraint(
            model_name="qualitymonitor",
            constraint=models.UniqueConstraint(fields=("client", "code"), name="quality_monitor_once"),
        ),
        migrations.AddIndex(
            model_name="qualityfinding",
            index=models.Index(fields=["client", "monitor", "state"], name="quality_finding_state"),
        ),
        migrations.AddConstraint(
            model_name="qualityfinding",
            constraint=models.UniqueConstraint(fields=("client", "monitor", "subject"), name="quality_finding_once"),
        ),
        migrations.AddConstraint(
            model_name="qualityday",
            constraint=models.UniqueConstraint(fields=("client", "monitor", "day"), name="quality_day_once"),
        ),
        *[EnableTenantWall(name) for name in ("QualityMonitor", "QualityFinding", "QualityEvent", "QualityDay")],
    ]
