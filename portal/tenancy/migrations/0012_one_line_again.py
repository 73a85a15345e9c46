"""Two migrations that were made side by side are one line again; neither touches what the other does."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0011_engagements_due"), ("tenancy", "0011_staff_apart")]

    operations = []
