"""A stakeholder is only invited until they open their own mailed link; whoever is a member already stays one."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0012_one_history")]

    operations = [
        migrations.AddField(
            "membership",
            "accepted_at",
            models.DateTimeField(
                null=True, default=django.utils.timezone.now, help_text="Empty: invited, and nothing more"
            ),
        ),
        migrations.AddField(
            "membership",
            "invited_name",
            models.CharField(max_length=150, blank=True, default="", help_text="As whoever invited them typed it"),
        ),
        migrations.AlterModelOptions(
            "membership", {"base_manager_name": "with_invited", "default_manager_name": "objects"}
        ),
        migrations.AlterModelManagers(
            "membership",
            [("with_invited", models.Manager()), ("objects", models.Manager())],
        ),
        migrations.AddConstraint(
            "membership",
            models.CheckConstraint(
                condition=models.Q(("accepted_at__isnull", False), ("role", "stakeholder"), _connector="OR"),
                name="membership_invited_stakeholder",
            ),
        ),
    ]
