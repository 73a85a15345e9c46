"""Papers about rules and rhythm: policy, quick reference, reconciliation, troubleshooting, FAQ, maintenance, trainings."""

from collections.abc import Iterable
from typing import Any

from engagements.models import Engagement, ProjectQuestion
from engagements.selectors.maintenance import owner_of, task_rhythm
from engagements.selectors.package_parts import Part, table
from engagements.selectors.trainings import training_rows
from governance.models import DefinitionItem
from governance.selectors.signoff import signed_final
from metrics.selectors.clauses import policy_in_plain_words
from metrics.selectors.policies import policy_in_force
from metrics.selectors.reconciliation_checks import variance_within_tolerance

Built = tuple[list[Part], list[str]]
DAY = "%Y-%m-%d"
TROUBLE = (("How it shows", "symptoms"), ("Why", "cause"), ("What to do", "resolution"))
STEPS = (
    "Load the newest file of each source under Data, or see that it has arrived.",
    "Look at what was refused or is missing, and mend it at its origin.",
    "Close the month under Months: from then on its figures stand.",
    "Open Reconciliation for that month end. Every account is matched, different, or missing on one side.",
    "Begin with the largest difference: the page names the lines behind it and the likely reason.",
    "Mend it where it came from and load again, or map two accounts that are one, or explain the difference.",
    "Repeat until the variance lies within the tolerance, then note it in the maintenance check of the month.",
)


def policy(engagement: Engagement) -> Built:
    """The version that was signed, by whom, and every definition in it."""
    found = signed_final()
    if found is None or not found.is_signed:
        return [], ["No final version of the policy is signed yet."]
    document = found.signoff.document
    signed = [
        (each.signer.user.get_full_name(), each.signer.get_function_display(), each.signature.signed_at.strftime(DAY))
        for each in found.signers
        if each.signature is not None
    ]
    missing = [f"Signatures have lapsed, because this changed: {', '.join(found.lapsed)}."] if found.lapsed else []
    parts = [
        table("Signed", ("Who", "Function", "When"), signed, f"Version {document.number}, sha256 {document.sha256}")
    ]
    return [*parts, *entries(document.content["items"])], missing


def entries(items: Iterable[dict[str, Any]]) -> list[Part]:
    """The definitions of a policy document, questions and terms apart."""
    contents = [entry["content"] for entry in items]
    return [
        table(
            title,
            ("What", "What holds"),
            [(each["title"], each["answer"]) for each in contents if each["kind"] == kind],
        )
        for kind, title in (("question", "What counts, and from when"), ("term", "Terms"))
    ]


def quick_reference(engagement: Engagement) -> Built:
    """The rules that compute the numbers now, and the terms, each in a line."""
    clauses = [(clause.title, clause.sentence) for clause in policy_in_plain_words(policy_in_force(engagement.client))]
    terms = DefinitionItem.objects.filter(kind="term").order_by("position")
    missing = [] if terms else ["The definitions are not started."]
    return [
        table("How ARR is computed", ("Rule", "What it says"), clauses),
        table("Terms", ("Term", "Meaning"), [(row.title, row.answer) for row in terms]),
    ], missing


def reconciliation(engagement: Engagement) -> Built:
    """Step by step, with the tolerance and where the last month end stands."""
    check = variance_within_tolerance(engagement.client)
    tolerance = f"The tolerance is {check.tolerance * 100:.2f} %. " if check.tolerance is not None else ""
    rhythm = [(task["name"], task.get("look_at", ""), task.get("red_flag", "")) for task in monthly(engagement)]
    return [
        Part("Every month, step by step", points=STEPS, is_ordered=True),
        Part("Where it stands", f"{tolerance}{check.sentence}"),
        table("What is looked at besides", ("Check", "What to look at", "Red flag"), rhythm),
    ], [] if check.variance is not None else [check.sentence]


def monthly(engagement: Engagement) -> list[dict[str, Any]]:
    """The maintenance of every month."""
    return [task for task in engagement.content.get("maintenance", []) if task.get("cadence") == "monthly"]


def troubleshooting(engagement: Engagement) -> Built:
    """Known problems with their cause and what to do."""
    known = engagement.content.get("troubleshooting", [])
    parts = [
        table(each["scenario"], ("Question", "Answer"), [(words, each.get(name)) for words, name in TROUBLE])
        for each in known
    ]  # fmt: skip
    handlers = [
        (each["issue"], each.get("handler"), each.get("examples")) for each in engagement.content.get("escalations", [])
    ]
    missing = [] if known else ["The playbook names no known problems."]
    return [*parts, table("Who handles what", ("Issue", "Who", "For example"), handlers)], missing


def faq(engagement: Engagement) -> Built:
    """Published questions with their answers."""
    rows = ProjectQuestion.objects.filter(engagement=engagement).exclude(published_at=None).order_by("pk")
    return [Part(row.text, row.answer) for row in rows], [] if rows else ["No answer is published yet."]


def maintenance(engagement: Engagement) -> Built:
    """What is looked at and how often, who runs it, and when to engage again."""
    owner = owner_of(engagement)
    parts = [Part("Who runs it", f"{owner.words}. {owner.names}".strip(". ") + ".")] if owner.words else []
    for group in task_rhythm(engagement):
        rows = [
            (task["name"], task.get("look_at"), task.get("red_flag"), task.get("action")) for task in group["tasks"]
        ]
        parts.append(table(group["words"], ("Check", "What to look at", "Red flag", "What to do"), rows))
    again = [
        (each["name"], each.get("threshold"), each.get("response")) for each in engagement.content.get("triggers", [])
    ]
    parts.append(table("When to engage again", ("What", "From when", "What to do"), again))
    return parts, [] if engagement.content.get("maintenance") else ["The playbook names no maintenance."]


def trainings(engagement: Engagement) -> Built:
    """Each training with its audience, when it was held, who came, and the recording."""
    rows = training_rows(engagement)
    shown = [
        (
            each.training.name,
            each.training.audience,
            each.training.held_on.strftime(DAY) if each.training.held_on else "Not held yet",
            str(each.came) if each.came is not None else each.training.attendance,
            each.training.recording,
        )
        for each in rows
    ]
    waiting = [str(each.training) for each in rows if each.training.held_on is None]
    missing = [f"Not held yet: {', '.join(waiting)}."] if waiting else [] if rows else ["There are no trainings."]
    return [table("Trainings", ("Training", "For", "Held on", "Came", "Recording"), shown)], missing
