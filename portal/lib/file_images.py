"""Whether bytes are a whole image of one format and of a bearable size; nothing is decoded.

Each check reads the frame of the format (its chunks or markers) and raises FileRefused.
"""

from collections.abc import Callable, Mapping
from typing import Final

from portal.lib.file_faults import FileRefused

MOST_PIXELS: Final = 80_000_000  # what a browser still opens; a few kilobytes can ask for much more
MOST_SIDE: Final = 30_000
MOST_SEGMENTS: Final = 100_000  # of a JPEG before its size; fill bytes count too
PNG_MARK: Final = b"\x89PNG\r\n\x1a\n"
# Frames of JPEG that carry the size: every SOF but DHT (C4), JPG (C8) and DAC (CC)
SIZED: Final = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
STANDALONE: Final = {0x01, *range(0xD0, 0xD8)}


def png(content: bytes) -> None:
    """Chunks from IHDR to IEND, and nothing behind them."""
    if not content.startswith(PNG_MARK) or content[12:16] != b"IHDR":
        raise FileRefused("the content is not that of a PNG image")
    bearable(int.from_bytes(content[16:20]), int.from_bytes(content[20:24]))
    at = len(PNG_MARK)
    while at + 12 <= len(content):
        length, name = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
        at += 12 + length
        if name == b"IEND":
            break
    else:
        raise FileRefused("the PNG image is cut off")
    if at != len(content):
        raise FileRefused("there is something behind the end of the PNG image")


def jpeg(content: bytes) -> None:
    """Segments up to the image data, and an end of image; cameras append data of their own behind it."""
    if not content.startswith(b"\xff\xd8\xff") or b"\xff\xd9" not in content[-64_000:]:
        raise FileRefused("the content is not that of a whole JPEG image")
    at = 2
    for _ in range(MOST_SEGMENTS):
        if at + 4 > len(content):
            break
        if content[at] != 0xFF:
            raise FileRefused("the content is not that of a JPEG image")
        marker = content[at + 1]
        if marker == 0xFF or marker in STANDALONE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in SIZED:
            bearable(int.from_bytes(content[at + 7 : at + 9]), int.from_bytes(content[at + 5 : at + 7]))
            return
        if marker in {0xD9, 0xDA}:
            break
        at += 2 + int.from_bytes(content[at + 2 : at + 4])
    raise FileRefused("the JPEG image says no size")


def webp(content: bytes) -> None:
    """A RIFF container of exactly its length whose first chunk is an image."""
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP" or len(content) < 30:
        raise FileRefused("the content is not that of a WebP image")
    length = int.from_bytes(content[4:8], "little")
    if length + 8 + length % 2 != len(content):
        raise FileRefused("the WebP image is cut off, or something is behind its end")
    kind, data = content[12:16], content[20:30]
    if kind == b"VP8X":
        bearable(int.from_bytes(data[4:7], "little") + 1, int.from_bytes(data[7:10], "little") + 1)
    elif kind == b"VP8L" and data[0] == 0x2F:
        bits = int.from_bytes(data[1:5], "little")
        bearable((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    elif kind == b"VP8 " and data[3:6] == b"\x9d\x01\x2a":
        bearable(int.from_bytes(data[6:8], "little") & 0x3FFF, int.from_bytes(data[8:10], "little") & 0x3FFF)
    else:
        raise FileRefused("the content is not that of a WebP image")


def bearable(width: int, height: int) -> None:
    """FileRefused for a picture of no size, and for one that would fill a reader's memory."""
    if not width or not height:
        raise FileRefused("the image has no size")
    if max(width, height) > MOST_SIDE or width * height > MOST_PIXELS:
        raise FileRefused(f"the image is {width:,} by {height:,} pixels: make it smaller")


CHECKS: Final[Mapping[str, Callable[[bytes], None]]] = {"png": png, "jpg": jpeg, "jpeg": jpeg, "webp": webp}
