"""Tokens of programs, per client."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.accounts.forms import TokenForm
from portal.accounts.models import ApiToken
from portal.accounts.selectors import api_tokens
from portal.accounts.services.tokens import token_create, token_revoke
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import MANAGE_TOKENS
from portal.tenancy.services import TenancyError
from portal.tenancy.step_up import recently_authenticated

IN_WORDS = {
    "client.view": "see the client",
    "arr.view": "read ARR, bridges and retention",
    "data.view": "read contracts, imports and rates",
    "data.import": "import contracts and rates",
    "data.reconcile": "explain differences between sources, and let findings in the data stay for a while",
    "teams.manage": "say which team and territory representatives belong to",
    "policy.view": "read the policy",
    "policy.edit": "change the policy",
    "month.close": "close and restate months",
    "definitions.answer": "answer definitions in your name",
    "engagement.view": "read engagements, tasks and gates",
    "engagement.run": "change tasks, say what came out of technical tests, and open gates whose criteria hold",
    "engagement.test": "say what came out of the client's own tests in your name",
    "metrics.manage": "take the file of metrics, which names their owners",
    "changes.view": "read change requests",
    "changes.request": "ask for changes in your name",
    "changes.triage": "triage change requests",
    "changes.vote": "vote on change requests in your name",
    "board.manage": "change the review board and its rights",
    "quarter_audit.view": "read audits of contracts",
    "quarter_audit.run": "keep results of audits of contracts",
    "dispute.raise": "dispute figures in your name",
    "dispute.resolve": "look into disputes and settle them in your name",
    "review.view": "read the quarterly reviews",
    "people.view": "see people",
    "people.manage": "invite people and change roles",
    "audit.view": "read the audit log",
    "settings.manage": "change settings",
    "tokens.manage": "manage tokens",
    "webhooks.manage": "manage webhooks, and read what was sent to them",
}


# What operations of the API ask for: a token with anything else could do no more.
API_SCOPES = (
    "client.view",
    "arr.view",
    "data.view",
    "data.import",
    "data.reconcile",
    "teams.manage",
    "policy.view",
    "policy.edit",
    "month.close",
    "definitions.answer",
    "engagement.view",
    "engagement.run",
    "engagement.test",
    "metrics.manage",
    "changes.view",
    "changes.request",
    "changes.triage",
    "changes.vote",
    "board.manage",
    "audit.view",
    "webhooks.manage",
    "quarter_audit.view",
    "quarter_audit.run",
    "dispute.raise",
    "dispute.resolve",
    "review.view",
)


@require_GET
@client_page(MANAGE_TOKENS)
def tokens(request: TenantRequest) -> HttpResponse:
    """The tokens of the client, without their secrets."""
    rows = [(each, [IN_WORDS.get(scope, scope) for scope in each.scopes]) for each in api_tokens()]
    return render(request, "tokens/tokens.html", {"tokens": rows})


@require_http_methods(["GET", "POST"])
@client_page(MANAGE_TOKENS)
@recently_authenticated
def token_new(request: TenantRequest) -> HttpResponse:
    """Mint a token; its text is on the answer to this POST and nowhere else."""
    may = request.standing.permissions
    choices = [(scope, IN_WORDS[scope]) for scope in API_SCOPES if scope in may]
    form = TokenForm(request.POST or None, choices=choices)
    if request.method == "POST" and form.is_valid():
        try:
            token, text = token_create(client=request.client, user=request.user, allowed=may, **form.cleaned_data)  # type: ignore[arg-type]
        except TenancyError as error:
            form.add_error(None, str(error))
        else:
            return render(request, "tokens/created.html", {"token": token, "text": text})
    return render(request, "tokens/new.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@client_page(MANAGE_TOKENS)
def token_end(request: TenantRequest, token_id: int) -> HttpResponse:
    """Revoke a token."""
    token = get_object_or_404(ApiToken.objects.all(), pk=token_id)
    token_revoke(client=request.client, token=token)
    messages.success(request, f"The token “{token.name}” no longer works.")
    return redirect("tokens", client_slug=request.client.slug)
