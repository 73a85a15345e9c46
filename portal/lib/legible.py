"""What people type, as others will read it: nothing in it that nobody sees, and nothing that turns the words around it.

`name_fault(text)` for names and titles, which stand inside sentences that people sign · `text_fault(text)` for what has lines
of its own. Each is empty, or follows the name of the field. `quoted(text)` puts a title into a sentence that people sign.
"""

import unicodedata
from typing import Final

JOINERS: Final = "\u200c\u200d"  # written in several scripts, and between the parts of one emoji
LINES: Final = "\n\r\t"
UNSEEN: Final = ("Cc", "Cf", "Cs", "Zl", "Zp")  # control, format, half a pair, and separators that are no blank
TURNING: Final = (
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # after one of these, letters run the other way
)
LOOKALIKES: Final = str.maketrans(  # small letters of other scripts that are drawn as Latin ones, or whose capitals are
    "авекмнорстухѕіјһԁԛԝӏ" + "αβεζηικμνορτυχ" + "ıɡ",
    "abekmhopctyxsijhdqwl" + "abezhikmnoptyx" + "ig",
)
INNER_MARKS: Final = str.maketrans(dict(zip('“”„‟«»"＂', "‘’‚‛‹›''", strict=True)))


def name_fault(text: str) -> str:
    """Why something cannot be called so; empty where it can."""
    hidden = next((each for each in text if unicodedata.category(each) in UNSEEN and each not in JOINERS), "")
    if hidden:
        return fault_of(hidden)
    return "" if visible(text) else "holds nothing that anybody could see. Write a word"


def text_fault(text: str) -> str:
    """Why a text cannot be kept; empty where it can. Its lines, and what other programs put into a copied text, may stay."""
    wrong = (
        each for each in text if each in TURNING or (unicodedata.category(each) in ("Cc", "Cs") and each not in LINES)
    )
    hidden = next(wrong, "")
    return fault_of(hidden) if hidden else ""


def fault_of(hidden: str) -> str:
    """What is said about one character."""
    return f"holds a character that nobody sees, or that turns words around (U+{ord(hidden):04X}). Take it away"


def visible(text: str) -> str:
    """What a reader can tell a name by: without case, blanks and joiners, and in one of several ways to write a letter, also
    with a letter of another script that is drawn as it.
    """
    plain = unicodedata.normalize("NFKC", text).casefold().translate(LOOKALIKES)
    return "".join(each for each in plain if unicodedata.category(each)[0] not in "CZ")


def quoted(text: str) -> str:
    """A title between marks, its own ones single: nobody ends it by a mark and goes on in the words of who quotes it."""
    return f"“{text.translate(INNER_MARKS)}”"
