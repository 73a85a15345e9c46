"""Nobody is a superuser: such a person would pass every check that Django and guardian make."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_write_inside")]

    operations = [
        migrations.RunSQL(
            "UPDATE accounts_user SET is_superuser = false, is_staff = false WHERE is_superuser OR is_staff",
            migrations.RunSQL.noop,
        ),
        migrations.AddConstraint(
            "user",
            models.CheckConstraint(
                condition=models.Q(("is_staff", False), ("is_superuser", False)), name="user_is_no_superuser"
            ),
        ),
    ]
