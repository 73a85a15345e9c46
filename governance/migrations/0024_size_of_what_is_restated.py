"""What decides about a restating change may be what it makes of a closed month against what was reported."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0023_size_of_the_step"),
    ]

    operations = [
        migrations.AddField(
            model_name="changepreview",
            name="effect_is_restated",
            field=models.BooleanField(
                default=False,
                help_text="Whether that is against what was reported of a closed month, which is restated",
            ),
        ),
    ]
