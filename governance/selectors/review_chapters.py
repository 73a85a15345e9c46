"""The chapters of the board's review of a quarter. Each says what happened in the span, in sentences, facts and a table."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self

from django.db.models import Q

from governance.chapters import Chapter, chapter, counted
from governance.dispute_restated import restated_words
from governance.metric_figures import figure_text
from governance.models import (
    AuditSignature,
    DisputeState,
    FigureDispute,
    QuarterAudit,
)
from governance.selectors.figure_disputes import figure_unit
from governance.selectors.figures_restated import RestatedFigure, figures_restated
from governance.selectors.quarter_audits import audit_views, follow_ups_open
from governance.selectors.registry import metric_names, registry_get
from metrics.break_text import break_words, months_words
from metrics.engine.bridge import TOTAL
from metrics.figures import RATE_LABELS
from metrics.models import (
    ContractImport,
    FindingState,
    MonthClose,
    QualityFinding,
    QualityMonitor,
    Recognition,
)
from metrics.models.intake import ImportState
from metrics.selectors.breaks import breaks_get, restated_get
from metrics.selectors.closes import day_end
from metrics.selectors.data_quality import issue_list
from metrics.selectors.figures import MOVEMENTS, BookHead
from metrics.selectors.periods import Period
from metrics.selectors.reported import bridge_reported, headline_reported
from portal.accounts.adoption import adoption_get
from portal.lib.money import money_text, percent_text
from portal.lib.periods import first_day, last_day, month_format
from portal.tenancy.models import Client

MOST_ROWS = 40
FLOWS: Final = (*MOVEMENTS, "fx", "adjustment")
FLOW_WORDS: Final = {"fx": "exchange rates", "adjustment": "prior-period adjustment"}


@dataclass(frozen=True)
class Span:
    """The quarter that is reviewed, as months and as instants where the client is."""

    client: Client
    period: Period
    since: dt.datetime
    until: dt.datetime

    @classmethod
    def of(cls, client: Client, period: Period) -> Self:
        """The span of a period."""
        before = first_day(period.first) - dt.timedelta(days=1)
        return cls(client, period, day_end(client, before), day_end(client, last_day(period.last)))

    def within(self, at: dt.datetime | None) -> bool:
        """Whether something happened in it."""
        return at is not None and self.since <= at < self.until

    def holds(self, month: int) -> bool:
        """Whether a month is one of it."""
        return self.period.first <= month <= self.period.last

    def is_over_at(self, at: dt.datetime | None) -> bool:
        """Whether something happened after it."""
        return at is not None and at >= self.until

    def money(self, amount: Decimal, *, plus: bool = False) -> str:
        """An amount in the client's own form."""
        return money_text(amount, self.client.currency, self.client.locale, plus=plus)

    def day(self, at: dt.datetime | None) -> str:
        """A day where the client is, as ISO text."""
        zone = self.since.tzinfo
        return at.astimezone(zone).date().isoformat() if at is not None else ""


def numbers_chapter(span: Span) -> Chapter | None:
    """What the quarter reported: the bridge, and the rates at its end; of restated months both ways."""
    bridge = bridge_reported(span.client, None, span.period.first, span.period.last, TOTAL, "month")
    if not bridge.totals:
        return None
    totals, label = bridge.totals, bridge.head.label
    again = [month for month in restated_get(span.client, bridge.head) if span.holds(month)]
    ways = [told_of(span, original=False)]
    ways += [told_of(span, original=True)] if again else []
    now = ways[0]
    shown = [name for name in FLOWS if any(way.flows[name] for way in ways)]
    rows = [
        ("Beginning", *cells(span, [way.beginning for way in ways])),
        *((FLOW_WORDS.get(name, name).capitalize(), *cells(span, [way.flows[name] for way in ways], plus=True))
          for name in shown),
        ("Ending", *cells(span, [way.ending for way in ways])),
    ]  # fmt: skip
    open_months = sum(row.state == "live" for row in totals)
    note = f"{counted(open_months, 'month')} of the quarter {'is' if open_months == 1 else 'are'} not closed yet."
    stand = "All months are closed and stand as reported."
    if again:
        rest = ", the others as reported" if len(again) < len(totals) else ""
        stand = f"All months are closed; {months_words(again, span.client.locale)} as restated{rest}."
    return chapter(
        "numbers", f"{label} of the quarter",
        f"{label} went from {span.money(now.beginning)} to {span.money(now.ending)} {span.client.currency}"
        f"{went_first(span, ways)}.",
        note if open_months else stand, *other_books(span, bridge.head),
        *adjustment_sentences(span, bridge.head, now.flows["adjustment"]),
        facts=[(name, both(*(way.facts[name] for way in ways))) for name in now.facts],
        columns=columns_of(span, again), rows=rows, figures=range(1, len(rows[0])),
    )  # fmt: skip


