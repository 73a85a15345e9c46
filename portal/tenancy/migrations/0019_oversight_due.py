"""When a client's audits and disputes are next to be looked at; every client once, from now on."""

from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0018_changes_due")]

    operations = [
        migrations.AddField(
            "client",
            "next_oversight_at",
            models.DateTimeField(null=True, blank=True, db_index=True, db_default=Now()),
        ),
    ]
