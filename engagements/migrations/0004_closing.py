"""The end of an engagement and what comes after it, behind the wall."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.tenancy.wall
from portal.tenancy.operations import EnableTenantWall, KeepRows, ReadMoreWriteInside

# Targets of foreign keys before the tables that point at them: each composite key needs its target's.
TABLES = [
    "SystemAccess",
    "AccessPlan",
    "Handoff",
    "HandoffPoint",
    "Debrief",
    "FinalReport",
    "CheckIn",
    "Survey",
    "SurveyPerson",
]

# The firm reads what it does after the end of its own engagements; it is written inside the client's scope alone.
FIRMS_OWN = "client_id = (SELECT tenancy.client_id_if_set()) OR firm_id = (SELECT tenancy.firm_id())"


class Migration(migrations.Migration):
    dependencies = [
        ("engagements", "0003_project_files"),
        ("tenancy", "0014_consent_by_default"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="engagement",
            name="time_final_at",
            field=models.DateTimeField(help_text="From then on no time is logged", null=True),
        ),
        migrations.AddField(
            model_name="engagement",
            name="time_final_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.CreateModel(
            name="Handoff",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "side",
                    models.CharField(
                        choices=[("internal", "Inside the firm"), ("external", "To the client")], max_length=10
                    ),
                ),
                ("state", models.CharField(default="open", max_length=10)),
                ("offered_at", models.DateTimeField(null=True)),
                ("accepted_at", models.DateTimeField(null=True)),
                ("note", models.CharField(blank=True, default="", help_text="What the receiver said", max_length=1000)),
                (
                    "facts",
                    models.JSONField(default=list, help_text="What the engagement said of itself when it was accepted"),
                ),
                (
                    "sha256",
                    models.CharField(
                        blank=True, default="", help_text="Of points and facts as accepted", max_length=64
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
                    "engagement",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="engagements.engagement",
                    ),
                ),
                (
                    "giver",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="engagements.participant",
                    ),
                ),
                (
                    "receiver",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="engagements.participant",
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
            name="HandoffPoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField()),
                ("text", models.CharField(max_length=600)),
                ("done_at", models.DateTimeField(null=True)),
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
                    "done_by",
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
                    "handoff",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="points",
                        to="engagements.handoff",
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Survey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "moment",
                    models.CharField(choices=[("close", "At the close"), ("later", "90 days later")], max_length=10),
                ),
                ("questions", models.JSONField(help_text="Texts; each is answered with 1 to 5")),
                ("state", models.CharField(default="planned", max_length=10)),
                ("send_on", models.DateField()),
                ("sent_at", models.DateTimeField(null=True)),
                ("ends_on", models.DateField(null=True)),
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
            ],
            options={
                "ordering": ["send_on", "pk"],
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="SurveyPerson",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("mailed_at", models.DateTimeField(null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                ("scores", models.JSONField(default=list, help_text="1 to 5 for each question, in their order")),
                ("comment", models.CharField(blank=True, default="", max_length=2000)),
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
                    "survey",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="people",
                        to="engagements.survey",
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
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="SystemAccess",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("system", models.CharField(max_length=100)),
                (
                    "system_kind",
                    models.CharField(
                        choices=[
                            ("crm", "CRM"),
                            ("billing", "Billing system"),
                            ("warehouse", "Data warehouse"),
                            ("bi", "BI platform"),
                            ("finance", "Finance system"),
                            ("marketing", "Marketing automation"),
                            ("other", "Other"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("personal", "Personal account"),
                            ("shared", "Shared account"),
                            ("service", "Service account"),
                            ("key", "Key or token"),
                            ("files", "Shared folder or export"),
                        ],
                        max_length=10,
                    ),
                ),
                ("role", models.CharField(help_text="As what: the role or the permissions", max_length=100)),
                ("requested_on", models.DateField()),
                ("granted_on", models.DateField(blank=True, null=True)),
                (
                    "granted_by",
                    models.CharField(blank=True, default="", help_text="Who of the client granted it", max_length=150),
                ),
                (
                    "kept_at",
                    models.CharField(blank=True, default="", help_text="Where the secret is kept", max_length=300),
                ),
                ("note", models.CharField(blank=True, default="", max_length=600)),
                ("state", models.CharField(default="requested", max_length=12)),
                ("ended_at", models.DateTimeField(null=True)),
                ("confirmed_at", models.DateTimeField(null=True)),
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
                    "confirmed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "ended_by",
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
                    "holder",
                    portal.tenancy.wall.TenantForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="engagements.participant",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="AccessPlan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "ending",
                    models.CharField(
                        choices=[
                            ("at_close", "Ends when the project is closed"),
                            ("on_day", "Ends on a day"),
                            ("kept", "The architect keeps it"),
                        ],
                        max_length=10,
                    ),
                ),
                ("ends_on", models.DateField(blank=True, null=True)),
                ("reason", models.CharField(blank=True, default="", max_length=600)),
                ("decided_at", models.DateTimeField(auto_now=True)),
                ("done_at", models.DateTimeField(null=True)),
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
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
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "constraints": [models.UniqueConstraint(fields=("client", "engagement"), name="access_plan_once")],
            },
        ),
        migrations.CreateModel(
            name="AfterCare",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                (
                    "kind",
                    models.CharField(choices=[("single", "Single project"), ("dedicated", "Dedicated")], max_length=10),
                ),
                ("playbook_key", models.CharField(max_length=60)),
                ("closed_on", models.DateField(null=True)),
                ("check_in", models.CharField(blank=True, default="", max_length=60)),
                ("check_in_on", models.DateField(null=True)),
                ("prepare_on", models.DateField(null=True)),
                ("owner", models.CharField(blank=True, default="", max_length=200)),
                ("access_until", models.DateField(null=True)),
                ("learnings", models.TextField(blank=True, default="")),
                (
                    "path",
                    models.CharField(
                        blank=True, default="", help_text="State of the offer; a single project's", max_length=20
                    ),
                ),
                ("path_since", models.DateField(null=True)),
                ("path_next_on", models.DateField(null=True)),
                ("path_steps", models.JSONField(default=list, help_text="Every step: from, to, on, by, note")),
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
                    "engagement",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="engagements.engagement",
                    ),
                ),
                (
                    "firm",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.firm"),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "constraints": [models.UniqueConstraint(fields=("client", "engagement"), name="after_care_once")],
            },
        ),
        migrations.CreateModel(
            name="CheckIn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("days", models.PositiveIntegerField(help_text="After the close")),
                ("due_on", models.DateField()),
                ("prepare_on", models.DateField()),
                ("state", models.CharField(default="planned", max_length=10)),
                (
                    "told_at",
                    models.DateTimeField(help_text="When the owner was mailed that it is to be prepared", null=True),
                ),
                (
                    "prepared",
                    models.JSONField(default=list, help_text="Positions of the steps of the preparation that are done"),
                ),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("architect", "The architect handles it"),
                            ("expert", "The subject expert is needed"),
                            ("project", "Scope a new project"),
                        ],
                        default="",
                        max_length=10,
                    ),
                ),
                ("news", models.TextField(blank=True, default="", help_text="New products, prices and edge cases")),
                ("outcome", models.TextField(blank=True, default="")),
                ("found", models.JSONField(default=dict, help_text="The figures as they were when it was held")),
                ("held_on", models.DateField(null=True)),
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
                    "held_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="engagements.participant",
                    ),
                ),
            ],
            options={
                "ordering": ["due_on", "pk"],
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "indexes": [models.Index(fields=["client", "state", "prepare_on"], name="check_in_due")],
            },
        ),
        migrations.CreateModel(
            name="Debrief",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("went_well", models.TextField(blank=True, default="")),
                ("differently", models.TextField(blank=True, default="")),
                ("learnings", models.TextField(blank=True, default="", help_text="What goes back into the playbook")),
                ("at", models.DateTimeField(auto_now=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
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
                    "engagement",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="engagements.engagement",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "constraints": [models.UniqueConstraint(fields=("client", "engagement"), name="debrief_once")],
            },
        ),
        migrations.CreateModel(
            name="FinalReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("content", models.JSONField()),
                ("sha256", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
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
            ],
            options={
                "ordering": ["-number"],
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("client", "engagement", "number"), name="final_report_once")
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="handoff",
            constraint=models.UniqueConstraint(fields=("client", "engagement", "side"), name="handoff_once"),
        ),
        migrations.AddConstraint(
            model_name="handoffpoint",
            constraint=models.UniqueConstraint(fields=("client", "handoff", "position"), name="handoff_point_once"),
        ),
        migrations.AddConstraint(
            model_name="surveyperson",
            constraint=models.UniqueConstraint(fields=("client", "survey", "user"), name="survey_person_once"),
        ),
        *[EnableTenantWall(name) for name in TABLES],
        KeepRows("FinalReport"),
        EnableTenantWall("AfterCare", policy=FIRMS_OWN),
        ReadMoreWriteInside("AfterCare", FIRMS_OWN),
    ]
