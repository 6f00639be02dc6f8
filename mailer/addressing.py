"""What may stand in an e-mail's headers. The standard library lets too much through, so it is checked here.

Tried: `email` refuses a line break in a header's value, but takes a comma in `To` for a second recipient, loses the
quotes of a long name, and `smtplib` cuts an address at `>`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.headerregistry import Address

from tracking.email_address import BadDomain, ascii_domain

MAX_ADDRESS = 254  # RFC 5321 4.5.3.1.3, less the angle brackets
MAX_LOCAL = 64
MAX_NAME = 200
MAX_SUBJECT = 300
_ATOM = r"[^\s\x00-\x1f\x7f-\x9f()<>\[\]:;@\\,\"]+"  # an address that needs quotes isn't worth its risks
_ADDRESS = re.compile(rf"({_ATOM})@({_ATOM})")
# Where `email` has to fold a long header, some versions lose the quotes around a name, and an address typed into the
# name becomes a recipient. So a name that makes its line long goes without the characters that need quotes.
_UNFOLDED = 60
_SPECIALS = re.compile(r"[()<>\[\]:;@\\,.\"]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class BadHeader(ValueError):
    """A subject, name or address that must not get into an e-mail's headers."""


@dataclass(frozen=True)
class Mailbox:
    """A name and an address, checked on construction; the domain is kept in its ASCII form.

    Raises:
        BadHeader: for control characters, a comma, quotes or brackets in the address, or too great a length.
    """

    name: str
    address: str

    def __post_init__(self) -> None:
        match = _ADDRESS.fullmatch(self.address)
        if match is None:
            raise BadHeader(f"not an e-mail address: {self.address[:80]!r}")
        local, domain = match.groups()
        if local.startswith(".") or local.endswith(".") or ".." in local:
            raise BadHeader(f"not an e-mail address: {self.address[:80]!r}")
        try:
            domain = ascii_domain(domain)
        except BadDomain:
            raise BadHeader(f"not a domain: {domain[:80]!r}") from None
        address = f"{local}@{domain}"
        if len(address) > MAX_ADDRESS or len(local.encode()) > MAX_LOCAL:
            raise BadHeader(f"too long for an e-mail address: {self.address[:80]!r}")
        if _CONTROLS.search(self.name) or len(self.name) > MAX_NAME:
            raise BadHeader(f"not a name for an e-mail's header: {self.name[:80]!r}")
        object.__setattr__(self, "address", address)

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    @property
    def header(self) -> Address:
        """As `email` wants it: an object instead of text, so that nothing in a name is read as syntax."""
        local, _, domain = self.address.rpartition("@")
        whole = Address(display_name=self.name, username=local, domain=domain)
        if len(str(whole)) <= _UNFOLDED:
            return whole
        return Address(display_name=" ".join(_SPECIALS.sub(" ", self.name).split()), username=local, domain=domain)


def as_name(text: str) -> str:
    """A person's or shop's name as it may stand in a header; people type anything, and shall get their mail."""
    return " ".join(_CONTROLS.sub(" ", text).split())[:MAX_NAME]


def checked_subject(subject: str) -> str:
    """The subject as it is.

    Raises:
        BadHeader: where it is empty, too long, or holds a control character.
    """
    if not subject.strip() or len(subject) > MAX_SUBJECT or _CONTROLS.search(subject):
        raise BadHeader(f"not a subject: {subject[:80]!r}")
    return subject
