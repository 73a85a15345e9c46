"""What a change request asks for, kind by kind: its shape, what is wrong with it, and the bytes that people say yes to.

`change_settle(kind, content, held) -> Settled` checks a content against what holds now; ContentFault names every fault.
`canonical_bytes(request)` and `content_digest(request)` are what `content_sha256`, previews and votes are bound to.

The shapes: policy `{"parameters": {name: value}}`, only what differs; metric_new and metric_change `{"key", "metric"}` with the
fields of `governance.metric_content`; metric_retire `{"key", "successor", "sunset_on"}`; threshold `{"key", "thresholds"}`;
quota_rule `{"key", "rule", "metrics"}`.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from governance.engine_formulas import formula_fault, retire_fault
from governance.forms import MOST
from governance.library.metric_reader import key_fault
from governance.metric_content import LABELS, ContentError, content_clean
from governance.models import ChangeKind, ChangeRequest, MetricStatus
from governance.selectors.registry import Entry, Registry, name_fault
from metrics.engine.policy import Policy, PolicyError
from metrics.selectors.clauses import TITLES
from portal.lib.dates import is_near
from portal.lib.legible import text_fault
from portal.tenancy import audit

Content = dict[str, Any]
THRESHOLDS: Final = ("warn_at", "alert_at")
LONGEST_RULE: Final = 4000
MOST_METRICS: Final = 30
SHAPES: Final[Mapping[str, frozenset[str]]] = {
    ChangeKind.POLICY: frozenset({"parameters"}),
    ChangeKind.METRIC_NEW: frozenset({"key", "metric"}),
    ChangeKind.METRIC_CHANGE: frozenset({"key", "metric"}),
    ChangeKind.METRIC_RETIRE: frozenset({"key", "successor", "sunset_on"}),
    ChangeKind.THRESHOLD: frozenset({"key", "thresholds"}),
    ChangeKind.QUOTA_RULE: frozenset({"key", "rule", "metrics"}),
}


class ContentFault(ValueError):
    """A content that cannot be asked for: `faults` are (field, what is wrong), the field as the form has it or empty."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{named(field)}: {fault}" if field else fault for field, fault in faults))
        self.faults = faults


@dataclass(frozen=True)
class Held:
    """What holds now, that a content is checked against; `rules` are the quota rules that were made effective, by key."""

    policy: Policy
    registry: Registry
    today: dt.date
    rules: Mapping[str, Mapping[str, Any]]

    @property
    def currency(self) -> str:
        return str(self.registry.client.currency)


@dataclass(frozen=True)
class Settled:
    """A content in the one form in which it is kept, what holds now in its place, and the metric that it is about, if any."""

    content: Content
    present: Content
    entry: Entry | None = None


def named(field: str) -> str:
    """A field in the words of the pages."""
    return TITLES.get(field) or LABELS.get(field) or field.replace("_", " ").capitalize()


# --- the bytes --------------------------------------------------------------------------------------------------------


def canonical_bytes(request: ChangeRequest) -> bytes:
    """What is asked for, as canonical JSON: kind, title, rationale, content, restating or not, and from when."""
    return audit.canonical(
        {
            "kind": request.kind,
            "title": request.title,
            "rationale": request.rationale,
            "content": request.content,
            "is_restating": request.is_restating,
            "from_month": request.from_month,
        }
    )


def content_digest(request: ChangeRequest) -> str:
    """sha256 of the canonical bytes."""
    return hashlib.sha256(canonical_bytes(request)).hexdigest()


def metric_moved(request: ChangeRequest) -> Content:
    """Of a request about a metric that is there: the fields that it moves, as it wants them."""
    wanted, was = (said[metric_part_of(request)] for said in (request.content, request.present))
    return {name: value for name, value in wanted.items() if name in was and was[name] != value}


def metric_drifted(request: ChangeRequest, newest: Mapping[str, Any]) -> str:
    """Why what it moves cannot be written over the newest content of its metric: some of it is no longer what the request
    shows in its place, so that somebody else's change would be undone. Empty where it can.
    """
    was = request.present[metric_part_of(request)]
    changed = [named(name) for name in metric_moved(request) if newest.get(name, "") != was[name]]
    return f"“{', '.join(changed)}” of {request.content['key']} changed since this was asked for" if changed else ""


def policy_drifted(request: ChangeRequest, in_force: Mapping[str, Any]) -> str:
    """The same of a request about the policy, against the parameters in force."""
    was = request.present["parameters"]
    changed = [named(name) for name in request.content["parameters"] if in_force[name] != was[name]]
    return f"“{', '.join(changed)}” changed since this was asked for" if changed else ""


def rule_name(key: str) -> str:
    """What a rule about quotas or pay is called: it has a key alone, which is made readable."""
    words = key.replace("_", " ").strip()
    return f"{words[:1].upper()}{words[1:]}"


