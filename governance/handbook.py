"""The governance handbook, written from what is in the system, so that it is never out of date. Runs in the client's scope.

`handbook_chapters(client, sees_figures=) -> list[Chapter]` · `MORE` — chapters that higher floors add when they are loaded
"""

from calendar import month_name
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Final

from django.db.models import Max
from django.utils.text import capfirst

from governance.board_words import fits_words, joined, takes_words
from governance.chapters import Chapter, chapter, counted
from governance.escalation import escalation_chapter
from governance.models import BoardReview, ChangeState, DisputeState, Function, MetricStatus, QuarterAudit, Respondent
from governance.permission_words import PERMISSION_WORDS
from governance.sampling import FEWEST, METHOD, MOST
from governance.selectors.board import board_now, has_board
from governance.selectors.change_effects import versions_approved
from governance.selectors.registry import Entry, registry_get
from governance.selectors.signoff import signatures_in_words
from governance.services.change_states import STEPS as CHANGE_STEPS
from governance.services.dispute_states import STEPS as DISPUTE_STEPS
from metrics.models import QualityMonitor
from metrics.quality_monitors import MONITORS
from metrics.selectors.clauses import policy_in_plain_words
from metrics.selectors.closes import latest_closes
from metrics.selectors.policies import policy_in_force, policy_latest, policy_name
from portal.lib.periods import month_format
from portal.notices.audience import members_in
from portal.tenancy.clock import day_at
from portal.tenancy.models import Client, ClientRole, FirmRole
from portal.tenancy.permissions import CLIENT_ROLE_PERMISSIONS, FIRM_ROLE_PERMISSIONS

MORE: Final[list[Callable[[Client], Chapter | None]]] = []
STEP_WORDS: Final = {
    "submit": "be submitted", "resubmit": "be submitted again", "withdraw": "be withdrawn", "triage": "be triaged",
    "ask_impact": "have its impact computed", "to_review": "go to the board", "send_back": "be sent back, with the reason",
    "approve": "be approved by those whose right it is", "reject": "be rejected, with the reason", "schedule": "be scheduled",
    "take_effect": "take effect", "communicate": "be told to everybody concerned", "close": "be closed",
    "take": "be taken by somebody", "stand": "be settled: the figure stands", "correct": "be settled by a correction",
    "reopen": "be opened again, with what is new",
}  # fmt: skip

WAYS: Final = (
    "A signed policy and an active metric change by request alone; every other step than these is refused. A later final "
    "version moves nothing by its signatures: it is published where it says what was decided."
)
EMERGENCIES: Final = (
    "Past it lead two emergencies, each with its reason in the log and mailed to Finance and RevOps at once: the chair’s, for "
    "a request, which moves nothing that feeds quotas or pay within a period without the yes of Sales and Finance; and, for "
    "the policy, that of a partner of the consulting firm or of whoever runs the server."
)
WAYS_WITHOUT_BOARD: Final = (
    "There is no review board yet, so that no request can be approved: a signed policy changes by its definitions, a new final "
    "version and signatures under it, and metrics are changed in the registry, with the reason in the log."
)


def handbook_chapters(client: Client, *, sees_figures: bool = False) -> list[Chapter]:
    """Every chapter, in the order of the book; from which amounts rights hold is for whoever sees figures."""
    own: tuple[Callable[[Client], Chapter | None], ...] = (
        policy_chapter,
        owners_chapter,
        deciders_chapter,
        partial(board_chapter, with_amount=sees_figures),
        cadence_chapter,
        *MORE,
        changes_chapter,
        restating_chapter,
        disputes_chapter,
        escalation_chapter,
        rights_chapter,
    )
    return [made for write in own if (made := write(client)) is not None]


def policy_chapter(client: Client) -> Chapter:
    """What the numbers mean now, and who signed it."""
    version, signed = policy_latest(), signatures_in_words()
    number = f"{policy_name(version.number if version else None)} is in force.".capitalize()
    approved = versions_approved(version.number) if version else []
    says = f"Signed: {signed}." if signed else "Nobody has signed it yet."
    if approved:
        says = f"It holds by {approved[0].sentence}"
        says += f" The document signed before it: {signed}." if signed else " No policy document is signed yet."
    return chapter(
        "policy", "What the numbers mean",
        number, says,
        columns=("Rule", "What holds"),
        rows=[(clause.title, clause.sentence) for clause in policy_in_plain_words(policy_in_force(client))],
    )  # fmt: skip


