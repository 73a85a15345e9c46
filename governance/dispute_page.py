"""What the pages of disputes show, made ready for their templates."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any, Final

from django.urls import reverse

from governance.dispute_forms import AttachForm, ChooseForm, DisputeForm, SettleForm, TakeForm
from governance.dispute_links import figure_url
from governance.dispute_restated import RestatedWords, restated_words
from governance.metric_figures import change_text, figure_text, sentence, unit_words
from governance.models import DisputedFigure, DisputeEvent, DisputeEvidence, DisputeState, FigureDispute
from governance.oversight_page import people_to_choose, tabs
from governance.selectors.disputed_cells import cell_of
from governance.selectors.figure_disputes import corrections_for, dispute_list, dispute_view, figure_unit
from governance.selectors.figures_restated import RestatedFigure, figures_restated, subject_of, subject_restated
from governance.selectors.metric_values import places_of, rounded
from governance.selectors.published_figures import RATES, FigureError, Published, published_get
from governance.selectors.registry import Registry, registry_get
from governance.services.dispute_states import STEPS
from metrics.formula.words import formula_words
from metrics.measures import MEASURES
from metrics.selectors.books import book_head
from portal.accounts.same_person import mailbox_of
from portal.lib.dates import month_text
from portal.lib.periods import month_format
from portal.tenancy.access import TenantRequest
from portal.tenancy.models import Client
from portal.tenancy.permissions import RAISE_DISPUTES, RESOLVE_DISPUTES, VIEW_ARR
from portal.tenancy.reader import locale_of

STATES: Final = {
    DisputeState.RAISED: "waiting",
    DisputeState.INVESTIGATING: "info",
    DisputeState.STANDS: "agreed",
    DisputeState.CORRECTED: "agreed",
    DisputeState.WITHDRAWN: "lapsed",
}
STEP_WORDS: Final = {
    "raise": "Raised", "take": "Taken", "release": "Nobody’s again", "stand": "The figure stands", "correct": "Corrected",
    "withdraw": "Withdrawn", "reopen": "Opened again", "comment": "Comment", "attach": "Explanation kept",
}  # fmt: skip
VIEWS: Final = (("open", "Open"), ("over", "Closed"), ("all", "All"))


def list_context(request: TenantRequest) -> dict[str, Any]:
    """The disputes, those that are open first asked for."""
    shown = request.GET.get("show", "open")
    wanted, amounts = {"open": True, "over": False}.get(shown), Amounts(request)
    found = dispute_list(is_open=wanted)
    restated = figures_restated(request.client, found)
    return {
        "tabs": tabs(request, "disputes"),
        "rows": [row_shown(amounts, row, restated.get(row.number)) for row in found],
        "views": [{"label": label, "url": f"?show={name}", "active": name == shown} for name, label in VIEWS],
        "is_open_view": wanted is True,
        "may_raise": request.standing.may(RAISE_DISPUTES),
    }


def row_shown(amounts: "Amounts", row: FigureDispute, restated: RestatedFigure | None) -> dict[str, Any]:
    """A dispute of the list."""
    return {
        "row": row,
        "name": amounts.name(row),
        "state": STATES[DisputeState(row.state)],
        "believed": amounts.text(row, row.believed),
        "unit": amounts.unit(row),
        "restated": amounts.restated(row, restated),
    }


@dataclass(frozen=True)
class Amounts:
    """Figures of disputes as the reader reads them; the registry, which knows the units of metrics, is read once at most."""

    request: TenantRequest

    @cached_property
    def registry(self) -> Registry:
        return registry_get(self.request.client)

    def kind(self, row: FigureDispute) -> str:
        """The unit of a figure of a dispute, as metrics name it."""
        return figure_unit(row, self.registry if row.metric else None)

    def name(self, row: FigureDispute) -> str:
        """What a disputed figure is called, and of which part."""
        name = self.registry.entries[row.metric.key].name if row.metric else str(row.get_figure_display())
        of = row.group or row.customer
        return f"{name}, {of}" if of else name

    def text(self, row: FigureDispute, value: Decimal | None) -> str:
        """A figure of a dispute in its own unit; empty where there is none."""
        currency, locale = self.request.client.currency, locale_of(self.request)
        return "" if value is None else figure_text(value, self.kind(row), currency, locale)

    def apart(self, row: FigureDispute, difference: Decimal | None) -> str:
        """How far two figures of a dispute lie apart; empty where one is missing."""
        currency, locale = self.request.client.currency, locale_of(self.request)
        return "" if difference is None else change_text(difference, self.kind(row), currency, locale)

    def restated(self, row: FigureDispute, found: RestatedFigure | None) -> RestatedWords | None:
        """What was reported and restated of a dispute's figure; None where its month was not restated."""
        return restated_words(found, lambda value: self.text(row, value)) if found else None

    def unit(self, row: FigureDispute) -> str:
        """What the figures of a dispute are of, in words; empty where they say so themselves."""
        return unit_words(self.kind(row), self.request.client.currency)


