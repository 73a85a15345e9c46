"""The documents of governance on paper: what pages give to download and programs read.

Each gives a `Paper`; A4 or Letter is chosen by the client's locale unless a size of `portal.lib.paper.SIZES` is named. Runs in
the client's scope. Who may see a document is asked by whoever calls.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from governance.audit_page import paper_context
from governance.board_page import minutes_context
from governance.models import BoardMeeting, QuarterAudit
from governance.registry_pages import glossary_paper
from governance.review_page import handbook_paper, review_paper
from portal.lib.paper import paper, paper_size
from portal.tenancy.models import Client

PDF: Final = "application/pdf"


@dataclass(frozen=True)
class Paper:
    """A PDF, and the name that it is given."""

    name: str
    content: bytes


def glossary_on_paper(client: Client, size: str = "") -> Paper:
    """What each metric and term means, by name."""
    return put_on_paper(client, "glossary", "pdf/glossary.html", glossary_paper(client), size)


def handbook_on_paper(client: Client, *, sees_figures: bool) -> Paper:
    """How the numbers of the client are governed, as it is now."""
    context = handbook_paper(client, sees_figures=sees_figures)
    return put_on_paper(client, "governance-handbook", "pdf/chapters.html", context)


def review_on_paper(client: Client, quarter: str) -> Paper | None:
    """The board's review of a quarter: as it was held, or as it would be now; None for what is no quarter of the client."""
    context = review_paper(client, quarter)
    return None if context is None else put_on_paper(client, f"review-{quarter}", "pdf/chapters.html", context)


def audit_on_paper(client: Client, found: QuarterAudit) -> Paper:
    """The audit of a quarter: as it was signed, or as it stands."""
    context = paper_context(client, found)
    return put_on_paper(client, f"contract-audit-{found.quarter}", "pdf/quarter_audit.html", context)


def minutes_on_paper(client: Client, meeting: BoardMeeting, *, sees_figures: bool) -> Paper:
    """The minutes of a meeting of the board, closed or still open."""
    context = minutes_context(client, meeting, sees_figures=sees_figures)
    return put_on_paper(client, f"board-{meeting.at:%Y-%m-%d}", "pdf/minutes.html", context)


def put_on_paper(client: Client, name: str, template: str, context: Mapping[str, Any], size: str = "") -> Paper:
    """A document of the client."""
    content = paper(template, context, size=size or paper_size(client.locale))
    return Paper(f"{client.slug}-{name}.pdf".lower(), content)
