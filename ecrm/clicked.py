"""Clicks on recommendations, known without a script: each link of a card says from where it leads.

The parameter `ecrm_from` is `<placement>-<position>` or `<placement>-<position>-<strategy>`, e.g. `home-3-learnt`. It
is validated, not signed: who writes one by hand tells a lie about one click of their own. It leaves no trace in what is
kept of addresses, which are kept without their query.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from flask import Request

from recommender.asking import Placement, Strategy

from .mail_links import PARAMETER as OF_EMAIL
from .steps import MOST_POSITION

PARAMETER = "ecrm_from"
_WRITTEN = re.compile(r"([a-z_]{1,20})-([1-9][0-9]{0,2})(?:-([a-z_]{1,20}))?")
_PLACEMENTS = frozenset(str(one) for one in Placement)
_STRATEGIES = frozenset(str(one) for one in Strategy)
_HERE = frozenset({"same-origin", "same-site"})


class Origin(NamedTuple):
    """Where on the site (or in an e-mail) a card was. `position` counts from 1; `strategy` may be empty."""

    placement: str
    position: int
    strategy: str


def tagged(url: str, *, placement: str, position: int, strategy: str = "") -> str:
    """A card's address with what the click shall say; an older tag in it is replaced.

    Args:
        position: of the card in its list, counted from 1.
        strategy: by which the list was chosen; empty where nobody can say.
    """
    written = f"{placement}-{position}-{strategy}" if strategy else f"{placement}-{position}"
    bare = untagged(url)
    if "?" not in bare and "#" not in bare:  # nearly every product's page
        return f"{bare}?{PARAMETER}={written}"
    parts = urlsplit(bare)
    query = f"{parts.query}&{PARAMETER}={written}" if parts.query else f"{PARAMETER}={written}"
    return urlunsplit(parts._replace(query=query))


def untagged(url: str) -> str:
    """An address without the tag, or that of an e-mail, for links that lead back to a page: coming back is no click."""
    if PARAMETER not in url and OF_EMAIL not in url:
        return url
    parts = urlsplit(url)
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in (PARAMETER, OF_EMAIL)]
    return urlunsplit(parts._replace(query=urlencode(kept)))


def origin_in(query: Mapping[str, str]) -> Origin | None:
    """What the parameter says, where it says something that can be."""
    found = _WRITTEN.fullmatch(query.get(PARAMETER, ""))
    if found is None:
        return None
    placement, position, strategy = found[1], int(found[2]), found[3] or ""
    if placement not in _PLACEMENTS or position > MOST_POSITION or (strategy and strategy not in _STRATEGIES):
        return None
    return Origin(placement, position, strategy)


def origin_of(asked: Request) -> Origin | None:
    """From which recommendation this request comes; None for any other, and for an address that was passed on.

    A tagged address may be copied and sent to a friend, or found in a bookmark: a browser says where a request comes
    from (`Sec-Fetch-Site`, or else the referrer), and only the shop's own pages and e-mails hold cards. A page that
    leads to itself, e.g. back from a form of its own, isn't opened again: whoever opened it was counted.
    """
    environ = asked.environ
    if PARAMETER not in environ.get("QUERY_STRING", "") or _from_itself(asked):
        return None
    origin = origin_in(asked.args)
    if origin is None or origin.placement == Placement.EMAIL:
        return origin
    site = environ.get("HTTP_SEC_FETCH_SITE")
    if site is not None:
        return origin if site in _HERE else None
    referrer = environ.get("HTTP_REFERER")
    return None if referrer and urlsplit(referrer).netloc != environ.get("HTTP_HOST", "") else origin


def _from_itself(asked: Request) -> bool:
    """Whether the page that leads here is this one. An "Add" leads elsewhere: its page is where the card is."""
    referrer = asked.environ.get("HTTP_REFERER", "")
    if asked.method not in {"GET", "HEAD"} or not referrer:
        return False
    host, _slash, rest = referrer.partition("//")[2].partition("/")
    path = unquote(rest.partition("?")[0].partition("#")[0])
    return host == asked.host and f"/{path}" == f"{asked.root_path}{asked.path}"
