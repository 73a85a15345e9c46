"""A metric is shown through its sunset day: the help text says so."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0020_kept_values"),
    ]

    operations = [
        migrations.AlterField(
            model_name="metric",
            name="sunset_on",
            field=models.DateField(help_text="The last day on which a deprecated metric is shown", null=True),
        ),
    ]
