"""Room for what an opened page is about, such as `metric:nrr`."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_sign_codes")]

    operations = [migrations.AlterField(model_name="pageuse", name="page", field=models.CharField(max_length=90))]
