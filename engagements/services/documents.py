"""Documents: every version stays, and approving one says which."""

from typing import Any
from urllib.parse import urlsplit

from django.db.models import Max

from engagements.models import Document, DocumentVersion, Engagement, GateCriterion
from engagements.playbook.terms import DocumentKind
from engagements.services.changes import record_change
from engagements.services.files import file_keep
from engagements.services.moves import require_open, row_move
from engagements.services.problems import EngagementError, IllegalMove
from engagements.services.signing import signatures_lapse
from portal.tenancy import audit


def document_add(
    *, engagement: Engagement, name: str, kind: str, purpose: str = "", is_client_visible: bool = True
) -> Document:
    """A document of the engagement's own, behind those of the playbook."""
    require_open(engagement)
    if not name.strip() or kind not in set(DocumentKind):
        raise EngagementError("say what it is called and what it is for")
    last = Document.objects.filter(engagement=engagement).aggregate(Max("position"))["position__max"]
    document: Document = Document.objects.create(
        engagement=engagement, name=name.strip(), kind=kind, purpose=purpose, is_client_visible=is_client_visible,
        position=(last or 0) + 1,
    )  # fmt: skip
    record_change(
        engagement, "document.added", about="document", about_id=document.pk, path=f"documents/{document.pk}/",
        text=f"added the document {document}", after={"name": document.name, "kind": kind},
        is_internal=not is_client_visible,
    )  # fmt: skip
    return document


def document_show(*, document: Document, is_client_visible: bool) -> Document:
    """Let the client see a document with its files, or keep it within the firm."""
    require_open(document.engagement)
    # Locked first, as whoever signs or gives it as evidence does: it is not hidden beneath them.
    document = Document.objects.select_for_update(of=("self",)).select_related("engagement__client").get(pk=document.pk)
    if document.is_client_visible == is_client_visible:
        return document
    if not is_client_visible and (signed := GateCriterion.objects.filter(document=document, kind="signed").first()):
        raise IllegalMove(f"the client's people sign “{signed.text}” with it: give that other evidence first")
    document.is_client_visible = is_client_visible
    document.save(update_fields=["is_client_visible"])
    record_change(
        document.engagement, "document.shown" if is_client_visible else "document.hidden", about="document",
        about_id=document.pk, path=f"documents/{document.pk}/", before=not is_client_visible, after=is_client_visible,
        text=f"{'showed the client' if is_client_visible else 'took from the client'} the document {document}",
        is_internal=not is_client_visible,
    )  # fmt: skip
    return document


def document_version_add(
    *, document: Document, text: str = "", link: str = "", note: str = "", file: Any = None, user: Any = None
) -> DocumentVersion:
    """A new version: its text, its file (an upload), or where it lives. A planned document becomes a draft by its first.

    IllegalMove where it is approved: revise it first, so that everyone sees that the approval no longer holds.
    """
    require_open(document.engagement)
    document = Document.objects.select_for_update().select_related("engagement").get(pk=document.pk)
    if document.state in {"approved", "delivered"}:
        raise IllegalMove("it is approved: revise it first")
    if not text.strip() and not link.strip() and file is None:
        raise EngagementError("give its text, its file, or where it is")
    if link and (urlsplit(link).scheme not in {"http", "https"} or not urlsplit(link).netloc):
        raise EngagementError("a link begins with https://")
    kept = None
    if file is not None:
        kept = file_keep(engagement=document.engagement, about="document", about_id=document.pk, upload=file, user=user)
    number = document.versions.count() + 1
    content = {"text": text, "link": link} | ({"file": kept.sha256} if kept else {})
    version: DocumentVersion = DocumentVersion.objects.create(
        engagement=document.engagement, document=document, number=number, text=text, link=link, note=note[:300],
        file=kept, sha256=audit.digest(content), created_by=user,
    )  # fmt: skip
    record_change(
        document.engagement, "document.version_added", about="document", about_id=document.pk,
        path=f"documents/{document.pk}/", text=f"added version {number} of {document}", after=content,
        is_internal=not document.is_client_visible, details={"number": number, "sha256": version.sha256},
    )  # fmt: skip
    if document.state == "planned":
        row_move(about="document", row=document, step="draft", user=user)
    criteria = GateCriterion.objects.filter(document=document, kind="signed", gate__state="shut")
    signatures_lapse(criteria=criteria.select_related("gate__engagement__client", "document"))
    return version
