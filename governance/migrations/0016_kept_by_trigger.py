"""What `docs/security.md` says never changes is kept by the database too, past the services."""

from django.db import migrations

# A row that is never removed, and of which only the columns that the trigger names may change.
KEPT_BUT = """
CREATE FUNCTION tenancy.kept_but() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - TG_ARGV = to_jsonb(OLD) - TG_ARGV THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'rows of % are never removed, and only what is still open of them changes', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
"""
DROP_KEPT_BUT = "DROP FUNCTION tenancy.kept_but();"

# By table: when a row does not change at all any more, and what may change of it until then (empty: anything).
KEPT = {
    "governance_boardmember": ("OLD.until IS NOT NULL", ("is_chair", "until")),
    "governance_emergencyreview": ("OLD.state <> 'open'", ("state", "closed_at", "closed_text", "next_reminder_at")),
    "governance_changereceipt": ("OLD.read_at IS NOT NULL", ("read_at",)),
    "governance_auditfollowup": ("OLD.done_at IS NOT NULL", ("done_at", "done_by_id", "outcome")),
    "governance_figuredispute": (
        "",
        (
            "state", "owner_id", "outcome", "correction_close_id", "correction_import_id", "correction_request_id",
            "settled_by_id", "settled_at", "version",
        ),
    ),
}  # fmt: skip
DECIDED = "OLD.state IN ('approved', 'scheduled', 'effective', 'communicated', 'closed')"
ON_ITS_WAY = (
    "state", "version", "updated_at", "owner_id", "urgency", "present", "preview_id", "decided_at", "effective_at", "closed_at",
)  # fmt: skip


def whole(table: str, name: str, when: str, events: str = "UPDATE OR DELETE") -> str:
    """Nothing of a row changes, and it stays, once `when` holds."""
    return (
        f"CREATE TRIGGER {name} BEFORE {events} ON {table} FOR EACH ROW WHEN ({when}) "
        "EXECUTE FUNCTION tenancy.refuse_change();\n"
    )


def but(table: str, columns: tuple[str, ...], *, events: str = "UPDATE OR DELETE", when: str = "") -> str:
    """Of a row only these columns change."""
    condition = f"WHEN ({when}) " if when else ""
    named = ", ".join(f"'{column}'" for column in columns)
    return (
        f"CREATE TRIGGER kept_but BEFORE {events} ON {table} FOR EACH ROW {condition}"
        f"EXECUTE FUNCTION tenancy.kept_but({named});\n"
    )


CREATE = "".join(
    [
        *(but(table, columns) for table, (_, columns) in KEPT.items()),
        *(whole(table, "kept_once_over", over) for table, (over, _) in KEPT.items() if over),
        but("governance_changerequest", ON_ITS_WAY, events="UPDATE", when=DECIDED),
        whole("governance_changeeffect", "kept_once_over", "OLD.state = 'done'", "UPDATE"),
        whole("governance_changeeffect", "kept_effect", "true", "DELETE"),
        whole("governance_boardmeeting", "kept_once_over", "OLD.closed_at IS NOT NULL"),
    ]
)
DROP = "".join(
    [
        *(f"DROP TRIGGER kept_but ON {table};\n" for table in (*KEPT, "governance_changerequest")),
        *(f"DROP TRIGGER kept_once_over ON {table};\n" for table, (over, _) in KEPT.items() if over),
        "DROP TRIGGER kept_once_over ON governance_changeeffect;\n",
        "DROP TRIGGER kept_effect ON governance_changeeffect;\n",
        "DROP TRIGGER kept_once_over ON governance_boardmeeting;\n",
    ]
)


class Migration(migrations.Migration):
    dependencies = [("governance", "0015_board_reviews")]

    operations = [migrations.RunSQL(KEPT_BUT, DROP_KEPT_BUT), migrations.RunSQL(CREATE, DROP)]
