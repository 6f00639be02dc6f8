"""Arrivals: where made-up visits come from, and with what they are made."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate
from types import MappingProxyType
from typing import NamedTuple

from ..sources import Origin, origin_of


class Arrival(NamedTuple):
    """What the first page view of a visit tells of its source: tags as properties, and the page that led here."""

    properties: Mapping[str, str]
    referrer: str
    origin: Origin


def _arrival(referrer: str = "", **properties: str) -> Arrival:
    return Arrival(MappingProxyType(properties), referrer, origin_of(properties, referrer))


# Made up, in the order of magnitude that a shop with regular customers sees; per hundred visits of a customer, and of
# somebody nobody knows.
_MIX = (
    (30, 16, _arrival()),
    (24, 36, _arrival("https://www.google.com/")),
    (3, 5, _arrival("https://www.bing.com/")),
    (10, 16, _arrival("https://www.google.com/", utm_source="google", utm_medium="cpc", click_id="gclid")),
    (18, 1, _arrival(utm_source="newsletter", utm_medium="email")),
    (5, 9, _arrival("https://www.instagram.com/")),
    (4, 8, _arrival("https://www.facebook.com/", utm_source="facebook", utm_medium="paid_social")),
    (3, 4, _arrival("https://www.pinterest.com/")),
    (3, 5, _arrival("https://recipes.example/")),
)
_DIRECT = _MIX[0][2]
_ARRIVALS = [arrival for _known, _stranger, arrival in _MIX]
_OF_CUSTOMERS = list(accumulate(known for known, _stranger, _arrival in _MIX))
_OF_STRANGERS = list(accumulate(stranger for _known, stranger, _arrival in _MIX))
_DEVICES = (("mobile", 0.56), ("desktop", 0.94), ("tablet", 1.0))


# How a customer comes: by their usual way, directly, or by any other. People have habits, and without them each order
# would have been touched by half of all sources.
_USUALLY, _DIRECTLY = 0.62, 0.92


def arrival(chance: random.Random) -> Arrival:
    """Where a visit of somebody nobody knows comes from."""
    return chance.choices(_ARRIVALS, cum_weights=_OF_STRANGERS)[0]


def arrival_of(token: str, chance: random.Random) -> Arrival:
    """Where a visit of a customer comes from, whose browser this is."""
    way = chance.random()
    if way < _USUALLY:
        return _ARRIVALS[bisect_right(_OF_CUSTOMERS, _place(token, 8) * _OF_CUSTOMERS[-1])]
    return _DIRECT if way < _DIRECTLY else chance.choices(_ARRIVALS, cum_weights=_OF_CUSTOMERS)[0]


def device_of(token: str) -> str:
    """With what a browser runs, always the same."""
    at = _place(token, 0)
    return next(device for device, below in _DEVICES if at < below)


def _place(token: str, start: int) -> float:
    """A number from 0 to 1 that a browser always has."""
    return int(token[start : start + 8], 16) / 0x1_0000_0000
