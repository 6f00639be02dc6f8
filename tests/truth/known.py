"""What the made-up worlds are made of, each with what a report must make of it; written down by hand, not computed."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple


class Agent(NamedTuple):
    """A user agent; `bot` is what a machine is counted as, empty for people."""

    text: str
    device: str
    bot: str = ""


class Arrival(NamedTuple):
    """How a page was come to, and the source that it is: channel, source, medium, campaign, term, content, click id."""

    tags: dict[str, Any]
    referrer: str
    source: tuple[str, str, str, str, str, str, str]

    @property
    def tagged(self) -> bool:
        """Whether the page's own address names the source."""
        return bool(self.tags) and self.source[0] != "direct" and "referrer_term" not in self.tags


_FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
_PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Mobile/15E148 Safari/604.1"
)
_TABLET = "Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"
PERSONS = (Agent(_FIREFOX, "desktop"), Agent(_PHONE, "mobile"), Agent(_TABLET, "tablet"))
BOTS = (
    Agent("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "other", "googlebot"),
    Agent("", "other", "unnamed"),
)

DIRECT = ("direct", "", "", "", "", "", "")
ARRIVALS = (
    Arrival({}, "", DIRECT),
    Arrival({}, "https://www.google.com/", ("organic_search", "google", "organic", "", "", "", "")),
    Arrival({}, "https://blog.example/kites", ("referral", "blog.example", "referral", "", "", "", "")),
    Arrival({"click_id": "gclid"}, "https://www.google.com/", ("paid_search", "google", "cpc", "", "", "", "gclid")),
    Arrival(
        {"utm_source": "News", "utm_medium": "email", "utm_campaign": "Spring  Sale"},
        "",
        ("email", "news", "email", "spring sale", "", "", ""),
    ),
    Arrival(
        {"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "kites", "utm_term": "Red Kite"},
        "https://www.google.com/",
        ("paid_search", "google", "cpc", "kites", "red kite", "", ""),
    ),
    Arrival(
        {"utm_source": "facebook", "utm_medium": "paid", "utm_campaign": "KITES", "utm_content": "a"},
        "https://www.facebook.com/",
        ("paid_social", "facebook", "paid", "kites", "", "a", ""),
    ),
    Arrival(
        {"utm_source": "partner", "utm_medium": "affiliate", "utm_campaign": "nobody"},
        "https://partner.example/",
        ("affiliate", "partner", "affiliate", "nobody", "", "", ""),
    ),
)

PAGES = ("/", "/kites", "/p/1", "/p/2", "/p/3", "/search", "/cart")
PRODUCTS = ("1", "2", "3", "4")
TERMS = {
    "Kite": "kite",
    " kite ": "kite",
    "KITE": "kite",
    "red  Kite": "red kite",
    "ｓtring": "string",
    "rare": "rare",
    "": "",
}
"""What is typed → the term that it counts as."""

PLACES = (
    ("Europe/Berlin", date(2026, 3, 29)), ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)), ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)), ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Asia/Kathmandu", date(2026, 7, 31)),
)  # fmt: skip
"""Time zones, and a day on which their clocks change (or a month ends)."""

CAMPAIGNS = {
    "kites": ("paid_search", ("KITE10", "older kites")),
    "spring sale": ("email", ()),
    "letter": ("post", ("LETTER-5",)),
}
"""Campaign code → its channel and further codes. `nobody` and the coupon `FREE` are no campaign's."""
CODES = ("kite10", "LETTER-5", "Letter-5", "FREE", "Spring Sale")
