"""Specification, components, tests with every run, trainings with their people, and questions; all behind the wall."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.tenancy.wall
from portal.tenancy.operations import AddTenantReference, EnableTenantWall, KeepRows

TABLES = ("SpecSection", "SpecVersion", "SpecAnswer", "TestRun", "TrainingSeat", "TrainingMaterial", "ProjectQuestion")


class Migration(migrations.Migration):
    dependencies = [
        ("engagements", "0007_signed_criteria"),
        ("tenancy", "0014_consent_by_default"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ProjectQuestion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=600)),
                (
                    "asker",
                    models.CharField(
                        blank=True, default="", help_text="Who asked, where somebody else wrote it down", max_length=120
                    ),
                ),
                ("asked_at", models.DateTimeField(auto_now_add=True)),
                ("answer", models.TextField(blank=True, default="")),
                ("answered_at", models.DateTimeField(null=True)),
                ("published_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["pk"],
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="SpecAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_accepted", models.BooleanField()),
                ("note", models.TextField(blank=True, default="")),
                ("sections", models.JSONField(help_text="key, number and sha256 of each section as it was read")),
                ("sha256", models.CharField(help_text="Of the sections", max_length=64)),
                ("at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["-pk"],
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="SpecSection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=60)),
                ("position", models.PositiveIntegerField()),
                ("name", models.CharField(max_length=200)),
                ("purpose", models.TextField(blank=True, default="")),
                (
                    "columns",
                    models.JSONField(default=list, help_text="Heads of its table; none where it is text alone"),
                ),
                ("state", models.CharField(default="open", max_length=10)),
            ],
            options={
                "ordering": ["position"],
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="SpecVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("text", models.TextField(blank=True, default="")),
                ("rows", models.JSONField(default=list, help_text="Rows of cells, one for each column of the section")),
                ("note", models.CharField(blank=True, default="", max_length=300)),
                ("sha256", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["-number"],
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="TestRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("result", models.CharField(max_length=14)),
                (
                    "evidence",
                    models.TextField(
                        blank=True,
                        default="",
                        help_text="How it was tested and what came out, or why it does not apply",
                    ),
                ),
                ("link", models.CharField(blank=True, default="", max_length=500)),
                ("figures", models.JSONField(default=dict, help_text="What the system computed, name → value as text")),
                ("at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["-pk"],
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="TrainingMaterial",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="TrainingSeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120)),
                ("is_invited", models.BooleanField(default=True)),
                ("has_come", models.BooleanField(help_text="Unknown until the training was held", null=True)),
            ],
            options={
                "ordering": ["name", "pk"],
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.AddField(
            model_name="component",
            name="built_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="component",
            name="built_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="component",
            name="needs",
            field=models.JSONField(default=list, help_text="Numbers of the components that come first"),
        ),
        migrations.AddField(
            model_name="component",
            name="note",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="component",
            name="owner",
            field=portal.tenancy.wall.TenantForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="engagements.participant",
            ),
        ),
        migrations.AddField(
            model_name="component",
            name="verified_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="component",
            name="verified_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="projecttest",
            name="check_key",
            field=models.CharField(blank=True, default="", max_length=60),
        ),
        migrations.AddField(
            model_name="projecttest",
            name="expected",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="projecttraining",
            name="planned_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="risk",
            name="about",
            field=models.CharField(
                blank=True, default="", help_text="What raised it: test, component, or nothing", max_length=20
            ),
        ),
        migrations.AddField(
            model_name="risk",
            name="about_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="timeentry",
            name="component",
            field=portal.tenancy.wall.TenantForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="engagements.component",
            ),
        ),
        migrations.AlterField(
            model_name="projecttest",
            name="state",
            field=models.CharField(default="untested", max_length=14),
        ),
        migrations.AlterField(
            model_name="projecttraining",
            name="attendance",
            field=models.CharField(
                blank=True, default="", help_text="Who came, where nobody was named one by one", max_length=600
            ),
        ),
        migrations.AlterField(
            model_name="timeentry",
            name="task",
            field=portal.tenancy.wall.TenantForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="engagements.task",
            ),
        ),
        migrations.AddConstraint(
            model_name="timeentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("task__isnull", False), ("component__isnull", False), _connector="XOR"),
                name="time_entry_on_one",
            ),
        ),
        migrations.AddField(
            model_name="projectquestion",
            name="answered_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="projectquestion",
            name="asked_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="projectquestion",
            name="client",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenancy.client",
            ),
        ),
        migrations.AddField(
            model_name="projectquestion",
            name="engagement",
            field=portal.tenancy.wall.TenantForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="engagements.engagement",
            ),
        ),
        migrations.AddField(
            model_name="projectquestion",
            name="training",
            field=portal.tenancy.wall.TenantForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="questions",
                to="engagements.projecttraining",
            ),
        ),
        migrations.AddField(
            model_name="specanswer",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="specanswer",
            name="client",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenancy.client",
            ),
        ),
        migrations.AddField(
            model_name="specanswer",
            name="engagement",
            field=portal.tenancy.wall.TenantForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="engagements.engagement",
            ),
        ),
        migrations.AddField(
            model_name="specsection",
            name="client",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenancy.client",
            ),
        ),
        migrations.AddField(
            model_name="specsection",
            name="engagement",
            field=portal.tenancy.wall.TenantForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="engagements.engagement",
            ),
        ),
        migrations.AddField(
            model_name="specversion",
            name="client",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenancy.client",
            ),
        ),
        migrations.AddField(
            model_name="specversion",
            name="created_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="specversion",
            name="engagement",
            field=portal.tenancy.wall.TenantForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="engagements.engagement",
            ),
        ),
        migrations.AddField(
            model_name="specversion",
            name="section",
            field=portal.tenancy.wall.TenantForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="versions",
                to="engagements.specsection",
            ),
        ),
        migrations.AddField(
            model_name="testrun",
            name="by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="testrun",
            name="client",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenancy.client",
            ),
        ),
        migrations.AddField(
            model_name="testrun",
            name="engagement",
            field=portal.tenancy.wall.TenantForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="engagements.engagement",
            ),
        ),
        migrations.AddField(
            model_name="testrun",
            name="file",
            field=portal.tenancy.wall.TenantForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="engagements.projectfile",
            ),
        ),
        migrations.AddField(
            model_name="testrun",
            name="test",
            field=portal.tenancy.wall.TenantForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="runs",
                to="engagements.projecttest",
            ),
        ),
        migrations.AddField(
            model_name="trainingmaterial",
            name="client",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenancy.client",
            ),
        ),
        migrations.AddField(
            model_name="trainingmaterial",
            name="document",
            field=portal.tenancy.wall.TenantForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="engagements.document"
            ),
        ),
        migrations.AddField(
            model_name="trainingmaterial",
            name="engagement",
            field=portal.tenancy.wall.TenantForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="engagements.engagement",
            ),
        ),
        migrations.AddField(
            model_name="trainingmaterial",
            name="training",
            field=portal.tenancy.wall.TenantForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="materials",
                to="engagements.projecttraining",
            ),
        ),
        migrations.AddField(
            model_name="trainingseat",
            name="client",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenancy.client",
            ),
        ),
        migrations.AddField(
            model_name="trainingseat",
            name="engagement",
            field=portal.tenancy.wall.TenantForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="engagements.engagement",
            ),
        ),
        migrations.AddField(
            model_name="trainingseat",
            name="training",
            field=portal.tenancy.wall.TenantForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="seats",
                to="engagements.projecttraining",
            ),
        ),
        migrations.AddConstraint(
            model_name="specsection",
            constraint=models.UniqueConstraint(fields=("client", "engagement", "key"), name="spec_key_once"),
        ),
        migrations.AddConstraint(
            model_name="specversion",
            constraint=models.UniqueConstraint(fields=("client", "section", "number"), name="spec_version_once"),
        ),
        migrations.AddConstraint(
            model_name="trainingmaterial",
            constraint=models.UniqueConstraint(
                fields=("client", "training", "document"), name="training_material_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="trainingseat",
            constraint=models.UniqueConstraint(fields=("client", "training", "name"), name="training_seat_once"),
        ),
        *[EnableTenantWall(name) for name in TABLES],
        *[KeepRows(name) for name in ("SpecVersion", "SpecAnswer", "TestRun")],
        AddTenantReference("Component", "owner"),
        AddTenantReference("TimeEntry", "component"),
    ]
