"""Policy documents, what lies between two of them, and their signatures."""

from typing import Any

from django.http import Http404

from governance.api import shapes
from governance.api.definitions import told
from governance.document_page import paper_context
from governance.models import PolicyDocument
from governance.selectors.documents import DocumentDiff, document_bytes, document_diff, document_get
from governance.selectors.signoff import SignoffView, signoff_of
from governance.services.documents import document_create
from portal.lib.paper import paper_on_one_page, paper_size
from portal.tenancy.api import Call, ClientAPIView, Operation
from portal.tenancy.api_files import FileSerializer, file_of
from portal.tenancy.api_paging import PageParameters
from portal.tenancy.permissions import EDIT_POLICY, VIEW_ARR, VIEW_POLICY


class DocumentView(ClientAPIView):
    """An operation on policy documents."""

    tag = "Policy documents"


def document_or_404(number: int) -> PolicyDocument:
    """The client's version of that number."""
    found = document_get(number)
    if found is None:
        raise Http404
    return found


def signoff_or_404(number: int) -> SignoffView:
    """The latest sign-off of a version."""
    found = signoff_of(document_or_404(number))
    if found is None:
        raise Http404
    return found


class DocumentList(DocumentView):
    operations = {
        "GET": Operation(
            "documents_list", VIEW_POLICY, shapes.DocumentSerializer, parameters=PageParameters, paged_by="-number"
        ),
        "POST": Operation(
            "document_create", EDIT_POLICY, shapes.DocumentSerializer, takes=shapes.DocumentNewSerializer, status=201
        ),
    }

    def get(self, call: Call) -> Any:
        """Every version, the newest first."""
        return PolicyDocument.objects.select_related("created_by")

    def post(self, call: Call) -> Any:
        """Put all items together into the next version: v0 first, then one for each meeting; the final one is signed."""
        sent = call.body
        with told():
            return document_create(
                client=call.client, note=sent["note"], meeting=sent["meeting"], is_final=sent["final"], user=call.user
            )


class DocumentDetail(DocumentView):
    operations = {"GET": Operation("document_get", VIEW_POLICY, shapes.DocumentDetailSerializer)}

    def get(self, call: Call, number: int) -> Any:
        """One version with its items."""
        return document_or_404(number)


class DocumentFile(DocumentView):
    operations = {"GET": Operation("document_file", VIEW_POLICY, FileSerializer, parameters=shapes.FileParameters)}

    def get(self, call: Call, number: int) -> Any:
        """A version as a file: the JSON that its sha256 is of, or one page of paper."""
        found, name = document_or_404(number), f"{call.client.slug}-policy-v{number}"
        if call.query["kind"] == "pdf":
            size = paper_size(call.client.locale)
            content = paper_on_one_page("pdf/policy.html", paper_context(call.client, found), size=size)
            return file_of(f"{name}.pdf", "application/pdf", content)
        return file_of(f"{name}.json", "application/json", document_bytes(found))


class DocumentDifference(DocumentView):
    operations = {
        "GET": Operation("document_diff", VIEW_POLICY, shapes.DiffSerializer, parameters=shapes.DiffParameters)
    }

    def get(self, call: Call, number: int) -> Any:
        """What a version says otherwise than an earlier one, in words and, for whoever may read it, in ARR."""
        may_see = call.may(VIEW_ARR)
        pair = document_or_404(call.query["against"]), document_or_404(number)
        return shown(document_diff(call.client, *pair, effect=may_see))


def shown(diff: DocumentDiff) -> dict[str, Any]:
    """A difference as its serializer reads it."""
    changed = [
        {
            "title": each.title,
            "edits": [dict(zip(("field", "before", "after"), edit, strict=True)) for edit in each.edits],
        }
        for each in diff.changed
    ]
    plain = {name: getattr(diff, name) for name in ("added", "removed", "still_assumed", "effect")}
    moved = {name: [each.title for each in getattr(diff, name)] for name in ("confirmed", "opened")}
    return {"before": diff.before.number, "after": diff.after.number, "changed": changed, **plain, **moved}


class SignoffDetail(DocumentView):
    operations = {"GET": Operation("signoff_get", VIEW_POLICY, shapes.SignoffSerializer)}

    def get(self, call: Call, number: int) -> Any:
        """Who signs a version, who has, and whether it stands; 404 where nobody was asked."""
        return signoff_or_404(number)


class CertificateDetail(DocumentView):
    operations = {"GET": Operation("certificate_get", VIEW_POLICY, shapes.CertificateSerializer)}

    def get(self, call: Call, number: int) -> Any:
        """The certificate of a signed version; 404 before it is signed."""
        found = signoff_or_404(number).certificate
        if found is None:
            raise Http404
        return found