def other_books(span: Span, head: BookHead) -> list[str]:
    """Which months of the quarter were closed while another book was shown first than the one that is told of here."""
    closes = MonthClose.objects.filter(
        recognition=head.recognition, month__gte=span.period.first, month__lte=span.period.last
    )
    shown: defaultdict[str, list[int]] = defaultdict(list)
    newest = dict(closes.order_by("revision").values_list("month", "policy__parameters__recognition"))
    for month, book in newest.items():
        if book != head.recognition:
            shown[Recognition(book).label].append(month)
    return [
        f"{label} was shown first when {months_words(months, span.client.locale)} {'was' if len(months) == 1 else 'were'} "
        f"closed: {label} and {head.label}, which is told of here, are two books of the same contracts."
        for label, months in shown.items()
    ]


@dataclass(frozen=True)
class Told:
    """What a quarter says of itself: balances, the sums of what moved, and its facts as texts."""

    beginning: Decimal
    ending: Decimal
    flows: dict[str, Decimal]
    facts: dict[str, str]


def told_of(span: Span, *, original: bool) -> Told:
    """The quarter as it counts now, or as its months were closed first."""
    first, last = span.period.first, span.period.last
    totals = bridge_reported(span.client, None, first, last, TOTAL, "month", original=original).totals
    headline = headline_reported(span.client, None, last, original=original)
    facts = {
        name: percent_text(value, span.client.locale) if value is not None else "no value"
        for name, value in ((RATE_LABELS["nrr"], headline.nrr.value), (RATE_LABELS["grr"], headline.grr.value))
    }
    return Told(
        totals[0].beginning,
        totals[-1].ending,
        {name: sum((getattr(row, name) for row in totals), Decimal(0)) for name in FLOWS},
        facts | {"Customers at the end": str(totals[-1].customers_ending)},
    )


def cells(span: Span, amounts: list[Decimal], *, plus: bool = False) -> tuple[str, ...]:
    """A figure; where months were restated, as reported, as restated and the difference."""
    if len(amounts) == 1:
        return (span.money(amounts[0], plus=plus),)
    now, then = amounts
    return span.money(then, plus=plus), span.money(now, plus=plus), span.money(now - then, plus=True)


def columns_of(span: Span, again: Collection[int]) -> tuple[str, ...]:
    """The heads of the bridge; of a quarter with restated months for both figures."""
    currency = span.client.currency
    if not again:
        return ("Movement", currency)
    return ("Movement", f"As reported, {currency}", f"As restated, {currency}", "Difference")


def went_first(span: Span, ways: list[Told]) -> str:
    """From where to where it went as it was reported, if that was otherwise."""
    then = ways[-1]
    if (then.beginning, then.ending) == (ways[0].beginning, ways[0].ending):
        return ""
    return f"; as reported, from {span.money(then.beginning)} to {span.money(then.ending)}"


def both(now: str, then: str = "") -> str:
    """A fact, and what was reported in its place where that is another one."""
    return now if then in ("", now) else f"{now}; as reported {then}"


