"""One row that says when a background job was last at work."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0006_assignments_inside")]

    operations = [
        migrations.CreateModel(
            name="JobPulse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seen_at", models.DateTimeField(help_text="When a background job was last at work")),
            ],
        ),
    ]
