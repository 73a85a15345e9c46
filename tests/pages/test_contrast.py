"""Contrast of every pair of tokens that meet on a page, computed for both themes (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).resolve().parents[2] / "static" / "css" / "tokens.css"
GROUNDS = ["ground", "surface", "surface-raised", "surface-sunk", "surface-hover"]
TINTED = ["gain", "loss", "warn", "info", "neutral"]
TEXT = [(ink, ground) for ink in ("ink", "ink-soft", "accent", "gain", "loss") for ground in GROUNDS]
TEXT += [("warn", "surface"), ("warn", "ground"), ("accent-on", "accent"), ("accent-on", "accent-strong")]
TEXT += [(tone, f"{tone}-tint") for tone in TINTED if tone != "neutral"]
TEXT += [("ink", f"{tone}-tint") for tone in TINTED] + [("accent", "accent-tint"), ("accent-strong", "accent-tint")]
TEXT += [("ink-soft", "accent-tint")] + [("heat-ink", f"heat-{step}") for step in range(7)]
MARKS = [(mark, ground) for mark in ("line-control", "accent") for ground in ("ground", "surface", "surface-raised")]
MARKS += [(mark, "surface") for mark in ("neutral", "gain-new", "gain-expansion", "loss-churn", "gain", "loss")]


def theme(name: str) -> dict[str, str]:
    """The colour tokens of a theme; dark changes light."""
    css = TOKENS.read_text()
    light = re.search(r":root \{(.*?)\n\}", css, re.DOTALL)
    dark = re.search(r'\[data-bs-theme="dark"\] \{(.*?)\n\}', css, re.DOTALL)
    assert light
    assert dark
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light[1]))
    return found | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark[1])) if name == "dark" else found


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_can_be_read(name: str, ink: str, ground: str) -> None:
    colours = theme(name)
    assert contrast(colours[ink], colours[ground]) >= 4.5


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize(("mark", "ground"), MARKS)
def test_marks_and_edges_can_be_seen(name: str, mark: str, ground: str) -> None:
    colours = theme(name)
    assert contrast(colours[mark], colours[ground]) >= 3
