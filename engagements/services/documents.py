"""Documents: every version stays, and approving one says which."""

from typing import Any
from urllib.parse import urlsplit

from engagements.models import Document, DocumentVersion
from engagements.services.changes import record_change
from engagements.services.moves import require_open, row_move
from engagements.services.problems import EngagementError, IllegalMove
from portal.tenancy import audit


def document_version_add(
    *, document: Document, text: str = "", link: str = "", note: str = "", user: Any = None
) -> DocumentVersion:
    """A new version: its text, or where it lives. A planned document becomes a draft by its first version.

    IllegalMove where it is approved: revise it first, so that everyone sees that the approval no longer holds.
    """
    require_open(document.engagement)
    document = Document.objects.select_for_update().select_related("engagement").get(pk=document.pk)
    if document.state in {"approved", "delivered"}:
        raise IllegalMove("it is approved: revise it first")
    if not text.strip() and not link.strip():
        raise EngagementError("give its text, or where it is")
    if link and (urlsplit(link).scheme not in {"http", "https"} or not urlsplit(link).netloc):
        raise EngagementError("a link begins with https://")
    number = document.versions.count() + 1
    content = {"text": text, "link": link}
    version: DocumentVersion = DocumentVersion.objects.create(
        engagement=document.engagement, document=document, number=number, text=text, link=link, note=note[:300],
        sha256=audit.digest(content), created_by=user,
    )  # fmt: skip
    record_change(
        document.engagement, "document.version_added", about="document", about_id=document.pk,
        path=f"documents/{document.pk}/", text=f"added version {number} of {document}", after=content,
        is_internal=not document.is_client_visible, details={"number": number, "sha256": version.sha256},
    )  # fmt: skip
    if document.state == "planned":
        row_move(about="document", row=document, step="draft", user=user)
    return version