def rule_drifted(request: ChangeRequest, in_force: Mapping[str, Any]) -> str:
    """The same of a request about a rule of quotas or pay, against that rule; it may be new, and so is empty."""
    is_same = {name: in_force[name] for name in ("rule", "metrics") if name in in_force} == request.present
    return "" if is_same else f"the rule “{rule_name(request.content['key'])}” changed since this was asked for"


def metric_part_of(request: ChangeRequest) -> str:
    """Where a request about a metric that is there says what it wants."""
    return "thresholds" if request.kind == ChangeKind.THRESHOLD else "metric"


# --- kind by kind -----------------------------------------------------------------------------------------------------


def change_settle(kind: str, content: Mapping[str, Any], held: Held) -> Settled:
    """The content, settled. ContentFault with every fault, and where it would change nothing."""
    shape = SHAPES.get(kind)
    if shape is None:
        raise ContentFault([("kind", f"is not one of {', '.join(ChangeKind.values)}")])
    faults = [(str(name), "is no part of such a request") for name in content if name not in shape]
    faults += [(name, "is missing") for name in sorted(shape) if name not in content]
    if faults:
        raise ContentFault(faults)
    return KINDS[kind](content, held)


def policy_settle(content: Mapping[str, Any], held: Held) -> Settled:
    """Only parameters that differ from the policy in force are kept."""
    given = mapping_of(content, "parameters")
    if "reporting_currency" in given:
        raise ContentFault(
            [("reporting_currency", "is not changed by request: figures of two currencies compare to nothing")]
        )
    longest = [(name, f"is at most {MOST[name]}") for name, value in given.items() if is_beyond(name, value)]
    try:
        changed = held.policy.with_(**given).to_dict()
    except PolicyError as error:
        raise ContentFault([*longest, *map(fault_parts, error.faults)]) from error
    if longest:
        raise ContentFault(longest)
    present = held.policy.to_dict()
    moved = {name: value for name, value in changed.items() if value != present[name]}
    if not moved:
        raise ContentFault([("", "this is what the policy says already: nothing would change")])
    return Settled({"parameters": moved}, {"parameters": {name: present[name] for name in moved}})


def is_beyond(name: str, value: Any) -> bool:
    """Whether a number of days or months is longer than any contract."""
    return isinstance(value, int) and value > MOST.get(name, value)


def fault_parts(fault: str) -> tuple[str, str]:
    """A fault of the policy as field and text."""
    name, _, text = fault.partition(": ")
    return (name, text) if text else ("", fault)


def may_come_into_use(entry: Entry) -> bool:
    """Whether a request may put a metric into use that the registry knows: it is proposed, or was on its way out."""
    return entry.metric.status in (MetricStatus.PROPOSED, MetricStatus.DEPRECATED)


def metric_new_settle(content: Mapping[str, Any], held: Held) -> Settled:
    """A metric that is not in use yet: one of the client's own that nobody proposed so far, or one that is proposed."""
    key = content["key"]
    fault = key_fault(key)
    entry = None if fault else held.registry.entries.get(key)
    if entry is not None and not may_come_into_use(entry):
        fault = "is the key of another metric already; a key is never used twice"
    faults = [("key", fault)] if fault else []
    try:
        settled = metric_clean(content, held)
    except ContentFault as error:
        raise ContentFault([*faults, *error.faults]) from error
    if faults:
        raise ContentFault(faults)
    newest = entry.newest if entry is not None else {}
    if fault := name_fault(held.registry, key, settled["name"]):
        raise ContentFault([("name", fault)])
    if fault := formula_fault(key, settled["formula"], newest.get("formula", "")):
        raise ContentFault([("formula", fault)])
    if entry is not None and entry.metric.status == MetricStatus.DEPRECATED and settled != newest:
        raise ContentFault([("", f"“{entry.name}” comes back as it is: ask for its change once it is active")])
    return Settled({"key": key, "metric": settled}, {})


def metric_change_settle(content: Mapping[str, Any], held: Held) -> Settled:
    """Another content of a metric that is in use."""
    entry = entry_of(content, held)
    newest, settled = entry.versions[-1].content, metric_clean(content, held)
    if settled == newest:
        raise ContentFault([("", f"this is what “{entry.name}” says already: nothing would change")])
    if settled["name"] != newest["name"] and (fault := name_fault(held.registry, entry.key, settled["name"])):
        raise ContentFault([("name", fault)])
    if fault := formula_fault(entry.key, settled["formula"], newest["formula"]):
        raise ContentFault([("formula", fault)])
    moved = {name: newest.get(name, "") for name in settled if settled[name] != newest.get(name, "")}
    return Settled({"key": entry.key, "metric": settled}, {"metric": moved}, entry)


