"""The definitions of the demonstration: Northwind's half-way through its refinement, Larkspur's signed and in force."""

import datetime as dt

from governance.models import DefinitionItem, Signer
from governance.selectors.answers import questions_of
from governance.services.answers import answer_give
from governance.services.documents import document_create
from governance.services.items import definitions_start, item_confirm, item_edit
from governance.services.publishing import signed_publish
from governance.services.respondents import respondent_add
from governance.services.signing import document_sign, intent_text
from governance.services.signoff import signoff_request
from metrics.selectors.closes import latest_closes
from portal.accounts.models import User
from portal.accounts.proofs import Place, Proof
from portal.demo.past import workday
from portal.lib.dates import date_text
from portal.tenancy.models import Client

MOBILE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)"
OBJECTIONS = {
    "usage-overage": "Half of our growth is overage that comes back every month; leaving it out hides it.",
    "price-increases": "Sales wants to see list price changes apart from upsell.",
}


def definitions_half_way(client: Client, ana: User, finn: User, rita: User, stan: User, today: dt.date) -> None:
    """Two versions, a term that was reworded, answers of Finance and most of RevOps, two objections, Sales still silent."""
    kickoff, refinement = held("Kickoff", today, 5), held("Refinement 1", today, 2)
    definitions_start(client=client, user=ana)
    respondent_add(client=client, email=stan.email, function="sales")
    document_create(client=client, meeting=kickoff, note="As proposed", user=ana)
    for key in ("reporting-currency", "discounts", "multi-year", "proration", "cancellations"):
        item = DefinitionItem.objects.get(key=key)
        item_confirm(item=item, version=item.version, by="Finn and Rita", meeting=kickoff, user=ana)
    threshold = DefinitionItem.objects.get(key="anomaly-threshold")
    changed = "A change of one account by more than 25,000 US dollars in a month without a known contract event is looked into."
    item_edit(
        item=threshold, version=threshold.version, changes={"answer": changed, "value": 25_000}, user=ana, meeting=refinement,
        note="50,000 would miss most of our accounts",
    )  # fmt: skip
    say_yes(client, finn, most=24)
    say_yes(client, rita, most=17)
    for key, comment in OBJECTIONS.items():
        item = DefinitionItem.objects.get(key=key)
        answer_give(
            client=client, item=item, sha256=item.sha256, verdict="no", comment=comment, user=finn, by_link=True
        )
    document_create(client=client, meeting=refinement, note="After the edge cases", user=ana)


def definitions_signed(client: Client, ana: User, frieda: User, ralf: User, today: dt.date) -> None:
    """Everything agreed, signed by Finance and RevOps, and the policy since the newest closed month."""
    kickoff, review = held("Kickoff", today, 43), held("Final review", today, 25)
    definitions_start(client=client, user=ana)
    for user, functions in ((frieda, ("marketing", "executive")), (ralf, ("sales", "success"))):
        for function in functions:
            respondent_add(client=client, email=user.email, function=function)
    document_create(client=client, meeting=kickoff, note="As proposed", user=ana)
    for user in (frieda, ralf):
        say_yes(client, user)
    document = document_create(client=client, meeting=review, note="All agreed", user=ana, is_final=True)
    signers = [(frieda, "finance"), (ralf, "revops")]
    signoff = signoff_request(client=client, document=document, signers=signers, mode="order", user=ana)
    for user, _ in signers:
        signer = Signer.objects.select_related("user", "signoff__document", "signoff__requested_by").get(user=user)
        document_sign(
            client=client, signer=signer, sha256=document.sha256, intent=intent_text(signer),
            proof=Proof("mailed link and one-time code", dt.datetime.now(dt.UTC)), place=Place("203.0.113.24", MOBILE),
        )  # fmt: skip
    newest = max(close.month for close in latest_closes())
    signed_publish(
        client=client, signoff=signoff, from_month=newest + 1, mode="prospective", user=ana, now=dt.datetime.now(dt.UTC)
    )


def held(meeting: str, today: dt.date, days: int) -> str:
    """A meeting with the day on which it was: so many days ago, as the engagement's own meeting was."""
    return f"{meeting}, {date_text(workday(today - dt.timedelta(days=days)))}"


def say_yes(client: Client, user: User, most: int | None = None) -> None:
    """A person's yes to their first questions, leaving out what they object to."""
    questions = [each for each in questions_of(user) if each.item.key not in OBJECTIONS or most is None]
    for question in questions[:most]:
        item = DefinitionItem.objects.get(pk=question.item.pk)
        answer_give(client=client, item=item, sha256=item.sha256, verdict="yes", user=user, by_link=True)
