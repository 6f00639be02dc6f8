"""RTF as Outlook puts it into a winmail.dat: unpacked (MS-OXRTFCP), and its words, or the HTML in it (MS-OXRTFEX)."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field, replace

from .charsets import clean, decoded

MOST_BYTES = 1_000_000
"""Of the unpacked text that is read."""
_START = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
    b"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n"
    b"\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
"""What the dictionary begins with (MS-OXRTFCP 2.1.3.1.1)."""
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,9})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.DOTALL
)
_HIDDEN = frozenset({
    b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"header", b"footer", b"headerl", b"headerr",
    b"footerl", b"footerr", b"themedata", b"datastore", b"listtable", b"listoverridetable", b"generator", b"filetbl",
})  # fmt: skip
"""Groups that hold no words of the letter."""
_SPOKEN = {
    b"par": "\n", b"line": "\n", b"sect": "\n", b"page": "\n", b"row": "\n", b"tab": "\t", b"cell": "\t",
    b"emdash": "—", b"endash": "–", b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”",
    b"bullet": "•",
}  # fmt: skip
_MARKS = {b"~": "\u00a0", b"_": "\u2011", b"-": "", b"\n": "\n", b"\r": "\n"}


def unpacked(raw: bytes) -> bytes:
    """The RTF; empty for what is none. At most `MOST_BYTES` of it."""
    if len(raw) < 16:
        return b""
    _size, length, kind, _checksum = struct.unpack_from("<II4sI", raw)
    if kind == b"MELA":
        return raw[16 : 16 + min(length, MOST_BYTES)]
    return bytes(_expanded(raw, most=min(length, MOST_BYTES))) if kind == b"LZFu" else b""


def _expanded(raw: bytes, *, most: int) -> bytearray:
    known, write = bytearray(_START.ljust(4096, b"\x00")), len(_START)
    found, place = bytearray(), 16
    while place < len(raw) and len(found) < most:
        control = raw[place]
        place += 1
        for bit in range(8):
            if not control >> bit & 1:
                piece = raw[place : place + 1]
                place += 1
            else:
                pair = int.from_bytes(raw[place : place + 2], "big")
                place += 2
                start = pair >> 4
                if start == write or place > len(raw):
                    return found[:most]
                piece = bytes(_copied(known, start, (pair & 15) + 2, write))
            for one in piece:
                known[write] = one
                write = (write + 1) % 4096
            found += piece
    return found[:most]


def _copied(known: bytearray, start: int, length: int, write: int) -> bytearray:
    """A piece of the dictionary; it may reach into what it writes itself."""
    distance = (write - start) % 4096
    return bytearray(known[(start + step % distance) % 4096] for step in range(length))


@dataclass(frozen=True)
class Words:
    """What an RTF says: `html` where Outlook made it of HTML, else `text`."""

    text: str = ""
    html: str = ""


@dataclass(frozen=True)
class _Group:
    hidden: bool = False
    tag: bool = False
    skipped: int = 1
    twice: bool = False


@dataclass
class _Reader:
    """`twice`: the passages that stand there for readers of RTF alone, beside the HTML (`htmlrtf`)."""

    charset: str = "cp1252"
    of_html: bool = False
    found: list[str] = field(default_factory=list)
    waiting: bytearray = field(default_factory=bytearray)
    group: _Group = field(default_factory=_Group)
    above: list[_Group] = field(default_factory=list)
    skip: int = 0

    def say(self, text: str) -> None:
        """Words that are known."""
        self.flush()
        if self._is_read():
            self.found.append(text)

    def byte(self, raw: bytes) -> None:
        """Bytes in the charset; several may be one letter."""
        if self._is_read():
            self.waiting += raw

    def flush(self) -> None:
        """What waited is a text."""
        if self.waiting:
            self.found.append(decoded(bytes(self.waiting), self.charset))
            self.waiting.clear()

    def _is_read(self) -> bool:
        return not self.group.hidden and not (self.of_html and self.group.twice)


def words(raw: bytes) -> Words:
    """The text, or the HTML, of an RTF. What isn't RTF says nothing."""
    if not raw.lstrip().startswith(b"{\\rtf"):
        return Words()
    reader, starred = _Reader(), False
    for token in _TOKEN.finditer(raw[:MOST_BYTES]):
        word, argument, byte, mark, bracket, plain = token.groups()
        if word:
            _obey(reader, word.lower(), argument, starred=starred)
        elif bracket == b"{":
            reader.above.append(reader.group)
        elif bracket:
            reader.flush()
            reader.group = reader.above.pop() if reader.above else reader.group
        elif reader.skip and (byte or plain or mark not in {None, b"*"}):
            rest = (plain or b"")[reader.skip :]
            reader.skip = max(0, reader.skip - len(plain or b"x"))
            reader.byte(rest)
        elif byte:
            reader.byte(bytes.fromhex(byte.decode()))
        elif plain:
            reader.byte(plain)
        elif mark in _MARKS:
            reader.say(_MARKS[mark])
        elif mark and mark in b"\\{}":
            reader.byte(mark)
        starred = mark == b"*"
    reader.flush()
    whole = "".join(reader.found).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")  # joins halves
    text = clean(whole).strip()
    return Words(html=text) if reader.of_html else Words(text=text)


def _obey(reader: _Reader, word: bytes, argument: bytes | None, *, starred: bool) -> None:
    value = int(argument) if argument else None
    if word == b"u" and value is not None:
        reader.say(chr(value % 65536))
        reader.skip = reader.group.skipped
        return
    reader.skip = 0
    if word == b"htmltag":
        reader.flush()
        reader.group = replace(reader.group, hidden=not reader.of_html, tag=True)
    elif word == b"htmlrtf":
        reader.flush()
        reader.group = replace(reader.group, twice=value != 0)
    elif word == b"fromhtml":
        reader.of_html = value != 0
    elif word == b"ansicpg" and value:
        reader.charset = f"cp{value}" if value != 65001 else "utf-8"
    elif word == b"uc" and value is not None:
        reader.group = replace(reader.group, skipped=max(0, min(value, 10)))
    elif word in _HIDDEN or starred:
        reader.flush()
        reader.group = replace(reader.group, hidden=True)
    elif word in _SPOKEN:
        reader.say(_SPOKEN[word])
