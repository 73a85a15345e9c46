"""From text to a tree, by an LALR parser: time grows with the length of the text, which is bounded; nothing recurses.

`formula_parse(text) -> Node`; FormulaError names what is wrong and where. Everything else about it (names, units, cycles) is
`check`'s.
"""

from fractions import Fraction
from functools import lru_cache
from typing import Any, Final

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedToken

from metrics.formula.faults import FormulaError
from metrics.formula.nodes import ARGUMENTS, Binary, Call, Name, Negative, Node, Number, walk

LONGEST: Final = 1000  # characters
DEEPEST: Final = 60  # operations inside each other
DIGITS: Final = 15  # before and after the decimal point
FARTHEST: Final = 36  # months that one formula looks back
NAME_LENGTH: Final = 60

GRAMMAR: Final = r"""
?start: sum
?sum: product
    | sum (PLUS | MINUS) product -> binary
?product: signed
    | product (TIMES | OVER) signed -> binary
?signed: value
    | MINUS signed -> negative
?value: number
    | NAME -> name
    | NAME LEFT (sum (COMMA sum)*)? RIGHT -> call
    | LEFT sum RIGHT -> bracket
number: NUMBER (PERCENT | NAME)?

NUMBER: /[0-9]+(\.[0-9]+)?/
NAME: /[A-Za-z_][A-Za-z0-9_]*/
PLUS: "+"
MINUS: "-" | "−" | "–"
TIMES: "*" | "×" | "·"
OVER: "/" | "÷"
PERCENT: "%"
LEFT: "("
RIGHT: ")"
COMMA: ","
%ignore /[ \t\r\n]+/
"""
OPERATORS: Final = {"PLUS": "+", "MINUS": "-", "TIMES": "*", "OVER": "/"}
SPANS: Final = {"month": "months", "months": "months", "day": "days", "days": "days"}
HIDING: Final = {"coalesce", "ifnull", "isnull", "nvl", "zn", "iferror", "if", "iif", "nullif", "case", "fillna"}


class Builder(Transformer[Token, Node]):
    """Makes nodes of what the parser finds, from the leaves up."""

    def number(self, parts: list[Token]) -> Node:
        digits, *more = parts
        whole, _, rest = digits.partition(".")
        start, end = place_of(parts)
        if len(whole) > DIGITS or len(rest) > DIGITS:
            raise FormulaError(
                f"“{digits[:20]}…” has more than {DIGITS} digits before or after the point. Write it with fewer",
                start,
                end,
            )
        value = Fraction(str(digits))
        if not more:
            return Number(start, end, 1, value, str(digits))
        if more[0].type == "PERCENT":
            return Number(start, end, 1, value / 100, f"{digits}%", "percent")
        unit = SPANS.get(str(more[0]))
        if unit is None:
            raise FormulaError(
                f"between “{digits}” and “{more[0]}” an operator is missing. Write + − × or ÷ there; a number alone may be of "
                "months or days, as in 12 months",
                start, end,
            )  # fmt: skip
        return Number(start, end, 1, value, f"{digits} {more[0]}", unit)

    def name(self, parts: list[Token]) -> Node:
        name = str(parts[0])
        start, end = place_of(parts)
        if len(name) > NAME_LENGTH:
            raise FormulaError(
                f"a name has at most {NAME_LENGTH} characters, and “{name[:20]}…” has {len(name)}. Use a shorter one",
                start,
                end,
            )
        return Name(start, end, 1, name)

    def bracket(self, parts: list[Any]) -> Node:
        inner: Node = parts[1]
        return inner

    def negative(self, parts: list[Any]) -> Node:
        sign, inner = parts
        return bounded(Negative(sign.start_pos, inner.end, inner.depth + 1, inner))

    def binary(self, parts: list[Any]) -> Node:
        left, sign, right = parts
        depth = max(left.depth, right.depth) + 1
        return bounded(Binary(left.start, right.end, depth, OPERATORS[sign.type], left, right))

    def call(self, parts: list[Any]) -> Node:
        function = str(parts[0])
        start, end = place_of([parts[0], parts[-1]])
        arguments = tuple(each for each in parts[1:] if isinstance(each, Node))
        function_check(function, len(arguments), start, end)
        depth = 1 + max(each.depth for each in arguments)
        return bounded(Call(start, end, depth, function, arguments))


