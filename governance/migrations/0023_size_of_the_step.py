"""What decides about a change may be the step with which its first month begins, and not a month end."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0022_alerts_told"),
    ]

    operations = [
        migrations.AddField(
            model_name="changepreview",
            name="effect_is_step",
            field=models.BooleanField(default=False, help_text="Whether that is the step, a prior-period adjustment"),
        ),
        migrations.AlterField(
            model_name="changepreview",
            name="effect_cents",
            field=models.BigIntegerField(
                help_text="The largest change of ARR in a month that the request changes, or the step with which the first begins",
                null=True,
            ),
        ),
    ]
