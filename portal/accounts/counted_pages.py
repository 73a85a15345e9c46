"""Which pages of a client count for the figures of adoption. An application names its own when it is loaded."""

from dataclasses import dataclass

SIGN_IN = "sign_in"


@dataclass(frozen=True)
class CountedPage:
    """A page by the name of its route; a dashboard is one that shows the client's numbers."""

    name: str
    label: str
    is_dashboard: bool = False


_pages: dict[str, CountedPage] = {}


def page_counted(name: str, label: str, *, is_dashboard: bool = False) -> None:
    """Let a page be counted, under a label that people know it by."""
    _pages[name] = CountedPage(name, label, is_dashboard)


def counted_pages() -> dict[str, CountedPage]:
    """Every page that is counted, by the name of its route."""
    return dict(_pages)


def is_counted(name: str) -> bool:
    """Whether opening this page counts."""
    return name in _pages
