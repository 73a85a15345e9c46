"""The parts of a change request's page that others fill: by name, what makes the part's context.

A part is a function of request and change request, and its template `governance/changes/_<name>.html`, which finds what the
function gave under the part's own name. What gives None is not shown.
"""

from collections.abc import Callable
from typing import Any, Final

from governance.models import ChangeRequest
from portal.tenancy.access import TenantRequest

SECTIONS: Final[dict[str, Callable[[TenantRequest, ChangeRequest], dict[str, Any] | None]]] = {}


def sections_of(request: TenantRequest, change: ChangeRequest) -> dict[str, Any]:
    """The parts that have something to show."""
    made = {name: section(request, change) for name, section in SECTIONS.items()}
    return {name: part for name, part in made.items() if part is not None}
