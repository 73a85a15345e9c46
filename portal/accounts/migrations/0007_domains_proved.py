"""A domain leads to a company sign-in once a TXT record of it says so: those confirmed by word alone are confirmed again."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_session_epoch")]

    operations = [
        migrations.RunSQL(
            "UPDATE accounts_ssodomain SET confirmed_at = NULL, confirmed_by_id = NULL WHERE confirmed_at IS NOT NULL",
            migrations.RunSQL.noop,
        ),
    ]
