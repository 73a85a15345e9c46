"""What the database's own catalogue says about the wall; each finding is `kind: object`."""

from typing import Any

TENANT = "(client_id = ( SELECT tenancy.client_id()))"
FINDINGS = """
WITH tables AS (
    SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity, c.relowner,
        EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'client_id'
            AND a.atttypid = 'bigint'::regtype AND NOT a.attisdropped)
            AS is_tenant
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
), app AS (
    SELECT * FROM pg_roles WHERE rolname = %(app)s
), policies AS (
    SELECT t.relname, p.polcmd::text AS command,
        replace(pg_get_expr(p.polqual, p.polrelid), ' AS client_id', '') AS reads,
        replace(pg_get_expr(coalesce(p.polwithcheck, p.polqual), p.polrelid), ' AS client_id', '') AS writes
    FROM pg_policy p JOIN tables t ON t.oid = p.polrelid WHERE t.is_tenant AND p.polpermissive
)
SELECT 'no forced row security: ' || relname FROM tables WHERE is_tenant AND NOT (relrowsecurity AND relforcerowsecurity)
UNION ALL
SELECT 'no client key: ' || relname FROM tables WHERE NOT is_tenant
UNION ALL
SELECT 'view without security_invoker: ' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind = 'v' AND NOT coalesce(c.reloptions::text, '') ~ 'security_invoker=(true|on)'
UNION ALL
SELECT 'materialised view: ' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind = 'm'
UNION ALL
SELECT 'security definer: ' || p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname IN ('public', 'tenancy') AND p.prosecdef
UNION ALL
SELECT 'app role has power: ' || rolname FROM app
    WHERE rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication
UNION ALL
SELECT 'app role owns: ' || c.relname FROM pg_class c JOIN app ON c.relowner = app.oid
UNION ALL
SELECT 'app role is a member of: ' || pg_get_userbyid(m.roleid) FROM pg_auth_members m JOIN app ON m.member = app.oid
UNION ALL
SELECT 'one-column key between tenant tables: ' || k.conname
    FROM pg_constraint k JOIN tables a ON a.oid = k.conrelid JOIN tables b ON b.oid = k.confrelid
    WHERE k.contype = 'f' AND a.is_tenant AND b.is_tenant AND cardinality(k.conkey) = 1
UNION ALL
SELECT 'unproved constraint: ' || conname FROM pg_constraint WHERE NOT convalidated
UNION ALL
SELECT 'unique without client first: ' || i.relname
    FROM pg_index x JOIN tables t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
    WHERE t.is_tenant AND x.indisunique AND NOT x.indisprimary
        AND x.indkey[0] <> (SELECT attnum FROM pg_attribute WHERE attrelid = t.oid AND attname = 'client_id')
UNION ALL
SELECT 'truncate granted: ' || t.relname FROM tables t, app WHERE has_table_privilege(app.oid, t.oid, 'TRUNCATE')
UNION ALL
SELECT 'no policy: ' || relname FROM tables t
    WHERE is_tenant AND NOT EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = t.oid)
UNION ALL
SELECT 'read by other means: ' || relname FROM policies WHERE command IN ('r', '*') AND reads <> %(tenant)s
UNION ALL
-- A check may ask for more than the client (bulk tables check their targets there), never for less.
SELECT 'written by other means: ' || relname FROM policies
    WHERE command IN ('w', 'd', '*') AND reads <> %(tenant)s
        OR command IN ('a', 'w', '*') AND writes <> %(tenant)s AND NOT starts_with(writes, '(' || %(tenant)s || ' AND ')
UNION ALL
SELECT DISTINCT 'several policies: ' || relname FROM policies, unnest('{r,a,w,d}'::text[]) AS each
    WHERE command IN (each, '*') GROUP BY relname, each HAVING count(*) > 1
ORDER BY 1
"""

# Tables without a client key hold no client's data, and are named here with the reason. Anything else is a finding.
DIRECTORY = {
    "tenancy_firm": "the firms of the installation",
    "tenancy_client": "the directory of tenants: read to find the tenant, holds names and settings alone",
    "tenancy_firmmembership": "who works for a firm",
    "tenancy_firmauditentry": "a firm's own log",
    "tenancy_jobpulse": "when a background job was last at work, and nothing else",
    "accounts_firminvitation": "a firm's own",
    "engagements_firmplaybook": "a firm's own templates",
    "engagements_playbookversion": "a firm's own templates",
    "engagements_playbookdraft": "a firm's own templates",
    "engagements_calendarfeed": "a person's own address of their dates; what it shows is read in each client's scope",
    "accounts_guessbudget": "counters of guesses, no client's",
    "notices_weekmail": "that a consultant was mailed about the week of a firm's clients; what it said is not kept",
    "notices_noticechoice": "how a person wants to be mailed, at whichever client",
    "accounts_user": "people; what they may see hangs on memberships",
    "accounts_user_groups": "Django's own; unused",
    "accounts_user_user_permissions": "Django's own; unused",
}
LIBRARIES = ("account_", "auth_", "axes_", "django_", "guardian_", "mfa_", "portal_cache", "socialaccount_")

REVIEWED = {
    "read by other means: tenancy_membership": "a person's own memberships are read before a client is known",
    "read by other means: tenancy_clientsummary": "a firm reads the summary rows of its own clients",
    "read by other means: engagements_engagementsummary": "a firm reads the summary rows of its own engagements",
    "read by other means: engagements_aftercare": "a firm reads what it does after the end of its own engagements",
    "read by other means: accounts_apitoken": "read by whoever presents the secret",
    "read by other means: accounts_invitation": "read by whoever presents the secret",
    "read by other means: accounts_magiclink": "read by whoever presents the secret",
    "read by other means: accounts_ssoconnection": "read by its public id, before a client is known",
    "read by other means: accounts_ssodomain": "read by a confirmed domain, before a client is known",
    "unique without client first: sso_domain_confirmed_once": "a confirmed domain leads to one provider",
}


def findings(cursor: Any, app_role: str) -> list[str]:
    """Every breach of the wall that the catalogue shows, reviewed ones left out."""
    cursor.execute(FINDINGS, {"app": app_role, "tenant": TENANT})
    return [found for (found,) in cursor.fetchall() if found not in REVIEWED and not is_directory(found)]


def is_directory(found: str) -> bool:
    kind, _, name = found.partition(": ")
    return kind == "no client key" and (name in DIRECTORY or name.startswith(LIBRARIES))
