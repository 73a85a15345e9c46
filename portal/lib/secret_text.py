"""Whether a text that people typed looks like a secret: a password, a key, a token. A guess that errs on the side of refusing.

`secret_in(text) -> str` — why it looks like one, for the person who typed it; empty for a text that does not.
"""

import re
from itertools import pairwise
from typing import Final

KNOWN: Final = (
    (r"-----BEGIN [A-Z ]*PRIVATE KEY", "it holds a private key"),
    (r"\b(?:sk|rk|pk)_(?:live|test)_\w+", "it holds a key of a payment service"),
    (r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}", "it holds a cloud access key"),
    (r"\bgh[pousr]_\w{16,}|\bgithub_pat_\w+|\bglpat-[\w-]{12,}", "it holds a token of a code host"),
    (r"\bxox[abposr]-[\w-]{8,}", "it holds a chat token"),
    (r"\bpat-[a-z]{2}\d-[0-9a-f-]{20,}", "it holds a CRM's private app token"),
    (r"\b00D\w{12,15}!\S{10,}", "it holds a CRM session"),
    (r"\btieout_[0-9a-f]{8}_\S+", "it holds an API token of this portal"),
    (r"\beyJ[\w-]{8,}\.[\w-]{8,}", "it holds a signed token"),
    (r"://[^\s/:@]+:[^\s/@]+@", "it holds an address with a password in it"),
    (r"(?i)\b(?:password|passwort|passphrase|passwd|pwd|pw|secret|api[ _-]?key|token|pin)\s*(?:[:=]|\bis\b)\s*\S+",
     "it names a password or key and says what it is"),
    (r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9+/_=.-]{12,}", "it holds a header that signs in"),
)  # fmt: skip
PIECE: Final = re.compile(r"[^\s,;()\"'<>\[\]{}|]+")
RANDOM_FROM: Final = 16  # characters of an unbroken run
TURNS: Final = 0.35  # of the steps in a random run go from one kind of character to another; in words, few do
SPECIAL: Final = set("!#$%^&*?~+=")


def secret_in(text: str) -> str:
    """Why a text looks like a secret; empty where it does not."""
    for pattern, why in KNOWN:
        if re.search(pattern, text):
            return why
    for piece in PIECE.findall(text):
        if any(_looks_drawn_by_lot(run) for run in re.split(r"[/:.@_\-\\]", piece)):
            return f"“{piece[:3]}…” looks like a key: a long run of letters and digits that is no word"
        if _looks_like_a_password(piece):
            return f"“{piece[:2]}…” looks like a password"
    return ""


def _kind(character: str) -> str:
    if character.isdigit():
        return "0"
    if character.isalpha():
        return "A" if character.isupper() else "a"
    return "."


def _looks_drawn_by_lot(run: str) -> bool:
    if len(run) < RANDOM_FROM or not any(c.isdigit() for c in run) or not any(c.isalpha() for c in run):
        return False
    turns = sum(_kind(one) != _kind(other) for one, other in pairwise(run))
    return turns / (len(run) - 1) >= TURNS


def _looks_like_a_password(piece: str) -> bool:
    kinds = {_kind(character) for character in piece}
    is_address = "://" in piece or "@" in piece
    return not is_address and len(piece) >= 8 and {"A", "a", "0"} <= kinds and bool(SPECIAL & set(piece))
