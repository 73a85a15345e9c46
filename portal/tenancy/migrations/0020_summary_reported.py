"""What was reported in place of the two balances of a client's summary; the next change of its numbers fills it in."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0019_oversight_due")]

    operations = [
        migrations.AddField("clientsummary", name, models.DecimalField(max_digits=20, decimal_places=2, null=True))
        for name in ("arr_reported", "previous_reported")
    ]
