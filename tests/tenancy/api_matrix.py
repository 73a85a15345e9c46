"""A row of the API's table: an operation, what guards it, and how to try it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.tenancy.matrix import Kwargs, nothing


@dataclass(frozen=True)
class ApiRoute:
    """One operation.

    `kwargs` runs inside the client's scope and makes what the address names; `names_object`: an id that is another client's is
    nobody's. `query` and `data` are what a rightful call sends, `data` as JSON or, with `is_form`, as a form.
    """

    url_name: str
    permission: str
    method: str = "get"
    kwargs: Kwargs = nothing
    names_object: bool = False
    query: dict[str, str] = field(default_factory=dict)
    data: Callable[[], dict[str, Any]] | None = None
    is_form: bool = False
    status: int = 200
    is_clients: bool = False  # what no consultant may do: Finn of Finance has the rightful token

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.url_name}"
