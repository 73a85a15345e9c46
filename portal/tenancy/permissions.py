"""What each role may do. One table; pages, API and the access matrix read it, and what is not in it is denied."""

from portal.tenancy.models import ClientRole, FirmRole

VIEW_CLIENT = "client.view"
VIEW_ARR = "arr.view"
VIEW_DATA = "data.view"
IMPORT_DATA = "data.import"
RECONCILE = "data.reconcile"
MANAGE_TEAMS = "teams.manage"  # which team and territory each representative belongs to
VIEW_POLICY = "policy.view"
EDIT_POLICY = "policy.edit"
MANAGE_METRICS = "metrics.manage"  # the registry: versions, states, owners, priorities
VIEW_CHANGES = "changes.view"
REQUEST_CHANGES = "changes.request"  # write, submit and withdraw requests
TRIAGE_CHANGES = "changes.triage"
VOTE_CHANGES = "changes.vote"  # for whoever sits on the board; the client's own people alone
MANAGE_BOARD = "board.manage"  # who sits on it and what it may decide; the client's admins alone
ANSWER_DEFINITIONS = "definitions.answer"  # and sign what one is named for; the client's own people alone
CLOSE_MONTH = "month.close"
VIEW_PEOPLE = "people.view"
MANAGE_PEOPLE = "people.manage"
VIEW_AUDIT = "audit.view"
MANAGE_SETTINGS = "settings.manage"
MANAGE_SIGN_IN = "sign_in.manage"  # which provider lets the client's people in, and for which domains
MANAGE_TOKENS = "tokens.manage"
MANAGE_WEBHOOKS = "webhooks.manage"  # which of the client's programs are told of events, with the figures in them
VIEW_ENGAGEMENT = "engagement.view"
JOIN_ENGAGEMENT = "engagement.join"  # comment, tick what is theirs
TEST_ENGAGEMENT = "engagement.test"  # say what came out of the client's own tests; its people alone
RUN_ENGAGEMENT = "engagement.run"  # the firm's alone
OVERRIDE_GATE = "engagement.override"  # a partner's alone
EMERGENCY_POLICY = "policy.emergency"  # change a signed policy without its signatures; a partner's alone
CONFIRM_ACCESS = "engagement.confirm_access"  # that the firm's access was handed over or removed; the client's alone
ANSWER_SURVEY = "survey.answer"  # the client's alone
VIEW_ADOPTION = "adoption.view"
VIEW_AUDITS = "quarter_audit.view"  # audits of contracts, not the audit log
RUN_AUDITS = "quarter_audit.run"  # draw a sample, check contracts, raise follow-ups
SIGN_AUDITS = "quarter_audit.sign"  # the client's Finance alone
RAISE_DISPUTES = "dispute.raise"  # say that a published figure is wrong; whoever sees figures
RESOLVE_DISPUTES = "dispute.resolve"
VIEW_REVIEW = "review.view"  # the quarter's review for the board
HOLD_REVIEW = "review.hold"  # record that it was held

READ = {VIEW_CLIENT, VIEW_ARR, VIEW_DATA, VIEW_POLICY, VIEW_CHANGES}
EVERYTHING = READ | {
    IMPORT_DATA,
    RECONCILE,
    MANAGE_TEAMS,
    EDIT_POLICY,
    MANAGE_METRICS,
    REQUEST_CHANGES,
    TRIAGE_CHANGES,
    CLOSE_MONTH,
    VIEW_PEOPLE,
    MANAGE_PEOPLE,
    VIEW_AUDIT,
    MANAGE_SETTINGS,
    MANAGE_SIGN_IN,
    MANAGE_TOKENS,
    MANAGE_WEBHOOKS,
}
ASK = {VIEW_CHANGES, REQUEST_CHANGES, VOTE_CHANGES}
TAKE_PART = {VIEW_ENGAGEMENT, JOIN_ENGAGEMENT}

OVERSEE = {VIEW_AUDITS, RUN_AUDITS, RAISE_DISPUTES, RESOLVE_DISPUTES, VIEW_REVIEW}

# What a token of the API may be made for at most; what it may do is cut to its person's role each time.
TOKEN_SCOPES = (
    EVERYTHING
    | OVERSEE
    | {VIEW_ENGAGEMENT, RUN_ENGAGEMENT, TEST_ENGAGEMENT, ANSWER_DEFINITIONS, VOTE_CHANGES, MANAGE_BOARD}
)

