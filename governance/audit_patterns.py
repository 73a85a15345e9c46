"""What the differences of an audit have in common: pure, from results to sentences.

`patterns_of(findings) -> list[Pattern]`

Two rules. A reason that was given for at least three contracts, or for a fifth of the sample, is a pattern. So is a segment,
product or source that holds so many of the differences that chance alone would give it as many in less than one drawing out of
twenty (hypergeometric, computed exactly).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb
from typing import Final

TIMES: Final = 3
SHARE: Final = Fraction(1, 5)
CHANCE: Final = Fraction(1, 20)
TRAITS: Final = ("segment", "product", "source")


@dataclass(frozen=True)
class Finding:
    """One contract of the sample: whether it differs, the reason that was given, and what it has in common with others."""

    is_off: bool
    reason: str
    traits: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Pattern:
    """Something that several differences have in common: `key` names it for as long as it is there, `sentence` says it."""

    key: str
    sentence: str
    contracts: int


def patterns_of(findings: Sequence[Finding], labels: Mapping[str, str]) -> list[Pattern]:
    """The patterns among the contracts of a sample, reasons first; `labels` are the names of reasons."""
    off = [each for each in findings if each.is_off]
    reasons = Counter(each.reason for each in off if each.reason)
    found = [
        Pattern(f"reason {reason}", reason_sentence(labels.get(reason, reason), count, len(findings)), count)
        for reason, count in sorted(reasons.items(), key=lambda each: (-each[1], each[0]))
        if count >= TIMES or (count > 1 and Fraction(count, len(findings)) >= SHARE)
    ]
    for trait in TRAITS:
        held = Counter(value for each in findings for value in set(each.traits.get(trait, ())))
        hit = Counter(value for each in off for value in set(each.traits.get(trait, ())))
        for value, count in sorted(hit.items(), key=lambda each: (-each[1], each[0])):
            chance = by_chance(count, len(off), held[value], len(findings))
            if count > 1 and chance < CHANCE:
                text = trait_sentence(trait, value, count, len(off), held[value], len(findings))
                found.append(Pattern(f"{trait} {value}"[:220], text, count))
    return found


def by_chance(hit: int, off: int, held: int, size: int) -> Fraction:
    """How likely at least `hit` of `off` differences fall on the `held` of `size` contracts, if they fall anywhere."""
    ways = sum(comb(held, n) * comb(size - held, off - n) for n in range(hit, min(off, held) + 1))
    return Fraction(ways, comb(size, off))


def reason_sentence(label: str, count: int, size: int) -> str:
    """A reason that comes again."""
    return f"“{label}” is the reason for {count} of {size} contracts: this is how the data comes about, not one slip."


def trait_sentence(trait: str, value: str, hit: int, off: int, held: int, size: int) -> str:
    """A part of the book that holds too many of the differences."""
    where = f"{trait} “{value}”, which has {held} of the {size} contracts"
    return f"{hit} of {off} differences lie in {where}: more than chance gives."
