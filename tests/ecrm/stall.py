"""A stall: the shop of kites whose stock and prices change while e-mails wait, and the e-mails that wait there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from ecrm.mail_writer import ShopMailWriter
from ecrm.storefront import ProductCard
from mailer.addressing import Mailbox
from mailer.consent import Topic
from mailer.contacts import Contact
from mailer.mailings import MailingState, MailingVariant, create, source_of
from mailer.outbox import Email
from mailer.unwritten import queue_unwritten
from tracking.customers import Customer

from .kites import Kites, KiteStorefront, open_kites

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@dataclass
class Stall(KiteStorefront):
    """A shop whose stock, prices and lists a test changes while e-mails wait."""

    sold_out: set[str] = field(default_factory=set)
    dearer: dict[str, int] = field(default_factory=dict)
    delisted: set[str] = field(default_factory=set)
    adults_only: set[str] = field(default_factory=set)

    def products_for(self, product_ids: Sequence[str], *, region: str, adult: bool) -> list[ProductCard]:
        return [
            replace(
                card,
                available=card.product_id not in self.sold_out,
                price_minor=self.dearer.get(card.product_id, card.price_minor),
                age_limited=card.product_id in self.adults_only,
            )
            for card in self.products(product_ids)
            if card.product_id not in self.delisted
        ]


def open_stall(engine: Engine, folder: Path) -> Kites:
    """The shop of kites with stock, prices and lists that can change."""
    opened = open_kites(engine, folder)
    opened.storefront = opened.crm.storefront = Stall()
    return opened


def shop_of(kites: Kites) -> Stall:
    assert isinstance(kites.storefront, Stall)
    return kites.storefront


def contact(kites: Kites, address: str = "ada@example.com", first_name: str = "Ada", *, tracked: bool = False) -> int:
    with kites.crm.sessions.begin() as session:
        customer = Customer(email=address, first_name=first_name, last_name="Byron", country="DE", created_at=NOW)
        session.add(customer)
        session.flush()
        made = Contact(
            folded=address, address=address, customer_id=customer.id, created_at=NOW, tracking_allowed=tracked
        )
        session.add(made)
        session.flush()
        return made.id


def own_contact(kites: Kites) -> int:
    """The mailbox of the one customer that there is."""
    with kites.crm.sessions.begin() as session:
        return session.query(Contact).one().id


def mailing(kites: Kites, blocks: list[dict[str, Any]], *, subject: str = "Hello {{ first_name | there }}") -> int:
    with kites.crm.sessions.begin() as session:
        made = create(session, name="Kites in spring", topic=Topic.OFFERS, by="Mia", now=NOW)
        made.state, made.campaign = MailingState.RUNNING, "spring"
        variant = session.get_one(MailingVariant, (made.id, "a"))
        variant.subject, variant.preview, variant.content = subject, "A look", {"blocks": blocks}
        return made.id


def queued(
    kites: Kites, contact_id: int, *, mailing_id: int | None = None, template: str = "mailing", **content: Any
) -> Email:
    with kites.crm.sessions.begin() as session:
        found = session.get_one(Contact, contact_id)
        email_id = queue_unwritten(
            session, dedup_key=f"{template}:{mailing_id}:{contact_id}:{len(content)}", template=template,
            sender=Mailbox("Kites & Co", "kites@kites.example"), to=Mailbox("", found.address), contact_id=contact_id,
            customer_id=found.customer_id, topic=Topic.OFFERS, priority=1, content=content, due_at=NOW, now=NOW,
            source=source_of(mailing_id) if mailing_id else f"flow:{template.removeprefix('flow_')}",
            mailing_id=mailing_id, variant="a" if mailing_id else "",
        )  # fmt: skip
        assert email_id is not None
        return session.get_one(Email, email_id)


def written(kites: Kites, *emails: Email, now: datetime = NOW) -> list[Any]:
    with kites.crm.sessions() as session:
        return list(ShopMailWriter(kites.crm).write(session, emails, now=now))


def only(kites: Kites, email: Email) -> Any:
    (answer,) = written(kites, email)
    return answer
