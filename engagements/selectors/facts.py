"""What an engagement knows of itself for a handoff: read from the system each time, with where it stands."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from engagements.models import Component, Document, Engagement, ProjectTest, ProjectTraining
from engagements.selectors.package import package_sha256, paper_list
from governance.selectors.signoff import SignoffView, signed_edges, signed_final
from metrics.selectors.rhythm import SourceRhythm, source_rhythms

SHOWN_EDGES = 40


@dataclass(frozen=True)
class Fact:
    """Something that is known, and where it is looked up; without `is_there` the text says what is missing.

    `page` is a page of the engagement, `url_name` one of the client's.
    """

    label: str
    lines: tuple[str, ...]
    where: str
    page: str = ""
    url_name: str = ""
    is_there: bool = True

    def kept(self) -> dict[str, Any]:
        """As it is kept with an acceptance."""
        return asdict(self)


def facts_of(engagement: Engagement, *, is_internal: bool) -> list[Fact]:
    """The facts of a handoff, in the order in which they are talked through; escalation is the same for both sides."""
    made: list[Callable[[Engagement], Fact]] = [built_fact, policy_fact, edges_fact, sync_fact, escalation_fact]
    made += [maintenance_fact] if is_internal else [maintenance_fact, package_fact, documents_fact, trainings_fact]
    return [make(engagement) for make in made]


def built_fact(engagement: Engagement) -> Fact:
    """What was built, and how much of it was tested."""
    rows = list(Component.objects.filter(engagement=engagement).order_by("number"))
    built = [row.name for row in rows if row.state in {"built", "verified"}]
    tests = ProjectTest.objects.filter(engagement=engagement)
    passed = tests.filter(state="passed").count()
    if not rows:
        return Fact("What was built", ("The playbook lists nothing to build.",), "Build and teach", "build/")
    lines = (f"{len(built)} of {len(rows)} components built, {passed} of {tests.count()} tests passed.", *built)
    return Fact("What was built", lines, "Build and teach", "build/", is_there=bool(built))


def policy_fact(engagement: Engagement) -> Fact:
    """The signed policy and who signed it."""
    found = signed_final()
    if found is None:
        return Fact(
            "Signed policy", ("No final policy is signed.",), "Definitions", url_name="definitions", is_there=False
        )
    return Fact("Signed policy", (policy_sentence(found),), "Definitions", url_name="definitions")


def policy_sentence(found: SignoffView) -> str:
    """Which version, and who signed."""
    signed = [each for each in found.signers if each.signature is not None]
    names = ", ".join(f"{each.signer.user.get_full_name()} ({each.signer.get_function_display()})" for each in signed)
    lapsed = f" Lapsed since: {', '.join(found.lapsed)}." if found.lapsed else ""
    return f"Version {found.signoff.document.number}, signed by {names}.{lapsed}"


def edges_fact(engagement: Engagement) -> Fact:
    """The edge cases as they were signed."""
    found = signed_final()
    edges = signed_edges(found) if found else ()
    if not edges:
        missing = ("No edge case is signed yet.",)
        return Fact("Edge cases signed", missing, "Definitions", url_name="definitions", is_there=False)
    lines = tuple(f"{each.title}: {each.answer} ({' '.join(each.edges)})" for each in edges[:SHOWN_EDGES])
    return Fact("Edge cases signed", lines, "Definitions", url_name="definitions")


def said_of(source: SourceRhythm) -> str:
    """What a source is, in brackets, as far as its name does not say it."""
    said = [source.kind] if source.kind != source.name else []
    said += ["authoritative"] if source.is_authoritative else []
    return f"({', '.join(said)})" if said else ""


def sync_fact(engagement: Engagement) -> Fact:
    """How often each source delivers."""
    rows = source_rhythms()
    if not rows:
        return Fact("How often data comes", ("No source is connected.",), "Data", url_name="data", is_there=False)
    lines = tuple(f"{' '.join(filter(None, (row.name, said_of(row))))}: {row.sentence}." for row in rows)
    return Fact("How often data comes", lines, "Data", url_name="data")


def escalation_fact(engagement: Engagement) -> Fact:
    """Who handles what, and what is escalated at once."""
    rows = engagement.content.get("escalations", [])
    triggers = engagement.content.get("triggers", [])
    lines = [f"{row['issue']}: {row['handler']}. {row.get('examples', '')}".strip() for row in rows]
    lines += [f"{row['name']} ({row['threshold']}): {row['response']}." for row in triggers]
    if not lines:
        return Fact("Escalation", ("The playbook names no rules.",), "Playbook", "card/", is_there=False)
    return Fact("Escalation", tuple(lines), "Playbook", "card/")


def maintenance_fact(engagement: Engagement) -> Fact:
    """The maintenance schedule, who runs it, and since when it does."""
    where = "Maintenance", "maintenance/"
    tasks = engagement.content.get("maintenance", [])
    owners = [row for row in engagement.content.get("maintenance_owners", []) if row["kind"] == engagement.kind]
    if not tasks or not owners:
        return Fact(where[0], ("There is no maintenance schedule, or nobody to run it.",), *where, is_there=False)
    rhythm = {"monthly": "every month", "quarterly": "every quarter", "first_cycle": "after the first cycle",
              "half_yearly": "every half year"}  # fmt: skip
    begun = engagement.maintenance_from
    since = [f"The schedule runs since {begun:%Y-%m-%d}."] if begun else ["The schedule has not begun yet."]
    lines = [f"{row['name']}, {rhythm.get(row['cadence'], row['cadence'])}: {row['look_at']}." for row in tasks]
    return Fact(where[0], (f"{owners[0]['owner']}.", *since, *lines), *where)


def package_fact(engagement: Engagement) -> Fact:
    """The papers that the portal makes of what it knows, with the hash of all of them as they are now."""
    papers = paper_list(engagement)
    whole = [paper for paper in papers if not paper.missing]
    first = f"{len(whole)} of {len(papers)} papers say all that they should; sha256 {package_sha256(papers)[:16]}."
    lines = tuple(f"{paper.title}: {' '.join(paper.missing)}" for paper in papers if paper.missing)
    return Fact("Documentation package", (first, *lines), "Documentation package", "package/", is_there=not lines)


def documents_fact(engagement: Engagement) -> Fact:
    """The documents that the playbook hands over."""
    rows = list(Document.objects.filter(engagement=engagement, kind="handoff", is_client_visible=True))
    if not rows:
        missing = ("The playbook lists no documents to hand over.",)
        return Fact("Documents handed over", missing, "Documents", "documents/")
    ready = [row for row in rows if row.state in {"approved", "delivered"}]
    lines = tuple(f"{row.name}: {row.state.replace('_', ' ')}." for row in rows)
    first = f"{len(ready)} of {len(rows)} approved or delivered."
    return Fact("Documents handed over", (first, *lines), "Documents", "documents/", is_there=len(ready) == len(rows))


def trainings_fact(engagement: Engagement) -> Fact:
    """The trainings that were held, with their recordings."""
    rows = list(ProjectTraining.objects.filter(engagement=engagement))
    held = [row for row in rows if row.held_on is not None]
    lines = [
        f"{row.name}: {f'held {row.held_on:%Y-%m-%d}' if row.held_on else 'not held'}"
        f"{', recorded' if row.recording else ''}."
        for row in rows
    ]
    first = f"{len(held)} of {len(rows)} held." if rows else "The playbook lists no training."
    return Fact("Trainings", (first, *lines), "Build and teach", "build/", is_there=len(held) == len(rows))
