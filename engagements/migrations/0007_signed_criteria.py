"""Criteria that are signed: by which functions, with which document, and every signature as it was given."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.tenancy.wall
from portal.tenancy.operations import AddTenantReference, EnableTenantWall, KeepRows


class Migration(migrations.Migration):
    dependencies = [
        ("engagements", "0006_maintenance"),
        ("tenancy", "0015_notices_due"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="gatecriterion",
            name="document",
            field=portal.tenancy.wall.TenantForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="engagements.document",
            ),
        ),
        migrations.AddField(
            model_name="gatecriterion",
            name="functions",
            field=models.JSONField(
                default=list, help_text="Which functions of the client sign it; empty: any one person"
            ),
        ),
        migrations.AddField(
            model_name="gatecriterion",
            name="quorum",
            field=models.PositiveIntegerField(default=0, help_text="How many of them are enough; 0: all"),
        ),
        migrations.AlterField(
            model_name="gatecriterion",
            name="note",
            field=models.CharField(
                blank=True, default="", help_text="What was said of it; evidence to sign", max_length=300
            ),
        ),
        migrations.CreateModel(
            name="CriterionSignature",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("function", models.CharField(max_length=10)),
                ("content", models.JSONField(help_text="What was shown; its canonical JSON is what the sha256 is of")),
                ("sha256", models.CharField(max_length=64)),
                ("intent", models.TextField()),
                ("intent_sha256", models.CharField(max_length=64)),
                ("auth_method", models.CharField(max_length=60)),
                ("auth_at", models.DateTimeField()),
                ("signed_at", models.DateTimeField()),
                ("address", models.CharField(blank=True, default="", max_length=64)),
                ("user_agent", models.CharField(blank=True, default="", max_length=400)),
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
                    "criterion",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signatures",
                        to="engagements.gatecriterion",
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
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
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
            name="SignatureEnd",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "because",
                    models.CharField(choices=[("withdrawn", "Taken back"), ("lapsed", "Lapsed")], max_length=10),
                ),
                ("at", models.DateTimeField()),
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
                    "signature",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ends",
                        to="engagements.criterionsignature",
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
            name="CriterionCertificate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sha256", models.CharField(max_length=64)),
                ("content", models.JSONField()),
                (
                    "signature",
                    models.CharField(help_text="Ed25519 over the content's canonical JSON, base64", max_length=100),
                ),
                ("key_id", models.CharField(max_length=16)),
                ("issued_at", models.DateTimeField()),
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
                    "criterion",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="certificates",
                        to="engagements.gatecriterion",
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
                "ordering": ["-pk"],
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "indexes": [models.Index(fields=["client", "criterion", "-id"], name="criterion_certificate_of")],
            },
        ),
        migrations.AddIndex(
            model_name="criterionsignature",
            index=models.Index(fields=["client", "criterion"], name="criterion_signature_of"),
        ),
        migrations.AddConstraint(
            model_name="signatureend",
            constraint=models.UniqueConstraint(fields=("client", "signature"), name="signature_end_once"),
        ),
        AddTenantReference("GateCriterion", "document"),
        *[EnableTenantWall(name) for name in ("CriterionSignature", "SignatureEnd", "CriterionCertificate")],
        *[KeepRows(name) for name in ("CriterionSignature", "SignatureEnd", "CriterionCertificate")],
    ]
