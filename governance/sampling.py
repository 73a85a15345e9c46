"""Drawing the contracts of an audit, so that anybody can draw the same ones again.

`contracts_draw(seed, contracts, size) -> tuple[str, ...]` · `population_bytes(contracts) -> bytes` · `METHOD`

The drawing depends on nothing but the seed, the ids and the size. Whoever has the file of ids that the audit's page offers
repeats it with a few lines of Python:

    from hashlib import sha256
    ids = open("contracts.txt", encoding="utf-8").read().split("\\n")[:-1]
    order = sorted(ids, key=lambda each: (sha256(f"{seed}\\n{each}".encode()).hexdigest(), each))
    print(order[:size])

The seed is random and comes after the ids, so that nobody can choose it to fit, and each quarter is drawn once.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

FEWEST: Final = 10
MOST: Final = 20
METHOD: Final = (
    "Contracts in the order of the sha256 of: seed, line feed, contract id (UTF-8, hexadecimal digest); the first ones are "
    "the sample."
)


def contracts_draw(seed: str, contracts: Iterable[str], size: int) -> tuple[str, ...]:
    """The contracts of a sample, in the order in which they were drawn; all of them where there are no more than `size`."""
    ranked = sorted(set(contracts), key=lambda each: (sha256(f"{seed}\n{each}".encode()).hexdigest(), each))
    return tuple(ranked[:size])


def population_bytes(contracts: Iterable[str]) -> bytes:
    """The ids that were drawn from as a file: sorted by code points, one a line; its sha256 is kept with the audit."""
    return "".join(f"{each}\n" for each in sorted(set(contracts))).encode()
