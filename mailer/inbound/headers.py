"""Headers as text: encoded words (RFC 2047), raw bytes in whatever charset, addresses, Message-IDs, dates.

Read from the raw fields on purpose: the standard library's structured headers take 0.2 ms each and raise at some.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from datetime import UTC, datetime
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from quopri import decodestring

from mailer.addressing import BadHeader, Mailbox
from tracking.email_address import fold

from .charsets import decoded, one_line

MAX_NAME = 200
MAX_SUBJECT = 300
MOST_ADDRESSES = 50
MOST_REFERENCES = 100
_LONGEST = 20_000
_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN = re.compile(r"(\?=)[ \t\r\n]+(?==\?[^?\s]{1,80}\?[bBqQ]\?)")
_ADDRESS = re.compile(r"[^\s<>\"',;:()\[\]]{1,64}@[^\s<>\"',;:()\[\]@]{1,255}")
_BRACKETED = re.compile(r"<\s{0,9}([^<>\s]{1,320})\s{0,9}>")
_QUOTED = re.compile(r'"[^"]{0,1000}"')
_COMMENT = re.compile(r"\([^()]*\)")
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")


def raw_field(message: Message, name: str) -> str:
    """The first field of this name as it came, unfolded; empty where there is none."""
    wanted = name.lower()
    for field, value in message.raw_items():
        if field.lower() == wanted:
            return _unescaped(str(value)[:_LONGEST])
    return ""


def text_field(message: Message, name: str, most: int) -> str:
    """The same, decoded: one line of at most `most` letters."""
    return one_line(decoded_words(raw_field(message, name)), most)


def decoded_words(value: str) -> str:
    """A value with its encoded words read. Neighbours in one charset are joined first: some senders cut letters."""
    value = _BETWEEN.sub(r"\1", value)
    found, start, waiting, charset = [], 0, b"", ""
    for word in _WORD.finditer(value):
        if word.start() != start or word.group(1).lower() != charset:
            found += [decoded(waiting, charset), value[start : word.start()]]
            waiting = b""
        charset = word.group(1).lower()
        waiting += _payload(word.group(2).lower(), word.group(3))
        start = word.end()
    return "".join([*found, decoded(waiting, charset.partition("*")[0]), value[start:]])


def addresses(message: Message, name: str) -> tuple[tuple[str, str], ...]:
    """Names and addresses of all fields of this name that can be written to, each once in whichever case."""
    values = [
        _unescaped(str(value)[:_LONGEST]) for field, value in message.raw_items() if field.lower() == name.lower()
    ]
    found: dict[str, tuple[str, str]] = {}
    try:
        read = getaddresses(values[:20])[: MOST_ADDRESSES * 2]
    except RecursionError:  # brackets in brackets
        read = []
    if not any(address for _shown, address in read):  # newer versions refuse a field as a whole
        read = [("", address) for value in values[:20] for address in _ADDRESS.findall(value)[:MOST_ADDRESSES]]
    for shown, address in read:
        if checked := _checked(address):
            found.setdefault(fold(checked), (one_line(decoded_words(shown), MAX_NAME), checked))
    return tuple(found.values())[:MOST_ADDRESSES]


def sender(message: Message) -> tuple[str, str, bool]:
    """Name and address of who wrote it, and whether that is clear: `From: ada@a.example <eve@b.example>` names two.

    Of several, it is the last one in angle brackets, which is what mail servers on the way look at; the others prove
    nothing. Both are empty where nobody is named.
    """
    found = addresses(message, "From") or addresses(message, "Sender") or addresses(message, "Reply-To")
    field = _QUOTED.sub("", raw_field(message, "From"))
    if len(found) < 2 and not (found and _named_beside(field, found[0][1])):
        return (*(found[0] if found else ("", "")), True)
    bracketed = map(_checked, _BRACKETED.findall(field))
    last = ([address for address in bracketed if address] or [found[0][1]])[-1]
    return (next((shown for shown, address in found if fold(address) == fold(last)), ""), last, False)


def _named_beside(field: str, address: str) -> bool:
    """Whether an address or half of one stands before the brackets: `Shop @ Home <x@y.example>`. Versions of Python
    differ in whether they read it as a second one."""
    field = _COMMENT.sub("", field)
    rest = _BRACKETED.sub("", field)
    return rest != field and "@" in rest and fold(_checked(rest)) != fold(address)


def message_ids(message: Message, name: str) -> tuple[str, ...]:
    """The Message-IDs in a field, each once, the last ones where there are too many."""
    found = dict.fromkeys(_MESSAGE_ID.findall(one_line(raw_field(message, name), _LONGEST)))
    return tuple(found)[-MOST_REFERENCES:]


def moment(message: Message) -> datetime | None:
    """What the Date field says, in UTC; None for nonsense."""
    try:
        said = parsedate_to_datetime(raw_field(message, "Date"))
        aware = said if said.tzinfo is not None else said.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _checked(address: str) -> str:
    """An address as it is written to; empty for what is none."""
    try:
        return Mailbox("", address.strip().strip("<>'\"")).address
    except BadHeader:
        return ""


def _unescaped(value: str) -> str:
    """Headers come as ASCII with escaped bytes; those are UTF-8 (RFC 6532), or whatever they look like."""
    value = value.replace("\r", "").replace("\n", "")
    if value.isascii():
        return value
    return decoded(value.encode("utf-8", "surrogateescape"))


def _payload(encoding: str, text: str) -> bytes:
    raw = text.encode("utf-8", "surrogateescape")
    if encoding == "q":
        return decodestring(raw, header=True)
    try:
        return b64decode(raw + b"=" * (-len(raw) % 4))
    except (binascii.Error, ValueError):
        return raw
