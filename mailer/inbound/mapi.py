"""MAPI properties as they lie in a winmail.dat (MS-OXTNEF 2.1.3.4): the few that hold words or a file's name.

Nothing is believed of what a file says of its counts and lengths: each step stays in the bytes and goes forwards.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

BODY, HTML, RTF, CODE_PAGE, FILE_NAME = 0x1000, 0x1013, 0x1009, 0x3FDE, 0x3707
_WANTED = frozenset({BODY, HTML, RTF, CODE_PAGE, FILE_NAME})
_UNICODE, _NUMBER = 0x001F, 0x0003
_FIXED = {
    0x0002: 4, 0x0003: 4, 0x0004: 4, 0x000A: 4, 0x000B: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8, 0x0014: 8, 0x0040: 8,
    0x0048: 16,
}  # fmt: skip
"""Sizes by type, with what fills them up to four bytes."""
_VARIABLE = frozenset({0x000D, 0x001E, _UNICODE, 0x0102})
_MANY = 0x1000
_NAMED = 0x8000
_MOST = 5000


def properties(raw: bytes) -> dict[int, bytes | str]:
    """Those that are read here, by their number: as text where it is Unicode, else the bytes as they are.

    What is broken ends the reading; what came before counts.
    """
    found: dict[int, bytes | str] = {}
    try:
        for number, kind, value in _read(raw):
            if number in _WANTED:
                found.setdefault(number, value.decode("utf-16-le", "replace") if kind == _UNICODE else value)
    except struct.error:  # it ends in the middle
        pass
    return found


def number(value: bytes | str | None) -> int:
    """The value of a property that is a number; 0 without one."""
    return int.from_bytes(value[:4], "little") if isinstance(value, bytes) else 0


def _read(raw: bytes) -> Iterator[tuple[int, int, bytes]]:
    (count,) = struct.unpack_from("<I", raw)
    place = 4
    for _ in range(min(count, _MOST)):
        kind, number = struct.unpack_from("<HH", raw, place)
        place += 4
        if number >= _NAMED:
            place = _after_name(raw, place)
        many, kind = bool(kind & _MANY), kind & ~_MANY
        if kind not in _FIXED and kind not in _VARIABLE:
            return
        values = 1
        if many or kind in _VARIABLE:
            (values,) = struct.unpack_from("<I", raw, place)
            place += 4
        if kind in _FIXED:
            yield number, kind, raw[place : place + _FIXED[kind]]
            place += values * _FIXED[kind]
            continue
        for _value in range(values):
            (length,) = struct.unpack_from("<I", raw, place)
            yield number, kind, raw[place + 4 : place + 4 + length]
            place += 4 + length + -length % 4


def _after_name(raw: bytes, place: int) -> int:
    (kind,) = struct.unpack_from("<I", raw, place + 16)
    (length,) = struct.unpack_from("<I", raw, place + 20)
    return place + 24 + (length + -length % 4 if kind else 0)
