"""The change requests about a definition, a metric or the policy: for ever on their pages, with votes and effect.

`changes_about(request, parameters=None, metric=None) -> list[AboutRow]`
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from governance.effect_words import apart_words, figures_words, since_words
from governance.models import ChangeEffect, ChangeKind, ChangeRequest, ChangeState, ChangeVote, Metric
from governance.selectors.changes import IN_FORCE
from portal.tenancy.access import TenantRequest
from portal.tenancy.permissions import VIEW_ARR, VIEW_CHANGES
from portal.tenancy.reader import locale_of

NO_FIGURE: Final[dict[str, str]] = {
    ChangeKind.METRIC_RETIRE: "It is in force, and moves no figure: the metric ends",
    ChangeKind.THRESHOLD: "It is in force, and moves no figure",
    ChangeKind.QUOTA_RULE: "It is in force, and moves no figure",
}
"""What is said of a request in force that has no effect to measure."""

UNTOLD: Final = (ChangeState.DRAFT, ChangeState.WITHDRAWN)


@dataclass(frozen=True)
class AboutRow:
    """One request: who voted how, and what it did, in figures for whoever sees them."""

    change: ChangeRequest
    votes: tuple[str, ...]
    figures: str
    no_figures: str  # why there are none
    policy: str  # the version of the policy that it brought, and from when that holds


def changes_about(
    request: TenantRequest, parameters: Collection[str] | None = None, metric: Metric | None = None
) -> list[AboutRow]:
    """The requests about any of these parameters, or about a metric, the newest first; none for whoever reads no requests.

    Of a metric also changes of the policy in force that moved its figures in their preview. Three queries, however many.
    """
    if not request.standing.may(VIEW_CHANGES):
        return []
    about = Q(kind=ChangeKind.POLICY, content__parameters__has_any_keys=list(parameters or ()))
    if metric is not None:
        moved = [{"key": metric.key, "moved": True}]
        about = Q(metric=metric) | Q(kind=ChangeKind.QUOTA_RULE, content__metrics__contains=[metric.key])
        about |= Q(kind=ChangeKind.POLICY, state__in=IN_FORCE, preview__result__metrics__contains=moved)
    changes = list(ChangeRequest.objects.filter(about).exclude(state__in=UNTOLD).order_by("-number"))
    votes: defaultdict[int, list[str]] = defaultdict(list)
    for vote in (
        ChangeVote.objects.filter(request__in=changes, voided_at=None).select_related("user") if changes else ()
    ):
        votes[vote.request_id].append(f"{vote.user.get_full_name()}: {vote.get_decision_display()}")
    rows = ChangeEffect.objects.filter(request__in=changes).select_related("request", "policy_version")
    effects = {row.request_id: row for row in rows} if changes else {}
    return [about_row(request, each, tuple(votes[each.pk]), effects.get(each.pk)) for each in changes]


def about_row(
    request: TenantRequest, change: ChangeRequest, votes: tuple[str, ...], effect: ChangeEffect | None
) -> AboutRow:
    """One request with what became of it."""
    return AboutRow(change, votes, told(request, effect), no_figures(request, change), policy_words(request, effect))


def no_figures(request: TenantRequest, change: ChangeRequest) -> str:
    """Why nothing is told of what a request did, where nothing is."""
    if change.state not in IN_FORCE:
        return "It is not in force"
    if not request.standing.may(VIEW_ARR):
        return "Only who sees figures of the whole company is told"
    return NO_FIGURE.get(change.kind, "Its effect is measured from the month on from which it holds")


def policy_words(request: TenantRequest, effect: ChangeEffect | None) -> str:
    """Which version of the policy it brought, and from when that holds; empty where it brought none."""
    if effect is None or effect.policy_version is None:
        return ""
    return f"Policy v{effect.policy_version.number}, {since_words(effect.request, locale_of(request))}"


def told(request: TenantRequest, effect: ChangeEffect | None) -> str:
    """What a request did, for whoever sees figures; empty before it is in force."""
    if effect is None or effect.begun_at is None or not request.standing.may(VIEW_ARR):
        return ""
    currency, locale = request.client.currency, locale_of(request)
    return f"{figures_words(effect, currency, locale)} {apart_words(effect, currency, locale)}".strip()
