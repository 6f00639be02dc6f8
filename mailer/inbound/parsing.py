"""Parsing: bytes become a message, in time and memory that grow with their number alone.

The standard library's parser looks at each line once for every multipart that is open, reads parameters of headers in
quadratic time (CPython issue 136063), and keeps as many headers as come. So headers are cut, and what would cost too
much isn't parsed.
"""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import Message
from email.policy import Compat32

MOST_LINES = 2_000_000
MOST_LOOKS = 6_000_000
"""Lines times boundaries, two seconds: thirty forwarded letters of ten megabytes together are fewer."""
MOST_HEADERS = 1000
LONGEST_HEADER = 20_000
LONGEST_OF_PART = 4000
"""Of Content-Type and the like: a name of 255 letters in three-byte UTF-8 takes 2,300."""
_BOUNDARY = re.compile(rb"boundary[ \t]*[=*]", re.IGNORECASE)


class TooMuch(ValueError):
    """Reading it whole would take a process for itself; the text says what there is too much of."""


class _Cut(Compat32):
    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[: LONGEST_OF_PART if name[:8].lower() == "content-" else LONGEST_HEADER]


class _Letter(Message):
    def set_raw(self, name: str, value: str) -> None:
        if len(self) < MOST_HEADERS:
            super().set_raw(name, value)


_POLICY = _Cut()


def parse(raw: bytes) -> Message:
    """The message with its parts.

    Raises:
        TooMuch: for what would take minutes.
        RecursionError, ValueError, LookupError, TypeError, AttributeError, MessageError: the parser's own.
    """
    lines = raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n")
    boundaries = len(_BOUNDARY.findall(raw))
    if lines > MOST_LINES or lines * boundaries > MOST_LOOKS:
        raise TooMuch(f"{lines} lines, {boundaries} boundaries")
    return message_from_bytes(raw, _Letter, policy=_POLICY)