def typed_by(request: TenantRequest, published: Published) -> dict[str, str]:
    """What the form of a dispute knows of the figure, and of who types one."""
    figure = published.subject.figure
    unit = "percent" if figure in RATES else published.unit if figure == DisputedFigure.METRIC else "money"
    echo = reverse("figure_understood", kwargs={"client_slug": request.client.slug})
    return {"unit": unit, "currency": str(request.client.currency), "locale": locale_of(request), "echo": echo}


def new_context(request: TenantRequest, published: Published, form: DisputeForm) -> dict[str, Any]:
    """The figure as it is published, and the form."""
    currency, locale = request.client.currency, locale_of(request)
    kind, found = typed_by(request, published)["unit"], subject_restated(request.client, published.subject)
    return {
        "published": published,
        "unit": unit_words(published.unit, currency),
        "form": form,
        "month": published.subject.month,
        "restated": found
        and restated_words(found, lambda value: "" if value is None else figure_text(value, kind, currency, locale)),
    }


def choose_form(request: TenantRequest) -> ChooseForm:
    """Every figure that can be disputed, of all customers, and the months that have numbers, the newest first. A figure that
    is a metric of the client's registry is offered under that name alone.
    """
    head, registry = book_head(request.client), registry_get(request.client)
    first, last = head.first_month, head.last_month
    metrics = sorted((entry.name, key) for key, entry in registry.entries.items() if entry.is_in_use)
    named = {cell for _, key in metrics if (cell := cell_of(key, head.recognition))}
    plain = [
        (each.value, str(each.label).replace("ARR", head.label))
        for each in DisputedFigure
        if each != DisputedFigure.METRIC and (each.value, head.recognition) not in named
    ]
    months = range(last, first - 1, -1) if first is not None and last is not None else ()
    return ChooseForm(
        request.GET if "of" in request.GET else None,
        figures=[*plain, *((f"metric:{key}", name) for name, key in metrics)],
        months=[(month_format(month), month_text(month, locale_of(request))) for month in months],
    )


def takers(client: Client, found: FigureDispute) -> list[tuple[str, str]]:
    """Who can be asked to look into it: whoever sees the figure, and did not dispute it."""
    return [each for each in people_to_choose(client, VIEW_ARR) if each[0] != str(found.raised_by_id)]


def dispute_context(request: TenantRequest, found: FigureDispute, settle: SettleForm | None = None) -> dict[str, Any]:
    """One dispute: the two figures, what was said, what the engine said, and what can be done now."""
    view, amounts = dispute_view(found), Amounts(request)
    may_resolve = request.standing.may(RESOLVE_DISPUTES)
    steps = {step for state, step in STEPS if state == found.state}
    is_own = found.raised_by_id == request.user.pk
    is_raisers = mailbox_of(found.raised_by.email) == mailbox_of(request.user.get_username())
    people = takers(request.client, found) if may_resolve and "take" in steps else []
    difference = (
        found.believed - found.published if found.believed is not None and found.published is not None else None
    )
    return {
        "dispute": found,
        "name": amounts.name(found),
        "state": STATES[DisputeState(found.state)],
        "url": figure_url(request.client.slug, found),
        "believed": amounts.text(found, found.believed),
        "difference": amounts.apart(found, difference),
        "unit": amounts.unit(found),
        "restated": amounts.restated(found, figures_restated(request.client, [found]).get(found.number)),
        "events": [event_shown(event) for event in view.events],
        "evidence": [evidence_shown(request, row) for row in view.evidence],
        "take_form": TakeForm(people=people, initial={"owner": str(request.user.pk)}) if people else None,
        "settle_form": settle_form(found, steps, settle) if may_resolve and not is_raisers else None,
        "attach_form": AttachForm()
        if may_resolve and found.is_open and found.figure != DisputedFigure.METRIC
        else None,
        "may_reopen": "reopen" in steps and request.standing.may(RAISE_DISPUTES),
        "may_withdraw": "withdraw" in steps and is_own,
        "may_comment": request.standing.may(RAISE_DISPUTES),
        "correction": correction_shown(found),
        "claim": claim_shown(request.client, found, amounts) if found.state == DisputeState.CORRECTED else None,
    }


