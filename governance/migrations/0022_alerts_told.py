"""An alert is kept as it was told: the figure may become another one, and a review says what people heard."""

import django.db.models.deletion
from django.db import migrations, models

import portal.tenancy.wall
from portal.tenancy.operations import EnableTenantWall, KeepRows


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0021_last_day_of_a_metric"),
        ("tenancy", "0019_oversight_due"),
    ]

    operations = [
        migrations.CreateModel(
            name="AlertTold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.IntegerField()),
                (
                    "version",
                    models.PositiveIntegerField(
                        help_text="The version of the metric, which has the threshold in words"
                    ),
                ),
                ("exact", models.TextField(help_text="The value as a fraction, such as 3/7")),
                ("threshold", models.CharField(max_length=40)),
                ("told_at", models.DateTimeField()),
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
                "constraints": [models.UniqueConstraint(fields=("client", "metric", "month"), name="alert_told_once")],
            },
        ),
        EnableTenantWall("AlertTold"),
        KeepRows("AlertTold"),
    ]
