"""A number that ends every session of a person when it is raised."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_no_superuser")]

    operations = [
        migrations.AddField(
            "user",
            "session_epoch",
            models.PositiveIntegerField(default=0, help_text="Raised to end every session of the person"),
        ),
    ]
