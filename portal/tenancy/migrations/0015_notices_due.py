"""When a client's outbox is next looked at; at once for those that are there."""

from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0014_consent_by_default")]

    operations = [
        migrations.AddField(
            "client", "next_notice_at", models.DateTimeField(null=True, blank=True, db_index=True, db_default=Now())
        ),
    ]
