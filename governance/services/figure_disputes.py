"""Disputing a published figure, looking into it, and saying what came of it.

`dispute_raise(client=, subject=, believed=, reason=, user=)` · `dispute_take(client=, dispute=, owner=, user=)` ·
`dispute_settle(client=, dispute=, step=, reason=, correction=, user=)` · `dispute_withdraw` · `dispute_reopen` ·
`dispute_release(client=, dispute=, why=)` ·
`dispute_comment(client=, dispute=, text=, user=)` · `evidence_attach(client=, dispute=, customer=, user=)`.
All run in the client's scope, and what the engine says at that moment is kept.
"""

from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from django.db.models import Max
from django.urls import reverse

from governance.metric_figures import unit_words
from governance.models import (
    ChangeRequest,
    DisputedFigure,
    DisputeEvent,
    DisputeEvidence,
    FigureDispute,
    Metric,
)
from governance.selectors.disputed_cells import is_same
from governance.selectors.figure_disputes import Mark, corrections_for, disputed_marks, figure_unit
from governance.selectors.figures_restated import subject_of
from governance.selectors.published_figures import FigureError, Published, Subject, explained, published_get
from governance.selectors.registry import registry_get
from governance.services.dispute_states import next_state
from governance.services.problems import DefinitionError, OutdatedError, require_legible
from metrics.models import ContractImport, MonthClose
from metrics.selectors.books import book_head
from portal.accounts.same_person import mailbox_of
from portal.lib.dates import month_text
from portal.lib.periods import month_format
from portal.notices.audience import members_in, people_who
from portal.notices.kinds import Kind
from portal.notices.services.raising import notice_add
from portal.tenancy import audit
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client, ClientRole
from portal.tenancy.permissions import RESOLVE_DISPUTES, VIEW_ARR

LONGEST: Final = 4000
LARGEST: Final = Decimal(10) ** 17


def dispute_raise(
    *, client: Client, subject: Subject, believed: Decimal | None, reason: str, user: Any
) -> FigureDispute:
    """Say that a figure is wrong. What is published and the engine's account of it are kept as they are now.

    DefinitionError where there is no such figure, and where it is disputed already: there one joins in.
    """
    if not reason.strip():
        raise DefinitionError("say why you believe so, so that somebody can look into it")
    if believed is not None and (not believed.is_finite() or abs(believed) >= LARGEST):
        raise DefinitionError("what you believe it should be is a plain number")
    try:
        found = published_get(client, subject)
    except FigureError as error:
        raise DefinitionError(str(error)) from error
    Client.objects.select_for_update(no_key=True).get(pk=client.pk)
    if other := same_figure(client, found.subject):
        raise DefinitionError(f"this figure is disputed already: say what you know in {other}")
    row = dispute_row(client, found, believed, reason, user)
    log(row, "raise", row.state, row.state, reason, user)
    keep(row, f"{found.title}, {month_format(row.month)}", found.evidence, user)
    metric_owner = row.metric.owner if row.metric else None
    people = [*settlers(client), *([metric_owner] if metric_owner else [])]
    tell(client, row, people, f"{user.get_full_name()} disputes {called(row)}: {row.reason}")
    return row


def same_figure(client: Client, subject: Subject) -> FigureDispute | None:
    """An open dispute about the same figure, under whichever of its names: ARR of the ARR page is the metric ARR."""
    asked, own = Mark(0, **vars(subject)), book_head(client).recognition
    number = next((each.number for each in disputed_marks() if is_same(each, asked, own)), None)
    return None if number is None else FigureDispute.objects.get(number=number)


def dispute_row(client: Client, found: Published, believed: Decimal | None, reason: str, user: Any) -> FigureDispute:
    """The row and its audit entry."""
    about = found.subject
    number = (FigureDispute.objects.aggregate(Max("number"))["number__max"] or 0) + 1
    is_metric = about.figure == DisputedFigure.METRIC
    row: FigureDispute = FigureDispute.objects.create(
        number=number, figure=about.figure, metric=Metric.objects.get(key=about.metric) if is_metric else None,
        recognition=about.recognition, month=about.month, dimension=about.dimension, group=about.group[:200],
        customer=about.customer[:200], published=found.value, published_text=found.text[:60], believed=believed,
        reason=reason.strip()[:LONGEST], raised_by=user, raised_at=database_time(),
    )  # fmt: skip
    details = {
        "figure": found.title, "month": month_format(about.month), "published": row.published_text,
        "believed": believed, "reason": row.reason,
    }  # fmt: skip
    audit.record("dispute.raised", object_type="dispute", object_id=row.number, after=details, details=details)
    return row


