"""Trees in the place of the hashes over customers and contracts: an import that writes in their order fills them faster."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("metrics", "0004_line_columns")]

    operations = [
        migrations.RemoveIndex("contractline", name="line_by_customer"),
        migrations.RemoveIndex("contractline", name="line_by_contract"),
        migrations.AddIndex("contractline", models.Index(fields=["client", "customer_id"], name="line_by_customer")),
        migrations.AddIndex("contractline", models.Index(fields=["client", "contract_id"], name="line_by_contract")),
    ]
