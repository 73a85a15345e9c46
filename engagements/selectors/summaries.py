"""Reading the summary rows: of one client inside its scope, of a firm's clients inside the firm's."""

from collections.abc import Iterable
from datetime import date

from engagements.models import AfterCare, EngagementSummary
from portal.tenancy.scope import firm_context


def summaries_of_client() -> dict[int, EngagementSummary]:
    """Engagement → its summary, of the client in scope."""
    return {row.engagement_id: row for row in EngagementSummary.objects.all()}


def summaries_of_firm(firm_id: int, client_ids: Iterable[int]) -> list[EngagementSummary]:
    """The summaries of those of the firm's clients that the reader works on: open ones first, the least healthy on top."""
    asked = list(client_ids)
    with firm_context(firm_id):
        found = EngagementSummary.of_firm.select_related("client").filter(firm_id=firm_id, client_id__in=asked)
        rows = list(found)
    grave = {"red": 0, "amber": 1, "green": 2, "unplanned": 2}
    return sorted(
        rows, key=lambda row: (row.state not in {"active", "paused"}, grave[row.health], row.client.name, row.pk)
    )


def after_of_firm(firm_id: int, client_ids: Iterable[int]) -> list[AfterCare]:
    """What follows the ended engagements of those of the firm's clients: what is due first on top."""
    asked = list(client_ids)
    with firm_context(firm_id):
        rows = list(AfterCare.of_firm.select_related("client").filter(firm_id=firm_id, client_id__in=asked))
    shown = [row for row in rows if row.closed_on is not None]
    return sorted(shown, key=lambda row: (min(_days(row), default=date.max), row.client.name, row.pk))


def _days(row: AfterCare) -> list[date]:
    return [day for day in (row.check_in_on, row.path_next_on) if day is not None]
