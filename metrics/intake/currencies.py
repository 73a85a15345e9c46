"""ISO 4217 codes that a contract may be written in: today's and yesterday's legal tender, from CLDR (through Babel).

Funds, metals, test codes and "no currency" (XDR, XAU, XTS, XXX …) are no tender and are refused.
"""

from functools import cache

from babel.core import get_global


@cache
def tender_codes() -> frozenset[str]:
    """The codes, upper case."""
    territories = get_global("territory_currencies")
    return frozenset(entry[0] for entries in territories.values() for entry in entries if entry[3])
