"""Where a visit came from: tags in the address, the kind of click id, or the page that led here.

Which channel that is follows Google Analytics' "Default channel group"
(https://support.google.com/analytics/answer/9756891), so that the words mean what marketers expect, with four
differences: codes from letters are `post`, assistants and text messages have channels of their own, and paid media
on no known engine or network are `other` rather than guessed at.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from .devices import device_of as device_of
from .dimensions import MAX_SOURCE
from .referrers import Kind, Site, searched_term, site_named, site_of

CHANNELS = (
    "direct", "paid_search", "organic_search", "paid_social", "organic_social", "email", "affiliate", "display",
    "referral", "post", "ai_assistant", "sms", "other",
)  # fmt: skip

UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
_MAX_READ = 400  # what of a tag is read at all: folding may lengthen a text, and none needs more
_MAX_REFERRER = 1000


class Origin(NamedTuple):
    """A source as `dimensions.Source` keeps it; texts folded (`folded_code`), empty where nothing is known."""

    channel: str
    source: str = ""
    medium: str = ""
    campaign: str = ""
    term: str = ""
    content: str = ""
    click_id: str = ""

    @property
    def tagged(self) -> bool:
        """Whether the address itself named the source (UTM tags or a click id).

        Only such an origin is a touch in the middle of a visit: a plain referrer there is a payment provider's or
        another page's that the visitor came back from.
        """
        return False


class TaggedOrigin(Origin):
    """An origin that the address named. The same source as an `Origin` of the same texts: both are equal."""

    __slots__ = ()

    @property
    def tagged(self) -> bool:
        return True


DIRECT = Origin("direct")


class _Click(NamedTuple):
    source: str
    medium: str
    channel: str


CLICK_IDS: Mapping[str, _Click] = {
    "gclid": _Click("google", "cpc", "paid_search"),
    "gbraid": _Click("google", "cpc", "paid_search"),
    "wbraid": _Click("google", "cpc", "paid_search"),
    "msclkid": _Click("bing", "cpc", "paid_search"),
    "ttclid": _Click("tiktok", "paid", "paid_social"),
    "twclid": _Click("twitter", "paid", "paid_social"),
    "li_fat_id": _Click("linkedin", "paid", "paid_social"),
    # Facebook adds it to every link that is followed there, not to advertisements alone.
    "fbclid": _Click("facebook", "social", "organic_social"),
}
"""The click ids that are recognised. Only the kind is kept: the value identifies a person."""


UNSEEN = frozenset({"Cc", "Cf", "Cs"})
"""Categories of letters that no tag keeps: controls, marks of direction and zero width, halves of surrogate pairs."""


def origin_of(properties: Mapping[str, Any], referrer: str = "") -> Origin:
    """Where a page view came from.

    Args:
        properties: the step's; `utm_*`, `click_id` (a kind of `CLICK_IDS`) and `referrer_term` (what was looked for at
            the engine that led here) are read, whatever else stands there.
        referrer: the address of another site's page, or "".

    Returns:
        UTM tags first, then the click id, then the referrer; what a tag leaves open is filled from the next.
    """
    tags = tuple([value if isinstance(value := properties.get(name), str) else "" for name in _READ])
    return _origin(tags, referrer[:_MAX_REFERRER])


def folded_code(text: str) -> str:
    """A tag or a code as it is compared and stored: one spelling, small letters, single spaces, at most 100 long.

    People write `Summer Sale` and `summer sale` and mean one campaign. What can't be seen or stored is left out.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text[:_MAX_READ].lower().split())[:MAX_SOURCE].rstrip()
    seen = "".join(
        " " if letter.isspace() else letter
        for letter in text[:_MAX_READ]
        if letter.isspace() or unicodedata.category(letter) not in UNSEEN
    )
    spelt = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen).lower())
    return " ".join(spelt.split())[:MAX_SOURCE].rstrip()


def code_origin(channel: str, code: str) -> Origin:
    """The source that a redeemed code names: a coupon's, or an offline address's.

    Args:
        channel: of the campaign that owns the code; `post` where none does.

    Raises:
        ValueError: for a channel that isn't in `CHANNELS`.
    """
    if channel not in CHANNELS:
        raise ValueError(f"no channel is called {channel!r}; they are {', '.join(CHANNELS)}")
    return TaggedOrigin(channel, source="code", medium="code", campaign=folded_code(code))


