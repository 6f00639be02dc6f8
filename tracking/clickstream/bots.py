"""Which user agents are machines: known crawlers, and whoever doesn't say what it is."""

from __future__ import annotations

from functools import lru_cache

from crawlerdetect import CrawlerDetect

# Longer than any browser's, short enough that no crafted header keeps the regular expressions busy.
MAX_USER_AGENT = 400
UNNAMED = "unnamed"
"""What a machine is called that doesn't say what it is."""

_detector = CrawlerDetect()


@lru_cache(maxsize=4096)
def is_bot(user_agent: str) -> bool:
    """True for crawlers, scripts and an empty user agent."""
    agent = user_agent[:MAX_USER_AGENT].strip()
    return not agent or bool(_detector.is_crawler(agent))


@lru_cache(maxsize=4096)
def bot_name(user_agent: str) -> str:
    """What a machine calls itself, for counting: the part by which it was recognised, in small letters.

    At most 60 characters; else the first word, as in `acme-fetch/1.0`.
    """
    agent = user_agent[:MAX_USER_AGENT].strip()
    if not agent:
        return UNNAMED
    detector = CrawlerDetect()  # one of its own, as it keeps what it found
    detector.is_crawler(agent)
    found = detector.get_matches()
    name = str(found) if found else agent.split("/")[0].split(" ")[0]
    name = name.replace("\x00", "").encode("utf-8", "replace").decode().strip().casefold()
    return name[:60] or UNNAMED