def dispute_take(*, client: Client, dispute: FigureDispute, owner: Any, user: Any) -> FigureDispute:
    """Say who looks into it; again, where somebody else does from now on. DefinitionError for whoever may not see figures, and
    for whoever raised it, under whichever account: they could not settle it.
    """
    row = locked(dispute)
    if mailbox_of(row.raised_by.email) == mailbox_of(owner.email):
        raise DefinitionError("whoever raised a dispute does not look into it: name somebody else")
    if owner not in people_who(client, VIEW_ARR):
        raise DefinitionError("whoever looks into it is somebody who may see the figure")
    state = next_state(row.state, "take")
    log(row, "take", row.state, state, f"{owner.get_full_name()} looks into it", user)
    row.owner = owner
    moved(row, state, ["owner"])
    tell(client, row, [owner, row.raised_by], f"{owner.get_full_name()} looks into {row}, {called(row)}")
    return row


def dispute_release(*, client: Client, dispute: FigureDispute, why: str) -> FigureDispute:
    """Whoever looked into it may not any more: it waits again for somebody who does. Whoever raised it and whoever may settle
    it are told; `why` names the person, and what happened.
    """
    row = locked(dispute)
    state, owner = next_state(row.state, "release"), row.owner
    log(row, "release", row.state, state, f"{why} and looks into it no more", owner)
    row.owner = None
    moved(row, state, ["owner"])
    text = f"{why}, and nobody looks into {row} any more, {called(row)}: take it over"
    tell(client, row, [*settlers(client), row.raised_by], text)
    return row


def settlers(client: Client) -> list[Any]:
    """Who is asked to look into a dispute that is nobody's: Finance and RevOps, else whoever may settle one."""
    return members_in(ClientRole.FINANCE, ClientRole.REVOPS) or people_who(client, RESOLVE_DISPUTES)


def dispute_settle(
    *, client: Client, dispute: FigureDispute, step: str, reason: str, user: Any, correction: str = ""
) -> FigureDispute:
    """Say what came of it: the figure stands (`stand`), or was corrected (`correct`) by something that is named.

    Nobody settles what they raised themselves, under whichever account: they withdraw it.
    """
    row = locked(dispute)
    state = next_state(row.state, step)
    if mailbox_of(row.raised_by.email) == mailbox_of(user.email):
        raise DefinitionError("whoever raised a dispute does not settle it: withdraw it, or let somebody else look")
    if not reason.strip():
        raise DefinitionError("say why, so that the next reader of the figure knows")
    if step == "correct":
        link(row, correction)
    row.outcome, row.settled_by, row.settled_at = reason.strip()[:LONGEST], user, database_time()
    log(row, step, row.state, state, row.outcome, user)
    moved(
        row,
        state,
        ["outcome", "settled_by", "settled_at", "correction_close", "correction_import", "correction_request"],
    )
    words = "the figure stands" if step == "stand" else "it was corrected"
    tell(client, row, involved(row), f"{row}, {called(row)}: {words}. {row.outcome}")
    return row


def link(row: FigureDispute, correction: str) -> None:
    """Name what corrected the figure; DefinitionError where it is none of what can have."""
    if correction not in {each.key for each in corrections_for(row)}:
        raise DefinitionError(
            "choose what corrected it: its month restated since, or a change in effect that touches the figure; "
            "while nothing has changed the figure, it is not corrected"
        )
    kind, _, pk = correction.partition(":")
    if kind == "close":
        row.correction_close = MonthClose.objects.get(pk=pk)
    elif kind == "import":
        row.correction_import = ContractImport.objects.get(pk=pk)
    else:
        row.correction_request = ChangeRequest.objects.get(pk=pk)


def dispute_withdraw(*, client: Client, dispute: FigureDispute, reason: str, user: Any) -> FigureDispute:
    """Take back what one raised oneself."""
    row = locked(dispute)
    state = next_state(row.state, "withdraw")
    if row.raised_by_id != user.pk:
        raise DefinitionError("a dispute is withdrawn by whoever raised it")
    row.outcome, row.settled_by, row.settled_at = reason.strip()[:LONGEST], user, database_time()
    log(row, "withdraw", row.state, state, row.outcome, user)
    moved(row, state, ["outcome", "settled_by", "settled_at"])
    tell(client, row, involved(row), f"{user.get_full_name()} withdrew {row}, {called(row)}")
    return row


def dispute_reopen(*, client: Client, dispute: FigureDispute, reason: str, user: Any) -> FigureDispute:
    """Look into it once more, with the reason; what came of it the first time stays in the log.

    DefinitionError where the figure is disputed anew since: there one joins in.
    """
    Client.objects.select_for_update(no_key=True).get(pk=client.pk)
    row = locked(dispute)
    state = next_state(row.state, "reopen")
    if not reason.strip():
        raise DefinitionError("say what is new")
    if other := same_figure(client, subject_of(row)):
        raise DefinitionError(f"this figure is disputed already: say what you know in {other}")
    log(row, "reopen", row.state, state, reason.strip()[:LONGEST], user)
    row.outcome, row.settled_by, row.settled_at = "", None, None
    row.correction_close = row.correction_import = row.correction_request = None
    moved(
        row,
        state,
        ["outcome", "settled_by", "settled_at", "correction_close", "correction_import", "correction_request"],
    )
    tell(client, row, involved(row), f"{user.get_full_name()} opened {row} again, {called(row)}: {reason.strip()}")
    if row.owner is not None and row.owner not in people_who(client, VIEW_ARR):
        row = dispute_release(client=client, dispute=row, why=f"{row.owner.get_full_name()} may not see it any more")
    return row