def owners_chapter(client: Client) -> Chapter:
    """Who answers for which metric."""
    registry = registry_get(client)
    standing = [entry for entry in registry.entries.values() if entry.is_standing]
    nobody = sum(entry.metric.owner is None for entry in standing)
    return chapter(
        "owners", "Who answers for which metric",
        f"{in_states(standing)}; {nobody} {'has' if nobody == 1 else 'have'} no owner." if standing
        else "No metric is in use yet.",
        dashboards_words(),
        columns=("Metric", "Owner", "Accountable", "State", "Version") if standing else (),
        rows=[
            (entry.name, entry.metric.owner.get_full_name() if entry.metric.owner else "Nobody yet",
             Function(entry.content["function"]).label, entry.metric.get_status_display(), f"v{entry.current.number}")
            for entry in standing
        ],
    )  # fmt: skip


def dashboards_words() -> str:
    """Who answers for the dashboards: whoever is RevOps; before somebody is, the admins."""
    for role in (ClientRole.REVOPS, ClientRole.ADMIN):
        if names := sorted(user.get_full_name() for user in members_in(role)):
            return (
                f"Dashboards and reports are owned by {role.label}: {joined(names)}. Whoever wants another one asks there, "
                "and each quarter they look at which are opened, as adoption shows it, and which can go."
            )
    return "Nobody owns the dashboards and reports yet: give somebody the role of RevOps."


def in_states(standing: list[Entry]) -> str:
    """How many metrics are in which state, as the registry counts them."""
    counts = Counter(entry.metric.status for entry in standing)
    return ", ".join(f"{counts[value]} {label.lower()}" for value, label in MetricStatus.choices if counts[value])


def deciders_chapter(client: Client) -> Chapter:
    """Who answers definitions and signs the policy, by function."""
    people: dict[str, list[str]] = {}
    for row in Respondent.objects.select_related("user").order_by("user__name"):
        people.setdefault(row.function, []).append(row.user.get_full_name() or row.user.email)
    rows = (
        [(label, ", ".join(people.get(value, ["Nobody yet"]))) for value, label in Function.choices] if people else []
    )
    return chapter(
        "deciders", "Who speaks for which function",
        "They answer definitions and sign the policy; nobody signs what they wrote last." if rows
        else "Nobody answers for a function yet.",
        columns=("Function", "People") if rows else (), rows=rows,
    )  # fmt: skip


def board_chapter(client: Client, *, with_amount: bool) -> Chapter:
    """Who sits on the review board, and what it takes to decide which change."""
    board = board_now()
    if board is None:
        return chapter(
            "board", "What the review board decides", "There is no review board yet: no change can be approved."
        )
    seats = ", ".join(
        f"{member.user.get_full_name()} for {member.get_function_display()}{' (chair)' if member.is_chair else ''}"
        for member in board.members
    )
    return chapter(
        "board", "What the review board decides",
        f"On the board: {seats}." if seats else "Nobody sits on the board yet.",
        "Every row that fits a change counts. Whoever asked for a change, or ever wrote any of it, does not vote on it.",
        columns=("A change", "What it takes"),
        rows=[
            (fits_words(right, client, client.locale, with_amount), capfirst(takes_words(right)))
            for right in board.rights
        ],
    )  # fmt: skip


def cadence_chapter(client: Client) -> Chapter:
    """What comes again, and when."""
    closed = max((close.month for close in latest_closes()), default=None)
    held = BoardReview.objects.order_by("-last_month").values_list("quarter", "held_on").first()
    looked = QualityMonitor.objects.aggregate(at=Max("looked_at"))["at"]
    owned = QualityMonitor.objects.exclude(owner=None).count()
    audited = QuarterAudit.objects.order_by("-last_month").values_list("quarter", "state").first()
    day = (
        f"on day {client.close_day} of the month after it"
        if client.close_day
        else "by hand, month after month in order"
    )
    fiscal = f"The fiscal year begins in {month_name[client.fiscal_year_start]}."
    return chapter(
        "cadence", "What comes again",
        fiscal,
        columns=("What", "When", "Last"),
        rows=[
            ("Close of a month", day, month_format(closed) if closed is not None else "none yet"),
            (
                "Audit of contracts",
                f"each quarter, once its last month is closed: {FEWEST} to {MOST} contracts at random, signed by Finance",
                f"{audited[0]}, {audited[1]}" if audited else "none yet",
            ),
            (
                "Look at the quality of the data",
                f"every morning, by {len(MONITORS)} monitors, each with its deadline; {owners_words(len(MONITORS), owned)}",
                day_at(client, looked).isoformat() if looked else "none yet",
            ),
            (
                "Quarterly review for the board",
                "each quarter, kept as it was held",
                f"{held[0]}, {held[1].isoformat()}" if held else "none yet",
            ),
        ],
    )  # fmt: skip


