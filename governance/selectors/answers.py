"""Who said what about the definitions, and who has still to. Runs in the client's scope.

`standings(items) -> dict[int, Standing]` · `respondents() -> list[RespondentRow]` · `questions_of(user) -> list[OwnQuestion]` ·
`answers_given(item) -> list[GivenAnswer]` · `terms_waiting() -> list[Waiting]` · `terms_approved() -> bool`

Of each person the last answer to the item's present content counts. A function has said yes when somebody of it did and nobody
of it objects.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from governance.models import Answer, Asking, DefinitionItem, Function, ItemKind, Respondent, Verdict
from governance.selectors.items import item_list
from portal.accounts.selectors import invited_names

WAITING: Final = "waiting"
LAPSED: Final = "lapsed"


@dataclass(frozen=True)
class FunctionStanding:
    """What a function says about an item: yes, no, propose, lapsed (to an earlier wording) or waiting; and who said it."""

    function: str
    state: str
    answers: tuple[Answer, ...] = ()

    @property
    def label(self) -> str:
        return str(Function(self.function).label)


@dataclass(frozen=True)
class Standing:
    """What all functions that an item needs say about it."""

    functions: tuple[FunctionStanding, ...]

    @property
    def is_agreed(self) -> bool:
        """Whether every function has said yes to the present content."""
        return all(each.state == Verdict.YES for each in self.functions)

    @property
    def missing(self) -> list[FunctionStanding]:
        """The functions that have not said yes."""
        return [each for each in self.functions if each.state != Verdict.YES]

    @property
    def agreed(self) -> list[FunctionStanding]:
        """The functions that have."""
        return [each for each in self.functions if each.state == Verdict.YES]


@dataclass(frozen=True)
class OwnQuestion:
    """An item that a person answers, and their present answer to it, if any; `lapsed` is the one before a change."""

    item: DefinitionItem
    functions: tuple[str, ...]
    answer: Answer | None
    lapsed: Answer | None


@dataclass(frozen=True)
class RespondentRow:
    """A person who answers: for which functions, how much of it is done, and how they were asked; `pk` is one of their rows."""

    pk: int
    user: Any
    functions: tuple[str, ...]
    answered: int
    total: int
    objections: int
    asking: Asking | None
    name: str
    sees_figures: bool

    @property
    def labels(self) -> list[str]:
        return [str(Function(name).label) for name in self.functions]

    @property
    def waiting(self) -> int:
        return self.total - self.answered


@dataclass(frozen=True)
class GivenAnswer:
    """An answer in an item's history, with whether it still counts."""

    answer: Answer
    counts: bool


@dataclass(frozen=True)
class Waiting:
    """A function that has not said yes to an item."""

    item: DefinitionItem
    standing: FunctionStanding


def last_answers(items: Iterable[DefinitionItem]) -> dict[tuple[int, str], list[Answer]]:
    """The last answer of each person, by item and function."""
    rows = Answer.objects.filter(item__in=[item.pk for item in items]).select_related("user")
    found = defaultdict(list)
    for answer in rows.order_by("item_id", "function", "user_id", "-id").distinct("item_id", "function", "user_id"):
        found[answer.item_id, answer.function].append(answer)
    return found


def standings(items: Iterable[DefinitionItem]) -> dict[int, Standing]:
    """What is said about each item, by its id."""
    items = list(items)
    last = last_answers(items)
    return {
        item.pk: Standing(
            tuple(function_standing(item, name, last.get((item.pk, name), [])) for name in item.functions)
        )
        for item in items
    }


def function_standing(item: DefinitionItem, function: str, answers: list[Answer]) -> FunctionStanding:
    """The state of one function from its people's last answers."""
    current = tuple(answer for answer in answers if answer.sha256 == item.sha256)
    verdicts = {answer.verdict for answer in current}
    for state in (Verdict.NO, Verdict.PROPOSE, Verdict.YES):
        if state in verdicts:
            return FunctionStanding(function, state, current)
    return FunctionStanding(function, LAPSED if answers else WAITING, tuple(answers))


def functions_of(user: Any) -> tuple[str, ...]:
    """The functions that a person answers for, in the order of `Function`."""
    given = set(Respondent.objects.filter(user=user).values_list("function", flat=True))
    return tuple(name for name in Function.values if name in given)


def may_see_worth(user: Any, item: DefinitionItem) -> bool:
    """Whether a person who answers an item was allowed to see what it is worth, for one of the functions it asks."""
    rows = Respondent.objects.filter(user=user, function__in=item.functions, sees_figures=True)
    return bool(rows.exists())


def questions_of(user: Any) -> list[OwnQuestion]:
    """The items that a person answers, in the order in which they are asked."""
    return questions_for(functions_of(user), item_list(), user)


def questions_for(functions: tuple[str, ...], items: list[DefinitionItem], user: Any) -> list[OwnQuestion]:
    """The items that ask one of the functions, with this person's last answer to each."""
    last = {answer.item_id: answer for answer in Answer.objects.filter(user=user).order_by("id")}
    questions = []
    for item in items:
        own = tuple(name for name in functions if name in item.functions)
        if own:
            answer = last.get(item.pk)
            counts = answer is not None and answer.sha256 == item.sha256
            questions.append(OwnQuestion(item, own, answer if counts else None, None if counts else answer))
    return questions


def respondents() -> list[RespondentRow]:
    """Everybody who answers, by name."""
    functions, people, with_figures = defaultdict(set), {}, set()
    names = invited_names()
    for row in Respondent.objects.select_related("user"):
        functions[row.user_id].add(row.function)
        if row.sees_figures:
            with_figures.add(row.user_id)
        people[row.user_id] = row
    askings = {asking.user_id: asking for asking in Asking.objects.select_related("asked_by")}
    items = item_list()
    rows = []
    for user_id, row in people.items():
        own = tuple(name for name in Function.values if name in functions[user_id])
        questions = questions_for(own, items, row.user)
        given = [each.answer for each in questions if each.answer is not None]
        objections = sum(answer.verdict != Verdict.YES for answer in given)
        asking = askings.get(user_id)
        name = names.get(user_id) or row.user.get_full_name()
        rows.append(
            RespondentRow(
                row.pk, row.user, own, len(given), len(questions), objections, asking, name, user_id in with_figures
            )
        )
    return sorted(rows, key=lambda row: (row.name.casefold(), row.user.pk))


def answers_given(item: DefinitionItem) -> list[GivenAnswer]:
    """Every answer that was ever given to an item, the newest first."""
    seen: set[tuple[str, int]] = set()
    given = []
    for answer in Answer.objects.filter(item=item).select_related("user").order_by("-id"):
        is_last = (answer.function, answer.user_id) not in seen
        seen.add((answer.function, answer.user_id))
        given.append(GivenAnswer(answer, is_last and answer.sha256 == item.sha256))
    return given


def terms_waiting() -> list[Waiting]:
    """Every function that has not said yes to a term."""
    terms = [item for item in item_list() if item.kind == ItemKind.TERM]
    found = standings(terms)
    return [Waiting(item, each) for item in terms for each in found[item.pk].missing]


def terms_approved() -> bool:
    """Whether the definitions were started and every term has the yes of every function that it needs."""
    return DefinitionItem.objects.exists() and not terms_waiting()
