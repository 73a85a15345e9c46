"""Papers about what was built: data model, billing integration, dashboards, and how contracts are entered."""

from engagements.models import Component, Engagement
from engagements.selectors.package_parts import Part, sections, table
from engagements.selectors.spec import spec_get
from engagements.selectors.spec_facts import facts_of
from metrics.intake.layout import CONTRACT_COLUMNS
from metrics.selectors.imports import source_cards

Built = tuple[list[Part], list[str]]
DAY = "%Y-%m-%d"


def data_model(engagement: Engagement) -> Built:
    """Objects, fields, formulas, rules and history, with what the engineer said about them."""
    now = spec_get(engagement)
    parts, missing = sections(engagement, "objects", "fields", "formulas", "validation", "workflows", "history")
    if not now.sections:
        return [], ["The engagement has no technical specification."]
    if not now.is_accepted:
        missing.append(now.sentence)
    return [Part("Where it stands", now.sentence), *parts, *facts_of(engagement, "formulas")], missing


def integration(engagement: Engagement) -> Built:
    """Field mapping and errors as specified, and when each source was last loaded."""
    parts, missing = sections(engagement, "integration")
    rows = []
    for card in source_cards():
        loaded = card.good.finished_at if card.good is not None else None
        rows.append((card.source.name, card.source.get_kind_display(), loaded.strftime(DAY) if loaded else "Never"))
    if engagement.billing_system:
        parts.insert(0, Part("Systems", f"CRM: {engagement.crm or 'not said'}. Billing: {engagement.billing_system}."))
    if not rows:
        missing.append("No source delivers contract lines yet.")
    sources = table("Sources that the portal reads", ("Source", "Kind", "Last loaded"), rows)
    return [*parts, sources, *facts_of(engagement, "integration")], missing


def dashboards(engagement: Engagement) -> Built:
    """What each part shows and where it comes from, and what was built of it."""
    parts, missing = sections(engagement, "dashboards")
    built = [
        row
        for row in Component.objects.filter(engagement=engagement).order_by("number")
        if row.state in {"built", "verified"}
    ]
    if not built:
        missing.append("No component is built yet.")
    reading = Part(
        "Reading a figure",
        points=(
            "Every figure opens into the customers behind it, and each customer into its contract lines.",
            "A contract line says which clause of the policy made it count, and who signed that clause.",
            "A month that is closed shows what was reported; a later correction is a revision with its reason.",
        ),
    )
    rows = [(row.name, row.details, row.state.capitalize()) for row in built]
    return [*parts, reading, table("What was built", ("Component", "What it does", "State"), rows)], missing


def contract_entry(engagement: Engagement) -> Built:
    """Rules that a contract has to meet, and what the portal needs to know of each line."""
    parts, missing = sections(engagement, "validation", "workflows")
    needed = [
        (column.name, column.kind, ", ".join(column.choices)) for column in CONTRACT_COLUMNS if column.is_required
    ]
    others = tuple(column.name for column in CONTRACT_COLUMNS if not column.is_required)
    return [
        *parts,
        table("What every contract line has", ("Field", "Kind", "Allowed values"), needed),
        Part("What it may have besides", points=others),
    ], missing
