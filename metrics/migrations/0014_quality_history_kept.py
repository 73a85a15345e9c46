"""The history of a finding of data quality can be added to and read, and nothing more."""

from django.db import migrations

from portal.tenancy.operations import KeepRows


class Migration(migrations.Migration):
    dependencies = [("metrics", "0013_quality")]

    operations = [KeepRows("QualityEvent")]
