"""What the pages on which people answer show, made ready for their templates."""

from typing import Any

from governance.models import Function, Verdict
from governance.selectors.answers import OwnQuestion, questions_of
from portal.tenancy.access import TenantRequest


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
