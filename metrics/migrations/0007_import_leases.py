"""Who works on an import, and until when it is theirs."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("metrics", "0006_steps_and_lookups")]

    operations = [
        migrations.AddField(
            "contractimport", "holder", models.UUIDField(null=True, help_text="The job that works on it")
        ),
        migrations.AddField(
            "contractimport",
            "held_until",
            models.DateTimeField(null=True, help_text="Renewed while a job works on it; past: the job is sent again"),
        ),
        migrations.AddField(
            "contractimport", "attempts", models.SmallIntegerField(default=0, help_text="Jobs that began on it")
        ),
    ]