def claim_shown(client: Client, found: FigureDispute, amounts: Amounts) -> dict[str, str]:
    """Of a figure that was corrected what was wanted, what was published before and now, and whether the claim is met: whether
    both read alike.
    """
    try:
        value = published_get(client, subject_of(found)).value
    except FigureError as error:
        return {"verdict": f"It is published no more: {error}."}
    now, wanted = amounts.text(found, value) or "no value", amounts.text(found, found.believed)
    if found.believed is None:
        verdict = "Nobody said what it should be."
    elif now == wanted:
        verdict = "The claim is met."
    elif value is None:
        verdict = "The claim is not met: what is published has no value."
    else:
        apart = amounts.apart(found, value - found.believed)
        verdict = f"The claim is not met: what is published is {apart} from what was wanted."
    return {"wanted": wanted, "before": found.published_text, "now": now, "verdict": verdict}


def event_shown(event: DisputeEvent) -> dict[str, Any]:
    """One line of the log; the reason it was raised for stands above."""
    text = "" if event.step == "raise" else event.text
    return {"event": event, "label": STEP_WORDS[event.step], "text": text}


def settle_form(found: FigureDispute, steps: set[str], given: SettleForm | None) -> SettleForm | None:
    """The form that settles it, where it can be settled now."""
    if "stand" not in steps:
        return None
    return given or SettleForm(corrections=corrections_for(found))


def correction_shown(found: FigureDispute) -> dict[str, Any] | None:
    """By what it was corrected."""
    if found.correction_close:
        about = {"month": month_format(found.correction_close.month), "revision": found.correction_close.revision}
        return {"kind": "close", "row": found.correction_close, "about": about}
    if found.correction_import:
        return {"kind": "import", "row": found.correction_import}
    if found.correction_request:
        return {"kind": "change", "row": found.correction_request}
    return None


def evidence_shown(request: TenantRequest, row: DisputeEvidence) -> dict[str, Any]:
    """What the engine said, with its amounts as such."""
    content = row.content
    shown: dict[str, Any] = {"row": row, "kind": content["kind"], "content": content}
    if content["kind"] == "customers":
        shown["customers"] = [each | amounts_of(each, "amount", "now", "reported") for each in content["customers"]]
        shown |= amounts_of(content, "now", "published", "reported")
        shown["rest"] = {**content["rest"], "amount": Decimal(content["rest"]["amount"])}
    if content["kind"] == "retention" and "base" in content:
        shown |= amounts_of(content, "base", "now", "kept")
    if content["kind"] == "arr_explain":  # what was kept before closes had a part in it says only what the lines were
        shown |= amounts_of(content, "now", "published")
    if content["kind"] == "metric":
        shown["parts"] = [part_shown(request, part) for part in content["parts"]]
        shown["formula"] = formula_words(content["formula"], {part["name"]: part["label"] for part in content["parts"]})
    return shown


def amounts_of(content: dict[str, Any], *names: str) -> dict[str, Decimal | None]:
    """Amounts that were kept as text; None of what has none, or was not kept yet."""
    return {name: Decimal(content[name]) if content.get(name) is not None else None for name in names}


def part_shown(request: TenantRequest, part: dict[str, Any]) -> dict[str, str]:
    """A part of a formula in its own unit. What was kept before parts had one may be a fraction of a measure."""
    currency, unit = request.client.currency, part.get("unit") or unit_of(part["name"])
    if part["value"] is None:
        return {
            "label": part["label"],
            "text": "",
            "unit": "",
            "reason": sentence(part.get("reason", "")) or "No value",
        }
    exact = Fraction(part["value"])
    value = rounded(exact, places_of(unit, currency))
    text = figure_text(value, unit, currency, locale_of(request))
    return {"label": part["label"], "text": text, "unit": unit_words(unit, currency, value), "reason": ""}


def unit_of(name: str) -> str:
    """The unit of a measure; that of a metric is a plain number here."""
    measure = MEASURES.get(name)
    return measure.unit if measure else "ratio"
