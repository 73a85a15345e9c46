"""Answering a definition item.

`answer_give(client=, item=, sha256=, verdict=, comment=, user=, by_link=) -> list[Answer]`
"""

from typing import Any

from django.urls import reverse

from governance.models import Answer, Asking, DefinitionItem, Function, ItemEvent, ItemState, Verdict
from governance.selectors.answers import Standing, functions_of, questions_of, standings
from governance.services.items import confirm, item_open, state_of, store
from governance.services.news import news_add
from governance.services.problems import DefinitionError, OutdatedError
from portal.accounts.same_person import is_one_of, is_staff_person
from portal.tenancy import audit
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client

BY_FORM = "answer form"


def answer_give(
    *,
    client: Client,
    item: DefinitionItem,
    sha256: str,
    verdict: str,
    user: Any,
    comment: str = "",
    by_link: bool = False,
) -> list[Answer]:
    """Record what a person says about exactly the content they were shown, for each function they answer for.

    Yes of the last function confirms the item. A no or a proposal needs a comment, opens the item again and tells whom it
    concerns. Staff of the client's firm, and whoever edited the item last, never answer, under no account. OutdatedError when
    the content is no longer the one with `sha256`. Saying the same again records nothing.
    """
    locked: DefinitionItem = DefinitionItem.objects.select_for_update().get(pk=item.pk)
    if locked.sha256 != sha256:
        raise OutdatedError("this was changed since you read it, and nothing was recorded: read it once more")
    functions = [name for name in functions_of(user) if name in locked.functions]
    comment = comment.strip()
    if not functions:
        raise DefinitionError("this question is not asked of you")
    if is_staff_person(client, user):
        raise DefinitionError("the client's own people answer, not those of its consultants")
    if locked.edited_by_id is not None and is_one_of(user, [locked.edited_by_id]):
        raise DefinitionError("somebody else answers what you wrote yourself")
    if verdict not in Verdict.values:
        raise DefinitionError("answer with yes, no, or a proposal")
    if verdict != Verdict.YES and not comment:
        raise DefinitionError(
            "say why, so that the others can respond" if verdict == Verdict.NO else "say what you propose"
        )
    if is_said(locked, functions, user, verdict, comment):
        return []
    answers = [keep(locked, name, user, verdict, comment, by_link) for name in functions]
    if verdict == Verdict.YES:
        agree(locked)
    else:
        object_to(client, locked, answers[0])
    if all(question.answer is not None for question in questions_of(user)):
        Asking.objects.filter(user=user).update(next_reminder_at=None)
    return answers


def is_said(item: DefinitionItem, functions: list[str], user: Any, verdict: str, comment: str) -> bool:
    """Whether this person's last answer for each function is this one."""
    rows = Answer.objects.filter(item=item, user=user, function__in=functions).order_by("function", "-id")
    last = rows.distinct("function").values_list("verdict", "comment", "sha256")
    return len(last) == len(functions) and set(last) == {(verdict, comment, item.sha256)}


def keep(item: DefinitionItem, function: str, user: Any, verdict: str, comment: str, by_link: bool) -> Answer:
    """Write an answer and its audit entry."""
    answer: Answer = Answer.objects.create(
        item=item, function=function, user=user, verdict=verdict, comment=comment, sha256=item.sha256,
        by_link=by_link, at=database_time(),
    )  # fmt: skip
    audit.record(
        "definition.answered", object_type="definition", object_id=item.key,
        after={"function": function, "verdict": verdict, "comment": comment, "sha256": item.sha256},
        details={"title": item.title, "function": function, "verdict": verdict, "comment": comment,
                 "sha256": item.sha256, "by_link": by_link},
    )  # fmt: skip
    return answer


def agree(item: DefinitionItem) -> None:
    """Confirm an item to which every function has said yes."""
    standing = standings([item])[item.pk]
    if not item.is_confirmed and standing.is_agreed:
        confirm(item, by=said_yes(standing), meeting=BY_FORM)


def said_yes(standing: Standing) -> str:
    """Who agreed, for which function."""
    spoken = [f"{each.answers[0].user.get_full_name()} ({each.label})" for each in standing.functions]
    return ", ".join(spoken)[:200]


def object_to(client: Client, item: DefinitionItem, answer: Answer) -> None:
    """Open an item again to which somebody objects, and tell the people whom that concerns."""
    who = f"{answer.user.get_full_name()} ({Function(answer.function).label})"
    if item.state == ItemState.CONFIRMED:
        before = state_of(item)
        item_open(item)
        store(item, ItemEvent.REFUSED, before, note=f"{who}: {answer.comment}"[:1000], user=answer.user)
    says = "says no to" if answer.verdict == Verdict.NO else "proposes a change to"
    path = reverse("definition", kwargs={"client_slug": client.slug, "key": item.key})
    for user in concerned(item, answer):
        news_add(client=client, user=user, text=f"{who} {says} “{item.title}”: {answer.comment}", path=path)


def concerned(item: DefinitionItem, answer: Answer) -> list[Any]:
    """Who wrote the item, who asked, and who had said yes to it; never the person who answers."""
    people = {}
    asking = Asking.objects.filter(user=answer.user).select_related("asked_by").first()
    for user in (item.edited_by, asking.asked_by if asking else None):
        if user is not None:
            people[user.pk] = user
    for each in standings([item])[item.pk].functions:
        people |= {said.user_id: said.user for said in each.answers if said.verdict == Verdict.YES}
    people.pop(answer.user_id, None)
    return list(people.values())
