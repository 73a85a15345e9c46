"""When the head of a client's audit log is next to be kept outside the database; at once for those that are there."""

from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0009_reminders")]

    operations = [
        migrations.AddField(
            "client", "next_anchor_at", models.DateTimeField(null=True, blank=True, db_index=True, db_default=Now())
        ),
    ]
