"""A close keeps its month customer by customer: movers, cohorts and any cut of it stay as they were reported."""

import django.db.models.deletion
from django.db import migrations, models

import portal.tenancy.wall
from portal.tenancy.operations import EnableTenantWall, KeepRows


class Migration(migrations.Migration):
    dependencies = [("metrics", "0016_look_asked"), ("tenancy", "0020_summary_reported")]

    operations = [
        migrations.CreateModel(
            name="CloseDetail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cohorts", models.BinaryField()),
                ("movements", models.BinaryField()),
                ("customers", models.BinaryField()),
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
                    "close",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="details",
                        to="metrics.monthclose",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "constraints": [models.UniqueConstraint(fields=("client", "close"), name="close_detail_once")],
            },
        ),
        EnableTenantWall("CloseDetail"),
        KeepRows("CloseDetail"),
    ]
