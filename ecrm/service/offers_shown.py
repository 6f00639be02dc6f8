"""Offers shown: what a customer was offered lately, when, by which department; so that two never offer the same.

Marketing's offers are the e-mails that went out; the desk's are those that an agent noted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, String, bindparam, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ecrm.storefront import Staff
from mailer.outbox import Email, State
from tracking.record import BigId, Record

LATELY = timedelta(days=30)


class OfferMade(Record):
    """A product that an agent offered to a customer. `how`: on the phone, by e-mail …"""

    __tablename__ = "ecrm_offer_made"
    __table_args__ = (Index(None, "customer_id", "at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("ecrm_customer.id"))
    product: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200), default="")
    how: Mapped[str] = mapped_column(String(20))
    staff_id: Mapped[str] = mapped_column(String(64))
    staff_name: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime]


@dataclass(frozen=True)
class Offer:
    """One offer as it is listed. `department`: marketing or desk; `products`: the shop's ids, where they are known.

    The desk's has who made it (`by`) and `how`; an e-mail's the `source` that it belongs to, its mailing and `variant`.
    """

    at: datetime
    department: str
    what: str
    products: frozenset[str]
    by: str = ""
    how: str = ""
    source: str = ""
    email_id: int | None = None
    mailing_id: int | None = None
    variant: str = ""


_EMAIL, _MADE = Email.__table__.c, OfferMade.__table__.c
_MAILED = (
    select(
        _EMAIL.id, _EMAIL.sent_at, _EMAIL.subject, _EMAIL.template, _EMAIL.source, _EMAIL.content, _EMAIL.mailing_id,
        _EMAIL.variant,
    )
    .where(
        _EMAIL.customer_id == bindparam("customer"),
        _EMAIL.queued_at > bindparam("since"),
        _EMAIL.transactional.is_(False),
        _EMAIL.state == State.SENT.value,
    )
    .order_by(_EMAIL.queued_at.desc())
)  # fmt: skip
_BY_DESK = (
    select(_MADE.at, _MADE.product, _MADE.name, _MADE.how, _MADE.staff_name)
    .where(_MADE.customer_id == bindparam("customer"), _MADE.at > bindparam("since"))
    .order_by(_MADE.at.desc(), _MADE.id.desc())
)


def offers_shown(session: Session, customer_id: int, *, now: datetime) -> list[Offer]:
    """Every one of the last 30 days, the newest first: with one left out, somebody would offer the same again."""
    connection, asked = session.connection(), {"customer": customer_id, "since": now - LATELY}
    found = [
        Offer(
            row.sent_at, "marketing", row.subject or row.template, _products(row.content), source=row.source,
            email_id=row.id, mailing_id=row.mailing_id, variant=row.variant,
        )
        for row in connection.execute(_MAILED, asked)
        if row.sent_at is not None
    ]  # fmt: skip
    found += [
        Offer(row.at, "desk", row.name or row.product, frozenset({row.product}), by=row.staff_name, how=row.how)
        for row in connection.execute(_BY_DESK, asked)
    ]
    return sorted(found, key=lambda offer: offer.at, reverse=True)


def offered_before(offers: Sequence[Offer], product: str) -> Offer | None:
    """The latest of these offers that was of this product; None where it wasn't offered."""
    return next((offer for offer in offers if product in offer.products), None)


def note_offer(
    session: Session, customer_id: int, *, product: str, name: str, how: str, by: Staff, now: datetime
) -> None:
    """An agent offered this."""
    session.add(
        OfferMade(
            customer_id=customer_id, product=product[:64], name=name[:200], how=how[:20], staff_id=by.staff_id,
            staff_name=by.name[:100], at=now,
        )
    )  # fmt: skip


def forget(session: Session, customer_id: int) -> int:
    """For an erasure."""
    gone: Any = session.execute(delete(OfferMade).where(OfferMade.customer_id == customer_id))
    return int(gone.rowcount)


def forget_before(session: Session, moment: datetime) -> int:
    """Forget offers that agents noted before a moment; says how many."""
    gone: Any = session.execute(
        delete(OfferMade).where(OfferMade.at < moment).execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)


def _products(content: Any) -> frozenset[str]:
    """The products that an e-mail showed, which is written down when it is sent; of older ones those it was about, as
    flows keep them (a cart's with its pieces)."""
    kept = content if isinstance(content, dict) else {}
    listed = kept.get("shown") or kept.get("products")
    return frozenset(one for one in listed if isinstance(one, str)) if isinstance(listed, list | dict) else frozenset()
