"""What the pages on which people answer show, made ready for their templates."""

from typing import Any

from governance.item_page import worth_context
from governance.models import DefinitionItem, Function, Verdict
from governance.selectors.answers import OwnQuestion, may_see_worth, questions_of
from governance.selectors.items import not_computed
from governance.selectors.worth import Worth
from portal.tenancy.access import TenantRequest
from portal.tenancy.permissions import VIEW_ARR


def overview(request: TenantRequest) -> dict[str, Any]:
    """All questions of the person who reads, and where to begin."""
    questions = questions_of(request.user)
    waiting = [question for question in questions if question.answer is None]
    functions = {name for question in questions for name in question.functions}
    return {
        "questions": questions,
        "waiting": waiting,
        "first": waiting[0].item.key if waiting else "",
        "objections": [each for each in questions if each.answer and each.answer.verdict != Verdict.YES],
        "functions": [Function(name).label for name in Function.values if name in functions],
    }


def question_context(questions: list[OwnQuestion], place: int) -> dict[str, Any]:
    """One question of the person's, its place among them, and what stands before and after."""
    question = questions[place]
    return {
        "question": question,
        "item": question.item,
        "not_computed": not_computed(question.item),
        "place": place + 1,
        "count": len(questions),
        "pips": [pip(each, index == place) for index, each in enumerate(questions)],
        "earlier": questions[place - 1].item.key if place else "",
        "later": questions[place + 1].item.key if place + 1 < len(questions) else "",
    }


def pip(question: OwnQuestion, is_here: bool) -> dict[str, Any]:
    """One mark of the progress above a question."""
    verdict = question.answer.verdict if question.answer else "waiting"
    return {"state": verdict, "here": is_here, "key": question.item.key}


def next_key(questions: list[OwnQuestion], place: int) -> str:
    """The next question without an answer, after this one or else from the beginning; blank when all are answered."""
    ahead = [*questions[place + 1 :], *questions[:place]]
    return next((each.item.key for each in ahead if each.answer is None), "")


def meaning_context(request: TenantRequest, item: DefinitionItem, worth: Worth | None) -> dict[str, Any]:
    """What an answer means: in figures for whoever sees the client's ARR or was allowed to here, else in words."""
    if request.standing.may(VIEW_ARR) or may_see_worth(request.user, item):
        return worth_context(worth)
    return {"meaning": in_words(worth)}


def in_words(worth: Worth | None) -> str:
    """What the answer changes, without an amount; blank where there are no numbers."""
    if worth is None or worth.other is None or worth.difference is None:
        return ""
    if not worth.difference:
        return "On the contracts there are today, ARR is the same whichever way it is answered."
    direction = "higher" if worth.difference > 0 else "lower"
    return f"Under “{worth.other.sentence}” ARR would be {direction} than this way."
