"""Who offered something, in words."""

from __future__ import annotations

from ecrm.service.offers_shown import Offer
from ecrm.wording import gettext as _
from mailer.flows.registry import FLOWS

DECLINED = "declined"
_TITLES = {f"flow:{one.name}": one.title for one in FLOWS}


def how_words() -> dict[str, str]:
    """How an agent offered something, or that it was declined."""
    return {"phone": _("on the phone"), "writing": _("in writing"), DECLINED: _("they don't want it")}


def offerer(offer: Offer, *, mailing: str = "") -> str:
    """Of the desk's offers who and how; of e-mails the flow, or the mailing's name where it is known."""
    if offer.department == "desk":
        return f"{offer.by}, {how_words().get(offer.how, offer.how)}"
    title = _TITLES.get(offer.source)
    return _(title) if title else mailing or _("an e-mail")
