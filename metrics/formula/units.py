"""What a figure is of: money of a currency, a count of things, months, days, or products and quotients of these.

A unit is a product of powers: `USD per customer` is USD¹ customer⁻¹. A share (percent, ratio) has no power left. Counts of
different things can be divided (won deals of all leads is a share), but never added.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from metrics.formula.faults import FormulaError

NOUNS: Final = {
    "customer": "customers", "deal": "deals", "lead": "leads", "rep": "reps", "seat": "seats", "contract": "contracts",
    "ticket": "tickets",
}  # fmt: skip
"""What may be counted, one of it and several."""

SPANS: Final = {"month": "months", "day": "days"}
SHARES: Final = ("percent", "ratio")
MONEY: Final = "money"
HIGHEST: Final = 3  # power of one thing, beyond which a unit means nothing to anybody
SINGULAR: Final = {many: one for one, many in {**NOUNS, **SPANS}.items()}


@dataclass(frozen=True)
class Unit:
    """Powers by what they are of (`$USD`, `customer`, `month`, `day`), in order and without zeros."""

    powers: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(cls, powers: Mapping[str, int]) -> Self:
        """The unit of these powers; counts of different things above and below the line make a share."""
        left = {name: power for name, power in powers.items() if power}
        above = sorted(name for name, power in left.items() if name in NOUNS and power > 0)
        below = sorted(name for name, power in left.items() if name in NOUNS and power < 0)
        while above and below:
            for name, step, names in ((above[0], -1, above), (below[0], 1, below)):
                left[name] += step
                if not left[name]:
                    del left[name], names[0]
        return cls(tuple(sorted(left.items())))

    def times(self, other: "Unit", sign: int = 1) -> "Unit":
        """The unit of a product; with `sign` −1 of a quotient."""
        powers = dict(self.powers)
        for name, power in other.powers:
            powers[name] = powers.get(name, 0) + sign * power
        return Unit.of(powers)

    @property
    def is_share(self) -> bool:
        """Whether nothing is left but a number: a percentage, a ratio, a factor."""
        return not self.powers

    @property
    def is_readable(self) -> bool:
        """Whether no power is beyond what anybody reads."""
        return all(abs(power) <= HIGHEST for _, power in self.powers)

    def __str__(self) -> str:
        above = [name_of(name, power, many=True) for name, power in self.powers if power > 0]
        below = [name_of(name, -power, many=False) for name, power in self.powers if power < 0]
        text = " × ".join(above) or ("a share" if not below else "1")
        return f"{text} per {' and '.join(below)}" if below else text

    @property
    def told(self) -> str:
        """What kind of figure it is, for somebody who reads an error."""
        if self.is_share:
            return "a share or a bare number"
        if len(self.powers) == 1 and self.powers[0][1] == 1:
            name = self.powers[0][0]
            if name.startswith("$"):
                return f"money ({name[1:]})"
            return f"a length of time ({SPANS[name]})" if name in SPANS else f"a count ({NOUNS[name]})"
        return str(self)


SHARE: Final = Unit()


def name_of(name: str, power: int, *, many: bool) -> str:
    """One thing of a unit in words."""
    word = name[1:] if name.startswith("$") else ({**NOUNS, **SPANS}[name] if many else name)
    return word if power == 1 else f"{word}{'²³'[power - 2] if power <= HIGHEST else f'^{power}'}"


def unit_read(text: str, currency: str) -> Unit:
    """The unit that a metric declares: `money`, `percent`, `ratio`, `months`, `days`, `customers`, or one of these per another.

    FormulaError names what may be written.
    """
    above, *below = [part.strip() for part in text.split(" per ")]
    powers: dict[str, int] = {}
    for part, sign in [(above, 1), *((each, -1) for each in below)]:
        if part in SHARES and not below:
            continue
        if part == MONEY:
            name = f"${currency}"
        else:
            name = SINGULAR.get(part, "") if sign > 0 else (part if part in NOUNS or part in SPANS else "")
        if not name or name in powers:
            raise FormulaError(
                f"“{text}” is no unit. Write money, percent, ratio, months, days, {', '.join(NOUNS.values())}, or such as "
                "“money per customer” and “money per month”"
            )
        powers[name] = sign
    return Unit(tuple(sorted(powers.items())))
