"""When a client's imports are next to be looked after."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0007_job_pulse")]

    operations = [
        migrations.AddField("client", "next_import_at", models.DateTimeField(null=True, blank=True, db_index=True)),
    ]
