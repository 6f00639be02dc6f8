"""Columns: many whole numbers in few bytes, as a sheet keeps them: each column in the narrowest type that holds it.

Layout: magic and version (5 bytes), CRC-32 of the rest (4), length of the header (4), the header (JSON: rows, names of
key columns, and name and type of each column), then the columns one after the other. Nothing in it is ever executed.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Narrow = NDArray[np.signedinteger] | NDArray[np.unsignedinteger]
"""Whole numbers of any width: as a sheet keeps them, a fourth of what 64 bits each would take."""

_MAGIC = b"CRMS\x01"
_FRAME = struct.Struct("<5sII")
_TYPES = tuple(np.dtype(name) for name in ("<u1", "<i1", "<u2", "<i2", "<u4", "<i4", "<i8"))
_LARGEST = 2**31 - 1
_TABLE = 8_000_000  # keys that are added up by a table rather than by sorting
_ZEROS = "0"
"""The type of a column of zeros only, which takes no bytes."""


class DamagedColumns(ValueError):
    """These bytes are not what was written: cut, altered, or of something else."""


@dataclass(frozen=True)
class Columns:
    """Equally long columns. `keys`: (rows, k), sorted, no row twice. `figures`: name → values of any integer type."""

    keys: Narrow
    figures: Mapping[str, Narrow]

    def at(self, rows: slice | Ints) -> Columns:
        """Some of the rows, in their order."""
        return Columns(self.keys[rows], {name: values[rows] for name, values in self.figures.items()})

    @property
    def nbytes(self) -> int:
        """What they take in memory."""
        return self.keys.nbytes + sum(values.nbytes for values in self.figures.values())


def packed(columns: Columns) -> bytes:
    """The columns as bytes; the same columns always give the same bytes."""
    rows, width = columns.keys.shape
    named = [(f"key{number}", columns.keys[:, number]) for number in range(width)]
    parts, header = [], []
    for name, values in (*named, *columns.figures.items()):
        kind = _narrowest(values)
        header.append([name, kind])
        if kind != _ZEROS:
            parts.append(np.ascontiguousarray(values, dtype=np.dtype(kind)).tobytes())
    head = orjson.dumps({"rows": rows, "keys": width, "columns": header})
    body = head + b"".join(parts)
    return _FRAME.pack(_MAGIC, zlib.crc32(body), len(head)) + body


def unpacked(blob: bytes) -> Columns:
    """The columns of `packed`.

    Raises:
        DamagedColumns: where they aren't whole.
    """
    try:
        magic, checksum, length = _FRAME.unpack_from(blob)
    except struct.error:
        raise DamagedColumns("too short to be columns") from None
    body = memoryview(blob)[_FRAME.size :]
    if magic != _MAGIC or zlib.crc32(body) != checksum:
        raise DamagedColumns("the checksum doesn't fit; restore this row, or recompute the day")
    header = orjson.loads(body[:length])
    rows, at, read = header["rows"], length, {}
    for name, kind in header["columns"]:
        if kind == _ZEROS:
            read[name] = np.zeros(rows, dtype=np.uint8)
            continue
        read[name] = np.frombuffer(body, dtype=np.dtype(kind), count=rows, offset=at)
        at += read[name].nbytes
    keys = [read.pop(f"key{number}") for number in range(header["keys"])]
    # Each key column lies in one piece, so that it is searched without being copied.
    return Columns(np.stack(keys).T if keys else np.zeros((rows, 0), dtype=np.int64), read)


def merged(parts: Sequence[Columns]) -> Columns:
    """The parts added up: a row a key, sorted. The parts must have the same figures; no parts can't be added.

    A sheet has up to some ten thousand keys, a year of them some hundred thousand: where the keys are small numbers
    (they are ids of dimensions) a table by key does it, else a sort.
    """
    names = list(parts[0].figures)
    largest = np.max([part.keys.max(axis=0, initial=0).astype(np.int64) for part in parts], axis=0)
    bits = [int(one).bit_length() for one in largest[1:]]
    codes = [_codes(part.keys, bits) for part in parts]
    size = (int(largest[0]) + 1 if len(largest) else 1) << sum(bits)
    if size <= _TABLE:
        occurs = np.zeros(size, dtype=bool)
        for code in codes:
            occurs[code] = True
        distinct = np.flatnonzero(occurs)
        if size * len(names) <= _TABLE:
            sums = {name: _added(parts, name, codes, size)[distinct] for name in names}
            return Columns(_keys(distinct, bits, width=len(largest)), sums)
        place = np.zeros(size, dtype=np.int64)
        place[distinct] = np.arange(len(distinct))
        places = [place[code] for code in codes]
    else:
        distinct = np.unique(np.concatenate(codes))
        places = [np.searchsorted(distinct, code) for code in codes]
    return Columns(
        _keys(distinct, bits, width=len(largest)), {name: _added(parts, name, places, len(distinct)) for name in names}
    )


def chosen(columns: Columns, names: Collection[str]) -> Columns:
    """Of the figures only these."""
    return Columns(columns.keys, {name: columns.figures[name] for name in names})


def _added(parts: Sequence[Columns], name: str, places: Sequence[Ints], size: int) -> Narrow:
    """A figure of all parts, added up at the places of their rows; in 32 bits where all parts together fit, as fresh
    memory is what costs most here."""
    figures = [part.figures[name] for part in parts]
    # A part has no key twice: no sum is above that of the parts' largest.
    largest = [max(-int(values.min(initial=0)), int(values.max(initial=0))) for values in figures]
    added: NDArray[Any] = np.zeros(size, dtype=np.int32 if sum(largest) <= _LARGEST else np.int64)
    for values, at, most in zip(figures, places, largest, strict=True):
        if most:
            added[at] += values
    return added


def _codes(keys: Narrow, bits: Sequence[int]) -> Ints:
    """A row's keys as one number, in the same order; `bits`: how many each key after the first takes."""
    code: Ints = keys[:, 0].astype(np.int64) if keys.shape[1] else np.zeros(len(keys), dtype=np.int64)
    for number, wide in enumerate(bits, start=1):
        code <<= wide
        code |= keys[:, number]
    return code


def _keys(codes: Ints, bits: Sequence[int], *, width: int) -> Ints:
    keys = np.empty((width, len(codes)), dtype=np.int64)
    rest = codes
    for number in range(width - 1, 0, -1):
        wide = bits[number - 1]
        np.bitwise_and(rest, (1 << wide) - 1, out=keys[number])
        rest = rest >> wide
    if width:
        keys[0] = rest
    return keys.T


def _narrowest(values: NDArray[np.integer]) -> str:
    if not values.size or not values.any():
        return _ZEROS
    low, high = int(values.min()), int(values.max())
    for kind in _TYPES:
        limits = np.iinfo(kind)
        if limits.min <= low and high <= limits.max:
            return kind.str
    raise OverflowError(f"{low}..{high} is more than 64 bits hold")
