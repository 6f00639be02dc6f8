"""Letters: renders the CRM's e-mails in the shop's dress and puts them into the outbox.

Templates are looked for in the host's own template folders first (`mail/<name>/…`), then in ours.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from flask import Flask
from jinja2 import BaseLoader, Environment, FileSystemLoader
from sqlalchemy.orm import Session

from mailer import dedup
from mailer.addressing import BadHeader, Mailbox, as_name
from mailer.outbox import queue
from mailer.rendering import Rendered, make_environment, render
from tracking.customers import customers_by_email

from . import wording
from .installation import Installation, installation
from .mailboxes import contact_for
from .paths import TEMPLATES
from .storefront import ProductCard, ShopFacts

log = logging.getLogger("ecrm.letters")


@contextmanager
def shop_context(crm: Installation) -> Iterator[ShopFacts]:
    """The shop as a visitor without an account would see it, for links and texts in e-mails.

    The one place that makes a request of its own: reactions and jobs run outside of any, and a storefront that
    answers with `url_for` needs one; inside of a customer's, the same e-mail must come out.
    """
    with crm.app.app_context():
        facts = crm.storefront.facts()
    headers = {"Accept-Language": facts.language}
    with crm.app.test_request_context(base_url=facts.base_url or None, headers=headers):
        yield facts


def absolute(facts: ShopFacts, path: str) -> str:
    """A path of the shop as a link that works in a mailbox."""
    return urljoin(f"{facts.base_url}/", path)


def mail_picture(facts: ShopFacts, card: ProductCard | None) -> str:
    """A product's picture as a link that works in a mailbox; empty where there is none.

    No SVG: Gmail and Outlook, among others, show it as a broken picture.
    """
    path = (card.mail_image_url or card.image_url) if card else ""
    return "" if not path or urlsplit(path).path.lower().endswith((".svg", ".svgz")) else absolute(facts, path)


def visit_link(facts: ShopFacts, path: str, *, template: str) -> str:
    """A link that says, when it is followed, which of our e-mails brought the visit.

    Not for links that prove something (a new password, a mailbox): whatever is added to such a link could break it.
    """
    address, hash_mark, fragment = absolute(facts, path).partition("#")
    tags = urlencode({"utm_source": "shop", "utm_medium": "email", "utm_campaign": template})
    return f"{address}{'&' if '?' in address else '?'}{tags}{hash_mark}{fragment}"


@dataclass(frozen=True)
class Letter:
    """A written e-mail with its mailboxes, ready for the outbox."""

    template: str
    sender: Mailbox
    to: Mailbox
    words: Rendered


def write(facts: ShopFacts, *, template: str, context: Mapping[str, Any], to_address: str, to_name: str = "") -> Letter:
    """Render `mail/<template>/`; call it inside of `shop_context`.

    Raises:
        BadHeader: where the address can't be written to.
        jinja2.TemplateError: where the template is broken.
    """
    to = Mailbox(as_name(to_name), to_address)
    shop = {
        "shop_name": facts.name,
        "shop_url": absolute(facts, "/"),
        "shop_link": visit_link(facts, "/", template=template),
        "language": facts.language,
    }
    words = render(mail_environment(installation().app), template, shop | dict(context))
    return Letter(template, Mailbox(as_name(facts.name), facts.sender), to, words)


def post(
    session: Session,
    letter: Letter,
    *,
    dedup_key: str,
    customer_id: int | None = None,
    order_reference: str | None = None,
    content: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> int | None:
    """Put a letter into the outbox, in the caller's transaction; `content` as in `mailer.outbox.queue`.

    Returns:
        The e-mail's id, or None where this cause has its e-mail already.
    """
    now = now or datetime.now(UTC)
    contact = contact_for(session, letter.to.address, now=now)
    return queue(
        session,
        dedup_key=dedup_key,
        template=letter.template,
        sender=letter.sender,
        to=letter.to,
        subject=letter.words.subject,
        text=letter.words.text,
        html=letter.words.html,
        customer_id=customer_id,
        contact_id=contact.id,
        order_reference=order_reference,
        content=content,
        now=now,
    )


@dataclass(frozen=True, kw_only=True)
class HostLetter:
    """A letter that the host asks for; see `ECRM.send_letter`."""

    template: str
    to: str
    to_name: str
    causes: tuple[str, ...]
    context: Mapping[str, Any]


def post_for_host(session: Session, wanted: HostLetter) -> bool:
    """Write the host's letter once and queue it for the first cause that has none yet; says whether it was queued."""
    try:
        with shop_context(installation()) as facts:
            letter = write(
                facts,
                template=wanted.template,
                context=wanted.context,
                to_address=wanted.to,
                to_name=wanted.to_name,
            )
    except BadHeader:
        log.warning("a letter %s was not written: its address can't be written to", wanted.template)
        return False
    known = customers_by_email(session, wanted.to)
    customer_id = known[0].id if known else None
    keys = (dedup.of_host(wanted.template, cause) for cause in wanted.causes)
    return any(post(session, letter, dedup_key=key, customer_id=customer_id) is not None for key in keys)


def mail_environment(app: Flask) -> Environment:
    """The templates of e-mails: one an app, so that each is inlined and compiled once."""
    kept: Environment | None = app.extensions.get("ecrm_mail_templates")
    if kept is None:
        loaders: list[BaseLoader] = [FileSystemLoader(TEMPLATES)]
        if app.jinja_loader is not None:
            loaders.insert(0, app.jinja_loader)
        kept = make_environment(
            loaders,
            gettext=wording.gettext,
            ngettext=wording.ngettext,
            filters={
                "ecrm_money": wording.money,
                "ecrm_day": wording.day,
                "ecrm_moment": wording.moment,
                "ecrm_country": wording.country,
            },
        )
        app.extensions["ecrm_mail_templates"] = kept
    return kept
