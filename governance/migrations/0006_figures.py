"""Who is shown what a question is worth: Finance, RevOps and the executives, until somebody says otherwise."""

from django.db import migrations, models

USUAL = "UPDATE governance_respondent SET sees_figures = true WHERE function IN ('finance', 'revops', 'executive')"


class Migration(migrations.Migration):
    dependencies = [("governance", "0005_signer_reminders")]

    operations = [
        migrations.AddField("respondent", "sees_figures", models.BooleanField(default=False)),
        migrations.RunSQL(USUAL, migrations.RunSQL.noop),
    ]
