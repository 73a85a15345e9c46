"""A request that is over is kept as one that is approved, and no meeting lies on a day that cannot be shown everywhere."""

import datetime as dt

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

ON_ITS_WAY = "'state', 'version', 'updated_at', 'owner_id', 'urgency', 'present', 'preview_id', 'decided_at', 'effective_at', 'closed_at'"
APPROVED = "'approved', 'scheduled', 'effective', 'communicated', 'closed'"
FIRST, LAST = "2000-01-01 00:00+00", "2199-12-31 00:00+00"


def kept(states: str) -> str:
    """The trigger that keeps what requests in these states ask for."""
    return (
        "DROP TRIGGER kept_but ON governance_changerequest;\n"
        "CREATE TRIGGER kept_but BEFORE UPDATE ON governance_changerequest FOR EACH ROW "
        f"WHEN (OLD.state IN ({states})) EXECUTE FUNCTION tenancy.kept_but({ON_ITS_WAY});\n"
    )


# Closed minutes do not change, so that the constraint holds for what is written from now on.
MEETINGS = f"""
UPDATE governance_boardmeeting SET at = LEAST(GREATEST(at, '{FIRST}'), '{LAST}')
WHERE closed_at IS NULL AND (at < '{FIRST}' OR at > '{LAST}');
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0016_kept_by_trigger")]

    operations = [
        migrations.RunSQL(kept(f"{APPROVED}, 'rejected', 'withdrawn'"), kept(APPROVED)),
        migrations.RunSQL(MEETINGS, migrations.RunSQL.noop),
        AddConstraintNotValid(
            "boardmeeting",
            models.CheckConstraint(
                condition=models.Q(
                    at__gte=dt.datetime(2000, 1, 1, tzinfo=dt.UTC), at__lt=dt.datetime(2200, 1, 1, tzinfo=dt.UTC)
                ),
                name="board_meeting_on_a_day_people_mean",
            ),
        ),
    ]
