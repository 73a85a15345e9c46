"""What a change touches besides the numbers: definitions, signatures, pages, alerts, rules, samples. Runs in the client's
scope.

What lies on a higher floor (maintenance checks) says itself what a change touches: it puts a function into `TOUCHERS` at
start-up.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from governance.metric_uses import SHOWN_ON
from governance.models import DefinitionItem, PolicyDocument, SignedItem
from governance.selectors.changes import quota_rules
from governance.selectors.controls import controls_list
from governance.selectors.metric_values import MetricValues
from governance.selectors.metric_verdicts import verdict_at
from governance.selectors.registry import Registry
from governance.selectors.signoff import signed_final
from metrics.engine.policy import Policy
from metrics.models import SampleContract
from metrics.selectors.clauses import sentence_of
from metrics.selectors.samples import SampleRow, samples_get
from portal.lib.dates import month_text
from portal.tenancy.models import Client

MOST_TOLD: Final = 40
Row = dict[str, Any]


@dataclass(frozen=True)
class Touching:
    """A change as others have to know it: the parameters that differ, the metrics whose figures move, all that it names."""

    client: Client
    kind: str
    parameters: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    policies: tuple[Policy, Policy] | None = None
    figures: tuple[Row, ...] = field(default=(), repr=False)


TOUCHERS: Final[list[Callable[[Touching], list[Row]]]] = []


def touched_row(kind: str, label: str, note: str = "", url_name: str = "", **url_args: Any) -> Row:
    """One touched thing; `url_name` and `url_args` lead to its page within the client."""
    return {"kind": kind, "label": label, "note": note, "url_name": url_name, "url_args": url_args}


def touched_by(
    touching: Touching, registry: Registry, values: tuple[MetricValues, MetricValues] | None = None
) -> list[Row]:
    """Everything that shows or uses what changes, by kind; of each kind a bounded number."""
    rows = [
        *definition_rows(touching),
        *page_rows(touching, registry),
        *threshold_rows(touching, registry, values),
        *quota_rows(touching),
        *sample_rows(touching),
        *(control_rows(touching, *values) if values is not None else ()),
        *(row for toucher in TOUCHERS for row in toucher(touching)),
    ]
    kept: list[Row] = []
    for kind in dict.fromkeys(row["kind"] for row in rows):
        own = [row for row in rows if row["kind"] == kind]
        more = len(own) - MOST_TOLD
        kept += own[:MOST_TOLD]
        if more > 0:
            kept.append(touched_row(kind, f"and {more} more"))
    return kept


def definition_rows(touching: Touching) -> list[Row]:
    """The items that set a changed parameter, the signatures under them, and the version that says so."""
    if touching.policies is None or not touching.parameters:
        return []
    values = touching.policies[1].to_dict()
    items = list(DefinitionItem.objects.filter(parameter__in=touching.parameters).order_by("position"))
    rows = [
        touched_row("definition", item.title, item_note(item, values[item.parameter]), "definition", key=item.key)
        for item in items
    ]
    signed = signed_final()
    if signed is not None:
        under = SignedItem.objects.filter(item__in=items, lapsed_at=None, signature__signer__signoff=signed.signoff)
        names = under.select_related("signature__signer__user").order_by(
            "signature__signer__position", "item__position"
        )
        titles: dict[Any, list[str]] = {}
        for row in names.select_related("item"):
            titles.setdefault(row.signature.signer, []).append(row.item.title)
        rows += [
            touched_row(
                "signature", f"{signer.user.get_full_name()}, {signer.get_function_display()}", ", ".join(found)
            )
            for signer, found in titles.items()
        ]
    newest = PolicyDocument.objects.order_by("-number").first()
    if newest is not None and items:
        note = (
            "It says the present clause, and stays as it was signed. The change takes effect by the votes of the board on this "
            "request; the version after it says the new clause."
        )
        rows.append(touched_row("document", f"Policy {newest}", note, "document", number=newest.number))
    return rows


def item_note(item: DefinitionItem, value: Any) -> str:
    """What becomes of a definition."""
    says = f"It would say: {sentence_of(item.parameter, value)}"
    if item.value == value:
        return "It says so already; the policy in force does not yet."
    return f"{says} It is confirmed, and would be opened again." if item.is_confirmed else says


def page_rows(touching: Touching, registry: Registry) -> list[Row]:
    """The pages that show a metric whose figures move, or the metric of the request."""
    pages: dict[tuple[str, str], list[str]] = {}
    for key in dict.fromkeys([*touching.metrics, *touching.moved]):
        for page in SHOWN_ON.get(key, ()):
            pages.setdefault(page, []).append(registry.labels.get(key, key))
    return [touched_row("page", label, ", ".join(names), name) for (name, label), names in pages.items()]


def threshold_rows(
    touching: Touching, registry: Registry, values: tuple[MetricValues, MetricValues] | None
) -> list[Row]:
    """The metrics whose newest value goes beyond a threshold, or comes back."""
    rows = []
    words = {"": "within its thresholds", "warn": "worth a look", "alert": "an alert"}
    for figure in touching.figures:
        entry = registry.entries.get(figure["key"])
        if entry is None or not figure["points"]:
            continue
        newest = figure["points"][-1]
        if "level_before" in newest:
            old, new = newest["level_before"], newest["level_after"]
        elif values is None:
            continue
        else:
            old, new = (level_of(each, entry.key, newest["month"]) for each in values)
        if old != new:
            note = f"{month_text(newest['month'])}: {words[old]} now, {words[new]} then"
            rows.append(touched_row("threshold", entry.name, note, "metric", key=entry.key))
    return rows


def level_of(values: MetricValues, key: str, month: int) -> str:
    """Beyond which threshold a metric is in a month; none where it is not there yet."""
    return verdict_at(values, key, month).level if key in values.registry.entries else ""


def quota_rows(touching: Touching) -> list[Row]:
    """The quota rules in force that read a metric whose figures move."""
    named = {*touching.metrics, *touching.moved}
    return [
        touched_row("quota", key, rule["rule"][:200], "changes")
        for key, rule in quota_rules().items()
        if named & set(rule["metrics"])
    ]


def sample_rows(touching: Touching) -> list[Row]:
    """The sample contracts on which the engine's answer would agree no longer, or would agree at last."""
    if touching.policies is None or not SampleContract.objects.exists():
        return []
    old, new = (samples_get(touching.client, policy).rows for policy in touching.policies)
    before = {row.sample.pk: row for row in old}
    return [
        touched_row("sample", row.sample.contract_id, sample_note(before[row.sample.pk], row), "samples")
        for row in new
        if row.agrees != before[row.sample.pk].agrees
    ]


def sample_note(before: SampleRow, after: SampleRow) -> str:
    """What a sample says after the change."""
    month = month_text(after.sample.month)
    if before.agrees:
        return f"{month}: what was expected is no longer what the engine says"
    return f"{month}: the engine says what was expected"


def control_rows(touching: Touching, before: MetricValues, after: MetricValues) -> list[Row]:
    """The control figures that a metric agrees with no longer, or at last."""
    found = {each.control.pk: each for each in controls_list(before) if each.control.metric.key in touching.moved}
    if not found:
        return []
    rows = []
    for each in controls_list(after):
        old = found.get(each.control.pk)
        if old is not None and old.agrees != each.agrees:
            words = {True: "agrees", False: "differs", None: "has no value"}
            note = f"{month_text(each.control.month)}: {words[old.agrees]} now, {words[each.agrees]} then"
            label = f"{before.registry.labels.get(each.control.metric.key, '')}, {each.control.source}"
            rows.append(touched_row("control", label, note, "metric_validation"))
    return rows
