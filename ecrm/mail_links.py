"""Links in e-mails: back to the shop, to the preferences, out of a topic; and the signed tokens that they carry.

A link leads straight to the shop, never through a redirect: its tags say what brought the visit, and, only where the
recipient agreed to be followed in e-mails, a signed `ecm` says which e-mail it was. The shop reads both in the
request.

A token is the base64url of an HMAC-SHA256 (RFC 2104, cut to 128 bits) and of what it signs; what it signs can be read
by whoever has the link, so it holds ids and nothing else. Each purpose has a key of its own: a token of one opens
nothing of another.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from flask import Flask, current_app

from mailer.outbox import Email

from .installation import Installation

PARAMETER = "ecm"
"""Names the e-mail in a link; only in e-mails to people who agreed to be followed there."""
SOURCE, MEDIUM = "shop", "email"
_MAC = 16
_LONGEST = 400  # of a token that is read at all


class Purpose(StrEnum):
    """What a token is good for; each has its own key."""

    UNSUBSCRIBE = "unsubscribe"
    PREFERENCES = "preferences"
    CONFIRM = "confirm"
    CLICK = "click"
    OPEN = "open"
    HOST = "host"
    SATISFACTION = "satisfaction"
    REVIEW = "review"
    QUESTION = "question"
    RETURNS = "returns"


class Unsubscribing(NamedTuple):
    """Whom a link takes off which topic ("" = all marketing), and which e-mail it came with (0 = none)."""

    contact_id: int
    topic: str
    email_id: int


class MailKeys:
    """Signs and reads tokens. New ones carry the first secret; those of the older ones stay good (rotation)."""

    def __init__(self, secret: str | bytes, *, older: Sequence[str | bytes] = ()) -> None:
        """Args:
        secret: the host's SECRET_KEY.
        older: its SECRET_KEY_FALLBACKS.

        Raises:
            RuntimeError: without a secret: anybody could sign.
        """
        if not secret:
            raise RuntimeError("links in e-mails are signed: set SECRET_KEY")
        secrets = [one.encode() if isinstance(one, str) else one for one in (secret, *older) if one]
        self._keys = {
            purpose: [hmac.digest(one, f"ecrm mail link: {purpose}".encode(), "sha256") for one in secrets]
            for purpose in Purpose
        }

    def sign(self, purpose: Purpose, *parts: str | int) -> str:
        """A token of these parts; none may hold the separator `|`.

        Raises:
            ValueError: for a part that does.
        """
        body = "|".join(map(str, parts))
        if body.count("|") != max(len(parts) - 1, 0):
            raise ValueError("a part of a token holds its separator")
        return self._signed(purpose, body.encode())

    def sign_until(self, purpose: Purpose, *parts: str | int, expires: int) -> str:
        """A token that `read_fresh` refuses from `expires` on (Unix time in seconds)."""
        return self.sign(purpose, *parts, expires)

    def _signed(self, purpose: Purpose, body: bytes) -> str:
        mac = hmac.digest(self._keys[purpose][0], body, "sha256")[:_MAC]
        return urlsafe_b64encode(mac + body).rstrip(b"=").decode()

    def read(self, purpose: Purpose, token: str) -> tuple[str, ...] | None:
        """The parts of a token; None for one that is broken, forged or made for another purpose."""
        if not token.isascii() or len(token) > _LONGEST:
            return None
        try:
            raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (NotBase64, ValueError):
            return None
        mac, body = raw[:_MAC], raw[_MAC:]
        good = [hmac.compare_digest(mac, hmac.digest(key, body, "sha256")[:_MAC]) for key in self._keys[purpose]]
        if not any(good) or urlsafe_b64encode(raw).rstrip(b"=").decode() != token:  # one spelling a token
            return None
        return tuple(body.decode().split("|"))

    def read_fresh(self, purpose: Purpose, token: str, *, now: float) -> tuple[str, ...] | None:
        """The parts of a token by `sign_until`, without its end; None from then on."""
        parts = self.read(purpose, token)
        if not parts or not parts[-1].isdigit() or int(parts[-1]) <= now:
            return None
        return parts[:-1]

    def read_unsubscribing(self, token: str) -> Unsubscribing | None:
        """What an unsubscribe link says."""
        parts = self.read(Purpose.UNSUBSCRIBE, token)
        return Unsubscribing(int(parts[0]), parts[1], int(parts[2])) if parts and len(parts) == 3 else None

    def read_preferences(self, token: str) -> int | None:
        """The contact whose preferences a link opens."""
        parts = self.read(Purpose.PREFERENCES, token)
        return int(parts[0]) if parts and len(parts) == 1 else None

    def read_email(self, purpose: Purpose, token: str) -> int | None:
        """The e-mail whose link was followed (CLICK) or whose picture was loaded (OPEN)."""
        parts = self.read(purpose, token)
        return int(parts[0]) if parts and len(parts) == 1 else None


@dataclass(frozen=True)
class MailLinks:
    """Makes links: one object for any number of e-mails. `origin` is scheme and host; `public` where our pages are."""

    keys: MailKeys
    origin: str
    public: str

    def of_email(self, email: Email, *, campaign: str = "", tracked: bool) -> EmailLinks:
        """The links of a queued e-mail; reports find its visits and orders again by them.

        Args:
            campaign: the campaign's code; without one, the name of the flow or the template.
            tracked: as in `of`.
        """
        return self.of(
            email_id=email.id,
            contact_id=email.contact_id or 0,
            topic=email.topic,
            campaign=campaign or email.source.rpartition(":")[2] or email.template,
            content=content_of(email.source, step=email.step, variant=email.variant),
            tracked=tracked,
        )

    def of(
        self, *, email_id: int, contact_id: int, topic: str, campaign: str, content: str = "", tracked: bool
    ) -> EmailLinks:
        """The links of one e-mail.

        Args:
            campaign: `utm_campaign`: the campaign's code, or else the flow's or the template's name.
            content: `utm_content`: `content_of` the e-mail, by which its orders are found again.
            tracked: whether the recipient agreed to be followed in e-mails; without, no link names the e-mail and
                there is no pixel.
        """
        ecm = f"&{PARAMETER}={self.keys.sign(Purpose.CLICK, email_id)}" if tracked else ""
        return EmailLinks(self, email_id, contact_id, topic, campaign, content, ecm)

    def preferences(self, contact_id: int) -> str:
        """Where a contact chooses topics, without signing in."""
        return f"{self.public}/preferences/{self.keys.sign(Purpose.PREFERENCES, contact_id)}"

    def review(self, order_id: int, *, expires: int) -> str:
        """Where the buyer of an order says what they think of its products, until `expires` (Unix time in seconds)."""
        return f"{self.public}/review/{self.keys.sign_until(Purpose.REVIEW, order_id, expires=expires)}"

    def unsubscribe(self, *, contact_id: int, topic: str = "", email_id: int = 0) -> str:
        """Where a POST takes a contact off a topic at once (RFC 8058), and a GET asks."""
        return f"{self.public}/unsubscribe/{self.keys.sign(Purpose.UNSUBSCRIBE, contact_id, topic, email_id)}"


@dataclass(frozen=True)
class EmailLinks:
    """The links of one e-mail; made by `MailLinks.of`."""

    links: MailLinks
    email_id: int
    contact_id: int
    topic: str
    campaign: str
    content: str
    ecm: str

    def page(self, path: str, *, content: str = "") -> str:
        """A link to a page of the shop, given as its path or whole address, with tags.

        Addresses of other sites stay as they are: they get no tags and no id.

        Args:
            content: says more exactly than the e-mail's own what was clicked, e.g. `button`: one of a few words.

        Raises:
            ValueError: for what is no web address, e.g. `javascript:…` or `//elsewhere`.
        """
        address = shop_address(self.links.origin, path)
        if not _of(self.links.origin, address):
            return address
        tags = _tags(self.campaign, ".".join(filter(None, (self.content, content))))
        if "#" not in address:  # nearly every link
            return f"{address}{'&' if '?' in address else '?'}{tags}{self.ecm}"
        address, hash_mark, fragment = address.partition("#")
        return f"{address}{'&' if '?' in address else '?'}{tags}{self.ecm}{hash_mark}{fragment}"

    @property
    def unsubscribe(self) -> str:
        """Out of this e-mail's topic; for the header List-Unsubscribe and the foot of the e-mail."""
        return self.links.unsubscribe(contact_id=self.contact_id, topic=self.topic, email_id=self.email_id)

    @property
    def preferences(self) -> str:
        """To the contact's preferences."""
        return self.links.preferences(self.contact_id)

    @property
    def pixel(self) -> str:
        """The address of the picture that counts an opening; "" without consent: then there must be no picture."""
        if not self.ecm:
            return ""
        return f"{self.links.public}/opened/{self.links.keys.sign(Purpose.OPEN, self.email_id)}.gif"


