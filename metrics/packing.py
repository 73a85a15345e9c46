"""Series of figures as bytes: whole, as a book stores them, and only what changes in some of them.

`packed_series` · `unpacked_series` · `packed_steps` · `summed_steps` · `packed_frame` · `unpacked_frame`
"""

import io
import json
import struct
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import numpy as np
import polars as pl

from metrics.engine.arrays import Ints

ZLIB: Final = 0x78  # how zlib's data begin: older rows have no width before them, and are 8 wide
HEAD: Final = struct.Struct("<IIB")
COHORT_START: Final = 12  # months from the first of a cohort, of which a close keeps what it had at their ends
Data = bytes | memoryview
Key = tuple[Any, ...]


def packed_series(values: Ints) -> bytes:
    """Figures × months as little-endian integers, row by row, compressed; the first byte says how wide they are."""
    width = width_of(values)
    return bytes([width]) + zlib.compress(values.astype(f"<i{width}").tobytes(), 1)


def unpacked_series(data: Data, figures: int) -> Ints:
    """The figures × months of `packed_series`."""
    width, packed = (8, data) if data[0] == ZLIB else (data[0], memoryview(data)[1:])
    values = np.frombuffer(zlib.decompress(packed), dtype=f"<i{width}").reshape(figures, -1)
    return values.astype(np.int64, copy=False)


def packed_frame(rows: pl.DataFrame) -> bytes:
    """A frame as an Arrow stream, compressed."""
    buffer = io.BytesIO()
    rows.write_ipc_stream(buffer, compression="zstd")
    return buffer.getvalue()


def unpacked_frame(data: Data) -> pl.DataFrame:
    """The frame of `packed_frame`."""
    return pl.read_ipc_stream(io.BytesIO(data))


def packed_steps(steps: Mapping[Key, Ints]) -> bytes:
    """What to add to the series with these keys: the places at which it differs from the month before, and by how much.

    A changed contract moves its customer's ARR once and keeps it there, so that most months have nothing to say.
    """
    if not steps:
        return b""
    values = np.stack(list(steps.values()))
    rises = values.copy()
    rises[..., 1:] -= values[..., :-1]
    rises = rises.reshape(-1)
    places = np.flatnonzero(rises)
    amounts = rises[places]
    width = width_of(amounts)
    names = json.dumps([list(steps), values.shape[1:]]).encode()
    head = HEAD.pack(len(names), len(places), width)
    return b"".join([head, names, places.astype("<u4").tobytes(), amounts.astype(f"<i{width}").tobytes()])


def summed_steps(parts: Iterable[Data], is_wanted: Callable[[Key], bool] | None = None) -> dict[Key, Ints]:
    """The sum of what several `packed_steps` of one book say, by key; of all keys or those wanted."""
    rows: dict[Key, int] = {}
    found: list[tuple[Ints, Ints]] = []
    shape = (0, 0)
    for data in parts:
        if not len(data):
            continue
        length, count, width = HEAD.unpack_from(data)
        start = HEAD.size + length
        names, shape = json.loads(bytes(data[HEAD.size : start]))
        keys = [tuple(name) for name in names]
        wanted = [is_wanted is None or is_wanted(key) for key in keys]
        row = np.array([rows.setdefault(key, len(rows)) if own else -1 for key, own in zip(keys, wanted, strict=True)])
        places = np.frombuffer(data, "<u4", count, start).astype(np.int64)
        amounts = np.frombuffer(data, f"<i{width}", count, start + 4 * count).astype(np.int64)
        own, rest = np.divmod(places, shape[0] * shape[1])
        target = row[own]
        if not all(wanted):
            kept = np.flatnonzero(target >= 0)
            target, rest, amounts = target[kept], rest[kept], amounts[kept]
        found.append((target * (shape[0] * shape[1]) + rest, amounts))
    rises = np.zeros(len(rows) * shape[0] * shape[1], dtype=np.int64)
    for places, amounts in found:
        rises[places] += amounts  # within a part no place comes twice
    return dict(zip(rows, rises.reshape(len(rows), *shape).cumsum(axis=-1), strict=True))


def width_of(values: Ints) -> int:
    """How many bytes the largest of some integers needs: 4 or 8."""
    return 4 if int(np.abs(values).max(initial=0)) < 1 << 31 else 8
