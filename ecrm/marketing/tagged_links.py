"""Links of a campaign that `tracking.clickstream.sources` reads as its channel, and where its printed address leads."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.clickstream.sources import origin_of

from .campaigns import Campaign

SUGGESTED = {
    "paid_search": ("google", "cpc"), "organic_search": ("google", "organic"),
    "paid_social": ("facebook", "paid_social"),
    "organic_social": ("facebook", "social"), "email": ("newsletter", "email"), "affiliate": ("partner", "affiliate"),
    "display": ("banner", "display"), "referral": ("partner", "referral"), "post": ("letter", "offline"),
    "ai_assistant": ("chatgpt.com", "referral"), "sms": ("sms", "sms"), "other": ("poster", "other"),
}  # fmt: skip
"""Source and medium of a link by the campaign's channel."""

_VANITY_MEDIUM = {
    "paid_search": "paid_search", "organic_search": "organic", "paid_social": "paid_social",
    "organic_social": "social", "email": "email", "affiliate": "affiliate", "display": "display",
    "referral": "referral", "post": "offline", "sms": "sms",
}  # fmt: skip


def tagged(path: str, *, source: str, medium: str, campaign: str, content: str = "", term: str = "") -> str:
    """A path of the shop with UTM tags; what it asks for already stays."""
    tags = {
        "utm_source": source, "utm_medium": medium, "utm_campaign": campaign, "utm_term": term, "utm_content": content,
    }  # fmt: skip
    query = urlencode({name: value for name, value in tags.items() if value})
    return f"{quote(path, safe='/?&=%+,:;@!$()*~-._')}{'&' if '?' in path else '?'}{query}"


def channel_of(source: str, medium: str, campaign: str) -> str:
    """The channel under which visits by such a link are counted."""
    tags = {"utm_source": source, "utm_medium": medium, "utm_campaign": campaign}
    return origin_of(tags).channel


def vanity_target(campaign: Campaign) -> str:
    """Where the printed address of a campaign leads: the medium says its channel, `vanity` is the source."""
    source = "chatgpt.com" if campaign.channel == "ai_assistant" else "vanity"
    medium = _VANITY_MEDIUM.get(campaign.channel, "vanity" if campaign.channel == "other" else "")
    return tagged(campaign.landing_path, source=source, medium=medium, campaign=campaign.code)


def campaign_by_word(session: Session, word: str) -> Campaign | None:
    """The campaign whose printed address ends with this word. Archived ones, too: paper lasts."""
    return session.scalar(select(Campaign).where(Campaign.vanity == word.strip().lower()))
