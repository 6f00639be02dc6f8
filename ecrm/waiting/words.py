"""The words of wishes: what a shopper ticks, agrees to and sees again among their e-mails."""

from __future__ import annotations

from ecrm.wording import gettext as _
from mailer.waitlists import Kind


def wish_words(kind: Kind, what: str) -> str:
    """What is asked for; `what` is the product's, brand's or category's name."""
    match kind:
        case Kind.STOCK:
            return _("Tell me when %(name)s is back", name=what)
        case Kind.PRICE:
            return _("Tell me when %(name)s gets cheaper", name=what)
        case Kind.BRAND:
            return _("Tell me what is new from %(name)s", name=what)
        case Kind.CATEGORY:
            return _("Tell me what is new in %(name)s", name=what)


def wish_about(kind: Kind, what: str) -> str:
    """The same for the letter that asks whether they meant it, after "to tell this mailbox"."""
    match kind:
        case Kind.STOCK:
            return _("when %(name)s is back", name=what)
        case Kind.PRICE:
            return _("when %(name)s gets cheaper", name=what)
        case Kind.BRAND:
            return _("what is new from %(name)s", name=what)
        case Kind.CATEGORY:
            return _("what is new in %(name)s", name=what)
