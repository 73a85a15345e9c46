"""All of a client's own rates of a currency can be taken away."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("metrics", "0010_sample_contracts")]

    operations = [
        migrations.AddField("rateimport", "removed_currency", models.CharField(blank=True, default="", max_length=3)),
        migrations.AddField("rateimport", "removed_count", models.IntegerField(default=0)),
    ]
