"""Text on paper is text: no character that pages use is a box, in any weight, and whoever copies it has what it says."""

import logging
import re

import pytest
from django.contrib.staticfiles import finders
from django.template import engines
from django.template.loader import get_template
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from weasyprint import HTML

from portal.lib.paper import FONTS, ClosedFetcher
from tests.pdf_text import pdf_text

SIGNS = "Łódź†‡·…‘’“”–—−€×÷→≥‰"


@pytest.mark.parametrize("weight", [400, 600, 700])
def test_every_sign_is_set_and_read_in_every_weight(weight: int, caplog: pytest.LogCaptureFixture) -> None:
    page = engines["django"].from_string(
        "{% extends 'pdf/base.html' %}{% block content %}<p style='font-weight: {{ weight }}'>{{ signs }}</p>{% endblock %}"
    )
    html = page.render(
        {"weight": weight, "signs": SIGNS, "paper": {"size": "A4", "points": 9}, "document_name": "Signs"}
    )
    with caplog.at_level(logging.WARNING, logger="weasyprint"):
        content = HTML(string=html, url_fetcher=ClosedFetcher()).write_pdf()
    assert not [each.getMessage() for each in caplog.records if "notdef" in each.getMessage()]
    assert set(SIGNS) <= set(pdf_text(content))


def faces_of() -> dict[str, tuple[str, str]]:
    """By file of the typeface the family that it is named, and what it claims."""
    source = get_template("pdf/base.html").template.source  # type: ignore[attr-defined]
    face = r"font-family: ([^;]+); src: url\((tieout:[a-z-]+)\); unicode-range: ([^;]+);"
    return {file: (family, ranges) for family, file, ranges in re.findall(face, source)}


def test_each_file_is_a_family_of_its_own() -> None:
    """Two files of one family would be one font of the PDF: Ł of one is drawn as what has its number in the other."""
    families = [family for family, _ in faces_of().values()]
    assert len(set(families)) == len(families) == len(FONTS)


def test_no_file_of_the_typeface_claims_what_it_has_not() -> None:
    faces = faces_of()
    assert faces.keys() == FONTS.keys()
    claims = {file: ranges for file, (_, ranges) in faces.items()}
    for name, ranges in claims.items():
        has = TTFont(finders.find(FONTS[name])).getBestCmap()
        for first, last in re.findall(r"U\+([0-9A-F]+)(?:-([0-9A-F]+))?", ranges):
            assert not [code for code in range(int(first, 16), int(last or first, 16) + 1) if code not in has], first
