"""What the pages of a sign-off, of one signer, and the certificate show, made ready for their templates."""

from typing import Any

from governance.document_page import groups_of
from governance.models import Certificate, Function, PolicyDocument, Signer, SignerState, SignoffState
from governance.selectors.pay import signed_pay
from governance.selectors.signoff import board_has_policy, is_turn, moves_policy, signoff_of
from governance.services.publishing import closed_months
from governance.services.signing import intent_text
from governance.services.signoff import changed_items
from governance.signoff_forms import PublishForm, SignoffForm
from metrics.selectors.books import book_head
from portal.lib.periods import month_format
from portal.tenancy.access import TenantRequest
from portal.tenancy.clock import day_at, paper_reader
from portal.tenancy.permissions import EDIT_POLICY


def signoff_context(request: TenantRequest, document: PolicyDocument) -> dict[str, Any]:
    """Everything about the sign-off of one version."""
    view = signoff_of(document)
    may_edit = request.standing.may(EDIT_POLICY)
    is_over = view is None or view.signoff.state in (SignoffState.DECLINED, SignoffState.WITHDRAWN)
    is_new = document.is_final and (view is None or view.publication is None)
    is_boards = is_new and board_has_policy() and moves_policy(request.client, document)
    may_publish = may_edit and view is not None and view.stands and is_new and not is_boards
    return {
        "document": document,
        "view": view,
        "changed": changed_items(document),
        "may_edit": may_edit,
        "is_boards": is_boards,
        "pay": signed_pay(request.client, view.signoff, moves=moves_policy(request.client, document))
        if may_publish and view is not None
        else None,
        "form": SignoffForm() if may_edit and is_over and document.is_final else None,
        "publish_form": PublishForm(initial={"from_month": first_open_month(request)}) if may_publish else None,
        "restated": [month_format(month) for month in view.publication.restated_months]
        if view is not None and view.publication
        else [],
    }


def first_open_month(request: TenantRequest) -> str:
    """The month after the newest closed one, or the newest of the book."""
    closed, head = closed_months(), book_head(request.client)
    if closed:
        return month_format(closed[-1] + 1)
    return month_format(head.last_month) if head.last_month is not None else ""


def signing_context(request: TenantRequest, signer: Signer) -> dict[str, Any]:
    """One signer's page: the items that ask their function, exactly as the document has them."""
    document = signer.signoff.document
    groups = groups_of(document)
    own = [(label, [entry for entry in entries if signer.function in entry["functions"]]) for label, entries in groups]
    return {
        "signer": signer,
        "document": document,
        "groups": [(label, entries) for label, entries in own if entries],
        "count": sum(len(entries) for _, entries in own),
        "intent": intent_text(signer),
        "is_open": signer.signoff.state == SignoffState.OPEN and signer.state == SignerState.WAITING,
        "is_turn": is_turn(signer),
        "signature": signer.signatures.first(),
    }


def certificate_context(request: TenantRequest, certificate: Certificate) -> dict[str, Any]:
    """A certificate for paper."""
    content = certificate.content
    number = content["document"]["number"]
    return {
        "content": content,
        "signatures": [(str(Function(each["function"]).label), each) for each in content["signatures"]],
        "document_name": f"Certificate of ARR policy v{number}",
        "client_name": content["client"]["name"],
        "sha256": content["document"]["sha256"],
        "as_of": day_at(request.client, certificate.issued_at),
        "signature": certificate.signature,
        "reader": paper_reader(request.client),
    }
