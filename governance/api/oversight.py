"""Audits of contracts: the list, one with its sheets, and results."""

from typing import Any

from django.http import Http404

from governance.api import oversight_shapes as shapes
from governance.api.definitions import told
from governance.models import AuditedContract, QuarterAudit
from governance.selectors.quarter_audits import audit_content, audit_get, audit_list, audit_view
from governance.services.quarter_audits import Found, result_keep
from portal.tenancy import audit as log
from portal.tenancy.api import Call, ClientAPIView, Operation
from portal.tenancy.permissions import RUN_AUDITS, VIEW_AUDITS


class AuditApiView(ClientAPIView):
    """An operation on audits of contracts."""

    tag = "Oversight"


def audit_or_404(quarter: str) -> QuarterAudit:
    """The audit of a quarter."""
    found = audit_get(quarter)
    if found is None:
        raise Http404
    return found


class AuditList(AuditApiView):
    operations = {"GET": Operation("quarter_audits_list", VIEW_AUDITS, shapes.AuditsSerializer)}

    def get(self, call: Call) -> Any:
        """Every audit of a quarter, the newest first."""
        return {"audits": audit_list()}


class AuditDetail(AuditApiView):
    operations = {"GET": Operation("quarter_audit_get", VIEW_AUDITS, shapes.AuditDetailSerializer)}

    def get(self, call: Call, quarter: str) -> Any:
        """One audit: how it was drawn, every sheet, what was found, and what is done about it."""
        view = audit_view(audit_or_404(quarter))
        content = view.signature.content if view.signature else audit_content(call.client, view)
        return {
            "quarter": quarter, "is_signed": view.audit.is_signed, "sha256": log.digest(content), "content": content
        }  # fmt: skip


class AuditResult(AuditApiView):
    operations = {
        "POST": Operation(
            "quarter_audit_result", RUN_AUDITS, shapes.ResultSerializer, takes=shapes.ResultGiveSerializer,
            may_fail=(409,),
        )
    }  # fmt: skip

    def post(self, call: Call, quarter: str, position: int) -> Any:
        """Keep what was found about a contract. 409 where it was changed since `version`, or the audit is signed."""
        found = audit_or_404(quarter)
        row = AuditedContract.objects.filter(audit=found, position=position).first()
        if row is None:
            raise Http404
        given = dict(call.body)
        version = given.pop("version")
        with told():
            return result_keep(client=call.client, contract=row, version=version, given=Found(**given), user=call.user)
