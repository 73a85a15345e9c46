"""Change requests of the demonstration: one is being sized up, one waits, one came back, one is written."""

from governance.models import ChangeRequest
from governance.selectors.registry import month_now
from governance.services.change_states import change_move
from governance.services.change_triage import change_join, change_triage
from governance.services.changes import Wish, change_draft, change_submit
from portal.accounts.models import User
from portal.tenancy.actor import Actor, acting_as
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context


def changes_load(client: Client, people: dict[str, User]) -> None:
    """What Northwind's people want changed, each in their own name."""
    finn, rita, eve = people["finn"], people["rita"], people["eve"]
    month = month_now(client) + 1
    pilots = asked(client, finn, "policy", Wish(
        title="Pilots of less than three months are no ARR",
        content={"parameters": {"minimum_term_months": 3}}, from_month=month,
        rationale="Two-month pilots show as new logos and then as churn. Sales is praised, customer success is blamed, "
        "and neither has anything to do with it.",
    ))  # fmt: skip
    asked(client, rita, "threshold", Wish(
        title="Look at NRR already below 105%", content={"key": "nrr", "thresholds": {"warn_at": "1.05", "alert_at": "1"}},
        rationale="At 100% it is too late: the renewals that pull it down are signed two quarters earlier.",
        from_month=month,
    ))  # fmt: skip
    rule = asked(client, eve, "quota_rule", Wish(
        title="Enterprise quotas count expansion",
        content={"key": "enterprise_quota", "metrics": ["expansion_arr", "new_arr"],
                 "rule": "An enterprise quota is met by new ARR and by half of the expansion of one's accounts."},
        rationale="Half of this year's growth came from accounts that nobody is paid to grow.", from_month=month,
    ))  # fmt: skip
    with acting_as(Actor(eve.email, eve.pk)), tenant_context(client):
        change_join(request=pilots, user=eve)
    with acting_as(Actor(rita.email, rita.pk)), tenant_context(client):
        change_triage(request=pilots, version=pilots.version, owner=rita, urgency="soon", user=rita)
        change_triage(request=rule, version=rule.version, owner=rita, urgency="normal", user=rita)
        said = "Whose expansion is it when an account changes hands in the quarter? Please say so in the rule."
        change_move(request=rule, step="send_back", user=rita, reason=said)
    ending = {"key": "quick_ratio", "successor": "nrr", "sunset_on": f"{month // 12 + 1}-06-30"}
    with acting_as(Actor(finn.email, finn.pk)), tenant_context(client):
        change_draft(client=client, kind="metric_retire", user=finn, wish=Wish(
            title="No more quick ratio", content=ending,
            rationale="Nobody has opened it since spring, and NRR says the same to the board.",
        ))  # fmt: skip


def asked(client: Client, user: User, kind: str, wish: Wish) -> ChangeRequest:
    """A request that somebody wrote and submitted."""
    with acting_as(Actor(user.email, user.pk)), tenant_context(client):
        request = change_draft(client=client, kind=kind, wish=wish, user=user)
        return change_submit(request=request, version=request.version, user=user)
