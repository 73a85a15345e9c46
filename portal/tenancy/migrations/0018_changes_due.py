"""When a client's approved changes are next to be looked at; none while nothing is scheduled."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0017_webhooks_and_quality_due")]

    operations = [
        migrations.AddField("client", "next_change_at", models.DateTimeField(null=True, blank=True, db_index=True)),
    ]
