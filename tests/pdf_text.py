"""The text of a PDF that WeasyPrint made, as a reader of the paper has it: no test of its own.

`pdf_text(content) -> str`: every run of text in the order of the file, white space as single spaces. Fonts are embedded as
glyph numbers, which each font's ToUnicode map gives back as characters; what has no such map is an error, not a gap.
"""

import re
import zlib

OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
PACKED = re.compile(rb"/Type /ObjStm.*?/First (\d+)")
STREAM = re.compile(rb"stream\n(.*?)\nendstream", re.DOTALL)
FONT_OR_TEXT = re.compile(rb"/(\S+) [\d.]+ Tf|\[([^\]]*)\] ?TJ|<([0-9a-fA-F]+)> ?Tj")
FONT_NAMES = re.compile(rb"/(\S+) (\d+) 0 R")
TO_UNICODE = re.compile(rb"/ToUnicode (\d+) 0 R")
PAIR = re.compile(rb"<([0-9a-fA-F]+)> <([0-9a-fA-F]+)>\n")


def pdf_text(content: bytes) -> str:
    """Everything that is written on the pages."""
    objects = objects_of(content)
    fonts = fonts_of(objects)
    runs: list[str] = []
    for body in objects.values():
        drawn = stream_of(body)
        if b" Tf" in drawn:
            runs += runs_of(drawn, fonts)
    return " ".join(" ".join(runs).split())


def objects_of(content: bytes) -> dict[bytes, bytes]:
    """By number, every object; those that are packed together are taken apart."""
    made = dict(OBJECT.findall(content))
    for body in list(made.values()):
        first = PACKED.search(body)
        if first is not None:
            packed, begins = stream_of(body), int(first[1])
            heads = [int(each) for each in packed[:begins].split()]
            starts = [begins + at for at in heads[1::2]]
            for number, start, end in zip(heads[::2], starts, [*starts[1:], len(packed)], strict=True):
                made[str(number).encode()] = packed[start:end]
    return made


def stream_of(body: bytes) -> bytes:
    """The stream of an object, unpacked; empty where it has none."""
    found = STREAM.search(body)
    if found is None:
        return b""
    return zlib.decompress(found[1]) if b"/FlateDecode" in body else found[1]


def fonts_of(objects: dict[bytes, bytes]) -> dict[bytes, dict[int, str]]:
    """By the name of a font in the pages, its glyphs as characters."""
    made = {}
    for body in objects.values():
        for name, number in FONT_NAMES.findall(body):
            found = TO_UNICODE.search(objects.get(number, b""))
            if found is not None:
                pairs = PAIR.findall(stream_of(objects[found[1]]))
                made[name] = {int(glyph, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for glyph, text in pairs}
    return made


def runs_of(drawn: bytes, fonts: dict[bytes, dict[int, str]]) -> list[str]:
    """The runs of text of a page, each by the font that is set when it is drawn."""
    runs, glyphs = [], {}
    for font, several, one in FONT_OR_TEXT.findall(drawn):
        if font:
            glyphs = fonts[font]
            continue
        codes = b"".join(re.findall(rb"<([0-9a-fA-F]*)>", several)) or one
        runs.append("".join(glyphs[int(codes[at : at + 4], 16)] for at in range(0, len(codes), 4)))
    return runs
