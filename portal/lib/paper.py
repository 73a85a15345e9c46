"""Documents on paper: a template becomes a PDF, and nothing is fetched on the way.

`paper(template, context, size=) -> bytes` · `paper_on_one_page(template, context, size=) -> bytes`

A template extends `pdf/base.html`. The fetcher is closed: text that people wrote cannot make the program read a file, open an
address or attach anything (`trust.md` F03); the one thing it hands out is the page's own typeface.
"""

from collections.abc import Mapping
from typing import Any, Final

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from weasyprint import HTML, Document
from weasyprint.urls import URLFetcher, URLFetcherResponse

SIZES: Final = {"a4": "A4", "letter": "Letter"}
FONTS: Final = {"tieout:inter": "vendor/inter-latin.woff2", "tieout:inter-ext": "vendor/inter-latin-ext.woff2"}
LONGEST: Final = 3_000_000  # characters of markup: what takes longer to set than anybody waits
SCALES: Final = (8.5, 8.0, 7.5, 7.0, 6.5, 6.0, 5.5)


class PaperError(ValueError):
    """A document that cannot be set on paper; the message says why."""


class ClosedFetcher(URLFetcher):  # type: ignore[misc]
    """Answers the names of the page's typeface and refuses everything else, whatever its scheme."""

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        found = finders.find(FONTS[url]) if url in FONTS else None
        if not isinstance(found, str):
            raise ValueError("a document on paper fetches nothing")
        with open(found, "rb") as font:
            return URLFetcherResponse(url, font.read(), {"Content-Type": "font/woff2"})


def paper_size(locale: str) -> str:
    """The paper that people of a locale use: letter in North America, else A4."""
    return "letter" if locale.replace("-", "_").partition("_")[2] in ("US", "CA") else "a4"


def set_on_paper(template: str, context: Mapping[str, Any], size: str, points: float) -> Document:
    """The document, laid out. PaperError for an unknown size and for more text than can be set in time."""
    if size not in SIZES:
        raise PaperError(f"'{size}' is no paper: A4 or Letter")
    html = render_to_string(template, {**context, "paper": {"size": SIZES[size], "points": points}})
    if len(html) > LONGEST:
        raise PaperError("this is too long for paper")
    return HTML(string=html, url_fetcher=ClosedFetcher()).render()


def paper(template: str, context: Mapping[str, Any], *, size: str = "a4") -> bytes:
    """A template as PDF."""
    return pdf_of(set_on_paper(template, context, size, 9))


def paper_on_one_page(template: str, context: Mapping[str, Any], *, size: str = "a4") -> bytes:
    """A template as PDF of one page, in the largest type that fits; of several pages where not even the smallest does."""
    for points in SCALES:
        document = set_on_paper(template, context, size, points)
        if len(document.pages) == 1:
            break
    return pdf_of(document)


def pdf_of(document: Document) -> bytes:
    """The bytes of a document that was laid out."""
    content: bytes = document.write_pdf()
    return content
