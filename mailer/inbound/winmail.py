"""winmail.dat (TNEF, MS-OXTNEF): the files that Outlook hides in it.

tnefparse believes the counts that a file states of its MAPI properties and would loop through four thousand million of
none; so it is given only the plain objects: titles, contents and the body. What else is in there stays in winmail.dat.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from tnefparse.tnef import TNEF

from .charsets import decoded

SIGNATURE = struct.pack("<I", TNEF.TNEF_SIGNATURE)
MOST_OBJECTS = 2000
MOST_BYTES = 25_000_000
_WORK = 4_000_000_000
"""Bytes that are copied at most: tnefparse copies the rest of the file for each object."""
_PLAIN = frozenset({
    TNEF.ATTATTACHRENDDATA, TNEF.ATTATTACHTITLE, TNEF.ATTATTACHDATA, TNEF.ATTBODY, TNEF.ATTTNEFVERSION,
})  # fmt: skip
_HEADER = struct.Struct("<BHHI")


@dataclass(frozen=True)
class Unpacked:
    """Files by name, and the text, where there is one."""

    files: tuple[tuple[str, bytes], ...]
    text: str


def unpack(raw: bytes) -> Unpacked | None:
    """What is in it; None for what is no winmail.dat, is broken, or holds more than a letter does."""
    plain = _plain(raw)
    if plain is None:
        return None
    try:
        found = TNEF(plain, do_checksum=False)
        files = tuple((decoded(_bytes(one._name)).strip("\x00"), _bytes(one.data)) for one in found.attachments)
    except (ValueError, LookupError, TypeError, AttributeError, struct.error, RecursionError, UnboundLocalError):
        return None
    return Unpacked(tuple(one for one in files if one[1]), decoded(_bytes(found.body or b"")).strip("\x00\n "))


def _plain(raw: bytes) -> bytes | None:
    """The file with its plain objects alone."""
    if not raw.startswith(SIGNATURE) or len(raw) > MOST_BYTES:
        return None
    kept, offset, count, opened = [raw[:6]], 6, 0, False
    while offset + TNEF.MIN_OBJ_SIZE <= len(raw):
        level, name, _type, length = _HEADER.unpack_from(raw, offset)
        end = offset + _HEADER.size + length + 2
        if end > len(raw):
            break
        opened = opened or name == TNEF.ATTATTACHRENDDATA
        if name in _PLAIN and (level != TNEF.LVL_ATTACHMENT or opened):
            kept.append(raw[offset:end])
            count += 1
        if count > MOST_OBJECTS or count * len(raw) > _WORK:
            return None
        offset = end
    return b"".join(kept) + b"\x00" if count else None


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
