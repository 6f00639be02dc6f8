"""What staff may read of an e-mail: all of it, but for links that open something for its reader only.

Whoever could open a customer's password link in the console could become that customer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from markupsafe import escape

from ecrm.installation import installation
from ecrm.wording import gettext as _
from mailer.outbox import Email

_TARGET = re.compile(r"""\b(href|src|action)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)""", re.IGNORECASE)
_ADDRESS = re.compile(r"""\bhttps?://[^\s"'<>]+""", re.IGNORECASE)


@dataclass(frozen=True)
class Readable:
    """Both bodies of an e-mail; `secret` where links were taken out."""

    text: str
    html: str
    secret: bool


def readable(email: Email) -> Readable:
    """The bodies for the console. No role sees a secret link: what staff do as a customer must not be possible."""
    if email.template not in installation().app.config["ECRM_SECRET_LETTERS"]:
        return Readable(email.text, email.html, secret=False)
    notice = "[" + _("the link is not shown here") + "]"
    html = _TARGET.sub(r'\1="#"', email.html)
    return Readable(
        _ADDRESS.sub(lambda _found: notice, email.text),
        _ADDRESS.sub(lambda _found: str(escape(notice)), html),
        secret=True,
    )
