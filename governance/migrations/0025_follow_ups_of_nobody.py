"""A follow-up whose owner left the client is nobody's until somebody takes it over."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Beside what came of it, who does it may change, until it is done.
MAY_CHANGE = (
    "DROP TRIGGER kept_but ON governance_auditfollowup;\n"
    "CREATE TRIGGER kept_but BEFORE UPDATE OR DELETE ON governance_auditfollowup FOR EACH ROW "
    "EXECUTE FUNCTION tenancy.kept_but('done_at', 'done_by_id', 'outcome'{more});\n"
)


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0024_size_of_what_is_restated"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="auditfollowup",
            name="owner",
            field=models.ForeignKey(
                help_text="Empty: who was to do it left, and nobody has taken it over",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunSQL(MAY_CHANGE.format(more=", 'owner_id'"), MAY_CHANGE.format(more="")),
    ]