def adjustment_sentences(span: Span, head: BookHead, adjustment: Decimal) -> list[str]:
    """What lets a month of the quarter begin elsewhere than the one before it ended: definitions, and corrected contracts."""
    if not adjustment:
        return []
    currency, locale = span.client.currency, span.client.locale
    breaks = [each for each in breaks_get(span.client, head) if span.holds(each.month)]
    rest = adjustment - sum((each.difference for each in breaks), Decimal(0))
    said = [f"About the prior-period adjustment: {break_words(each, currency, locale)}" for each in breaks]
    if rest:
        said.append(
            f"Contracts corrected after their months were closed make {span.money(rest, plus=True)} {currency} of it."
        )
    return said


def quality_chapter(span: Span) -> Chapter:
    """How the data came in, and what it still leaves open."""
    imports = ContractImport.objects.filter(created_at__gte=span.since, created_at__lt=span.until)
    states = Counter(imports.order_by().values_list("state", flat=True))
    good = states[ImportState.DONE] + states[ImportState.UNCHANGED]
    bad = states[ImportState.REFUSED] + states[ImportState.FAILED]
    said = (
        f"{counted(states.total(), 'file')} came in: {good} loaded, {bad} refused or failed." if states
        else "No file came in."
    )  # fmt: skip
    monitors = list(QualityMonitor.objects.exclude(looked_at=None).order_by("pk"))
    if monitors:
        return findings_chapter(span, said, monitors)
    rows = [(each.kind.title, each.count, each.kind.advice) for each in issue_list(span.client) if each.count]
    return chapter(
        "quality", "Data quality",
        said,
        f"The lines as they stand raise {counted(len(rows), 'question')}." if rows else "The lines raise no question.",
        columns=("Question", "Lines", "What to do") if rows else (), rows=rows, most=MOST_ROWS, figures=(1,),
    )  # fmt: skip


def findings_chapter(span: Span, said: str, monitors: list[QualityMonitor]) -> Chapter:
    """What the monitors of the data found in the quarter, what was fixed, and what is open now."""
    first, last = first_day(span.period.first), last_day(span.period.last)
    rows, found, fixed, still = [], 0, 0, 0
    by_monitor: defaultdict[int, list[QualityFinding]] = defaultdict(list)
    for finding in QualityFinding.objects.filter(monitor__in=monitors).defer("line_ids"):
        by_monitor[finding.monitor_id].append(finding)
    for monitor in monitors:
        findings = by_monitor[monitor.pk]
        new = sum(first <= each.first_seen_on <= last for each in findings)
        mended = sum(each.fixed_on is not None and first <= each.fixed_on <= last for each in findings)
        waiting = [each for each in findings if each.state == FindingState.OPEN]
        stake = sum((each.arr for each in waiting if each.arr is not None), Decimal(0))
        found, fixed, still = found + new, fixed + mended, still + len(waiting)
        if new or mended or waiting:
            rows.append((str(monitor), new, mended, len(waiting), span.money(stake)))
    return chapter(
        "quality", "Data quality",
        said,
        f"{counted(found, 'finding')} came up, {fixed} {'was' if fixed == 1 else 'were'} fixed; {still} open now.",
        columns=("Monitor", "Came up", "Fixed", "Open now", f"At stake, {span.client.currency}") if rows else (), rows=rows,
        figures=(1, 2, 3, 4),
    )  # fmt: skip


