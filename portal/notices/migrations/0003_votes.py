"""Whoever chose how to hear of change requests hears of votes, which were among them, in the same way."""

from django.db import migrations

COPIED = """
INSERT INTO notices_noticechoice (user_id, kind, how)
SELECT user_id, 'vote', how FROM notices_noticechoice WHERE kind = 'change_waits'
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("notices", "0002_weeks")]

    operations = [migrations.RunSQL(COPIED, migrations.RunSQL.noop)]
