"""Invitations, links, tokens and single sign-on."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_user"),
        ("tenancy", "0004_audit_chains"),
    ]

    operations = [
        migrations.CreateModel(
            name="GuessBudget",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "key",
                    models.CharField(
                        help_text="sha256 of what is being guessed, and for whom", max_length=64, unique=True
                    ),
                ),
                ("tries", models.IntegerField(default=0)),
                ("ends_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                ("public_id", models.CharField(help_text="The part of the token that may be shown", max_length=12)),
                ("token_hash", models.CharField(help_text="sha256 of the whole token", max_length=64)),
                ("scopes", models.JSONField(default=list, help_text="Permissions, never more than the person's own")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField()),
                ("last_used_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
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
                "indexes": [models.Index(fields=["token_hash"], name="api_token_hash")],
                "constraints": [models.UniqueConstraint(fields=("client", "public_id"), name="api_token_once")],
            },
        ),
        migrations.CreateModel(
            name="FirmInvitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(help_text="Whom it was sent to; nobody else can use it", max_length=254)),
                ("token_hash", models.CharField(help_text="sha256 of the secret in the link", max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField()),
                ("delivered_at", models.DateTimeField(help_text="When the mail server took the mail", null=True)),
                ("used_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("revoked_because", models.CharField(blank=True, default="", max_length=60)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("admin", "Firm admin"),
                            ("architect", "Architect"),
                            ("engineer", "Engineer"),
                            ("expert", "Subject expert"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "firm",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.firm"),
                ),
                (
                    "sent_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["token_hash"], name="firm_invitation_token")],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(help_text="Whom it was sent to; nobody else can use it", max_length=254)),
                ("token_hash", models.CharField(help_text="sha256 of the secret in the link", max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField()),
                ("delivered_at", models.DateTimeField(help_text="When the mail server took the mail", null=True)),
                ("used_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("revoked_because", models.CharField(blank=True, default="", max_length=60)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("admin", "Client admin"),
                            ("revops", "RevOps"),
                            ("finance", "Finance"),
                            ("executive", "Executive"),
                            ("sales", "Sales"),
                            ("success", "Customer success"),
                            ("analyst", "Analyst"),
                            ("sales_manager", "Sales manager"),
                            ("regional_lead", "Regional lead"),
                            ("sales_rep", "Sales representative"),
                            ("stakeholder", "Stakeholder"),
                        ],
                        max_length=20,
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
                    "sent_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["token_hash"], name="invitation_token"),
                    models.Index(fields=["client", "email"], name="invitation_email"),
                ],
            },
        ),
        migrations.CreateModel(
            name="MagicLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(help_text="Whom it was sent to; nobody else can use it", max_length=254)),
                ("token_hash", models.CharField(help_text="sha256 of the secret in the link", max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField()),
                ("delivered_at", models.DateTimeField(help_text="When the mail server took the mail", null=True)),
                ("used_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("revoked_because", models.CharField(blank=True, default="", max_length=60)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("admin", "Client admin"),
                            ("revops", "RevOps"),
                            ("finance", "Finance"),
                            ("executive", "Executive"),
                            ("sales", "Sales"),
                            ("success", "Customer success"),
                            ("analyst", "Analyst"),
                            ("sales_manager", "Sales manager"),
                            ("regional_lead", "Regional lead"),
                            ("sales_rep", "Sales representative"),
                            ("stakeholder", "Stakeholder"),
                        ],
                        help_text="The role it was sent for",
                        max_length=20,
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("read", "Read"),
                            ("approve", "Approve"),
                            ("connect_sso", "Connect a company sign-in"),
                        ],
                        max_length=20,
                    ),
                ),
                ("target", models.CharField(help_text="The page of the client that it opens", max_length=500)),
                (
                    "issuer",
                    models.CharField(
                        blank=True, default="", help_text="Of the company sign-in to connect", max_length=500
                    ),
                ),
                ("subject", models.CharField(blank=True, default="", max_length=255)),
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
                    "sent_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                "indexes": [
                    models.Index(fields=["token_hash"], name="magic_link_token"),
                    models.Index(fields=["client", "user", "-created_at"], name="magic_link_person"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SsoConnection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.CharField(help_text="Names the connection in addresses", max_length=32)),
                ("issuer", models.CharField(max_length=500)),
                ("oidc_client_id", models.CharField(max_length=255)),
                ("sealed_secret", models.TextField()),
                ("secret_last4", models.CharField(max_length=4)),
                ("secret_changed_at", models.DateTimeField()),
                ("is_enabled", models.BooleanField(default=True)),
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
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "indexes": [models.Index(fields=["public_id"], name="sso_connection_public")],
                "constraints": [models.UniqueConstraint(fields=("client",), name="sso_connection_once")],
            },
        ),
        migrations.CreateModel(
            name="SsoDomain",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("domain", models.CharField(max_length=253)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
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
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("client", "domain"), name="sso_domain_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("confirmed_at__isnull", False)),
                        fields=("domain",),
                        name="sso_domain_confirmed_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SsoIdentity",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("issuer", models.CharField(max_length=500)),
                ("subject", models.CharField(max_length=255)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("last_used_at", models.DateTimeField(null=True)),
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
                "constraints": [
                    models.UniqueConstraint(fields=("client", "issuer", "subject"), name="sso_identity_once")
                ],
            },
        ),
    ]
