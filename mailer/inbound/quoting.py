"""What a person wrote now, apart from what their mail program quoted below it.

The lines that mail programs put above a quotation, in 13 languages, are mail-parser-reply's; its splitting of
signatures isn't used: it takes real sentences for one.
"""

from __future__ import annotations

import re
from functools import cache

from mailparser_reply.constants import MAIL_LANGUAGES
from mailparser_reply.parser import EmailMessage

MARKER = re.compile(r"^[>\s]*[#-]{2,} .{0,200}\[C-[A-Z2-7]{8}\].{0,20}$")
"""The line that stands above the quotation in our own letters about a case."""
_READ_LINES = 2000
_READ_LINE = 200
"""Longer lines and texts are looked through in part: the patterns take quadratic time."""


def split(text: str) -> tuple[str, str]:
    """What was written, and what was quoted; a message that is nothing but a quotation (forwarded) was written."""
    lines = text.split("\n")
    ours = next((place for place, line in enumerate(lines) if MARKER.match(line)), None)
    place = _header(lines[:ours] if ours is not None else lines)
    if place is None:
        place = _above(lines, ours) if ours is not None else _last_quotation(lines)
    if place is None:
        return text.strip(), ""
    above, below = "\n".join(lines[:place]).strip(), lines[place:]
    if above:
        return above, "\n".join(below).strip()
    after = _answer_below(below)
    if after is None:
        return text.strip(), ""
    return "\n".join(below[after:]).strip(), "\n".join(below[:after]).strip()


def _header(lines: list[str]) -> int | None:
    """The line where a mail program says who wrote what follows."""
    probe = "\n".join(line.strip()[:_READ_LINE] for line in lines[:_READ_LINES])
    found = _headers().search(probe)
    if found is None:
        return None
    start = found.start() + (len(found.group()) - len(found.group().lstrip("\n")))
    return probe.count("\n", 0, start)


def _above(lines: list[str], ours: int) -> int:
    """Our line, or where the quotation begins in which it stands: our words stand above it."""
    while ours and (lines[ours - 1].startswith(">") or not lines[ours - 1].strip()):
        ours -= 1
    return ours


def _last_quotation(lines: list[str]) -> int | None:
    """Where the block of `>` lines begins that ends the text."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    place = end
    while place and (lines[place - 1].startswith(">") or not lines[place - 1].strip()):
        place -= 1
    return place if place < end and any(line.startswith(">") for line in lines[place:end]) else None


def _answer_below(lines: list[str]) -> int | None:
    """Where the answer of somebody who writes below the quotation begins; None where there is none."""
    quoted = [place for place, line in enumerate(lines) if line.startswith(">")]
    if not quoted:
        return None
    place = quoted[-1] + 1
    return place if any(line.strip() for line in lines[place:]) else None


@cache
def _headers() -> re.Pattern[str]:
    patterns: re.Pattern[str] = EmailMessage("", languages=list(MAIL_LANGUAGES)).HEADER_REGEX
    return patterns
