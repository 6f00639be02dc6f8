"""Topics in words: what each is called, and why somebody gets an e-mail of it."""

from __future__ import annotations

from ecrm.wording import gettext as _
from mailer.consent import Topic


def topic_name(topic: str) -> str:
    """What a topic is called."""
    names = {
        Topic.OFFERS: _("Offers"), Topic.ARRIVALS: _("New arrivals"), Topic.RESTOCK: _("Back in stock"),
        Topic.NEWSLETTER: _("Newsletter"), Topic.REVIEWS: _("Review requests"), Topic.REMINDERS: _("Reminders"),
    }  # fmt: skip
    return names[Topic(topic)] if topic in set(Topic) else topic


def why_words(topic: str, *, shop: str) -> str:
    """The sentence in the foot of an e-mail that says why its reader gets it."""
    reasons = {
        Topic.OFFERS: _("You get this e-mail because you signed up for offers from %(shop)s.", shop=shop),
        Topic.ARRIVALS: _("You get this e-mail because you wanted to hear what is new at %(shop)s.", shop=shop),
        Topic.RESTOCK: _("You get this e-mail because you asked %(shop)s to tell you.", shop=shop),
        Topic.NEWSLETTER: _("You get this e-mail because you subscribed to the newsletter of %(shop)s.", shop=shop),
        Topic.REVIEWS: _("You get this e-mail because you agreed that %(shop)s asks how you like things.", shop=shop),
        Topic.REMINDERS: _("You get this e-mail because you agreed to reminders from %(shop)s.", shop=shop),
    }  # fmt: skip
    if topic in set(Topic):
        return reasons[Topic(topic)]
    return _("You get this e-mail because you signed up at %(shop)s.", shop=shop)
