"""What staff may read of an e-mail: its words, and none of its links.

Whoever could open a customer's password link in the console could become that customer; the link of an order letter
opens and cancels the order. Which links do more than show a page, a host can't be trusted to list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from markupsafe import escape

from ecrm.wording import gettext as _
from mailer.outbox import Email

_TARGET = re.compile(r"""\b(href|action)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)""", re.IGNORECASE)
_WORDS = re.compile(r"(<[^>]*>)")
_ADDRESS = re.compile(r"""\bhttps?://[^\s"'<>]+""", re.IGNORECASE)


@dataclass(frozen=True)
class Readable:
    """Both bodies of an e-mail; `linked` where links were taken out."""

    text: str
    html: str
    linked: bool


def readable(email: Email) -> Readable:
    """The bodies for the console. No role gets a link: what staff do as a customer must not be possible."""
    notice = "[" + _("the link is not shown here") + "]"
    text, found = _ADDRESS.subn(lambda _found: notice, email.text)
    html = _TARGET.sub(r'\1="#"', email.html)
    words = _WORDS.split(html)  # every second one is a tag, where pictures keep their addresses
    words[::2] = [_ADDRESS.sub(lambda _found: str(escape(notice)), word) for word in words[::2]]
    return Readable(text, "".join(words), linked=bool(found))
