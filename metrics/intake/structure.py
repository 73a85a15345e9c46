"""The skeleton of a delimited file, found with NumPy: is it clean enough for the fast parser?

Clean means that every quotation mark opens or closes a whole cell (or is doubled inside one) and that no line ends with a lone
carriage return. The counts let the caller check the fast parser's result; a file that is not clean, or whose counts do not
agree, is read again, slowly and exactly, so that each faulty row gets its name.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

PIECE: Final = 1 << 19
QUOTE: Final = 34
NEWLINE: Final = 10
RETURN: Final = 13
WIDE_SPACES: Final = (b"\xc2\xa0", b"\xc2\x85", b"\xe1\x9a\x80", b"\xe2\x80", b"\xe2\x81\x9f", b"\xe3\x80\x80")

Bytes = NDArray[np.uint8]
Flags = NDArray[np.bool_]
Positions = NDArray[np.int64]


@dataclass
class Structure:
    """`separators` and `records` are counted outside quotation marks, the header included; `blank` records hold nothing.

    `has_edge_spaces`: some cell may begin or end with white space.
    """

    is_clean: bool = True
    records: int = 0
    blank: int = 0
    separators: int = 0
    has_edge_spaces: bool = False


def longest_line(data: bytes) -> tuple[int, int]:
    """The length in bytes of the longest physical line, and its number (from 1)."""
    buffer = np.frombuffer(data, dtype=np.uint8)
    longest, at, lines, start = 0, 1, 0, 0
    for low in range(0, len(buffer), PIECE):
        ends = np.flatnonzero(buffer[low : low + PIECE] == NEWLINE) + low
        if not ends.size:
            continue
        lengths = np.diff(ends, prepend=start - 1) - 1
        best = int(lengths.argmax())
        if lengths[best] > longest:
            longest, at = int(lengths[best]), lines + best + 1
        lines += ends.size
        start = int(ends[-1]) + 1
    if len(buffer) - start > longest:
        longest, at = len(buffer) - start, lines + 1
    return longest, at


def find_structure(data: bytes, delimiter: str) -> Structure:
    """Count records and separators of UTF-8 text, and tell whether all quotation marks stand where they should."""
    scan = _Scan(np.frombuffer(data, dtype=np.uint8), ord(delimiter))
    for low in range(0, len(data), PIECE):
        scan.look_at(low)
        if not scan.found.is_clean:
            return scan.found
    scan.finish()
    scan.found.has_edge_spaces = scan.found.has_edge_spaces or any(space in data for space in WIDE_SPACES)
    return scan.found


class _Scan:
    def __init__(self, buffer: Bytes, delimiter: int) -> None:
        self.buffer = buffer
        self.delimiter = delimiter
        self.is_inside = False
        self.start = 0
        self.found = Structure()

    def look_at(self, low: int) -> None:
        """One piece of the buffer, from `low`; the state is carried from piece to piece."""
        piece = self.buffer[low : low + PIECE]
        is_separator, is_end, is_quote = piece == self.delimiter, piece == NEWLINE, piece == QUOTE
        is_return = piece == RETURN
        if self.is_inside or is_quote.any():
            inside = np.bitwise_xor.accumulate(is_quote.view(np.uint8)).view(np.bool_) ^ self.is_inside
            self._check_quotes(np.flatnonzero(is_quote) + low)
            self.is_inside = bool(inside[-1])
            outside = ~inside
            is_separator &= outside
            is_end &= outside
            is_return &= outside
        self._look_for_spaces(low, piece, is_separator | is_end | is_return | is_quote)
        if is_return.any():
            self._check_returns(np.flatnonzero(is_return) + low)
        self.found.separators += int(np.count_nonzero(is_separator))
        self._count(np.flatnonzero(is_end) + low)

    def _look_for_spaces(self, low: int, piece: Bytes, is_edge: Flags) -> None:
        """White space beside a separator, a line end or a quotation mark, also across the ends of the piece."""
        if self.found.has_edge_spaces:
            return
        is_space = (piece == 32) | ((piece >= 9) & (piece <= 12) & (piece != NEWLINE))
        beside = (is_space[1:] & is_edge[:-1]) | (is_space[:-1] & is_edge[1:])
        edges = (self.delimiter, NEWLINE, RETURN, QUOTE)
        after = low + len(piece)
        first = bool(is_space[0]) and (low == 0 or self.buffer[low - 1] in edges)
        last = bool(is_space[-1]) and (after == len(self.buffer) or self.buffer[after] in edges)
        self.found.has_edge_spaces = first or last or bool(beside.any())

    def _check_quotes(self, quotes: Positions) -> None:
        """An opening mark follows a separator, a line end or a closing mark; a closing one stands before such."""
        is_closing = ((np.arange(quotes.size) + self.is_inside) & 1).astype(bool)
        opening, closing, last = quotes[~is_closing], quotes[is_closing], len(self.buffer) - 1
        before = self.buffer[opening - 1]
        after = self.buffer[np.minimum(closing + 1, last)]
        begins = (before == self.delimiter) | (before == NEWLINE) | (before == QUOTE) | (opening == 0)
        ends = (after == self.delimiter) | (after == NEWLINE) | (after == RETURN) | (after == QUOTE) | (closing == last)
        self.found.is_clean = self.found.is_clean and bool(begins.all() and ends.all())

    def _check_returns(self, returns: Positions) -> None:
        last = len(self.buffer) - 1
        if returns[-1] == last or (self.buffer[np.minimum(returns + 1, last)] != NEWLINE).any():
            self.found.is_clean = False

    def _count(self, ends: Positions) -> None:
        if ends.size:
            lengths = np.diff(ends, prepend=self.start - 1) - 1
            short = ends[lengths <= 1]
            is_blank = (lengths[lengths <= 1] == 0) | (self.buffer[short - 1] == RETURN)
            self.found.blank += int(np.count_nonzero(is_blank))
            self.found.records += ends.size
            self.start = int(ends[-1]) + 1

    def finish(self) -> None:
        """The last record, which may lack a line end."""
        if self.is_inside:
            self.found.is_clean = False
        if len(self.buffer) > self.start:
            self.found.records += 1
