"""What a request's page shows of its way into force, and the page of the ledger of restatements."""

from decimal import Decimal
from typing import Any, Final

from django.utils import timezone
from django.utils.text import capfirst

from governance.change_impact_tables import LABELS
from governance.effect_words import apart_words, content_words, figures_words, moved_words, since_words
from governance.metric_figures import sentence
from governance.models import ChangeEffect, ChangeRequest, ChangeState, EffectState
from governance.selectors.change_audience import Group, told_groups
from governance.selectors.change_effects import effect_get, receipts_of
from governance.selectors.changes import APPROVED
from governance.selectors.registry import registry_get
from governance.selectors.restatements import Ledger, LedgerEntry, ledger_get
from governance.services.change_effect import has_come, require_acceptor, require_size
from governance.services.change_told import receipt_read, who_must_know
from governance.services.problems import DefinitionError
from metrics.break_text import clauses_words, source_words
from metrics.break_text import figures_words as break_figures
from metrics.figures import from_cents
from metrics.models import Recognition
from portal.lib.dates import dated_text, month_text
from portal.lib.money import percent_text
from portal.notices.audience import people_who
from portal.tenancy.access import TenantRequest
from portal.tenancy.permissions import TRIAGE_CHANGES, VIEW_ARR, VIEW_CHANGES, VOTE_CHANGES
from portal.tenancy.reader import locale_of

LEVELS: Final = {
    EffectState.WAITING: "info",
    EffectState.BLOCKED: "warning",
    EffectState.WORKING: "info",
    EffectState.DONE: "success",
    EffectState.FAILED: "error",
}
LEDGER_LABELS: Final = {**LABELS, "adjustment": "Prior-period adjustment"}


def effect_context(request: TenantRequest, change: ChangeRequest) -> dict[str, Any] | None:
    """When it takes effect, what it did, and who has read it: who has to know has, with this. None before it is approved."""
    if change.state not in APPROVED:
        return None
    if receipt_read(request=change, user=request.user):
        change.refresh_from_db(fields=["state", "version", "closed_at"])  # the last to read of it closes it
    effect, locale = effect_get(change), locale_of(request)
    may, sees = request.standing.may(TRIAGE_CHANGES), request.standing.may(VIEW_ARR)
    context: dict[str, Any] = {
        "row": effect,
        "since": since_words(change, locale),
        "content": content_words(change, registry_get(request.client), locale),
        "may_schedule": may and change.state == ChangeState.APPROVED,
        **know_context(request, change),
    }
    if effect is None:
        return context
    currency = request.client.currency
    is_moved = effect.state == EffectState.BLOCKED and effect.found_cents is not None
    return context | {
        "level": LEVELS[EffectState(effect.state)],
        **standing_words(
            request, change, effect, dated_text(sentence(effect.message), locale) if sees or not is_moved else ""
        ),
        "figures": figures_words(effect, currency, locale) if sees and effect.begun_at else "",
        "apart": apart_words(effect, currency, locale) if sees and effect.begun_at else "",
        "accepts": effect.found_cents
        if is_moved and sees and may_accept(request, change, effect.found_cents)
        else None,
        "is_moved": is_moved,
        "found": from_cents(effect.found_cents) if effect.found_cents is not None and sees else None,
        "may_retry": may and effect.state == EffectState.FAILED,
        "restated": [month_text(month, locale) for month in effect.restated_months],
    }


def know_context(request: TenantRequest, change: ChangeRequest) -> dict[str, Any]:
    """Who has to know: first whoever asked and the owners, each with a receipt, then everybody else who is told, by role."""
    receipts = receipts_of(change)
    here = set(people_who(request.client, VIEW_CHANGES))
    owners: list[dict[str, Any]] = [
        {"person": row.user, "reason": row.reason, "read_at": row.read_at, "is_gone": row.user not in here}
        for row in receipts
    ]  # fmt: skip
    if not receipts:  # nobody was told yet
        registry = registry_get(request.client)
        owners = [{"person": person, "reason": why} for person, why in who_must_know(registry, change).items()]
    groups = told_groups(request.client, change)
    return {
        "owners": owners,
        "is_told": bool(receipts),
        "groups": [group_shown(group, {row["person"].pk for row in owners}) for group in groups],
        "told_count": sum(len(group.people) for group in groups),
        "may_see_people": request.standing.may(VIEW_ARR),
        "moved": moved_words(change),
    }


def group_shown(group: Group, owners: set[int]) -> dict[str, Any]:
    """The people of a role who are told; of those who stand above by name it is said that they do."""
    others = [person.get_full_name() for person in group.people if person.pk not in owners]
    return {"group": group, "count": len(group.people), "names": others, "above": len(group.people) - len(others)}


