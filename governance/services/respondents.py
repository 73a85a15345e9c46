"""Who answers for which function. Runs in the client's scope.

`respondent_add(client=, email=, name=, function=, sees_figures=, may_invite=) -> Respondent` ·
`respondent_remove(user=)` · `respondents_from_roles(client=)`
"""

from typing import Any, Final

from governance.models import Asking, Function, Respondent
from governance.services.problems import DefinitionError
from portal.accounts.models import User
from portal.accounts.services.stakeholders import stakeholder_ensure
from portal.tenancy import audit
from portal.tenancy.models import Client, ClientRole, Membership

SEE_FIGURES: Final = (Function.FINANCE, Function.REVOPS, Function.EXECUTIVE)

BY_ROLE: Final = {
    ClientRole.FINANCE: Function.FINANCE,
    ClientRole.REVOPS: Function.REVOPS,
    ClientRole.SALES: Function.SALES,
    ClientRole.SUCCESS: Function.SUCCESS,
    ClientRole.EXECUTIVE: Function.EXECUTIVE,
}


def respondents_from_roles(*, client: Client) -> None:
    """Whoever has the role of a function answers for it, until a consultant says otherwise."""
    for member in Membership.objects.filter(role__in=list(BY_ROLE)).select_related("user").order_by("pk"):
        assign(client, member.user, BY_ROLE[ClientRole(member.role)])


def respondent_add(
    *,
    client: Client,
    email: str,
    function: str,
    name: str = "",
    sees_figures: bool | None = None,
    may_invite: bool = False,
) -> Respondent:
    """Let a person answer for a function. Somebody who is none of the client's people yet is invited as a stakeholder,

    where `may_invite` allows that; they belong to the client once they open the mailed link, and need no password.
    `sees_figures`: whether a question shows them its worth in ARR; None is as usual for the function, or as it is.
    """
    if function not in Function.values:
        raise DefinitionError(f"'{function}' is no function")
    member = Membership.with_invited.filter(user__email__iexact=email.strip()).select_related("user").first()
    if member is None and not may_invite:
        raise DefinitionError("this address belongs to none of the client's people: have them invited first")
    user = member.user if member else stakeholder_ensure(client=client, email=email, name=name)
    return assign(client, user, function, sees_figures)


def assign(client: Client, user: User, function: str, sees_figures: bool | None = None) -> Respondent:
    """The row, audited where it is new or what it shows changed."""
    wanted = function in SEE_FIGURES if sees_figures is None else sees_figures
    respondent: Respondent
    respondent, is_new = Respondent.objects.get_or_create(
        client=client, user=user, function=function, defaults={"sees_figures": wanted}
    )
    if is_new:
        audit.record(
            "respondent.added", object_type="user", object_id=user.email, after=[function, wanted],
            details={"function": function, "sees_figures": wanted},
        )  # fmt: skip
    elif sees_figures is not None and respondent.sees_figures != wanted:
        respondent.sees_figures = wanted
        respondent.save(update_fields=["sees_figures"])
        audit.record(
            "respondent.figures_changed", object_type="user", object_id=user.email, before=not wanted, after=wanted,
            details={"function": function, "sees_figures": wanted},
        )  # fmt: skip
    return respondent


def respondent_leave(client: Client, user: Any) -> None:
    """Whoever leaves the client answers for nothing any more."""
    if Respondent.objects.filter(user=user).exists():
        respondent_remove(user=user)


def respondent_remove(*, user: Any) -> None:
    """Let a person answer for nothing any more. What they answered before still counts."""
    functions = list(Respondent.objects.filter(user=user).values_list("function", flat=True))
    if not functions:
        raise DefinitionError("this person answers for nothing")
    Respondent.objects.filter(user=user).delete()
    Asking.objects.filter(user=user).update(next_reminder_at=None)
    audit.record(
        "respondent.removed", object_type="user", object_id=user.email, before=functions,
        details={"functions": functions},
    )  # fmt: skip
