"""What a contact waits for, among their preferences: each can be ended by itself."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from ecrm.collector.blueprint import public
from ecrm.consent.page import consent_page
from ecrm.consent.preferences import PARTS
from ecrm.csrf import csrf_token
from ecrm.installation import installation
from ecrm.mail_links import mail_keys
from ecrm.wording import gettext as _
from mailer.waitlists import ONCE, Kind, end, waits_of

from .words import wish_words


def own_waits_html(session: Session, contact_id: int, token: str) -> Markup:
    """The list with a button each; nothing where there is nothing."""
    waits = waits_of(session, contact_id)
    products = [wait.subject for wait in waits if wait.kind in ONCE]
    cards = {card.product_id: card for card in installation().storefront.products(products)} if products else {}
    shown = [
        (wait, wish_words(Kind(wait.kind), cards[wait.subject].name if wait.subject in cards else wait.subject))
        for wait in waits
        if wait.kind not in ONCE or wait.subject in cards
    ]
    if not shown:
        return Markup()
    html = render_template(
        "ecrm/public/own_waits.html", waits=shown, cards=cards, action=url_for("ecrm.end_wait", token=token),
        csrf_token=csrf_token, ecrm_gettext=_,
    )  # fmt: skip
    return Markup(html.strip())  # noqa: S704 (rendered by an autoescaping template)


@public.post("/tell-me/end/<token>")
def end_wait(token: str) -> AnyResponse:
    """End one wish; ending it again changes nothing."""
    contact_id = mail_keys().read_preferences(token)
    if contact_id is None:
        return consent_page("link_broken.html", status=404)
    named = request.form.get("wait", "")
    if named.isascii() and named.isdigit() and len(named) < 16:
        with installation().sessions.begin() as session:
            end(session, contact_id=contact_id, wait_id=int(named))
    return redirect(url_for("ecrm.preferences", token=token, saved=1), 303)


PARTS.append(own_waits_html)
