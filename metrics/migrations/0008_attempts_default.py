"""The database knows how many jobs began on a new import: code that does not know the column yet goes on working."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("metrics", "0007_import_leases")]

    operations = [
        migrations.AlterField(
            "contractimport",
            "attempts",
            models.SmallIntegerField(default=0, db_default=0, help_text="Jobs that began on it"),
        ),
    ]
