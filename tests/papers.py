"""Papers as the markup that they are set from, for tests that are about who is given a paper and not about how it is set.

Setting costs seconds. Every paper is set in earnest where the access matrix opens it to the rightful, and read by tests of
its own.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

import pytest


class Markup:
    """Stands for WeasyPrint; the bytes of a document are its markup, in which words can be searched for."""

    pages: ClassVar = [None]

    def __init__(self, *, string: str, url_fetcher: Any) -> None:
        self.string = string

    def render(self) -> "Markup":
        return self

    def write_pdf(self) -> bytes:
        return b"%PDF-1.7\n" + self.string.encode()


@pytest.fixture
def papers_as_markup() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("portal.lib.paper.HTML", Markup)
        yield
