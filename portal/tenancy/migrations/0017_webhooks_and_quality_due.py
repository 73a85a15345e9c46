"""When a client's webhooks are next to be delivered, and its data next to be looked at; every client's data once, from now on."""

from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0016_maintenance_due")]

    operations = [
        migrations.AddField("client", "next_webhook_at", models.DateTimeField(null=True, blank=True, db_index=True)),
        migrations.AddField(
            "client",
            "next_quality_at",
            models.DateTimeField(null=True, blank=True, db_index=True, db_default=Now()),
        ),
    ]
