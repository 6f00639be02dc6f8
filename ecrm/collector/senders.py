"""Who sends to the collector, how far they are believed, and how far the browser behind them may be followed."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from flask import Request, current_app

from ecrm import identification
from tracking.visitors import Grade

from .key_ring import KeyRing
from .messages import Consent, Message
from .write_keys import BROWSER, SERVER

GRADES = {grade.name.lower(): grade for grade in Grade}
_SEPARATORS = re.compile(r"[\W_]+")
_STATISTICS = frozenset({"analytics", "statistics", "statistical", "performance", "measurement", "c0002"})
_JOINING = frozenset({
    "personalization", "personalisation", "personal", "marketing", "advertising", "targeting", "functional", "c0003",
    "c0004",
})  # fmt: skip
"""Names that consent managers give to their categories (C000n: OneTrust's)."""


class UnknownKey(Exception):
    """No write key, or one that is unknown or revoked."""


class ForeignOrigin(Exception):
    """A page of another site that isn't in `ECRM_COLLECTOR_ORIGINS`."""


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender of one request.

    `believed`: may say who a customer is. `token`: this shop's cookie of the browser that sends, where there is one
    and it agreed. `agreed`: how far that browser agreed, by its cookie or its signals; None where only the message
    can say. `default`: how far to follow where nobody says anything. `user_agent`: of the browser; None for servers,
    which speak for somebody else, and whose own `country` says nothing either.
    """

    key_id: int | None
    believed: bool
    token: str | None
    agreed: Grade | None
    default: Grade
    user_agent: str | None
    kept_path: Callable[[str, Grade], str]
    country: str = ""

    def grade_of(self, message: Message) -> Grade:
        """How far the person of this message may be followed."""
        if self.agreed is not None:
            return self.agreed
        context = message.context
        said = grade_said(context.consent) if context else None
        grade = self.default if said is None else said
        # Whoever isn't believed names nobody, so their word is never enough to join anybody.
        return grade if self.believed else min(grade, Grade.ANALYTICS)

    def token_of(self, message: Message) -> str | None:
        """The visitor: the cookie's where a browser has one, else what stands for the client's anonymousId."""
        if self.token is not None:
            return self.token
        return None if message.anonymousId is None else anonymous_token(message.anonymousId)


def anonymous_token(anonymous_id: str | int) -> str:
    """A client's anonymousId as a visitor's token: longer than a cookie's, so that nobody can name another's cookie."""
    return "a" + sha256(str(anonymous_id).encode("utf-8", "replace")).hexdigest()[:39]


def grade_said(consent: Consent | None) -> Grade | None:
    """What `context.consent.categoryPreferences` amounts to; None where it says nothing.

    Statistics need a category of that name; joining steps to a customer needs another one besides. A list without any
    known name counts only when everything in it was agreed to.
    """
    if consent is None or not consent.categoryPreferences:
        return None
    preferences = {_SEPARATORS.sub("", name).lower(): agreed for name, agreed in consent.categoryPreferences.items()}
    known = {name: agreed for name, agreed in preferences.items() if name in _STATISTICS or name in _JOINING}
    if not known:
        return None if all(preferences.values()) else Grade.NONE
    if not any(agreed for name, agreed in known.items() if name in _STATISTICS):
        return Grade.NONE
    joining = [agreed for name, agreed in known.items() if name in _JOINING]
    return Grade.PERSONAL if joining and all(joining) else Grade.ANALYTICS


def sender_of(asked: Request, ring: KeyRing, key_in_body: str | None) -> Sender:
    """The sender of a request.

    Pages of this shop need no key: they are told by the browser's own headers, as the beacon is.

    Raises:
        UnknownKey: see there.
        ForeignOrigin: see there.
    """
    key = shown_key(asked) or key_in_body or ""
    origin, of_browser = asked.environ.get("HTTP_ORIGIN"), "HTTP_SEC_FETCH_SITE" in asked.environ
    at_home = is_own_page(asked)
    if origin is not None and not at_home and origin not in current_app.config["ECRM_COLLECTOR_ORIGINS"]:
        raise ForeignOrigin
    known = ring.key(key) if key else None
    if known is None and (key or not at_home):
        raise UnknownKey
    kind = known.kind if known else BROWSER
    key_id = known.id if known else None
    if kind == SERVER and origin is None and not of_browser:
        default = GRADES[current_app.config["ECRM_COLLECTOR_GRADE"]]
        return Sender(key_id, True, None, None, default, None, identification.kept_path)
    present = identification.browser()
    agreed = present.chosen
    if agreed is None and identification.asks_not_to_be_followed():
        agreed = Grade.NONE
    token = present.token if agreed else None
    if agreed and token is None:
        token = identification.visitor_token()
    country = "" if agreed is Grade.NONE else present.crm.countries.of(asked.environ)
    return Sender(key_id, False, token, agreed, Grade.NONE, present.user_agent, identification.kept_path, country)


def shown_key(asked: Request) -> str:
    """The write key of the request's own: the Basic user, or `writeKey` in the address as beacons send it."""
    credentials = asked.environ.get("HTTP_AUTHORIZATION", "")
    if credentials:
        return _basic_user(credentials)
    return asked.args.get("writeKey", "") if asked.query_string else ""


@lru_cache(maxsize=256)
def _basic_user(credentials: str) -> str:
    """Raises: UnknownKey: for another scheme, or what can't be decoded."""
    scheme, _, value = credentials.partition(" ")
    if scheme.lower() != "basic":
        raise UnknownKey
    try:
        return b64decode(value.strip(), validate=True).decode().partition(":")[0]
    except (NoBase64, ValueError):
        raise UnknownKey from None


def is_own_page(asked: Request) -> bool:
    """Whether a page of this very host sent this, as its browser says."""
    site = asked.environ.get("HTTP_SEC_FETCH_SITE")
    if site is not None:
        return bool(site == "same-origin")
    origin = asked.environ.get("HTTP_ORIGIN", "")
    return bool(origin) and origin.partition("//")[2] == asked.host
