"""The topics in words, and what is kept of them with every consent: that it was these words that were agreed to."""

from __future__ import annotations

from typing import NamedTuple

from ecrm.wording import gettext as _
from mailer.consent import Topic

VERSION = "2026-11"
"""Of the words below; change it whenever their meaning changes."""


class TopicWords(NamedTuple):
    """A topic as people choose it."""

    topic: Topic
    label: str
    detail: str


def topic_words() -> list[TopicWords]:
    """All topics, in the order of the preference page and the reader's language."""
    return [
        TopicWords(Topic.NEWSLETTER, _("Newsletter"), _("Ideas and stories from the shop, now and then.")),
        TopicWords(Topic.OFFERS, _("Offers"), _("Reductions, coupons, and what waits in your cart.")),
        TopicWords(Topic.ARRIVALS, _("New arrivals"), _("New things that fit what you like.")),
        TopicWords(Topic.RESTOCK, _("Back in stock"), _("What you asked us to tell you about.")),
        TopicWords(Topic.REMINDERS, _("Reminders"), _("When something may be used up, and before holidays.")),
        TopicWords(Topic.REVIEWS, _("Reviews"), _("After a delivery: how do you like it?")),
    ]


def label_of(topic: str) -> str:
    """The topic's name; every marketing e-mail, for an unknown one."""
    return next((one.label for one in topic_words() if one.topic == topic), _("all e-mails with offers and news"))


def wording_of(topic: Topic) -> str:
    """What is kept with a consent: version and words."""
    words = next(one for one in topic_words() if one.topic == topic)
    return f"{VERSION}: {words.label}. {words.detail}"


def tracking_words() -> str:
    """What people agree to who let their opening and clicking be counted."""
    return _(
        "You may count whether I open your e-mails and what I click in them, so that they fit me better. "
        "Without this, your e-mails hold neither a counting picture nor anything that says who I am."
    )
