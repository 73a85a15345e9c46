"""A client's home: what needs the reader now."""

from typing import Any, Final

from django.urls import reverse
from django.utils import timezone

from engagements.selectors.projects import Reader, engagement_list
from engagements.selectors.waiting import needed_of
from engagements.selectors.waiting_after import ends_followed
from governance.models import ChangeState
from governance.selectors.answers import questions_of
from governance.selectors.change_previews import outdated_of
from governance.selectors.signoff import to_sign
from governance.selectors.voting import to_compute_anew, to_vote
from metrics.models import BookState, ContractImport
from metrics.models.intake import ImportState
from metrics.selectors.closes import next_month_to_close
from metrics.selectors.figures import BookHead
from portal.lib.dates import month_text
from portal.tenancy import permissions
from portal.tenancy.access import Standing
from portal.tenancy.clock import day_now
from portal.tenancy.models import Client
from reporting.metric_needs import metric_needs
from reporting.needs import SHOWN, Need
from reporting.oversight_needs import oversight_needs

BEFORE_THE_BOARD: Final = "It is before the review board: read what it does to the numbers, and vote."
DECIDED_ALONE: Final = "It was approved by one person alone, in an emergency: look at it now, and vote."

TO_COMPUTE: Final = (
    "The figures have moved since its effect was computed, and the board cannot vote before it is computed anew."
)


def home_needs(standing: Standing, user: Any, locale: str, head: BookHead | None) -> list[Need]:
    """What needs the reader, cut to what their role may see; `head` of the book, where they may see numbers."""
    client = standing.client
    needs = definition_needs(client.slug, user) if standing.may(permissions.ANSWER_DEFINITIONS) else []
    if standing.may(permissions.VOTE_CHANGES):
        needs += vote_needs(client, user)
    if standing.may(permissions.TRIAGE_CHANGES):
        needs += anew_needs(client, user)
    needs += oversight_needs(standing, user)
    if head is not None:
        needs += metric_needs(standing, user, locale, head.last_month)
    if standing.may(permissions.VIEW_ENGAGEMENT):
        needs += engagement_needs(standing, user)
    if standing.may(permissions.IMPORT_DATA):
        imports = import_needs(client.slug)
        needs += imports
        if not imports and head is not None and head.state == BookState.EMPTY:
            url = reverse("data_upload", kwargs={"client_slug": client.slug})
            text = "The numbers begin with a file of contract lines, CSV or XLSX."
            needs.append(Need("No contracts yet", text, url, "Upload contracts", "info"))
    if head is not None and standing.may(permissions.VIEW_DATA):
        needs += rate_needs(head, client.slug)
    if standing.may(permissions.CLOSE_MONTH):
        needs += close_needs(standing, locale, head)
    return needs


def definition_needs(slug: str, user: Any) -> list[Need]:
    """The policy that waits for the reader's signature, and the definitions that wait for their answer."""
    needs = []
    for signer in to_sign(user):
        url = reverse("signing", kwargs={"client_slug": slug, "signer_id": signer.pk})
        text = "What you sign is what the numbers are computed by."
        needs.append(Need(f"ARR policy {signer.signoff.document}", text, url, "Read and sign"))
    if waiting := sum(question.answer is None for question in questions_of(user)):
        url = reverse("answering", kwargs={"client_slug": slug})
        title = "1 definition" if waiting == 1 else f"{waiting} definitions"
        needs.append(Need(title, "They wait for your yes, your no, or your own proposal.", url, "Answer"))
    return needs


def vote_needs(client: Client, user: Any) -> list[Need]:
    """The changes that wait for the reader's vote, the largest effect first; not those on which no vote is taken now."""
    needs, waiting = [], to_vote(user)
    closed = {each.pk for each in outdated_of(client, [row for row in waiting if row.state == ChangeState.REVIEW])}
    for change in [row for row in waiting if row.pk not in closed][:SHOWN]:
        url = reverse("change", kwargs={"client_slug": client.slug, "number": change.number})
        text = BEFORE_THE_BOARD if change.state == ChangeState.REVIEW else DECIDED_ALONE
        needs.append(Need(f"{change} {change.title}", text, f"{url}#votes", "Read and vote"))
    return needs


def anew_needs(client: Client, user: Any) -> list[Need]:
    """The changes before the board that the reader takes care of, and whose effect is that of other figures."""
    return [
        Need(
            f"{change} {change.title}",
            TO_COMPUTE,
            reverse("change", kwargs={"client_slug": client.slug, "number": change.number}),
            "Compute it anew",
        )
        for change in to_compute_anew(client, user)[:SHOWN]
    ]


def engagement_needs(standing: Standing, user: Any) -> list[Need]:
    """What engagements need of the reader: mentions, homework, tasks, signatures, gates; of closed ones, maintenance."""
    needs = []
    today = day_now(standing.client)
    reader = Reader(user, standing.is_firm_staff)
    followed = ends_followed(user)
    for engagement in engagement_list(reader):
        if not (engagement.is_open or engagement.is_maintained or engagement.pk in followed):
            continue
        keys = {"client_slug": standing.client.slug, "engagement_id": engagement.pk}
        home = reverse("engagement", kwargs=keys)
        for each in needed_of(engagement, user, is_firm_staff=standing.is_firm_staff, today=today):
            text = f"{engagement.name}: {each.text}"
            needs.append(Need(each.title, text, f"{home}{each.page}", each.action, each.level))
    return needs[:SHOWN]


def import_needs(slug: str) -> list[Need]:
    """Files that wait for a mapping or a decision."""
    waiting = ContractImport.objects.select_related("source").filter(
        state__in=[ImportState.UPLOADED, ImportState.WAITING]
    )
    needs = []
    for found in waiting[:SHOWN]:
        url = reverse("data_import", kwargs={"client_slug": slug, "import_id": found.pk})
        if found.state == ImportState.UPLOADED:
            needs.append(Need(found.file_name, "Say which of its columns are which.", url, "Map the columns"))
            continue
        text = f"Waits for your decision: {lines_text(found)}."
        needs.append(Need(found.file_name, text, url, "Look and decide"))
    return needs


def lines_text(found: ContractImport) -> str:
    """What loading a file would do, without what it would not: "1 line changed, 2 lines vanished"."""
    counts = {"added": found.added_count, "changed": found.changed_count, "vanished": found.vanished_count}
    parts = [f"{number:,} {'line' if number == 1 else 'lines'} {what}" for what, number in counts.items() if number]
    return ", ".join(parts) or "no line changes"


def rate_needs(head: BookHead, slug: str) -> list[Need]:
    """Exchange rates without which months cannot be valued."""
    if not head.gaps:
        return []
    url = reverse("data_rates", kwargs={"client_slug": slug})
    return [Need("Exchange rates are missing", head.message, url, "See the missing rates", "refused")]


def close_needs(standing: Standing, locale: str, head: BookHead | None) -> list[Need]:
    """The month that is over and can be closed."""
    month = next_month_to_close(standing.client, timezone.now(), head)
    if month is None:
        return []
    url = reverse("months", kwargs={"client_slug": standing.client.slug})
    text = "Closing it keeps its numbers for ever; later corrections then show as prior-period adjustments."
    return [Need(f"{month_text(month, locale)} is not closed", text, url, "Close it")]
