"""Who opened what, by day; and links to a survey."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.tenancy.operations import EnableTenantWall


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_domains_proved"),
        ("tenancy", "0014_consent_by_default"),
    ]

    operations = [
        migrations.AlterField(
            model_name="magiclink",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("read", "Read"),
                    ("approve", "Approve"),
                    ("survey", "Say how the project was"),
                    ("connect_sso", "Connect a company sign-in"),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="PageUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("page", models.CharField(max_length=60)),
                ("day", models.DateField(help_text="Where the client is")),
                ("mark", models.BigIntegerField(default=0)),
                ("role", models.CharField(help_text="The person's role at that time", max_length=20)),
                ("is_firm_staff", models.BooleanField(default=False)),
                ("times", models.PositiveIntegerField(default=1)),
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
                "indexes": [models.Index(fields=["client", "day"], name="page_use_day")],
                "constraints": [
                    models.UniqueConstraint(fields=("client", "user", "page", "day", "mark"), name="page_use_once")
                ],
            },
        ),
        EnableTenantWall("PageUse"),
    ]
