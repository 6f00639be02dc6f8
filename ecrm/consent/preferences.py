"""The preference page: topic by topic, everything off at once, and the counting of clicks apart from both.

Opened by the signed link of an e-mail, or by the customer who is signed in and has shown that the mailbox is theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from flask import Response, redirect, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from ecrm.collector.blueprint import public
from ecrm.installation import installation
from ecrm.mail_links import Purpose, mail_keys
from ecrm.mailboxes import contact_for
from mailer.consent import Topic, allow_tracking, subscribe, topics_wanted, withdraw
from mailer.contacts import Contact
from mailer.suppression import Reason, standing
from tracking.customers import customer_by_email, customer_by_reference

from .page import consent_page, masked_address
from .unsubscribing import wait_until_settled
from .words import VERSION, topic_words, tracking_words, wording_of

PARTS: list[Callable[[Session, int, str], Markup]] = []
"""More that a contact can see and change on this page, e.g. what they wait for: each gets the session, the contact's id
and a token (`Purpose.PREFERENCES`) for links and forms of its own, and gives HTML."""


@public.get("/preferences/<token>")
def preferences(token: str) -> Response:
    """What this contact gets, to be changed."""
    contact_id = mail_keys().read_preferences(token)
    return consent_page("link_broken.html", status=404) if contact_id is None else _page(contact_id, token)


@public.post("/preferences/<token>")
def change_preferences(token: str) -> AnyResponse:
    """Write down what was ticked, and show it."""
    contact_id = mail_keys().read_preferences(token)
    if contact_id is None:
        return consent_page("link_broken.html", status=404)
    _change(contact_id, actor="contact")
    return redirect(url_for("ecrm.preferences", token=token, saved=1), 303)


@public.get("/preferences")
def own_preferences() -> AnyResponse:
    """The same for who is signed in; others are sent to sign in."""
    storefront = installation().storefront
    if storefront.current_customer() is None:
        return redirect(storefront.sign_in_url(next_path=request.script_root + request.path))
    contact_id = own_contact()
    if contact_id is None:
        return consent_page("preferences_unproved.html", topics=topic_words())
    return _page(contact_id, "")


@public.post("/preferences")
def change_own_preferences() -> AnyResponse:
    """Write down what the signed-in customer ticked."""
    storefront = installation().storefront
    if storefront.current_customer() is None:
        return redirect(storefront.sign_in_url(next_path=request.script_root + request.path))
    contact_id = own_contact()
    if contact_id is None:
        return redirect(url_for("ecrm.own_preferences"), 303)
    _change(contact_id, actor="customer")
    return redirect(url_for("ecrm.own_preferences", saved=1), 303)


def own_contact() -> int | None:
    """The contact of the signed-in customer's own mailbox; None where they haven't shown that it is theirs."""
    crm = installation()
    present = crm.storefront.current_customer()
    if present is None:
        return None
    with crm.sessions.begin() as session:
        customer = customer_by_reference(session, present.customer_id)
        owner = customer_by_email(session, present.email)
        if customer is None or owner is None or owner.id != customer.id:
            return None
        return contact_for(session, present.email, now=datetime.now(UTC)).id


def _change(contact_id: int, *, actor: str) -> None:
    ticked = [topic for topic in Topic if topic in request.form.getlist("topic")]
    now, crm = datetime.now(UTC), installation()
    with crm.sessions.begin() as session:
        contact = session.get(Contact, contact_id)
        if contact is None or contact.folded is None:
            return
        allowed = "tracking" in request.form
        words = f"{VERSION}: {tracking_words()}" if allowed else ""
        allow_tracking(session, contact_id, allowed, how="preferences", now=now, wording=words, actor=actor)
        if "off" not in request.form and ticked:
            for topic in ticked:
                subscribe(
                    session, contact_id, [topic], how="preferences", wording=wording_of(topic), now=now, actor=actor
                )
            # All of them, also while something holds the contact back: what was agreed to outlives that.
            gone = [topic for topic in Topic if topic not in ticked]
            if gone:
                withdraw(session, contact_id, gone, how="preferences", now=now, actor=actor)
        else:
            withdraw(session, contact_id, how="preferences", now=now, actor=actor)
    wait_until_settled(contact_id)


def _page(contact_id: int, token: str) -> Response:
    with installation().sessions() as session:
        contact = session.get(Contact, contact_id)
        if contact is None or contact.folded is None:
            return consent_page("link_broken.html", status=404)
        held = [one for one in standing(session, contact_id) if one.reason != Reason.UNSUBSCRIBED]
        wanted = topics_wanted(session, contact_id)
        parts = [
            part(session, contact_id, token or mail_keys().sign(Purpose.PREFERENCES, contact_id)) for part in PARTS
        ]
    return consent_page(
        "preferences.html",
        action=url_for("ecrm.change_preferences", token=token) if token else url_for("ecrm.change_own_preferences"),
        address=masked_address(contact) if token else contact.address,
        topics=topic_words(),
        wanted=wanted,
        tracking=contact.tracking_allowed,
        tracking_words=tracking_words(),
        held=bool(held),
        saved="saved" in request.args,
        parts=parts,
    )
