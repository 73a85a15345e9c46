"""The skeleton of a delimited file, found with NumPy: is it clean enough for the fast parser?

Clean means that every quotation mark opens or closes a whole cell (or is doubled inside one), that no line ends with a
lone carriage return, and that every line has as many cells as the header or is empty. Empty lines are noted, so that the
parser need not see them: it would make a row of full width of each. A file that is not clean is read
again, slowly and exactly, so that each faulty row gets its name.
"""

from dataclasses import dataclass, field
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
    """`records` counts all records of a clean file, the header and the blank ones included; `width` are the cells of each.

    `blank_numbers` are the records that are empty (from 1), `blank_spans` where each begins and where the next one does.
    """

    is_clean: bool = True
    records: int = 0
    width: int = 0
    blank_numbers: list[Positions] = field(default_factory=list)
    blank_spans: list[Positions] = field(default_factory=list)

    def row_numbers(self) -> NDArray[np.uint32]:
        """The numbers of the records that are not blank."""
        numbers = np.arange(1, self.records + 1, dtype=np.uint32)
        return np.delete(numbers, np.concatenate(self.blank_numbers) - 1) if self.blank_numbers else numbers

    def without_blanks(self, data: bytes) -> bytes:
        """The text without its blank records; the very same where there are none."""
        if not self.blank_spans:
            return data
        begins, ends = np.concatenate(self.blank_spans).T
        kept = np.stack([np.append(0, ends), np.append(begins, len(data))], axis=1)
        view = memoryview(data)
        return b"".join(view[low:high] for low, high in kept[kept[:, 0] < kept[:, 1]].tolist())


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


def find_structure(data: bytes, delimiter: str, most: int) -> Structure:
    """Count the records of UTF-8 text, and tell whether all of them are well formed and equally wide.

    Looks no further when there are more than `most`.
    """
    scan = _Scan(np.frombuffer(data, dtype=np.uint8), ord(delimiter))
    for low in range(0, len(data), PIECE):
        scan.look_at(low)
        if not scan.found.is_clean or scan.found.records > most:
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
            self.found.width = self.width + 1
        is_wrong = widths != self.width
        if is_wrong.any():
            numbers = np.flatnonzero(is_wrong) + self.found.records + 1
            lengths, ends = lengths[is_wrong], ends[is_wrong]
            is_blank = (lengths == 0) | ((lengths == 1) & (self.buffer[ends - 1] == RETURN))
            self.found.is_clean = self.found.is_clean and bool(is_blank.all())
            self.found.blank_numbers.append(numbers)
            self.found.blank_spans.append(np.stack([ends - lengths, ends + 1], axis=1))

    def finish(self) -> None:
        """The last record, which may lack a line end."""
        length = len(self.buffer) - self.start
        if self.is_inside:
            self.found.is_clean = False
        elif length:
            self._check_widths(np.array([self.separators]), np.array([length]), np.array([len(self.buffer)]))
            self.found.records += 1
