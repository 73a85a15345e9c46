"""What a closed month needs to say how much of a difference a changed definition makes, and how much corrected contracts."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("metrics", "0011_rates_removed")]

    operations = [
        migrations.AddField(
            "monthclose",
            "opening_before",
            models.DecimalField(
                decimal_places=2,
                help_text="What the month before ends with under the policy that it was closed under, on these contracts",
                max_digits=20,
                null=True,
            ),
        ),
        migrations.AddField(
            "monthclose",
            "ending_before",
            models.DecimalField(
                decimal_places=2,
                help_text="What this month ends with under the policy of the revision it restates, on these contracts",
                max_digits=20,
                null=True,
            ),
        ),
    ]
