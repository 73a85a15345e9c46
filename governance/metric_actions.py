"""What somebody may do with a metric from the head of its page: what is possible in its status, most of all what comes next.

`actions_of(request, metric) -> list[Action]` — at most two, the main one last · `step_words(status, step) -> str`
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse

from governance.engine_formulas import is_fixed
from governance.models import ChangeKind, Metric, MetricStatus
from governance.selectors.board import has_board
from governance.services.metric_states import STEP_WORDS
from portal.tenancy.access import TenantRequest
from portal.tenancy.permissions import MANAGE_METRICS, REQUEST_CHANGES

WORDS_FROM: Final[dict[tuple[str, str], str]] = {
    (MetricStatus.PROPOSED, "retire"): "Turn it down: retire it",
    (MetricStatus.DEPRECATED, "activate"): "Take it back into use",
}
"""Where a step means something else than usual, by the status from which it is taken."""


@dataclass(frozen=True)
class Action:
    """A button with where it leads."""

    label: str
    url: str


def step_words(status: str, step: str) -> str:
    """A step in a metric's life as a form offers it."""
    return WORDS_FROM.get((status, step), STEP_WORDS[step])


def actions_of(request: TenantRequest, metric: Metric) -> list[Action]:
    """What the reader may do. Where a board decides, what is in use is asked for; else whoever manages metrics does it."""
    if metric.status == MetricStatus.RETIRED:
        return []
    slug = {"client_slug": request.client.slug}
    may_manage, may_ask = (request.standing.may(each) for each in (MANAGE_METRICS, REQUEST_CHANGES))
    is_decided = has_board()
    by_hand = [Action("Change it", reverse("metric_edit", kwargs={**slug, "key": metric.key}))]
    if may_manage and (not is_decided or not may_ask):
        return [] if is_decided and metric.status != MetricStatus.PROPOSED else by_hand

    def ask(label: str, kind: str) -> Action:
        address = reverse("change_new", kwargs={**slug, "kind": kind})
        return Action(label, f"{address}?{urlencode({'about': metric.key})}")

    if not may_ask:
        return []
    change = ask("Ask for a change", ChangeKind.METRIC_CHANGE)
    if not is_decided:
        return [change]
    if metric.status == MetricStatus.PROPOSED:
        first = by_hand if may_manage else [change]
        return [*first, ask("Ask to put it into use", ChangeKind.METRIC_NEW)]
    if metric.status == MetricStatus.ACTIVE:
        return [change] if is_fixed(metric.key) else [ask("Ask to retire it", ChangeKind.METRIC_RETIRE), change]
    day = "Ask for another last day" if metric.sunset_on else "Ask for its last day"
    first = [change] if is_fixed(metric.key) else [ask(day, ChangeKind.METRIC_RETIRE)]
    return [*first, ask("Ask to take it back into use", ChangeKind.METRIC_NEW)]
