"""News and days of mail are kept by the outbox: what waits to be mailed, and who was mailed on which day, goes there."""

from django.db import migrations

WAITING = """
    INSERT INTO notices_notice (client_id, user_id, kind, text, path, about, key, created_at, mail_at)
    SELECT client_id, user_id, 'definitions', left(text, 600), path, '', '', created_at,
           CASE WHEN mailed_at IS NULL THEN now() END
    FROM governance_news ORDER BY id
"""
DAYS = "INSERT INTO notices_mailday (client_id, user_id, day) SELECT client_id, user_id, day FROM governance_mailday"


class Migration(migrations.Migration):
    dependencies = [("governance", "0006_figures"), ("notices", "0001_outbox")]

    operations = [
        migrations.RunSQL(WAITING, migrations.RunSQL.noop),
        migrations.RunSQL(DAYS, migrations.RunSQL.noop),
        migrations.DeleteModel("News"),
        migrations.DeleteModel("MailDay"),
    ]
