"""winmail.dat (TNEF, MS-OXTNEF): the files that Outlook hides in it, and the words, where they stand nowhere else.

tnefparse believes the counts that a file states of its MAPI properties and would loop through four thousand million of
none; so it is given only the plain objects: titles, contents and the body. The properties are read by `mapi`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from tnefparse.tnef import TNEF

from . import mapi, rtf
from .charsets import clean, decoded

SIGNATURE = struct.pack("<I", TNEF.TNEF_SIGNATURE)
MOST_OBJECTS = 2000
MOST_BYTES = 25_000_000
_WORK = 4_000_000_000
"""Bytes that are copied at most: tnefparse copies the rest of the file for each object."""
_PLAIN = frozenset({
    TNEF.ATTATTACHRENDDATA, TNEF.ATTATTACHTITLE, TNEF.ATTATTACHDATA, TNEF.ATTBODY, TNEF.ATTTNEFVERSION,
})  # fmt: skip
_UTF_8 = 65001
_EMPTY = 7
"""Signature and key, and the end that is added."""
_HEADER = struct.Struct("<BHHI")


@dataclass(frozen=True)
class Unpacked:
    """Files by name; the text, and the HTML, where there are such. `whole`: nothing in it is known to be missing here,
    as letters within the letter are, and what was cut on the way."""

    files: tuple[tuple[str, bytes], ...]
    text: str = ""
    html: str = ""
    whole: bool = True


def unpack(raw: bytes) -> Unpacked | None:
    """What is in it; None for what is no winmail.dat, is broken, or holds more than a letter does."""
    plain = _plain(raw)
    if plain is None:
        return None
    try:
        found = TNEF(plain, do_checksum=False) if len(plain) > _EMPTY else None
        attached = [(_text(_bytes(one._name)), _bytes(one.data)) for one in found.attachments] if found else []
    except (ValueError, LookupError, TypeError, AttributeError, struct.error, RecursionError, UnboundLocalError):
        return None
    known, names = _described(raw)
    page = mapi.number(known.get(mapi.CODE_PAGE))
    files = tuple((names.get(place) or name, file) for place, (name, file) in enumerate(attached) if file)
    text = _text(_bytes(found.body or b"")) if found else ""
    text, html = text or _text(known.get(mapi.BODY, ""), page), _text(known.get(mapi.HTML, ""), page)
    packed, cut = known.get(mapi.RTF, b""), False
    if not (text and html) and isinstance(packed, bytes):
        unpacked = rtf.unpacked(packed)
        formatted, cut = rtf.words(unpacked), len(unpacked) >= rtf.MOST_BYTES
        text, html = text or formatted.text, html or formatted.html
    return Unpacked(files, text, html, whole=_ends(raw) and not cut and all(file for _name, file in attached))


def _text(value: bytes | str, page: int = 0) -> str:
    """A text in the letter's code page, where it is no Unicode anyway."""
    charset = f"cp{page}" if page and page != _UTF_8 else "utf-8"
    return (clean(value) if isinstance(value, str) else decoded(value, charset)).strip("\x00\n ")


def _described(raw: bytes) -> tuple[dict[int, bytes | str], dict[int, str]]:
    """The properties of the message, and the whole names of its files by their place: titles are cut to 8.3 letters."""
    known: dict[int, bytes | str] = {}
    names: dict[int, str] = {}
    place = -1
    for _level, name, data in _objects(raw):
        if name == TNEF.ATTATTACHRENDDATA:
            place += 1
        elif name == TNEF.ATTMAPIPROPS and not known:
            known = mapi.properties(data)
        elif name == TNEF.ATTATTACHMENT and place >= 0:
            names[place] = _text(mapi.properties(data).get(mapi.FILE_NAME, ""))
    return known, names


def _objects(raw: bytes) -> Iterator[tuple[int, int, bytes]]:
    offset = 6
    while offset + TNEF.MIN_OBJ_SIZE <= len(raw):
        level, name, _type, length = _HEADER.unpack_from(raw, offset)
        end = offset + _HEADER.size + length + 2
        if end > len(raw):
            return
        yield level, name, raw[offset + _HEADER.size : end - 2]
        offset = end


def _ends(raw: bytes) -> bool:
    """Whether its last object lies in it as a whole."""
    end = 6 + sum(_HEADER.size + len(data) + 2 for _level, _name, data in _objects(raw))
    return not raw[end:].strip(b"\x00")


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
    return b"".join(kept) + b"\x00"


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
