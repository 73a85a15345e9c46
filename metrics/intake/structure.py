"""The skeleton of a delimited file, found with NumPy: is it clean enough for the fast parser?

Clean means that every quotation mark opens or closes a whole cell (or is doubled inside one), that no line ends with a
lone carriage return, and that every line has as many cells as the header or is empty. A file that is not clean is read
again, slowly and exactly, so that each faulty row gets its name.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

PIECE: Final = 1 << 19
QUOTE: Final = 34
NEWLINE: Final = 10
RETURN: Final = 13

Bytes = NDArray[np.uint8]
Flags = NDArray[np.bool_]
Positions = NDArray[np.int64]


@dataclass
class Structure:
    """`records` counts all records of a clean file, the header included."""

    is_clean: bool = True
    records: int = 0


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
    """Count the records of UTF-8 text, and tell whether all of them are well formed and equally wide."""
    scan = _Scan(np.frombuffer(data, dtype=np.uint8), ord(delimiter))
    for low in range(0, len(data), PIECE):
        scan.look_at(low)
        if not scan.found.is_clean:
            return scan.found
    scan.finish()
    return scan.found


class _Scan:
    def __init__(self, buffer: Bytes, delimiter: int) -> None:
        self.buffer = buffer
        self.delimiter = delimiter
        self.is_inside = False
        self.start = 0
        self.width = -1
        self.separators = 0
        self.found = Structure()

    def look_at(self, low: int) -> None:
        """One piece of the buffer, from `low`; the state is carried from piece to piece."""
        piece = self.buffer[low : low + PIECE]
        is_separator, is_end, is_quote = piece == self.delimiter, piece == NEWLINE, piece == QUOTE
        is_return = piece == RETURN
        if self.is_inside or is_quote.any():
            outside = self._outside(np.flatnonzero(is_quote), low, len(piece))
            is_separator &= outside
            is_end &= outside
            is_return &= outside
        if is_return.any():
            self._check_returns(np.flatnonzero(is_return) + low)
        self._count(np.flatnonzero(is_separator) + low, np.flatnonzero(is_end) + low)

    def _outside(self, quotes: Positions, low: int, length: int) -> Flags:
        """Which bytes of the piece lie outside quotation marks (the marks themselves do not matter)."""
        self._check_quotes(quotes + low)
        lengths = np.diff(quotes, prepend=0, append=length)
        states = ((np.arange(lengths.size) + self.is_inside) & 1) == 0
        self.is_inside = not states[-1]
        return np.repeat(states, lengths)

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

    def _count(self, separators: Positions, ends: Positions) -> None:
        """Cells per record: as many as the header has, or none at all."""
        if not ends.size:
            self.separators += separators.size
            return
        before = np.searchsorted(separators, ends)
        widths = np.diff(before, prepend=0)
        widths[0] += self.separators
        self._check_widths(widths, np.diff(ends, prepend=self.start - 1) - 1, ends)
        self.separators = separators.size - int(before[-1])
        self.start = int(ends[-1]) + 1
        self.found.records += ends.size

    def _check_widths(self, widths: Positions, lengths: Positions, ends: Positions) -> None:
        if self.width < 0:
            self.width = int(widths[0])
        is_wrong = widths != self.width
        if is_wrong.any():
            lengths, before = lengths[is_wrong], self.buffer[ends[is_wrong] - 1]
            is_blank = (lengths == 0) | ((lengths == 1) & (before == RETURN))
            self.found.is_clean = self.found.is_clean and bool(is_blank.all())

    def finish(self) -> None:
        """The last record, which may lack a line end."""
        length = len(self.buffer) - self.start
        if self.is_inside:
            self.found.is_clean = False
        elif length:
            self._check_widths(np.array([self.separators]), np.array([length]), np.array([len(self.buffer)]))
            self.found.records += 1