def owners_words(count: int, owned: int) -> str:
    """How many of the monitors have somebody who answers for what they find."""
    nobodys = count - owned
    if not nobodys:
        return "each has an owner"
    return f"{nobodys} of them {'has' if nobodys == 1 else 'have'} no owner"


def changes_chapter(client: Client) -> Chapter:
    """What may follow what in the life of a change request."""
    labels = {value: str(label) for value, label in ChangeState.choices}
    return chapter(
        "changes", "How a change is decided",
        WAYS if has_board() else WAYS_WITHOUT_BOARD,
        EMERGENCIES if has_board() else "",
        columns=("A request that is", "may", "and then is"),
        rows=[
            (labels[before], STEP_WORDS.get(step, step.replace("_", " ")), labels[after])
            for (before, step), after in CHANGE_STEPS.items()
        ],
    )  # fmt: skip


def restating_chapter(client: Client) -> Chapter:
    """How numbers that were published are restated."""
    closes = latest_closes(policy_in_force(client).recognition)
    restated = [close for close in closes if close.revision > 1]
    return chapter(
        "restating", "How published numbers change",
        "A closed month stands as it was reported. It changes only by a restatement: a further revision, with its reason, "
        "who made it and when; every earlier revision stays readable.",
        "What a correction changes in months that stay as reported shows as a prior-period adjustment of the first open month.",
        "A change of the policy says whether it looks ahead or restates the past; a restatement shows both.",
        "Months before the first close were not reported: they keep the policy under which that one was closed.",
        "A metric changes from an open month on: earlier months keep the version that computed them, and its page marks the "
        "month in which its formula became another one.",
        f"{counted(len(closes), 'month')} closed, {len(restated)} of them restated.",
        columns=("Restated", "Why", "Revision") if restated else (),
        rows=[(month_format(close.month), close.reason, close.revision) for close in restated],
    )  # fmt: skip


def disputes_chapter(client: Client) -> Chapter:
    """How somebody disputes a figure, and how audits draw."""
    labels = {value: str(label) for value, label in DisputeState.choices}
    return chapter(
        "disputes", "How a figure is disputed, and how contracts are audited",
        "Whoever sees a figure may dispute it, from the panel that explains it. It carries a mark until somebody else has said "
        "whether it stands, or what corrected it.",
        f"Audits draw at random, once for each quarter. {METHOD} Whoever draws or checks does not sign.",
        columns=("A dispute that is", "may", "and then is"),
        rows=[
            (labels[before], STEP_WORDS.get(step, step), labels[after]) for (before, step), after in DISPUTE_STEPS.items()
        ],
    )  # fmt: skip


def rights_chapter(client: Client) -> Chapter:
    """Who may do what: the very table that pages and the API ask."""
    client_roles = [(value, str(label)) for value, label in ClientRole.choices]
    firm_roles = [(value, str(label)) for value, label in FirmRole.choices]
    permissions = sorted(
        set().union(*CLIENT_ROLE_PERMISSIONS.values(), *FIRM_ROLE_PERMISSIONS.values()),
        key=lambda each: list(PERMISSION_WORDS).index(each) if each in PERMISSION_WORDS else len(PERMISSION_WORDS),
    )
    rows = []
    for permission in permissions:
        own = [label for value, label in client_roles if permission in CLIENT_ROLE_PERMISSIONS[value]]
        firm = [label for value, label in firm_roles if permission in FIRM_ROLE_PERMISSIONS[value]]
        rows.append((PERMISSION_WORDS.get(permission, permission), listed(own, client_roles), listed(firm, firm_roles)))
    return chapter(
        "rights", "Who may do what",
        "Consultants reach only the clients they are assigned to. Roles that are cut to a team, region or book see no figure "
        "of the whole company.",
        columns=("To", f"At {client.name}", "At the consulting firm"), rows=rows,
    )  # fmt: skip


def listed(found: list[str], every: list[tuple[str, str]]) -> str:
    """Roles as a list; in a word where it is all of them or none."""
    if len(found) == len(every):
        return "Everybody"
    return ", ".join(found) or "Nobody"
