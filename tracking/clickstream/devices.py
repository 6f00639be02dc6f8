"""What kind of device a visit was made with, as its user agent says."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

from .bots import MAX_USER_AGENT

DEVICES = ("desktop", "mobile", "tablet", "other")
_DESKTOPS = frozenset({"Windows", "Mac OS X", "Chrome OS", "Linux", "Ubuntu", "Fedora", "FreeBSD", "OpenBSD", "NetBSD"})
_PHONES = frozenset({"iOS", "Android", "Windows Phone", "KaiOS", "BlackBerry OS", "Firefox OS", "HarmonyOS"})


@lru_cache(maxsize=4096)
def device_of(user_agent: str) -> str:
    """One of `DEVICES`; `other` for televisions, consoles and whatever can't be told.

    An iPad that asks for desktop pages says it is a Mac, and is counted as one: nothing in a request tells them apart.
    """
    agent = user_agent[:MAX_USER_AGENT].strip()
    if not agent:
        return "other"
    found = _parser().parse(agent)
    system = found.os.family if found.os else ""
    family, brand = (found.device.family, found.device.brand or "") if found.device else ("", "")
    if "TV" in agent or "PlayStation" in agent or "Xbox" in agent or family == "Spider":
        return "other"
    if family == "iPad" or "Tablet" in brand or "Tablet" in agent or family.startswith("Kindle"):
        return "tablet"
    if system in _PHONES:
        # Chrome says "Mobile" on Android's phones and leaves it out on tablets, since it hides the model.
        return "tablet" if system == "Android" and "Mobile" not in agent else "mobile"
    if system in _DESKTOPS:
        return "desktop"
    return "mobile" if "Mobile" in agent else "other"


@cache
def _parser() -> Any:
    from ua_parser import parser  # its tables of regular expressions take 0.1 s: not for every command

    return parser
