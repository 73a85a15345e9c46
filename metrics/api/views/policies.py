"""Versions of the ARR policy."""

from typing import Any

from django.http import Http404
from rest_framework.exceptions import ValidationError

from metrics.api.examples import POLICY
from metrics.api.serializers import policies as shapes
from metrics.engine.policy import Policy, PolicyError
from metrics.selectors.clauses import policy_in_plain_words
from metrics.selectors.listings import policy_rows
from metrics.selectors.policies import policy_latest, policy_version_get
from metrics.services.policies import PolicyOutdated, PolicySigned, policy_publish
from portal.tenancy.api import Answer, Call, ClientAPIView, Operation
from portal.tenancy.api_paging import PageParameters
from portal.tenancy.permissions import EDIT_POLICY, VIEW_POLICY
from portal.tenancy.problems import Conflict


class PolicyView(ClientAPIView):
    """An operation on the policy."""

    tag = "Policy"


class PolicyList(PolicyView):
    operations = {
        "GET": Operation(
            "policies_list", VIEW_POLICY, shapes.PolicySerializer, parameters=PageParameters, paged_by="-number"
        ),
        "POST": Operation(
            "policy_publish",
            EDIT_POLICY,
            shapes.PolicySerializer,
            takes=shapes.PolicyPublishSerializer,
            status=201,
            may_fail=(200, 409),
            examples=(POLICY,),
        ),
    }

    def get(self, call: Call) -> Any:
        """Every version of the policy, the newest first: that one is in force."""
        return policy_rows()

    def post(self, call: Call) -> Any:
        """Publish a new version of the policy, in force at once.

        The numbers are recomputed afterwards; closed months keep theirs. Publishing what is in force already makes no version
        and answers 200. 409 where, with `based_on`, somebody published another version meanwhile, where people have signed the
        policy: then it changes through the definitions, a final document and their signatures; and where the client has a
        review board: then another policy than the first is asked for (`changes`).
        """
        before, sent = policy_latest(), call.body
        try:
            made = policy_publish(
                client=call.client,
                parameters=sent["parameters"],
                note=sent["note"],
                user=call.user,
                based_on=sent.get("based_on"),
                is_by_hand=True,
            )
        except PolicyOutdated as error:
            raise Conflict("Another version is in force: look at it first.") from error
        except PolicySigned as error:
            raise Conflict(" ".join(error.faults)) from error
        except PolicyError as error:
            raise ValidationError({"parameters": error.faults}) from error
        return Answer(made, 200 if before is not None and made.pk == before.pk else 201)


class PolicyDetail(PolicyView):
    operations = {"GET": Operation("policy_get", VIEW_POLICY, shapes.PolicyDetailSerializer)}

    def get(self, call: Call, number: int) -> Any:
        """One version with its clauses in plain language."""
        version = policy_version_get(number)
        if version is None:
            raise Http404
        version.clauses = policy_in_plain_words(Policy.from_dict(version.parameters))  # type: ignore[attr-defined]
        return version
