"""What a restated month needs to say what its decision moved, and what earlier decisions had moved already."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("metrics", "0017_close_details")]

    operations = [
        migrations.AddField(
            "monthclose",
            "ending_in_force",
            models.DecimalField(
                decimal_places=2,
                help_text="What this month, restated, ends with under the version of the policy before its own, on these contracts",
                max_digits=20,
                null=True,
            ),
        ),
    ]
