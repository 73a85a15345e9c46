"""The questionnaire of definitions: started for a client, who answers for which function, and asking them."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from governance.api import respondent_shapes as shapes
from governance.api.definitions import DefinitionView, told
from governance.models import Respondent
from governance.selectors.answers import RespondentRow
from governance.selectors.answers import respondents as respondent_rows
from governance.services.asking import questions_ask
from governance.services.items import definitions_start
from governance.services.respondents import respondent_add, respondent_remove
from portal.tenancy.api import Call, Operation
from portal.tenancy.permissions import EDIT_POLICY, VIEW_ARR
from portal.tenancy.services import TenancyError


def respondent_or_404(respondent_id: int) -> Respondent:
    """The client's respondent."""
    found: Respondent | None = Respondent.objects.select_related("user").filter(pk=respondent_id).first()
    if found is None:
        raise Http404
    return found


def row_of(user_id: int) -> RespondentRow:
    """A person as the list has them."""
    return next(row for row in respondent_rows() if row.user.pk == user_id)


class QuestionnaireStart(DefinitionView):
    operations = {
        "POST": Operation("questionnaire_start", EDIT_POLICY, shapes.QuestionnaireStartedSerializer, status=201)
    }

    def post(self, call: Call) -> Any:
        """Start the client's definitions from the library: every question and term is proposed, none confirmed.

        Whoever has the role of a function answers for it, until somebody says otherwise. 400 where they were started before.
        """
        with told():
            items = definitions_start(client=call.client, user=call.user)
        return {"definitions": len(items)}


class RespondentList(DefinitionView):
    operations = {
        "GET": Operation("respondents_list", EDIT_POLICY, shapes.RespondentsSerializer),
        "POST": Operation(
            "respondent_add", EDIT_POLICY, shapes.RespondentSerializer, takes=shapes.RespondentBody, status=201,
            examples=(shapes.SAM,),
        ),
    }  # fmt: skip

    def get(self, call: Call) -> Any:
        """Everybody who answers, by name: for what, how much is done, and when they were asked."""
        return {"respondents": respondent_rows()}

    def post(self, call: Call) -> Any:
        """Let one of the client's people answer for a function too, or change whether they see what a question is worth.

        Somebody who is none of them yet is invited on the page. 403 where the token may not read ARR and would show it.
        """
        given = call.body
        if given["sees_figures"] is not False and not call.may(VIEW_ARR):
            raise PermissionDenied
        with told():
            made = respondent_add(client=call.client, **given)
        return row_of(made.user_id)


class RespondentDetail(DefinitionView):
    operations = {"DELETE": Operation("respondent_remove", EDIT_POLICY, shapes.RespondentRemovedSerializer)}

    def delete(self, call: Call, respondent_id: int) -> Any:
        """Let a person answer for nothing any more. What they answered before still counts."""
        row = respondent_or_404(respondent_id)
        with told():
            respondent_remove(user=row.user)
        return {"id": respondent_id}


class RespondentAsk(DefinitionView):
    operations = {"POST": Operation("respondent_ask", EDIT_POLICY, shapes.RespondentSerializer)}

    def post(self, call: Call, respondent_id: int) -> Any:
        """Mail a person the link to their questions; reminders follow. 400 where nothing waits, or they were mailed today."""
        row = respondent_or_404(respondent_id)
        try:
            with told():
                questions_ask(client=call.client, user=row.user, asked_by=call.user, now=timezone.now())
        except TenancyError as error:
            raise ValidationError(str(error)) from error
        return row_of(row.user_id)
