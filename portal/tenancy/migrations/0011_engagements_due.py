"""When a client's engagements are next to be looked at, because a day has passed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0010_anchors_due")]

    operations = [
        migrations.AddField("client", "next_engagement_at", models.DateTimeField(null=True, blank=True, db_index=True)),
    ]
