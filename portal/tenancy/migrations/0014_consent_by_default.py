"""Code that does not know yet that somebody can be invited only still adds members: who is added by it is one."""

from django.db import migrations, models
from django.db.models.functions import Now
from django.utils import timezone


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0013_consent")]

    operations = [
        migrations.AlterField(
            "membership",
            "accepted_at",
            models.DateTimeField(
                null=True, default=timezone.now, db_default=Now(), help_text="Empty: invited, and nothing more"
            ),
        ),
        migrations.AlterField(
            "membership",
            "invited_name",
            models.CharField(
                max_length=150, blank=True, default="", db_default="", help_text="As whoever invited them typed it"
            ),
        ),
    ]
