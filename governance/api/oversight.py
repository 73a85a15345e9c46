"""Audits of contracts: the list, one with its sheets, and results."""

from collections.abc import Iterable
from typing import Any

from django.http import Http404
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import BaseParser

from governance.api import oversight_shapes as shapes
from governance.api.definitions import told
from governance.models import AuditedContract, AuditFollowUp, EvidenceFile, QuarterAudit
from governance.selectors.quarter_audits import audit_content, audit_get, audit_list, audit_view, auditable_quarters
from governance.services.audit_sheets import sheet_renew
from governance.services.evidence import evidence_keep
from governance.services.quarter_audits import (
    Found,
    audit_draw,
    follow_up_raise,
    follow_up_settle,
    follow_up_take,
    result_keep,
)
from portal.notices.audience import people_who
from portal.tenancy import audit as log
from portal.tenancy.api import Call, ClientAPIView, Operation
from portal.tenancy.api_files import FileSerializer, stored_file
from portal.tenancy.api_input import BoundedFormParser, BoundedJSONParser
from portal.tenancy.clock import day_now
from portal.tenancy.permissions import RUN_AUDITS, VIEW_AUDITS, VIEW_CLIENT


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
    operations = {
        "GET": Operation("quarter_audits_list", VIEW_AUDITS, shapes.AuditsSerializer),
        "POST": Operation(
            "quarter_audit_draw", RUN_AUDITS, shapes.AuditSerializer, takes=shapes.DrawSerializer, status=201,
            may_fail=(409,),
        ),
    }  # fmt: skip

    def get(self, call: Call) -> Any:
        """Every audit of a quarter, the newest first."""
        quarters = auditable_quarters(call.client, timezone.now())
        return {"audits": audit_list(), "can_be_drawn": [each.key for each in quarters]}

    def post(self, call: Call) -> Any:
        """Draw the sample of a quarter and compute its work sheets; the token's person is the auditor. 409 once drawn."""
        with told():
            made = audit_draw(client=call.client, user=call.user, now=timezone.now(), **call.body)
        return next(row for row in audit_list() if row.audit.pk == made.pk)


class AuditDetail(AuditApiView):
    operations = {"GET": Operation("quarter_audit_get", VIEW_AUDITS, shapes.AuditDetailSerializer)}

    def get(self, call: Call, quarter: str) -> Any:
        """One audit: how it was drawn, every sheet, what was found, and what is done about it.

        Finance signs on the page, after a sign-in of the last minutes: no token signs.
        """
        view = audit_view(audit_or_404(quarter))
        content = view.signature.content if view.signature else audit_content(call.client, view)
        return {
            "quarter": quarter, "is_signed": view.audit.is_signed, "sha256": log.digest(content), "content": content,
            "contracts": view.contracts, "follow_ups": view.follow_ups,
        }  # fmt: skip


class AuditResult(AuditApiView):
    parser_classes: list[type[BaseParser]] = [BoundedJSONParser, BoundedFormParser]
    operations = {
        "POST": Operation(
            "quarter_audit_result", RUN_AUDITS, shapes.ResultSerializer, may_fail=(409,),
            takes={
                "application/json": shapes.ResultGiveSerializer, "multipart/form-data": shapes.ResultFileSerializer,
            },
        )
    }  # fmt: skip

    def post(self, call: Call, quarter: str, position: int) -> Any:
        """Keep what was found about a contract, as a form with the file that stands behind it or as JSON without.

        409 where it was changed since `version`, or the audit is signed. 400 for a file that is not what it says or too large.
        """
        found = audit_or_404(quarter)
        row = AuditedContract.objects.filter(audit=found, position=position).first()
        if row is None:
            raise Http404
        given = dict(call.body)
        version, upload = given.pop("version"), given.pop("file", None)
        with told():
            evidence = evidence_keep(client=call.client, upload=upload, user=call.user) if upload else None
            found_out = Found(**given, evidence=evidence)
            return result_keep(client=call.client, contract=row, version=version, given=found_out, user=call.user)


