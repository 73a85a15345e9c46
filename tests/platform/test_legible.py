"""What stands inside a sentence that people sign turns nothing of it around, and is seen."""

import pytest

from portal.lib.legible import name_fault, text_fault, visible

HIDDEN = ["\u202e", "\u2066", "\u200b", "\ufeff", "\u2028", "\u00ad", "\x1b", "\x00", "\ud800", "\U000e0041"]
FINE = ["ARR", "Größe – “NRR”", "कस्टमर", "می\u200cشود", "👩\u200d💻 team", "年間経常収益", "=A1+B1", "C²"]


@pytest.mark.parametrize("hidden", HIDDEN)
def test_a_name_holds_nothing_that_nobody_sees(hidden: str) -> None:
    assert f"U+{ord(hidden):04X}" in name_fault(f"A{hidden}RR")


@pytest.mark.parametrize("name", FINE)
def test_names_of_every_script_can_be_kept(name: str) -> None:
    assert name_fault(name) == text_fault(name) == ""


@pytest.mark.parametrize("name", ["", "  ", "\u200d", "\u00a0"])
def test_a_name_is_seen(name: str) -> None:
    assert "nothing that anybody could see" in name_fault(name)


def test_a_text_has_lines_and_what_comes_with_a_copy_and_turns_nothing_around() -> None:
    assert text_fault("first\r\n\tsecond\u200b\ufeff\u2028") == ""
    assert all(text_fault(f"late {each} papers") for each in ("\u202e", "\u2067", "\x07", "\x00"))


def test_names_that_a_reader_cannot_tell_apart_are_the_same() -> None:
    assert visible("Net ARR") == visible("net\u200d  arr") == visible("ＮＥＴ ＡＲＲ") != visible("Net CARR")
