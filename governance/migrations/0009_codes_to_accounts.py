"""One-time codes are kept by accounts now; the old ones lived ten minutes, and nothing of them is kept."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0008_registry"),
    ]

    operations = [
        migrations.DeleteModel(
            name="SignCode",
        ),
    ]
