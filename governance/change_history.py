"""The change requests about a definition, a metric or the policy: for ever on their pages, with votes and effect.

`changes_about(request, parameters=None, metric=None) -> list[AboutRow]`
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q

from governance.effect_words import apart_words, figures_words
from governance.models import ChangeEffect, ChangeKind, ChangeRequest, ChangeState, ChangeVote, Metric
from portal.tenancy.access import TenantRequest
from portal.tenancy.permissions import VIEW_ARR, VIEW_CHANGES
from portal.tenancy.reader import locale_of

UNTOLD: Final = (ChangeState.DRAFT, ChangeState.WITHDRAWN)


@dataclass(frozen=True)
class AboutRow:
    """One request: who voted how, and what it did, in figures for whoever sees them."""

    change: ChangeRequest
    votes: tuple[str, ...]
    figures: str


def changes_about(
    request: TenantRequest, parameters: Collection[str] | None = None, metric: Metric | None = None
) -> list[AboutRow]:
    """The requests about any of these parameters, or about a metric, the newest first; none for whoever reads no requests.

    Three queries, however many there are.
    """
    if not request.standing.may(VIEW_CHANGES):
        return []
    about = Q(kind=ChangeKind.POLICY, content__parameters__has_any_keys=list(parameters or ()))
    if metric is not None:
        about = Q(metric=metric) | Q(kind=ChangeKind.QUOTA_RULE, content__metrics__contains=[metric.key])
    changes = list(ChangeRequest.objects.filter(about).exclude(state__in=UNTOLD).order_by("-number"))
    effects = {row.request_id: row for row in ChangeEffect.objects.filter(request__in=changes)} if changes else {}
    votes: defaultdict[int, list[str]] = defaultdict(list)
    for vote in (
        ChangeVote.objects.filter(request__in=changes, voided_at=None).select_related("user") if changes else ()
    ):
        votes[vote.request_id].append(f"{vote.user.get_full_name()}: {vote.get_decision_display()}")
    return [AboutRow(each, tuple(votes[each.pk]), told(request, effects.get(each.pk))) for each in changes]


def told(request: TenantRequest, effect: Any) -> str:
    """What a request did, for whoever sees figures; empty before it is in force."""
    if effect is None or effect.begun_at is None or not request.standing.may(VIEW_ARR):
        return ""
    currency, locale = request.client.currency, locale_of(request)
    return f"{figures_words(effect, currency, locale)} {apart_words(effect, currency, locale)}".strip()