def standing_words(request: TenantRequest, change: ChangeRequest, effect: ChangeEffect, message: str) -> dict[str, str]:
    """Title and text of how far it is: what it waits for, and that it goes on by itself."""
    since, title = since_words(change, locale_of(request)), str(effect.get_state_display())
    if effect.state == EffectState.BLOCKED and effect.found_cents is None:
        return {"title": title, "said": f"{message} It is tried again whenever a month is closed, and every hour."}
    if effect.state != EffectState.WAITING:
        return {"title": title, "said": message or capfirst(since)}
    if has_come(request.client, change, timezone.now()):
        return {
            "title": "Takes effect now",
            "said": f"{capfirst(since)}. It does so by itself, as a rule within a minute: load this page again.",
        }
    return {"title": title, "said": f"{capfirst(since)}. It takes effect by itself once that month has begun."}


def may_accept(request: TenantRequest, change: ChangeRequest, cents: int | None) -> bool:
    """Whether the reader may let an effect of `cents` pass in place of the approved one."""
    if cents is None or not request.standing.may(VOTE_CHANGES):
        return False
    try:
        require_acceptor(request.client, change, request.user)
        require_size(change, cents, request.user)
    except DefinitionError:
        return False
    return True


# --- the ledger -------------------------------------------------------------------------------------------------------


def ledger_context(request: TenantRequest) -> dict[str, Any]:
    """Every restatement and every changed definition of a basis, with totals."""
    basis, locale = request.GET.get("basis", ""), locale_of(request)
    ledger = ledger_get(request.client, basis if basis in Recognition.values else None)
    largest = ledger.largest
    return {
        "ledger": ledger,
        "head": ledger.head,
        "currency": request.client.currency,
        "bases": [
            {"label": label, "url": f"{request.path}?basis={value}", "active": value == ledger.head.recognition}
            for value, label in Recognition.choices
        ],
        "entries": [entry_shown(entry) for entry in ledger.entries],
        "definitions": [
            {
                "row": each, "source": source_words(each), "clauses": clauses_words(each),
                "figures": break_figures(each, request.client.currency, locale),
            }
            for each in reversed(ledger.definitions)
        ],
        "flows": [(LEDGER_LABELS[name], amount) for name, amount in ledger.flows.items() if amount],
        "months": list(reversed(ledger.by_month.items())),
        "turns": [f"From policy v{turn.number} on pages show {turn.new} first instead of {turn.old}" for turn in ledger.turns],
        "largest": {"month": largest[0], "amount": largest[1]} if largest else None,
    }  # fmt: skip


def entry_shown(entry: LedgerEntry) -> dict[str, Any]:
    """One restatement with the lines of the bridge that moved."""
    moved = [(LEDGER_LABELS[name], after - before) for name, before, after in entry.moved if name != "ending"]
    rates = [(label, *pair) for label, pair in (("NRR", entry.nrr), ("GRR", entry.grr)) if is_told_otherwise(*pair)]
    named = f"{entry.cause.label}: " if entry.cause is not None else ""
    return {"row": entry, "moved": moved, "rates": rates, "reason": entry.close.reason.removeprefix(named)}


def is_told_otherwise(before: Decimal | None, after: Decimal | None) -> bool:
    """Whether two ratios differ as they are shown: “94.8% → 94.8%” tells nobody anything."""
    if before is None or after is None:
        return before is not after
    return percent_text(before) != percent_text(after)


LEDGER_COLUMNS: Final = (
    "kind", "month", "revision", "ending_before", "ending_after", "effect", "by_definition", "by_this_version",
    "by_earlier_versions", "by_corrections", "nrr_before", "nrr_after", "grr_before", "grr_after", "why", "reason", "policy",
    "by", "at", "currency", "basis",
)  # fmt: skip


def ledger_rows(ledger: Ledger) -> list[list[str]]:
    """The ledger as rows of a file, in the order of `LEDGER_COLUMNS`; text is not yet made harmless."""
    return [[*entry_cells(entry), ledger.head.currency, ledger.head.label] for entry in ledger.entries]


def entry_cells(entry: LedgerEntry) -> list[str]:
    """One restatement as cells."""
    close = entry.close
    figures = [
        entry.before.ending,
        entry.after.ending,
        entry.effect,
        entry.definition,
        entry.own,
        entry.earlier,
        entry.data,
        *entry.nrr,
        *entry.grr,
    ]
    name = close.closed_by.get_full_name() if close.closed_by else ""
    return [
        "restatement", entry.before.period.key, str(close.revision),
        *("" if figure is None else str(figure) for figure in figures),
        entry.why, close.reason, str(close.policy.number), name, close.closed_at.isoformat(),
    ]  # fmt: skip
