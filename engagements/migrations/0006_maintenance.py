"""What is looked at after the project, reasons to engage again, and the addresses of calendars."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.tenancy.wall
from portal.tenancy.operations import EnableTenantWall


class Migration(migrations.Migration):
    dependencies = [
        ("engagements", "0005_playbook_drafts"),
        ("tenancy", "0016_maintenance_due"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="engagement",
            name="hypercare_first",
            field=models.JSONField(help_text="The first month end of hypercare as it was reconciled then", null=True),
        ),
        migrations.AddField(
            model_name="engagement",
            name="maintenance_from",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="engagement",
            name="maintenance_until",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="gate",
            name="planned_on",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="CalendarFeed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token_hash", models.CharField(blank=True, db_index=True, default="", max_length=64)),
                ("only_client_key", models.BigIntegerField(null=True)),
                (
                    "is_everything",
                    models.BooleanField(
                        default=False, help_text="Not only what the person is on, but all they may see"
                    ),
                ),
                ("made_at", models.DateTimeField(null=True)),
                ("read_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MaintenanceCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("task_key", models.CharField(max_length=60)),
                ("cadence", models.CharField(max_length=12)),
                (
                    "place",
                    models.IntegerField(
                        help_text="Tells it from the others of its task: the month, or a running number"
                    ),
                ),
                ("period", models.CharField(max_length=40)),
                (
                    "month",
                    models.IntegerField(help_text="The last month it is about: year * 12 + month - 1", null=True),
                ),
                ("name", models.CharField(max_length=200)),
                ("look_at", models.TextField(blank=True, default="")),
                ("red_flag", models.TextField(blank=True, default="")),
                ("action", models.TextField(blank=True, default="")),
                ("how", models.TextField(blank=True, default="")),
                ("check_key", models.CharField(blank=True, default="", max_length=60)),
                ("threshold", models.DecimalField(decimal_places=4, max_digits=16, null=True)),
                ("opens_on", models.DateField()),
                ("due_on", models.DateField()),
                ("state", models.CharField(default="open", max_length=15)),
                ("is_computed", models.BooleanField(default=False)),
                (
                    "note",
                    models.TextField(blank=True, default="", help_text="What was found, or why it does not apply"),
                ),
                ("evidence", models.TextField(blank=True, default="")),
                ("link", models.CharField(blank=True, default="", max_length=500)),
                ("decided_at", models.DateTimeField(null=True)),
                ("solution", models.TextField(blank=True, default="")),
                ("solved_at", models.DateTimeField(null=True)),
                ("found", models.JSONField(null=True)),
                ("computed_at", models.DateTimeField(null=True)),
                ("told_on", models.DateField(help_text="When its owners last heard that it is due or late", null=True)),
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
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "engagement",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="engagements.engagement",
                    ),
                ),
                (
                    "solved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["due_on", "pk"],
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "indexes": [models.Index(fields=["client", "engagement", "due_on"], name="maintenance_due")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("client", "engagement", "task_key", "place"), name="maintenance_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RefinementTrigger",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("trigger_key", models.CharField(max_length=60)),
                ("fact", models.CharField(help_text="What tells this fact from others of its kind", max_length=120)),
                ("name", models.CharField(max_length=200)),
                ("text", models.TextField()),
                ("response", models.TextField(blank=True, default="")),
                ("facts", models.JSONField(default=dict)),
                (
                    "url_name",
                    models.CharField(
                        blank=True, default="", help_text="The client's page that shows it", max_length=60
                    ),
                ),
                ("state", models.CharField(default="open", max_length=10)),
                ("raised_at", models.DateTimeField()),
                ("reason", models.TextField(blank=True, default="")),
                ("settled_at", models.DateTimeField(null=True)),
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
                    "engagement",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="engagements.engagement",
                    ),
                ),
                (
                    "settled_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("client", "engagement", "trigger_key", "fact"), name="trigger_fact_once"
                    )
                ],
            },
        ),
        EnableTenantWall("MaintenanceCheck"),
        EnableTenantWall("RefinementTrigger"),
    ]
