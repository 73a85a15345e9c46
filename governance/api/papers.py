"""The glossary, and what stands on paper too: handbook, minutes, audits of contracts, reviews for the board."""

from typing import Any

from django.http import Http404

from governance import papers
from governance.api import paper_shapes as shapes
from governance.api.board import BoardView
from governance.api.disputes import DisputeApiView
from governance.api.meetings import meeting_or_404
from governance.api.oversight import AuditApiView, audit_or_404
from governance.api.views import MetricView
from governance.registry_pages import glossary_digest, glossary_words
from portal.tenancy.api import Call, Operation
from portal.tenancy.api_files import FileSerializer, file_of
from portal.tenancy.permissions import VIEW_ARR, VIEW_AUDITS, VIEW_CHANGES, VIEW_POLICY, VIEW_REVIEW


def told(found: papers.Paper) -> dict[str, str]:
    """A paper as the API tells it."""
    return file_of(found.name, papers.PDF, found.content)


class GlossaryDetail(MetricView):
    operations = {
        "GET": Operation("glossary_get", VIEW_POLICY, shapes.GlossarySerializer, examples=(shapes.GLOSSARY,))
    }  # fmt: skip

    def get(self, call: Call) -> Any:
        """What each metric of the registry and each term of the definitions means, by name."""
        words = glossary_words(call.client, call.client.locale)
        return {"sha256": glossary_digest(words), "words": words}


class GlossaryFile(MetricView):
    operations = {
        "GET": Operation("glossary_file", VIEW_POLICY, FileSerializer, parameters=shapes.GlossaryFileParameters)
    }

    def get(self, call: Call) -> Any:
        """The glossary on paper."""
        return told(papers.glossary_on_paper(call.client, call.query.get("paper", "")))


class HandbookFile(DisputeApiView):
    operations = {"GET": Operation("handbook_file", VIEW_POLICY, FileSerializer)}

    def get(self, call: Call) -> Any:
        """The governance handbook on paper, as it is now."""
        return told(papers.handbook_on_paper(call.client, sees_figures=call.may(VIEW_ARR)))


class MinutesFile(BoardView):
    operations = {"GET": Operation("meeting_file", VIEW_CHANGES, FileSerializer)}

    def get(self, call: Call, meeting_id: int) -> Any:
        """The minutes of a meeting on paper, closed or still open; amounts for whoever sees numbers."""
        return told(papers.minutes_on_paper(call.client, meeting_or_404(meeting_id), sees_figures=call.may(VIEW_ARR)))


class AuditFile(AuditApiView):
    operations = {"GET": Operation("quarter_audit_file", VIEW_AUDITS, FileSerializer)}

    def get(self, call: Call, quarter: str) -> Any:
        """An audit of contracts on paper: as it was signed, or as it stands."""
        return told(papers.audit_on_paper(call.client, audit_or_404(quarter)))


class ReviewFile(DisputeApiView):
    operations = {"GET": Operation("board_review_file", VIEW_REVIEW, FileSerializer)}

    def get(self, call: Call, quarter: str) -> Any:
        """The review of a quarter for the board on paper: as it was held, or as it would be now."""
        found = papers.review_on_paper(call.client, quarter)
        if found is None:
            raise Http404
        return told(found)
