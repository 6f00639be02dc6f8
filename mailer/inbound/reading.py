"""Raw bytes become an `Inbound`; what can't be read whole is read in part, with the whole message as a file."""

from __future__ import annotations

import logging
from collections.abc import Collection
from email.errors import MessageError
from email.message import Message
from email.parser import BytesHeaderParser

from .automatic import passed_on_for, spam_hints, why_automatic
from .charsets import decoded
from .headers import MAX_SUBJECT, addresses, message_ids, moment, sender, text_field
from .language import language_of
from .markup import safe_html
from .message import UNCLEAR, Attachment, Inbound
from .parsing import parse
from .parts import MOST_BYTES, Found, collect
from .quoting import split

log = logging.getLogger("mailer.inbound")

_UNREADABLE = (
    RecursionError, ValueError, LookupError, TypeError, AttributeError, MessageError, AssertionError, MemoryError,
)  # fmt: skip
_SHOWN = 20_000


def read(raw: bytes, *, own: Collection[str] = (), whole: bool = True) -> Inbound:
    """A message as a case keeps it. Never raises: `trouble` says what couldn't be read.

    Args:
        own: our own addresses, folded (`tracking.email_address.fold`): letters from there are loops.
        whole: without, only its headers and the beginning of its text are read: for what ended a process before.
    """
    raw = raw.replace(b"\x00", b"")
    try:
        if not whole:
            return _in_part(raw, own=own)
        message = parse(raw)
        return _inbound(message, collect(message), own=own)
    except _UNREADABLE as error:
        log.warning("a message can't be read as a whole: %s", type(error).__name__)
    try:
        return _in_part(raw, own=own)
    except _UNREADABLE as error:
        log.warning("nor can its headers: %s", type(error).__name__)
        return Inbound(attachments=(_whole(raw),), trouble="not even its sender can be read")


def _inbound(message: Message, found: Found, *, own: Collection[str], trouble: str = "") -> Inbound:
    name, written_by, clear = sender(message)
    shown, address = passed_on_for(message, own=own) or (name, written_by)
    text, quoted = split(found.text)
    ids, before = message_ids(message, "Message-ID"), message_ids(message, "In-Reply-To")
    return Inbound(
        message_id=ids[0] if ids else "",
        in_reply_to=before[0] if before else "",
        references=message_ids(message, "References"),
        from_address=address,
        from_name=shown,
        to=tuple(one for _name, one in addresses(message, "To")),
        cc=tuple(one for _name, one in addresses(message, "Cc")),
        reply_to=tuple(one for _name, one in addresses(message, "Reply-To") if one != address),
        relayed_by=written_by if written_by != address else "",
        subject=text_field(message, "Subject", MAX_SUBJECT),
        at=moment(message),
        text=text,
        quoted=quoted,
        html=safe_html(found.html),
        language=language_of(text),
        attachments=tuple(found.files),
        auto=why_automatic(message, own=own),
        hints=(*spam_hints(message), *(() if clear else (UNCLEAR,))),
        left_out=found.left_out,
        trouble=trouble,
    )


def _in_part(raw: bytes, *, own: Collection[str]) -> Inbound:
    """Its headers, the beginning of its text as it came, and the whole message as a file."""
    head, _, body = raw.partition(b"\r\n\r\n" if b"\r\n\r\n" in raw[:200_000] else b"\n\n")
    message = BytesHeaderParser().parsebytes(head[:200_000])
    for name in ("Content-Type", "Content-Transfer-Encoding"):
        del message[name]
    found = Found(texts=[decoded(body[:_SHOWN])], files=[_whole(raw)])
    return _inbound(message, found, own=own, trouble="it can't be read whole; the message as it came is attached")


def _whole(raw: bytes) -> Attachment:
    return Attachment(name="message.eml.txt", content_type="text/plain", content=raw[:MOST_BYTES])