def dispute_comment(*, client: Client, dispute: FigureDispute, text: str, user: Any) -> DisputeEvent:
    """Say something about a dispute; whoever is in it is told."""
    row = locked(dispute)
    if not text.strip():
        raise DefinitionError("write what you want to say")
    event = log(row, "comment", row.state, row.state, text.strip()[:LONGEST], user)
    tell(client, row, involved(row), f"{user.get_full_name()} about {row}, {called(row)}: {text.strip()}")
    return event


def evidence_attach(*, client: Client, dispute: FigureDispute, customer: str, user: Any) -> DisputeEvidence:
    """Keep why a customer's figure is what it is, as the engine explains it now."""
    row = locked(dispute)
    if not row.is_open:
        raise OutdatedError("this dispute is over: open it again first")
    subject = Subject(row.figure, row.month, row.recognition, customer=customer.strip())
    try:
        content = explained(client, replace(subject, recognition=row.recognition), customer.strip())
    except FigureError as error:
        raise DefinitionError(str(error)) from error
    kept = keep(row, f"Why {content['name']} is what it is, {month_format(row.month)}", content, user)
    log(row, "attach", row.state, row.state, f"Why {content['name']} is what it is", user)
    return kept


# --- what all of them do ----------------------------------------------------------------------------------------------


def locked(dispute: FigureDispute) -> FigureDispute:
    """The dispute as it is now, locked."""
    rows = FigureDispute.objects.select_for_update(of=("self",)).select_related("raised_by", "owner", "metric__owner")
    found: FigureDispute = rows.get(pk=dispute.pk)
    return found


def moved(row: FigureDispute, state: str, fields: list[str]) -> None:
    """Save a step with its audit entry."""
    before, row.state = row.state, state
    row.version += 1
    row.save(update_fields=["state", "version", *fields])
    details = {"owner": row.owner.email if row.owner else "", "outcome": row.outcome}
    audit.record(
        f"dispute.{state}", object_type="dispute", object_id=row.number, before=before, after=state, details=details
    )


def log(row: FigureDispute, step: str, before: str, after: str, text: str, user: Any) -> DisputeEvent:
    """One line of the dispute's log; what changes no state is audited here. DefinitionError for a text that cannot be read."""
    require_legible(text)
    event: DisputeEvent = DisputeEvent.objects.create(
        dispute=row, step=step, from_state=before, to_state=after, text=text, by=user, at=database_time()
    )
    if step in ("comment", "attach"):
        audit.record(f"dispute.{step}", object_type="dispute", object_id=row.number, after=text, details={"text": text})
    return event


def keep(row: FigureDispute, title: str, content: dict[str, Any], user: Any) -> DisputeEvidence:
    """Keep what the engine says."""
    kept: DisputeEvidence = DisputeEvidence.objects.create(
        dispute=row, title=title[:300], content=content, sha256=audit.digest(content), by=user, at=database_time()
    )
    return kept


def involved(row: FigureDispute) -> list[Any]:
    """Everybody who is in a dispute: who raised it, who looks into it, who said something."""
    people: dict[int | None, Any] = {row.raised_by_id: row.raised_by}
    if row.owner:
        people[row.owner_id] = row.owner
    for event in DisputeEvent.objects.filter(dispute=row).select_related("by"):
        people[event.by_id] = event.by
    return list(people.values())


def called(row: FigureDispute) -> str:
    """What a dispute is about, in a few words, with the published figure and what it is of."""
    registry = registry_get(row.client) if row.metric else None
    unit = unit_words(figure_unit(row, registry), row.client.currency)
    figure = row.published_text if row.published is None else f"{row.published_text} {unit}".strip()
    name = registry.entries[row.metric.key].name if registry and row.metric else row.get_figure_display()
    of = row.group or row.customer
    return f"{name}{f' of {of}' if of else ''} in {month_text(row.month)} ({figure})"


def tell(client: Client, row: FigureDispute, people: list[Any], text: str) -> None:
    """Tell people of a dispute, which is of a figure: those who may see it."""
    sees_figures = {user.pk for user in people_who(client, VIEW_ARR)}
    people = [user for user in people if user.pk in sees_figures]
    path = reverse("dispute", kwargs={"client_slug": client.slug, "number": row.number})
    notice_add(client=client, users=people, kind=Kind.DISPUTE, text=text, path=path, about=f"dispute {row.number}")