def content_of(source: str, *, step: int = 0, variant: str = "") -> str:
    """The `utm_content` of an e-mail: `mailing-7.0.b`, `flow-welcome.2.`; "" for one without a source.

    Few values, as reports keep a row for each; never one a person.
    """
    return f"{source.replace(':', '-')}.{step}.{variant}".lower() if source else ""


def shop_address(origin: str, path: str) -> str:
    """The whole address of a path of the shop, or a whole http(s) address as it is.

    Raises:
        ValueError: for anything else; a browser reads `//e`, `/\\e` and the like as another site.
    """
    if not path.isprintable() or "\\" in path or " " in path:
        raise ValueError(f"{path[:80]!r} is no address of a page; write it like /products/kite")
    if path.startswith("/") and not path.startswith("//"):
        return f"{origin}{path}"
    parts = urlsplit(path)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise ValueError(f"{path[:80]!r} is no address of a page; write it like /products/kite or https://…")
    return path


def _of(origin: str, address: str) -> bool:
    return address.startswith(origin) and address[len(origin) : len(origin) + 1] in ("", "/", "?", "#")


def mail_keys(app: Flask | None = None) -> MailKeys:
    """The keys of this app."""
    config = (app or current_app).config
    return MailKeys(config["SECRET_KEY"] or "", older=config.get("SECRET_KEY_FALLBACKS") or ())


def mail_links(crm: Installation) -> MailLinks:
    """The links of this app's e-mails; make one a batch. Works with or without a request."""
    with crm.app.app_context():
        base = crm.storefront.facts().base_url or "http://localhost"
    parts = urlsplit(base)
    public = f"{base.rstrip('/')}/{str(crm.app.config['ECRM_PUBLIC_PREFIX']).strip('/')}"
    return MailLinks(mail_keys(crm.app), f"{parts.scheme}://{parts.netloc}", public)


@lru_cache(maxsize=512)
def _tags(campaign: str, content: str) -> str:
    tags = {"utm_source": SOURCE, "utm_medium": MEDIUM, "utm_campaign": campaign, "utm_content": content}
    return urlencode({name: value for name, value in tags.items() if value})
