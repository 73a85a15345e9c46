"""What the web, the worker and the system role may do with tables that belong to no client.

A client's tables are walled by row policies. The directory around them (people, firms, sessions, the tables of libraries) has
none, so each role gets the least that the code needs, by command and, for changes, by column. `migrate` applies this
list; a table without a client key that is not in it can be read and written by nobody, until somebody has thought about it.
"""

from collections.abc import Iterator
from typing import Any

READ, ADD, DELETE = "SELECT", "INSERT", "DELETE"
CHANGE = "UPDATE"
EVERYTHING = (READ, ADD, CHANGE, DELETE)


def change(*columns: str) -> str:
    """Leave to change these columns and no other."""
    return f"UPDATE ({', '.join(columns)})"


GRANTS: dict[str, tuple[str, ...]] = {
    # firms and the directory of clients: nothing is removed, and no client changes its firm or its slug
    "tenancy_firm": (READ, ADD, change("name")),
    "tenancy_client": (
        READ,
        ADD,
        change(
            "name", "currency", "fiscal_year_start", "time_zone", "locale", "accent", "requires_mfa_for_admins",
            "close_day", "next_close_at", "next_check_at", "next_import_at", "next_reminder_at",
            "next_engagement_at", "next_anchor_at", "next_notice_at", "next_maintenance_at",
            "next_webhook_at", "next_quality_at", "next_change_at", "next_oversight_at",
        ),
    ),
    "tenancy_firmmembership": (READ, ADD, DELETE, change("role")),
    "tenancy_firmauditentry": (READ, ADD),
    "tenancy_jobpulse": (READ, ADD, change("seen_at")),
    # people: nobody is removed, and nobody's address changes, because invitations and links are bound to it
    "accounts_user": (READ, ADD, change("password", "last_login", "name", "locale", "time_zone", "is_active", "session_epoch")),
    "accounts_firminvitation": (READ, ADD, change("delivered_at", "used_at", "revoked_at", "revoked_because")),
    "accounts_guessbudget": (READ, ADD, change("tries", "ends_at")),
    # how a person wants to hear of things
    "notices_noticechoice": (READ, ADD, change("how")),
    "notices_weekmail": (READ, ADD, change("state", "tries", "due_at", "claimed_at", "settled_at")),
    # a firm's templates: a version is never changed, and nothing is removed
    "engagements_firmplaybook": (READ, ADD, change("name")),
    "engagements_playbookversion": (READ, ADD),
    # ... but a draft is written over and over, and gone when it is published
    "engagements_playbookdraft": (READ, ADD, change("content", "revision", "changed_by_id", "changed_at"), DELETE),
    # where a person's calendar is read: turned off by emptying it
    "engagements_calendarfeed": (
        READ, ADD, change("token_hash", "only_client_key", "is_everything", "made_at", "read_at"),
    ),
    # grants by permission or by group are Django's, and unused: what one may do hangs on memberships
    "accounts_user_groups": (READ,),
    "accounts_user_user_permissions": (READ,),
    "auth_group": (READ,),
    "auth_group_permissions": (READ,),
    "auth_permission": (READ,),
    "django_content_type": (READ,),
    "django_migrations": (READ,),
    # a consultant's grant on one client; row policies let it be written in that client's scope alone
    "guardian_userobjectpermission": (READ, ADD, DELETE),
    "guardian_groupobjectpermission": (READ,),
    # signing in
    "account_emailaddress": (READ, ADD, change("verified", '"primary"')),
    "account_emailconfirmation": (READ,),
    "mfa_authenticator": EVERYTHING,
    "axes_accessattempt": EVERYTHING,
    "axes_accessattemptexpiration": (READ, DELETE),
    "axes_accessfailurelog": (),
    "axes_accesslog": (READ, ADD, change("logout_time")),
    "django_session": EVERYTHING,
    "portal_cache": EVERYTHING,
}  # fmt: skip
UNTENANTED = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT EXISTS (
        SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'client_id'
            AND a.atttypid = 'bigint'::regtype AND NOT a.attisdropped)
    ORDER BY 1
"""


def grant_least(cursor: Any, roles: str) -> None:
    """Bring the privileges of `roles` (quoted names, comma-separated) on tables without a client into line with the list."""
    cursor.execute(UNTENANTED)
    for statement in statements([name for (name,) in cursor.fetchall()], roles):
        cursor.execute(statement)


def statements(tables: list[str], roles: str) -> Iterator[str]:
    """Everything taken back, then what the list names given."""
    for table in tables:
        yield f'REVOKE ALL ON "{table}" FROM {roles}'
        if given := GRANTS.get(table):
            yield f'GRANT {", ".join(given)} ON "{table}" TO {roles}'