_READ = (*UTM, "click_id", "referrer_term")
_PAID = re.compile(r"^(.*cp.*|ppc|retargeting|paid.*)$")
_UNSAID = frozenset({"(none)", "(not set)", "(direct)"})

# Medium → channel, where the medium alone says it.
_BY_MEDIUM = {
    medium: channel
    for channel, media in {
        "paid_search": "paid_search paidsearch paid-search sem",
        "paid_social": "paid_social paidsocial paid-social",
        "display": "display banner expandable interstitial cpm",
        "affiliate": "affiliate affiliates",
        "email": "email e-mail e_mail newsletter",
        "sms": "sms",
        "post": "post print offline letter flyer postcard catalog catalogue directmail direct-mail direct_mail qr",
    }.items()
    for medium in media.split()
} | {"e mail": "email", "direct mail": "post"}
_SOCIAL = frozenset({"social", "social-network", "social-media", "sm", "social network", "social media"})
_BY_KIND: Mapping[Kind, str] = {
    "search": "organic_search", "social": "organic_social", "email": "email", "assistant": "ai_assistant",
}  # fmt: skip


@lru_cache(maxsize=8192)
def _origin(tags: tuple[str, ...], referrer: str) -> Origin:
    *folded, click_id, term = (folded_code(tag) for tag in tags)
    source, medium, campaign, utm_term, content = ("" if text in _UNSAID else text for text in folded)
    click = CLICK_IDS.get(click_id)
    if not (source or medium or campaign or content or click):
        return _referred(referrer, term)
    site = site_named(source) if source else None
    if click is not None and not source:
        source, site = click.source, site_named(click.source)
    elif not source and (came := _referred(referrer, "")).source:
        source, site = came.source, site_named(came.source)
    channel = _channel(source, medium, site) if medium or click is None else click.channel
    kind = click_id if click is not None else ""
    medium = medium or (click.medium if click is not None else "")
    return TaggedOrigin(channel, source, medium, campaign, utm_term, content, kind)


def _channel(source: str, medium: str, site: Site | None) -> str:
    """The first rule that holds, in Google's order."""
    kind = site.kind if site else None
    if _PAID.match(medium) and kind in ("search", "social"):
        return f"paid_{kind}"
    by_medium = _BY_MEDIUM.get(medium) or {"email": "email", "sms": "sms"}.get(source.replace("-", "").replace("_", ""))
    if by_medium:
        return by_medium
    if _PAID.match(medium):
        return "other"
    if kind == "assistant":
        return "ai_assistant"
    if kind == "social" or medium in _SOCIAL:
        return "organic_social"
    if medium == "organic" or (kind == "search" and not medium):
        return "organic_search"
    if kind == "email":
        return "email"
    if medium in ("referral", "app", "link") or (not medium and "." in source):
        return "referral"
    return "other"


def _referred(referrer: str, term: str) -> Origin:
    """The origin that a referrer tells of: an engine's is `organic`, any other site's `referral`."""
    scheme, _, rest = referrer.partition("://")
    if scheme.lower() not in ("http", "https", "android-app"):
        return DIRECT
    authority, slash, path = rest.partition("/")
    host = _host(authority)
    if not host:
        return DIRECT
    site = site_of(host, slash + path.partition("?")[0].partition("#")[0])
    if site is None or site.kind == "site":
        name = site.name if site else host
        return Origin("referral", source=folded_code(name.removeprefix("www.")), medium="referral")
    if site.kind == "search":
        return Origin(
            "organic_search", source=site.name, medium="organic", term=term or folded_code(searched_term(referrer))
        )
    return Origin(_BY_KIND[site.kind], source=site.name, medium="referral")


def _host(authority: str) -> str:
    """The host without user, port and the root's dot; small letters. "" where there is none."""
    host = authority.partition("?")[0].partition("#")[0].rpartition("@")[2]
    end, _, port = host.rpartition("]")  # an IPv6 address has colons of its own
    host = f"{end}]" if end else port.partition(":")[0]
    return host.rstrip(".").lower()
