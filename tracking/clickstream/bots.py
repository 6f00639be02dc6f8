"""Which user agents are machines: known crawlers, and whoever doesn't say what it is."""

from __future__ import annotations

from functools import lru_cache

from crawlerdetect import CrawlerDetect

# Longer than any browser's, short enough that no crafted header keeps the regular expressions busy.
MAX_USER_AGENT = 400

_detector = CrawlerDetect()


@lru_cache(maxsize=4096)
def is_bot(user_agent: str) -> bool:
    """True for crawlers, scripts and an empty user agent."""
    agent = user_agent[:MAX_USER_AGENT].strip()
    return not agent or bool(_detector.is_crawler(agent))
