"""Every customer that moves in a preview is kept with it: once the change is in force nobody can compute them any more."""

import django.db.models.deletion
from django.db import migrations, models

import portal.tenancy.wall
from portal.tenancy.operations import EnableTenantWall, KeepRows


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0017_over_is_kept"),
        ("tenancy", "0019_oversight_due"),
    ]

    operations = [
        migrations.AddField(
            model_name="changepreview",
            name="effect_month",
            field=models.IntegerField(help_text="The month of that change; empty in previews made before", null=True),
        ),
        migrations.AlterField(
            model_name="changepreview",
            name="effect_cents",
            field=models.BigIntegerField(
                help_text="The largest change of ARR in a month that the request changes, with its sign", null=True
            ),
        ),
        migrations.CreateModel(
            name="PreviewCustomers",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rows", models.BinaryField(help_text="The CSV, deflated; the preview's result has the sha256 of it")),
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
                    "preview",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="governance.changepreview",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("client", "preview"), name="preview_customers_once"),
                ],
            },
        ),
        EnableTenantWall("PreviewCustomers"),
        KeepRows("PreviewCustomers"),
    ]
