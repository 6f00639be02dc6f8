"""From a client's message to what the shop's own steps look like; see `spec_names` for the e-commerce events.

Of what a public key says about persons nothing is kept: traits are dropped, and a userId leads to nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tracking.clickstream.sightings import Sighting
from tracking.clickstream.sources import CLICK_IDS
from tracking.visitors import Grade

from .messages import CALLS, Campaign, Message, PageContext, Unreadable, check_values
from .senders import Sender, anonymous_token
from .spec_names import MAX_NAME, ORDERS, REPORTED, own_properties, spec_name

IDENTIFIED, GROUPED, ALIASED = f"Identified{REPORTED}", "Group Joined", "Aliased"
_NEEDED = {
    "identify": ("userId", "anonymousId"),
    "track": ("userId", "anonymousId"),
    "page": ("userId", "anonymousId"),
    "screen": ("userId", "anonymousId"),
    "group": ("groupId",),
    "alias": ("previousId",),
}
_NOTHING = (None, "")
_UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "utm_id")
_TAGS = frozenset(_UTM)
_CAMPAIGN = {"name": "utm_campaign", "source": "utm_source", "medium": "utm_medium", "term": "utm_term",
             "content": "utm_content", "id": "utm_id"}  # fmt: skip
_NOT_KEPT = frozenset({"url", "referrer", "search", *_UTM, "click_id"})
"""Page properties that are read into others: an address with its query may hold a key or a name."""
_TITLES = frozenset({"title", "name"})
_ADDRESSES = frozenset({"path", "url", "title", "referrer", "search"})
"""Properties that analytics.js gives to a page; a client may add them to any step."""
_MAX_ADDRESS = 2000
"""Characters of an address that are looked at: the caches below hold thousands of them."""


def call_of(message: Message) -> str:
    """Which call a message is.

    Raises:
        Unreadable: where it doesn't say, or lacks what its call can't do without.
    """
    call = message.type
    if call is None:
        raise Unreadable(f"a message of a batch needs a type: one of {', '.join(CALLS)}")
    needed = _NEEDED[call]
    for name in needed:
        if getattr(message, name) not in _NOTHING:
            break
    else:
        raise Unreadable(f"{call} needs {' or '.join(needed)}")
    if call == "track" and not spec_name(message.event or ""):
        raise Unreadable("track needs the name of an event")
    if call == "alias" and message.userId in (None, ""):
        raise Unreadable("alias needs a userId, the new one")
    for given in (message.properties, message.traits, message.context and message.context.traits):
        if given is not None:
            check_values(given)
    return call


def sighting_of(message: Message, call: str, *, sender: Sender, at: datetime, message_id: str) -> Sighting:
    """The step that a message tells of."""
    grade = sender.grade_of(message)
    properties: dict[str, Any] = dict(message.properties or {})
    referrer = path = ""
    if call == "track":
        name = spec_name(message.event or "")
        call = {"Page Viewed": "page", "Screen Viewed": "screen"}.get(name, call)
    if call == "page":
        name = "Page Viewed"
        subject, referrer, properties = _page(message, properties, sender, grade)
        path = subject
    elif call == "track":
        subject, properties = own_properties(name, properties)
        page = message.context.page if message.context else None
        path = _path(page, {}, sender, grade)
        if name == "Page Engaged":
            subject = path = _path(None, properties, sender, grade) or path
            properties = {key: properties[key] for key in ("seconds", "scroll") if key in properties}
            properties["path"] = path
        else:
            properties = _without_addresses(page, properties, sender, grade)
            if grade < Grade.PERSONAL and properties.pop("order_id", None) is not None and name in ORDERS:
                subject = ""
    elif call == "screen":
        properties = _without_addresses(None, properties, sender, grade)
        name, subject = "Screen Viewed", message.name or str(properties.get("name") or "")
    elif call == "group":
        name, subject, properties = GROUPED, str(message.groupId), {}
    else:
        name, subject, properties = (IDENTIFIED if call == "identify" else ALIASED), "", {}
    if call == "track" and len(message.event or "") > MAX_NAME:
        properties["event"] = message.event
    token, agent = sender.token_of(message), sender.user_agent
    if call == "alias" and sender.believed:
        token = anonymous_token(message.previousId or "")
    said = message.context.userAgent if message.context else None
    return Sighting(
        at=at,
        name=name,
        subject=subject[:200],
        properties=properties,
        visitor_token=token,
        grade=grade,
        customer_reference=_customer(message) if sender.believed else None,
        user_agent=(said or "") if agent is None else agent,
        referrer=referrer,
        path=path[:200],
        message_id=message_id,
        country=sender.country if grade is not Grade.NONE else "",
        machine=False if agent is None and not said else None,
    )


def _customer(message: Message) -> str | None:
    return None if message.userId in (None, "") else str(message.userId)


def _page(
    message: Message, properties: dict[str, Any], sender: Sender, grade: Grade
) -> tuple[str, str, dict[str, Any]]:
    """Path, referrer and what is kept of a page view: its source instead of the address that named it.

    The title only where the whole path is kept: what a pattern hides, an order's number, a title tells.
    """
    context = message.context
    page = context.page if context else None
    address = (_text(properties.get("url")) or ((page and page.url) or ""))[:_MAX_ADDRESS]
    path = _path(page, properties, sender, grade)
    kept = {key: value for key, value in properties.items() if key not in _NOT_KEPT}
    kept["path"] = path
    if path != _given_path(page, properties):
        kept = {key: value for key, value in kept.items() if key not in _TITLES}
    elif title := message.name or (page and page.title):
        kept.setdefault("title", title[:200])
    if not _TAGS.isdisjoint(properties):
        kept |= {key: value for key in _UTM if (value := _text(properties.get(key))[:100])}
    kept |= _source(address)
    if context and context.campaign:
        kept |= _tags(context.campaign)
    referrer = _text(properties.get("referrer")) or ((page and page.referrer) or "")
    return path, _foreign(referrer, address, whole=grade > Grade.NONE), kept


def _path(page: PageContext | None, properties: Mapping[str, Any], sender: Sender, grade: Grade) -> str:
    """The path alone: what stands behind the question mark may be anything. Below PERSONAL, and where it holds a key,
    the pattern of its route."""
    path = _given_path(page, properties)
    return sender.kept_path(path, grade) if path else path


def _without_addresses(
    page: PageContext | None, properties: dict[str, Any], sender: Sender, grade: Grade
) -> dict[str, Any]:
    """Properties of a step that is no page view, with the path alone of the addresses among them, and no title where
    the path of the step, or of the page on which it was done, is kept as a pattern."""
    if _ADDRESSES.isdisjoint(properties):
        return properties
    kept = {key: value for key, value in properties.items() if key not in _ADDRESSES}
    given = _given_path(None, properties)
    path = _path(None, properties, sender, grade)
    if path:
        kept["path"] = path
    hidden = path != given or _path(page, {}, sender, grade) != _given_path(page, {})
    if "title" in properties and not hidden:
        kept["title"] = properties["title"]
    return kept


def _given_path(page: PageContext | None, properties: Mapping[str, Any]) -> str:
    """What the client says that the path is."""
    given = _text(properties.get("path")) or _text(properties.get("url"))
    given = given or ((page and (page.path or page.url)) or "")
    return path_in(given[:_MAX_ADDRESS])[:200]


@lru_cache(maxsize=4096)
def path_in(address: str) -> str:
    """The path of an address or of a path with a query; empty where there is none."""
    try:
        path = urlsplit(address).path
    except ValueError:  # half an IPv6 address
        return ""
    return path if path.startswith("/") else f"/{path}" if path else "/" if "//" in address else ""


@lru_cache(maxsize=4096)
def _source(address: str) -> Mapping[str, str]:
    """UTM tags and the kind of click id in an address; the id itself names a person and is not kept."""
    query = address.partition("?")[2].partition("#")[0]
    if not query:
        return {}
    try:
        given = parse_qs(query, max_num_fields=50)
    except ValueError:
        return {}
    tags = {name: given[name][0][:100] for name in _UTM if given.get(name)}
    clicked = next((kind for kind in CLICK_IDS if kind in given), None)
    return tags | ({"click_id": clicked} if clicked else {})


def _tags(campaign: Campaign) -> dict[str, str]:
    said = ((tag, getattr(campaign, name)) for name, tag in _CAMPAIGN.items())
    return {tag: str(value)[:100] for tag, value in said if value not in (None, "")}


def _foreign(referrer: str, address: str, *, whole: bool) -> str:
    """The page of another site that led here, without its query; of strangers only the site."""
    referrer = referrer[:_MAX_ADDRESS].partition("?")[0].partition("#")[0]
    scheme, _, rest = referrer.partition("//")
    site = rest.partition("/")[0]
    if not site or site == address.partition("//")[2].partition("/")[0].partition("?")[0]:
        return ""
    return referrer if whole else f"{scheme}//{site}"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
