"""One form for all writings of an e-mail address, by which addresses are compared and stored for looking up.

The domain is its ASCII form of IDNA 2008, as mail servers resolve it: the older IDNA 2003 of Python's own codec, and
case folding, make "ss" of "ß", and so one mailbox of two (faß.de and fass.de have different owners).
"""

from __future__ import annotations

import unicodedata

import idna

_MAX_LABEL = 63  # RFC 1035 2.3.4


class BadDomain(ValueError):
    """No mail can be sent to this domain: it has no ASCII form."""


def ascii_domain(domain: str) -> str:
    """The domain as the network writes it: lower case, other scripts as `xn--…`.

    Raises:
        BadDomain: where a letter or a label's length isn't allowed.
    """
    if domain.isascii():  # IDNA has nothing to say of it, and would refuse an underscore that some hosts have
        if all(0 < len(label) <= _MAX_LABEL for label in domain.split(".")):
            return domain.lower()
        raise BadDomain(domain)
    try:
        return idna.encode(domain, uts46=True, transitional=False).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise BadDomain(domain) from None


def fold(email: str) -> str:
    """The form in which addresses are compared: one Unicode spelling, lower case, the domain in ASCII."""
    local, at, domain = unicodedata.normalize("NFC", email.strip()).rpartition("@")
    if not at:
        return unicodedata.normalize("NFC", domain.lower())
    try:
        domain = ascii_domain(domain)
    except BadDomain:  # somebody looks for what can't be anybody's address
        domain = domain.lower()
    return unicodedata.normalize("NFC", local.lower()) + at + domain
