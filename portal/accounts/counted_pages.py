"""Which pages of a client count for the figures of adoption. An application names its own when it is loaded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SIGN_IN = "sign_in"


@dataclass(frozen=True)
class CountedPage:
    """A page by the name of its route; a dashboard is one that shows the client's numbers.

    `about` is the part of its address by which it is counted once more, for what it is about.
    """

    name: str
    label: str
    is_dashboard: bool = False
    about: str = ""


_pages: dict[str, CountedPage] = {}


def page_counted(name: str, label: str, *, is_dashboard: bool = False, about: str = "") -> None:
    """Let a page be counted, under a label that people know it by."""
    _pages[name] = CountedPage(name, label, is_dashboard, about)


def counted_pages() -> dict[str, CountedPage]:
    """Every page that is counted, by the name of its route."""
    return dict(_pages)


def about_of(name: str, kwargs: Mapping[str, Any]) -> str:
    """What an opened page is about, as it is counted: `metric:nrr`; empty where a page is not counted so."""
    page = _pages.get(name)
    return f"{name}:{kwargs[page.about]}" if page is not None and page.about else ""


def is_counted(name: str) -> bool:
    """Whether opening this page counts."""
    return name in _pages
