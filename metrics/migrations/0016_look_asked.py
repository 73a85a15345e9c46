"""When somebody asked the monitors of data quality for a look that is still to come."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("metrics", "0015_rep_assignments")]

    operations = [
        migrations.AddField(
            model_name="qualitymonitor",
            name="look_asked_at",
            field=models.DateTimeField(help_text="When somebody asked for a look that is still to come", null=True),
        ),
    ]
