"""When a client's maintenance is next to be looked at; every client once, from now on."""

from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0015_notices_due")]

    operations = [
        migrations.AddField(
            "client",
            "next_maintenance_at",
            models.DateTimeField(null=True, blank=True, db_index=True, db_default=Now()),
        ),
    ]