def place_of(tokens: list[Token]) -> tuple[int, int]:
    """From the first token to the last."""
    return tokens[0].start_pos or 0, tokens[-1].end_pos or 0


def bounded(node: Node) -> Node:
    """The node, unless too much lies inside each other."""
    if node.depth > DEEPEST:
        raise FormulaError(
            f"more than {DEEPEST} operations lie inside each other. Make a metric of a part of it", node.start, node.end
        )
    return node


def function_check(function: str, given: int, start: int, end: int) -> None:
    """FormulaError for a function that there is not, or that takes another number of values."""
    if function.lower() in HIDING:
        raise FormulaError(
            f"there is no {function}(): it would hide a missing value. A metric that lacks something has no value and says why",
            start, end,
        )  # fmt: skip
    if function not in ARGUMENTS:
        raise FormulaError(f"there is no function “{function}”. Use one of {', '.join(ARGUMENTS)}", start, end)
    fewest, most = ARGUMENTS[function]
    if not fewest <= given <= most:
        wanted = "one value" if most == 1 else f"{fewest} to {most} values"
        raise FormulaError(f"{function}() takes {wanted}, and here are {given}. Separate values by commas", start, end)


@lru_cache(maxsize=1)
def parser() -> Lark:
    """The parser, made once."""
    return Lark(GRAMMAR, parser="lalr", lexer="basic", transformer=Builder(), propagate_positions=False)


@lru_cache(maxsize=2048)
def formula_parse(text: str) -> Node:
    """The tree of a formula. FormulaError for anything that is none, with the place."""
    if len(text) > LONGEST:
        raise FormulaError(
            f"a formula has at most {LONGEST} characters, and this has {len(text)}. Make a metric of a part of it",
            LONGEST,
            len(text),
        )
    if not text.strip():
        raise FormulaError("there is no formula yet. Write one, such as arr / customers")
    try:
        node: Node = parser().parse(text)  # type: ignore[assignment]
    except UnexpectedCharacters as error:
        place = error.pos_in_stream or 0  # type: ignore[redundant-expr]  # which lark declares to be None
        raise character_fault(text, place) from None
    except UnexpectedToken as error:
        raise token_fault(text, error) from None
    lag, at = max(((lag, at) for at, lag in walk(node)), key=lambda found: found[0])
    if lag > FARTHEST:
        raise FormulaError(
            f"a formula looks back {FARTHEST} months at most, and this looks back {lag}. Look back less far",
            at.start,
            at.end,
        )
    return node


def character_fault(text: str, place: int) -> FormulaError:
    """What is said about a character that the language does not have."""
    hint = " (there is no power)" if text[place] == "^" else ""
    if text[place] == ".":
        hint = " (a number begins with a digit: 0.5)"
    return FormulaError(
        f"“{text[place]}” is not part of a formula{hint}. Use names, numbers, + − × ÷, brackets and functions alone",
        place,
        place + 1,
    )


def token_fault(text: str, error: UnexpectedToken) -> FormulaError:
    """What is said about something that stands where it cannot."""
    token, expected = error.token, error.accepts or error.expected
    if token.type == "$END":
        message = (
            "a bracket is not closed. Write ) where it ends"
            if "RIGHT" in expected and "NAME" not in expected
            else "a value is missing at the end. Write a name or a number there, or take the last sign away"
        )
        return FormulaError(message, len(text), len(text))
    start, end = place_of([token])
    if token.type == "RIGHT" and "NAME" not in expected:
        return FormulaError("this bracket closes none. Take it away, or open one before it", start, end)
    if "PLUS" in expected and token.type in ("NAME", "NUMBER", "LEFT"):
        return FormulaError(f"an operator is missing before “{token}”. Write + − × or ÷ there", start, end)
    if token.type in ("TIMES", "OVER") and text[:start].rstrip()[-1:] in ("*", "/"):
        return FormulaError(
            "two operators stand side by side. Leave one: there is no power and no whole division", start, end
        )
    if "NAME" in expected:
        return FormulaError(f"a value is missing before “{token}”. Write a name or a number there", start, end)
    return FormulaError(f"“{token}” cannot stand here. Take it away, or complete what is before it", start, end)
