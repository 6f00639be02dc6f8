"""One form for all writings of an e-mail address, so that one mailbox has one account, and two have two."""

from __future__ import annotations

import unicodedata

import idna


def fold(email: str) -> str:
    """The form in which two writings of one address are the same: lower case, the domain in its ASCII form.

    IDNA 2008, as the check of typed addresses reads domains; the older IDNA 2003 and `casefold` make "ss" of "ß",
    and the owner of fass.de would get the letters of somebody at faß.de.
    """
    local, at, domain = unicodedata.normalize("NFC", email.strip()).rpartition("@")
    if not at:  # the beginning of an address, which staff look for
        return unicodedata.normalize("NFC", domain.lower())
    try:
        domain = domain.lower() if domain.isascii() else idna.encode(domain, uts46=True, transitional=False).decode()
    except (idna.IDNAError, UnicodeError):  # typed into a search or a sign-in; nobody's address
        domain = domain.lower()
    return unicodedata.normalize("NFC", local.lower()) + at + domain