class AuditSheet(AuditApiView):
    operations = {
        "POST": Operation(
            "quarter_audit_sheet_renew", RUN_AUDITS, shapes.ResultSerializer, takes=shapes.SheetRenewSerializer,
            may_fail=(409,),
        )
    }  # fmt: skip

    def post(self, call: Call, quarter: str, position: int) -> Any:
        """Take the sheet of a contract anew, from the data as it is now, under the policy of the audit.

        The sheet before is kept with what was found about it, and the contract is to be checked once more. 400 where the data
        says what the sheet says, 409 where it was changed since `version`, or the audit is signed.
        """
        row = AuditedContract.objects.filter(audit=audit_or_404(quarter), position=position).first()
        if row is None:
            raise Http404
        with told():
            return sheet_renew(client=call.client, contract=row, version=call.body["version"], user=call.user)


class EvidenceFileDetail(AuditApiView):
    operations = {"GET": Operation("audit_evidence_file", VIEW_AUDITS, FileSerializer)}

    def get(self, call: Call, file_id: int) -> Any:
        """A file that stands behind a result of an audit."""
        row = EvidenceFile.objects.filter(pk=file_id).first()
        if row is None:
            raise Http404
        return stored_file(row)


class AuditPopulation(AuditApiView):
    operations = {"GET": Operation("quarter_audit_population", VIEW_AUDITS, shapes.PopulationSerializer)}

    def get(self, call: Call, quarter: str) -> Any:
        """The ids that the sample was drawn from, so that anybody can draw it again with the seed."""
        found = QuarterAudit.objects.filter(quarter=quarter).first()
        if found is None:
            raise Http404
        return {
            "quarter": quarter, "sha256": found.population_sha256, "contracts": found.population.split("\n")[:-1]
        }  # fmt: skip


class FollowUpList(AuditApiView):
    operations = {
        "POST": Operation(
            "audit_follow_up_raise", RUN_AUDITS, shapes.FollowUpSerializer, takes=shapes.FollowUpGiveSerializer,
            status=201, may_fail=(409,),
        )
    }  # fmt: skip

    def post(self, call: Call, quarter: str) -> Any:
        """Say what is to be done about a finding; whoever does it is told. 409 once the audit is signed."""
        found, given = audit_or_404(quarter), dict(call.body)
        owner = person_or_refused(people_who(call.client, VIEW_CLIENT), given.pop("person"))
        with told():
            return follow_up_raise(
                client=call.client, found=found, owner=owner, user=call.user, today=day_now(call.client), **given
            )


class FollowUpSettle(AuditApiView):
    operations = {
        "POST": Operation(
            "audit_follow_up_settle", RUN_AUDITS, shapes.FollowUpSerializer, takes=shapes.OutcomeSerializer,
            may_fail=(409,),
        )
    }  # fmt: skip

    def post(self, call: Call, follow_up_id: int) -> Any:
        """Say what came of a follow-up. 409 where it was settled already."""
        row = follow_up_or_404(follow_up_id)
        with told():
            return follow_up_settle(follow_up=row, outcome=call.body["outcome"], user=call.user)


class FollowUpOwner(AuditApiView):
    operations = {
        "PUT": Operation(
            "audit_follow_up_owner_put", RUN_AUDITS, shapes.FollowUpSerializer, takes=shapes.FollowUpOwnerSerializer,
            may_fail=(409,),
        )
    }  # fmt: skip

    def put(self, call: Call, follow_up_id: int) -> Any:
        """Say who does a follow-up from now on: hand it on, or take over one that is nobody's. 409 where it was settled."""
        row = follow_up_or_404(follow_up_id)
        owner = person_or_refused(people_who(call.client, VIEW_CLIENT), call.body["person"])
        with told():
            return follow_up_take(client=call.client, follow_up=row, owner=owner, user=call.user)


def follow_up_or_404(follow_up_id: int) -> AuditFollowUp:
    """The follow-up of that id."""
    row: AuditFollowUp | None = AuditFollowUp.objects.filter(pk=follow_up_id).first()
    if row is None:
        raise Http404
    return row


def person_or_refused(people: Iterable[Any], email: str) -> Any:
    """Whoever of these has that address. An address that is nobody's gets the answer that another client's gets."""
    found = next((user for user in people if user.email.lower() == email.lower()), None)
    if found is None:
        raise ValidationError({"person": ["This is none of the people who can be asked."]})
    return found
