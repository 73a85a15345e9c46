"""Two migrations came at the same moment: here their histories are one again."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0011_engagements_due"), ("tenancy", "0011_staff_apart")]

    operations = []
