"""What the portal itself does of what a section of the specification is about, read from its settings: true today."""

from typing import Final

from engagements.models import Engagement
from engagements.selectors.package_parts import Part, table
from metrics.models import Source
from metrics.selectors.clauses import policy_in_plain_words
from metrics.selectors.policies import policy_in_force


def formulas(engagement: Engagement) -> list[Part]:
    """The clauses of the policy in force, by which the engine computes."""
    clauses = policy_in_plain_words(policy_in_force(engagement.client))
    return [
        table(
            "How the portal computes today", ("Rule", "What it says"), [(each.title, each.sentence) for each in clauses]
        )
    ]


def mappings(engagement: Engagement) -> list[Part]:
    """Which column of each source's files fills which column of the portal, as last confirmed."""
    parts = []
    for source in Source.objects.exclude(mapping=None).order_by("-is_authoritative", "name"):
        columns = (source.mapping or {}).get("columns", {})
        heads = ("Column of the portal", "Column of the file")
        parts.append(table(f"How the portal reads {source.name} today", heads, sorted(columns.items())))
    return [part for part in parts if part.says_something]


FACTS: Final = {"formulas": formulas, "integration": mappings}


def facts_of(engagement: Engagement, key: str) -> list[Part]:
    """The facts beside a section; none where the portal does nothing of it."""
    return FACTS[key](engagement) if key in FACTS else []
