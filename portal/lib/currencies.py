"""ISO 4217 codes of money that people pay with, from CLDR (through Babel): the one list for every form, file and service.

Funds, metals, test codes and "no currency" (XDR, XAU, XTS, XXX …) are no tender and are refused everywhere.
"""

from functools import cache
from typing import Any

from babel.core import get_global


@cache
def tender_codes() -> frozenset[str]:
    """Today's and yesterday's legal tender, upper case: what a contract may be written in."""
    return frozenset(code for code, _, _, is_tender in _entries() if is_tender)


@cache
def current_codes() -> frozenset[str]:
    """Today's legal tender, upper case: what a client may report in."""
    return frozenset(code for code, _, until, is_tender in _entries() if is_tender and until is None)


def reporting_fault(code: object) -> str | None:
    """Why nobody can report in this currency; None for one in use. The case matters: codes are written in capitals."""
    if isinstance(code, str) and code in current_codes():
        return None
    return f"{code!r} is not the ISO 4217 code of a currency in use, such as USD or EUR"


def _entries() -> list[tuple[str, Any, Any, bool]]:
    """Code, first day, last day (None: in use), and whether it is legal tender, for every territory."""
    return [entry for entries in get_global("territory_currencies").values() for entry in entries]
