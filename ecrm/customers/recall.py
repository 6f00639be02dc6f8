"""Recall: a returning guest gets the last checkout's answers back by a link in an e-mail.

The link proves the mailbox. It works once, for an hour, and only in the browser that asked for it: who reads an old
e-mail, or talks somebody into asking, gets nothing. Whoever asks gets the same answer in the same time, whether or
not the address is known: each request is counted, and a letter is rendered, in both cases.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from flask import current_app, render_template, url_for
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer
from markupsafe import Markup
from sqlalchemy import Index, String, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from ecrm.csrf import csrf_token
from ecrm.installation import installation
from ecrm.letters import absolute, post, shop_context, write
from ecrm.wording import gettext as _
from mailer import dedup
from tracking.email_address import fold
from tracking.record import BigId, Record, insert_once

from .checkout_memory import memory_of_mailbox
from .mailbox_proof import proved_email

LINK_LASTS = timedelta(minutes=60)
MAX_AN_HOUR = 20
"""Letters to one address, whoever asks: more than a person needs, so that a stranger doesn't use them up by the way."""
MAX_OF_A_BROWSER = 5
"""Letters to one address that one browser may ask for within an hour."""


class RecallLink(Record):
    """One request for a link. `address` and `browser` are hashes; `used_at` makes the link work once."""

    __tablename__ = "ecrm_recall_link"
    __table_args__ = (Index(None, "address", "asked_at"), Index(None, "asked_at"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dedup_key: Mapped[str] = mapped_column(String(120), unique=True)
    address: Mapped[str] = mapped_column(String(64))
    browser: Mapped[str] = mapped_column(String(64))
    asked_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class LinkRefused(Exception):
    """The link opens nothing; `reason` is `broken`, `expired`, `other_browser` or `used`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Opened:
    """A link that is good in this browser."""

    link_id: int
    email: str


def new_browser_secret() -> str:
    """What the browser that asks keeps in its session."""
    return secrets.token_urlsafe(16)


def ask_for_link(session: Session, *, email: str, browser_secret: str, now: datetime) -> bool:
    """Queue the letter with the link, where something is remembered for this address; says whether it did.

    A browser is known by a secret of its session, which whoever means harm can throw away. Then only the limit of
    the address holds: it bounds how many letters a stranger can cause, and who uses it up keeps the owner without
    a link for up to an hour. The host should limit requests by network address, too.

    Raises:
        BadHeader: where nobody could be written to at this address.
    """
    folded, browser = fold(email), _hash(browser_secret)
    address = _hash(folded)
    session.execute(delete(RecallLink).where(RecallLink.asked_at < now - timedelta(days=1)))
    counted = select(func.count()).select_from(RecallLink)
    recently = counted.where(RecallLink.address == address, RecallLink.asked_at > now - timedelta(hours=1))
    of_address = session.scalar(recently) or 0
    of_browser = session.scalar(recently.where(RecallLink.browser == browser)) or 0
    key = dedup.recall(folded, browser=browser, now=now)
    link_id = insert_once(
        session, RecallLink, {"dedup_key": key, "address": address, "browser": browser, "asked_at": now}
    )
    found = memory_of_mailbox(session, folded)
    crm = installation()
    with shop_context(crm) as facts:
        token = _serializer().dumps({"link": link_id, "email": folded})
        letter = write(
            facts,
            template="recall",
            context={
                "first_name": found[0].first_name if found else "",
                "link": absolute(facts, url_for("ecrm.recall_link", token=token)),
                "minutes": int(LINK_LASTS.total_seconds() // 60),
            },
            to_address=found[0].email if found else email.strip(),
            to_name=f"{found[0].first_name} {found[0].last_name}" if found else "",
        )
    if found is None or link_id is None or of_address >= MAX_AN_HOUR or of_browser >= MAX_OF_A_BROWSER:
        return False
    return post(session, letter, dedup_key=key, customer_id=found[0].id, now=now) is not None


def open_link(session: Session, token: str, *, browser_secret: str | None) -> Opened:
    """Read a link without using it up: programs that check e-mails for harm follow links, too.

    Raises:
        LinkRefused: with the reason in a word.
    """
    try:
        told = _serializer().loads(token, max_age=int(LINK_LASTS.total_seconds()))
        link = session.get(RecallLink, int(told["link"]))
    except SignatureExpired:
        raise LinkRefused("expired") from None
    except (BadSignature, KeyError, TypeError, ValueError):
        raise LinkRefused("broken") from None
    if link is None:
        raise LinkRefused("expired")
    if browser_secret is None or not secrets.compare_digest(link.browser, _hash(browser_secret)):
        raise LinkRefused("other_browser")
    if link.used_at is not None:
        raise LinkRefused("used")
    return Opened(link.id, str(told["email"]))


def use_link(session: Session, token: str, *, browser_secret: str | None, now: datetime) -> Opened:
    """Use a link up, once.

    Raises:
        LinkRefused: with the reason in a word.
    """
    opened = open_link(session, token, browser_secret=browser_secret)
    used: Any = session.execute(
        update(RecallLink).where(RecallLink.id == opened.link_id, RecallLink.used_at.is_(None)).values(used_at=now)
    )
    if used.rowcount != 1:
        raise LinkRefused("used")
    return opened


def recall_form_html(next_path: str = "") -> Markup:
    """The form that asks for a link; empty for who is signed in or has just proved a mailbox.

    It is a form of its own: put it beside the checkout's form, not into it.
    """
    crm = installation()
    if crm.storefront.current_customer() is not None or proved_email() is not None:
        return Markup()
    html = render_template(
        "ecrm/slots/recall_form.html",
        action=url_for("ecrm.recall"),
        next_path=next_path or current_app.config["ECRM_CHECKOUT_PATH"],
        csrf_token=csrf_token,
        _=_,
    )
    return Markup(html.strip())  # noqa: S704 (rendered by an autoescaping template)


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="ecrm-recall")


def forget_address(session: Session, email: str) -> None:
    """For an erasure: that links were asked for by this address goes, whose plain hash could be guessed."""
    session.execute(delete(RecallLink).where(RecallLink.address == _hash(fold(email))))


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
