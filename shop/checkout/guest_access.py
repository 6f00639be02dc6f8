"""A guest's way back to an order: e-mail and order number together have its signed link mailed to that e-mail.

Whoever asks learns nothing: a wrong pair goes the same way as a right one, down to a written letter and a commit; only
what the commit holds differs. What is looked up and written follows from the number alone, as a known address costs
other work than an unknown one. The link itself is shown to nobody who asks, so that a guessed pair opens nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..database import Base
from ..email_address import fold
from ..hooks import Letter, send_letter
from ..writes import rows_changed
from .finding import find_order
from .order import Order
from .order_links import signed_order_path

LETTERS_AN_HOUR = 3
"""To one address within a full hour, whoever asks and from wherever."""
KEPT = timedelta(days=1)
NOBODY = "nobody@example.invalid"
"""To whom the letter about an order that doesn't exist is written and not sent (RFC 6761)."""


class OrderLinkRequest(Base):
    """Somebody asked for an order's link, rightly or not; nothing of whom or which. It is what both cases commit."""

    __tablename__ = "order_link_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(index=True)


def ask_for_order_link(session: Session, *, email: str, number: str, now: datetime) -> bool:
    """Have the link written to the order's own address where the pair is right; commits either way.

    A pair that is wrong has its letter written, too, to whom the order belongs, and rolled back, and one row is
    committed in both cases: neither the time nor the number of commits tells which it was, or whether an address is
    known. Whether an order of this number exists isn't hidden; it says nothing of anybody.

    Returns:
        Whether a letter goes out; for tests and the log, never for whoever asks.
    """
    order = find_order(session, number)
    right = _belongs(order, email)
    reader = order.email if order is not None and order.email else NOBODY
    sent = send_letter(
        Letter(
            template="order_link",
            to_address=reader,
            causes=_causes(reader, now),
            context={
                # Never from the request's Host header: whoever asks could make it lead to a site of theirs.
                "link": current_app.config["SHOP_BASE_URL"].rstrip("/") + signed_order_path(number),
                "number": number,
            },
        )
    )
    if not right:
        session.rollback()
    rows_changed(session, delete(OrderLinkRequest).where(OrderLinkRequest.asked_at < now - KEPT))
    session.add(OrderLinkRequest(asked_at=now))
    session.commit()
    return right and sent


def as_number(typed: str) -> str:
    """An order's number as people write it: with a #, with blanks, in small letters."""
    return "".join(typed.split()).removeprefix("#").upper()


def _belongs(order: Order | None, email: str) -> bool:
    known = order.email_folded if order is not None else ""
    return bool(known) and hmac.compare_digest(known.encode(), fold(email).encode())


def _causes(email: str, now: datetime) -> tuple[str, ...]:
    """One an allowed letter; hashed, since the address of a stranger may be as long as 254 characters."""
    whose = hashlib.sha256(fold(email).encode()).hexdigest()[:40]
    hour = int(now.timestamp()) // 3600
    return tuple(f"{whose}:{hour}:{turn}" for turn in range(LETTERS_AN_HOUR))
