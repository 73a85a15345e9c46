"""How often the rows of lines that have arrived were begun: whether people must be told that they cannot be written."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("metrics", "0019_arrived_lines")]

    operations = [
        migrations.AddField(
            "arrivedlines",
            "attempts",
            models.PositiveIntegerField(db_default=0, default=0, help_text="Jobs that began to write their rows"),
        ),
    ]
