"""The way out: a POST acts at once, by one click of a mail program (RFC 8058) or by the button of the page.

A GET never acts: programs that check e-mails for harm follow every link. Whoever has the link may act, so there is
neither a sign-in nor a CSRF token, and the one-click answer sets no cookie.
"""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime

from flask import Response, request

from ecrm.collector.blueprint import public
from ecrm.installation import installation
from ecrm.mail_links import Unsubscribing, mail_keys, mail_links
from ecrm.wording import gettext as _
from mailer.consent import Topic, withdraw
from mailer.contacts import Contact
from mailer.unsubscribe import settled

from .page import consent_page, masked_address
from .words import label_of

log = logging.getLogger("ecrm.consent")


@public.get("/unsubscribe/<token>")
def unsubscribe(token: str) -> Response:
    """Changes nothing; shows one button, and the way to the preferences."""
    asked = mail_keys().read_unsubscribing(token)
    return consent_page("link_broken.html", status=404) if asked is None else _page(asked, done="")


@public.post("/unsubscribe/<token>")
def unsubscribe_now(token: str) -> Response:
    """End all marketing at once, or only the topic where the page's second button says so; again is harmless."""
    asked, one_click = mail_keys().read_unsubscribing(token), "List-Unsubscribe" in request.form
    if asked is None:
        return _text(_("This link is incomplete."), 404) if one_click else consent_page("link_broken.html", status=404)
    only = request.form.get("what") == "topic" and asked.topic in set(Topic)
    end_marketing(
        asked.contact_id,
        topic=Topic(asked.topic) if only else None,
        how="one_click" if one_click else "unsubscribe_page",
        email_id=asked.email_id,
    )
    return _text(_("You are unsubscribed."), 200) if one_click else _page(asked, done="topic" if only else "all")


def end_marketing(contact_id: int, *, topic: Topic | None, how: str, email_id: int) -> None:
    """Withdraw and commit; come back when nothing that was handed over before is under way any more."""
    crm = installation()
    proof = f"email:{email_id}" if email_id else ""
    with crm.sessions.begin() as session:
        if session.get(Contact, contact_id) is None:
            return
        withdraw(
            session, contact_id, None if topic is None else [topic], how=how, now=datetime.now(UTC), proof=proof,
            actor="contact",
        )  # fmt: skip
    wait_until_settled(contact_id)


def wait_until_settled(contact_id: int) -> None:
    """Come back when what was handed over before the withdrawal is out of our hands, or after some seconds."""
    sessions = installation().sessions
    if not settled(sessions, contact_id, clock=lambda: datetime.now(UTC), wait=time.sleep):
        log.warning("contact %s unsubscribed while an e-mail was in the mail server's hands", contact_id)


def _page(asked: Unsubscribing, *, done: str) -> Response:
    crm = installation()
    with crm.sessions() as session:
        contact = session.get(Contact, asked.contact_id)
        address = masked_address(contact)
    return consent_page(
        "unsubscribe.html",
        done=done,
        address=address,
        topic=label_of(asked.topic) if asked.topic in set(Topic) else "",
        preferences=mail_links(crm).preferences(asked.contact_id),
    )


def _text(words: str, status: int) -> Response:
    answer = Response(f"{words}\n", status=status, mimetype="text/plain")
    answer.headers["Cache-Control"] = "no-store"
    return answer