def disputes_chapter(span: Span) -> Chapter:
    """Which published figures were disputed in the quarter, or are figures of the quarter, and what came of it."""
    rows = FigureDispute.objects.select_related("metric", "owner", "raised_by").order_by("number")
    own = {row.pk for row in rows if span.period.first <= row.month <= span.period.last}
    found = [row for row in rows if row.is_open or span.within(row.raised_at) or span.within(row.settled_at)]
    found = [row for row in rows if row.pk in own or (row in found and row.raised_at < span.until)]
    names = metric_names(span.client) if any(row.metric for row in found) else {}
    now, later = Counter(row.state for row in found), [row for row in found if span.is_over_at(row.settled_at)]
    table = [
        (str(row), names[row.metric.key] if row.metric else row.get_figure_display(), month_format(row.month),
         row.published_text, row.get_state_display(), row.outcome or row.reason, row.owner.get_full_name() if row.owner else "")
        for row in found
    ]  # fmt: skip
    withdrawn = f"{now[DisputeState.WITHDRAWN]} withdrawn, " if now[DisputeState.WITHDRAWN] else ""
    return chapter(
        "disputes", "Disputed figures",
        f"{counted(len(found), 'figure')} disputed, {now[DisputeState.STANDS]} found to stand, "
        f"{now[DisputeState.CORRECTED]} corrected, {withdrawn}{sum(row.is_open for row in found)} still open." if found
        else "No published figure was disputed.",
        *(f"{row} was settled after the quarter, on {span.day(row.settled_at)}." for row in later),
        *restated_sentences(span.client, found),
        columns=("Dispute", "Figure", "Month", "Published", "State", "Because", "Looked into by") if found else (),
        rows=table, most=MOST_ROWS, figures=(3,),
    )  # fmt: skip


def restated_sentences(client: Client, rows: Sequence[FigureDispute]) -> list[str]:
    """Of disputed figures of restated months how what was published stands to what was reported, and by which decision."""
    restated = figures_restated(client, rows)
    registry = registry_get(client) if any(row.metric and row.number in restated for row in rows) else None

    def told(row: FigureDispute, found: RestatedFigure) -> str:
        unit = figure_unit(row, registry)
        words = restated_words(found, lambda value: shown_figure(client, value, unit))
        return f"{row} is of a month that was restated ({found.why}). Published: {row.published_text} {words.note}."

    return [told(row, restated[row.number]) for row in rows if row.number in restated]


def shown_figure(client: Client, value: Decimal | None, unit: str) -> str:
    """A figure in its own unit; empty where there is none."""
    return "" if value is None else figure_text(value, unit, client.currency, client.locale)


def audits_chapter(span: Span) -> Chapter:
    """The audits of contracts that belong to the quarter or were signed in it, and what is still to be done about them."""
    rows, sentences = [], []
    signed_then = AuditSignature.objects.filter(signed_at__gte=span.since, signed_at__lt=span.until)
    audits = QuarterAudit.objects.filter(Q(quarter=span.period.key) | Q(pk__in=signed_then.values("audit")))
    ordered = audits.select_related("auditor").defer("population").order_by("last_month")
    for view in audit_views(list(ordered)):
        difference = sum((row.difference or Decimal(0) for row in view.contracts), Decimal(0))
        signed = (
            f"{view.signature.user.get_full_name()}, {span.day(view.signature.signed_at)}"
            if view.signature
            else "not signed"
        )
        rows.append(
            (
                view.audit.quarter,
                f"{view.checked} of {len(view.contracts)}",
                len(view.off),
                span.money(difference, plus=True),
                signed,
            )
        )
        sentences += [each.sentence for each in view.patterns]
    waiting = [
        f"Open since the audit of {row.audit.quarter}, until {row.due_on.isoformat()}, "
        f"{row.owner.get_full_name() if row.owner else 'nobody'}: {row.text}"
        for row in follow_ups_open()
    ]
    none = "" if rows else "The contracts of this quarter were not audited."
    return chapter(
        "audits", "Contract audits", none, *sentences, *waiting,
        columns=("Audit", "Checked", "Not as the source", "Difference", "Signed") if rows else (), rows=rows,
        figures=(1, 2, 3),
    )  # fmt: skip


def usage_chapter(span: Span) -> Chapter:
    """How much the client's people used the portal."""
    found = adoption_get(first_day(span.period.first), last_day(span.period.last))
    top = sorted((page for page in found.pages if page.times), key=lambda page: (-page.times, page.label))[:8]
    return chapter(
        "usage", "Use",
        f"{found.total.people} of {counted(found.members, 'person', 'people')} opened the portal, "
        f"{counted(found.total.pages, 'page')} in all.",
        columns=("Page", "Opened", "By how many people") if top else (), figures=(1, 2),
        rows=[(page.label, page.times, page.people) for page in top],
    )  # fmt: skip