def metric_retire_settle(content: Mapping[str, Any], held: Held) -> Settled:
    """The end of a metric, with the day and what replaces it (empty: nothing)."""
    entry, successor = entry_of(content, held), content["successor"] or ""
    faults = [("", f"“{entry.name}” {fault}")] if (fault := retire_fault(entry.key)) else []
    if successor:
        other = held.registry.entries.get(successor) if isinstance(successor, str) else None
        if other is None or other.key == entry.key or other.metric.status != MetricStatus.ACTIVE:
            faults.append(("successor", "is another metric that is active"))
    try:
        day = dt.date.fromisoformat(str(content["sunset_on"]))
    except ValueError:
        raise ContentFault([*faults, ("sunset_on", "is no day such as 2027-03-31")]) from None
    if day <= held.today:
        faults.append(("sunset_on", "is a day that is still to come"))
    elif not is_near(day, held.today):
        faults.append(("sunset_on", "is a day within the next five years"))
    if faults:
        raise ContentFault(faults)
    present = {"status": entry.metric.status, "sunset_on": str(entry.metric.sunset_on or "")}
    return Settled({"key": entry.key, "successor": successor, "sunset_on": day.isoformat()}, present, entry)


def threshold_settle(content: Mapping[str, Any], held: Held) -> Settled:
    """Other thresholds of a metric that is in use."""
    entry, given = entry_of(content, held), mapping_of(content, "thresholds")
    if unknown := [name for name in given if name not in THRESHOLDS]:
        known = " and ".join(THRESHOLDS)
        raise ContentFault([(name, f"is no threshold: the fields are {known}") for name in unknown])
    newest = entry.versions[-1].content
    asked = {name: given.get(name, newest[name]) for name in THRESHOLDS}
    settled = metric_clean({"metric": newest | asked}, held)
    wanted = {name: settled[name] for name in THRESHOLDS}
    present = {name: newest[name] for name in THRESHOLDS}
    if wanted == present:
        raise ContentFault([("", f"these are the thresholds of “{entry.name}” already: nothing would change")])
    return Settled({"key": entry.key, "thresholds": wanted}, {"thresholds": present}, entry)


def quota_rule_settle(content: Mapping[str, Any], held: Held) -> Settled:
    """A rule about quotas or pay, in words, with the metrics that it reads."""
    key, rule, metrics = content["key"], content["rule"], content["metrics"]
    faults = []
    if fault := key_fault(key):
        faults.append(("key", fault))
    if not isinstance(rule, str) or not rule.strip() or len(rule) > LONGEST_RULE:
        faults.append(("rule", f"is a text of at most {LONGEST_RULE} characters"))
    elif fault := text_fault(rule):
        faults.append(("rule", fault))
    if not isinstance(metrics, list) or not 0 < len(metrics) <= MOST_METRICS:
        faults.append(("metrics", f"are one to {MOST_METRICS} metrics"))
    elif unknown := [str(each) for each in metrics if not is_usable(each, held)]:
        faults.append(("metrics", f"{', '.join(unknown)}: no such metric in use"))
    if faults:
        raise ContentFault(faults)
    settled = {"key": key, "rule": rule.strip().replace("\r\n", "\n"), "metrics": sorted(set(metrics))}
    before = held.rules.get(key, {})
    if before == settled:
        raise ContentFault([("", "this is the rule already: nothing would change")])
    return Settled(settled, {name: before[name] for name in ("rule", "metrics") if name in before})


KINDS: Final[Mapping[str, Callable[[Mapping[str, Any], Held], Settled]]] = {
    ChangeKind.POLICY: policy_settle,
    ChangeKind.METRIC_NEW: metric_new_settle,
    ChangeKind.METRIC_CHANGE: metric_change_settle,
    ChangeKind.METRIC_RETIRE: metric_retire_settle,
    ChangeKind.THRESHOLD: threshold_settle,
    ChangeKind.QUOTA_RULE: quota_rule_settle,
}


# --- what several kinds need ------------------------------------------------------------------------------------------


def mapping_of(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A part that is a mapping of texts to values."""
    found = content[name]
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found):
        raise ContentFault([(name, "is not a set of names and values")])
    return found


def metric_clean(content: Mapping[str, Any], held: Held) -> Content:
    """The fields of a metric, settled."""
    try:
        return dict(content_clean(mapping_of(content, "metric"), held.currency))
    except ContentError as error:
        raise ContentFault(error.faults) from error


def entry_of(content: Mapping[str, Any], held: Held) -> Entry:
    """The metric that is to be changed, which is not retired."""
    key = content["key"]
    entry = held.registry.entries.get(key) if isinstance(key, str) else None
    if entry is None:
        raise ContentFault([("key", "is no metric")])
    if entry.metric.status == MetricStatus.RETIRED:
        raise ContentFault([("key", f"“{entry.name}” is retired and is not changed any more")])
    return entry


def is_usable(key: Any, held: Held) -> bool:
    """Whether a rule may read a metric of that key."""
    entry = held.registry.entries.get(key) if isinstance(key, str) else None
    return entry is not None and entry.is_standing