CLIENT_ROLE_PERMISSIONS: dict[str, frozenset[str]] = {
    ClientRole.ADMIN: frozenset(
        EVERYTHING - {EDIT_POLICY}
        | TAKE_PART
        | ASK
        | {MANAGE_BOARD, TEST_ENGAGEMENT, CONFIRM_ACCESS, ANSWER_DEFINITIONS, VIEW_ADOPTION}
    ),
    ClientRole.REVOPS: frozenset(
        READ
        | TAKE_PART
        | ASK
        | {TEST_ENGAGEMENT, ANSWER_DEFINITIONS, IMPORT_DATA, RECONCILE, CLOSE_MONTH, MANAGE_METRICS, TRIAGE_CHANGES}
        | {MANAGE_TEAMS, VIEW_PEOPLE, VIEW_AUDIT, MANAGE_TOKENS, MANAGE_WEBHOOKS, CONFIRM_ACCESS}
    ),
    ClientRole.FINANCE: frozenset(
        READ
        | TAKE_PART
        | ASK
        | {TEST_ENGAGEMENT, ANSWER_DEFINITIONS, IMPORT_DATA, RECONCILE, CLOSE_MONTH, VIEW_AUDIT, CONFIRM_ACCESS}
    ),
    ClientRole.EXECUTIVE: frozenset(
        {VIEW_CLIENT, VIEW_ARR, VIEW_POLICY, ANSWER_DEFINITIONS, TEST_ENGAGEMENT} | TAKE_PART | ASK
    ),
    ClientRole.SALES: frozenset({VIEW_CLIENT, VIEW_ARR, VIEW_POLICY, ANSWER_DEFINITIONS} | TAKE_PART | ASK),
    ClientRole.SUCCESS: frozenset({VIEW_CLIENT, VIEW_ARR, VIEW_POLICY, ANSWER_DEFINITIONS} | TAKE_PART | ASK),
    ClientRole.ANALYST: frozenset(READ),
    # Cut to their own team, region or book: they see no client-wide number.
    ClientRole.SALES_MANAGER: frozenset({VIEW_CLIENT, VIEW_POLICY, VIEW_CHANGES, ANSWER_DEFINITIONS}),
    ClientRole.REGIONAL_LEAD: frozenset({VIEW_CLIENT, VIEW_POLICY, VIEW_CHANGES, ANSWER_DEFINITIONS}),
    ClientRole.SALES_REP: frozenset({VIEW_CLIENT, VIEW_POLICY, VIEW_CHANGES, ANSWER_DEFINITIONS}),
    ClientRole.STAKEHOLDER: frozenset({VIEW_CLIENT, VIEW_POLICY, VIEW_CHANGES, ANSWER_DEFINITIONS} | TAKE_PART),
}

# Oversight of the numbers.
CLIENT_OVERSIGHT: dict[str, set[str]] = {
    ClientRole.ADMIN: OVERSEE | {HOLD_REVIEW},
    ClientRole.REVOPS: OVERSEE | {HOLD_REVIEW},
    ClientRole.FINANCE: OVERSEE | {HOLD_REVIEW, SIGN_AUDITS},
    ClientRole.EXECUTIVE: {VIEW_AUDITS, RAISE_DISPUTES, VIEW_REVIEW},
    ClientRole.SALES: {RAISE_DISPUTES},
    ClientRole.SUCCESS: {RAISE_DISPUTES},
    ClientRole.ANALYST: {RAISE_DISPUTES},
}
CLIENT_ROLE_PERMISSIONS = {
    role: may | CLIENT_OVERSIGHT.get(role, set()) for role, may in CLIENT_ROLE_PERMISSIONS.items()
}

# Whoever of the client was on a project may say how it was, whatever their role.
CLIENT_ROLE_PERMISSIONS = {role: may | {ANSWER_SURVEY} for role, may in CLIENT_ROLE_PERMISSIONS.items()}

# What a session that began with a mailed link may do, whatever the person's role includes beyond it.
LINK_PERMISSIONS: dict[str, frozenset[str]] = {
    "read": frozenset({VIEW_CLIENT, VIEW_POLICY}),
    "approve": frozenset({VIEW_CLIENT, VIEW_POLICY, ANSWER_DEFINITIONS}),
    "survey": frozenset({VIEW_CLIENT, ANSWER_SURVEY}),
}

FIRM_ROLE_PERMISSIONS: dict[str, frozenset[str]] = {
    FirmRole.ADMIN: frozenset(
        EVERYTHING | TAKE_PART | {RUN_ENGAGEMENT, OVERRIDE_GATE, EMERGENCY_POLICY, VIEW_ADOPTION}
    ),
    FirmRole.ARCHITECT: frozenset(EVERYTHING | TAKE_PART | {RUN_ENGAGEMENT, VIEW_ADOPTION}),
    FirmRole.ENGINEER: frozenset(
        EVERYTHING - {EDIT_POLICY, MANAGE_PEOPLE, MANAGE_SIGN_IN, TRIAGE_CHANGES}
        | TAKE_PART
        | {RUN_ENGAGEMENT, VIEW_ADOPTION}
    ),
    FirmRole.EXPERT: frozenset(READ | TAKE_PART | {VIEW_AUDIT, VIEW_ADOPTION}),
}

FIRM_OVERSIGHT: dict[str, set[str]] = {
    FirmRole.ADMIN: OVERSEE,
    FirmRole.ARCHITECT: OVERSEE,
    FirmRole.ENGINEER: OVERSEE,
    FirmRole.EXPERT: {VIEW_AUDITS, RAISE_DISPUTES, VIEW_REVIEW},
}
FIRM_ROLE_PERMISSIONS = {role: may | FIRM_OVERSIGHT.get(role, set()) for role, may in FIRM_ROLE_PERMISSIONS.items()}

MANAGE_FIRM = "firm.manage"
VIEW_PORTFOLIO = "firm.view"
CREATE_CLIENT = "firm.create_client"
EDIT_PLAYBOOKS = "firm.edit_playbooks"
FIRM_PERMISSIONS: dict[str, frozenset[str]] = {
    FirmRole.ADMIN: frozenset({VIEW_PORTFOLIO, MANAGE_FIRM, CREATE_CLIENT, EDIT_PLAYBOOKS}),
    FirmRole.ARCHITECT: frozenset({VIEW_PORTFOLIO, CREATE_CLIENT, EDIT_PLAYBOOKS}),
    FirmRole.ENGINEER: frozenset({VIEW_PORTFOLIO}),
    FirmRole.EXPERT: frozenset({VIEW_PORTFOLIO}),
}
