"""CheckoutDraft: what a buyer has answered in the checkout so far, kept on the server beside the cart.

Personal data stay out of the session cookie; a draft is deleted with its order, or after a day.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import ForeignKey, Index, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..cart.cart import Cart
from ..database import Base
from ..writes import insert_for
from .details import Details

LIFE = timedelta(days=1)


class CheckoutDraft(Base):
    """One a cart; columns as in `Details`."""

    __tablename__ = "checkout_draft"
    __table_args__ = (Index(None, "updated_at"),)

    cart_id: Mapped[int] = mapped_column(ForeignKey("cart.id", ondelete="CASCADE"), primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(120))
    line1: Mapped[str] = mapped_column(String(120))
    line2: Mapped[str] = mapped_column(String(120), default="")
    city: Mapped[str] = mapped_column(String(80))
    postcode: Mapped[str] = mapped_column(String(20))
    region: Mapped[str] = mapped_column(String(80), default="")
    country: Mapped[str] = mapped_column(String(2))
    phone: Mapped[str] = mapped_column(String(40), default="")
    delivery_method: Mapped[str] = mapped_column(String(40))
    payment_method: Mapped[str] = mapped_column(String(40))
    updated_at: Mapped[datetime]


def keep_draft(session: Session, cart: Cart, details: Details) -> None:
    """Remember the answers for this cart, in place of earlier ones; drafts older than `LIFE` go."""
    now = datetime.now(UTC)
    session.execute(delete(CheckoutDraft).where(CheckoutDraft.updated_at < now - LIFE))
    answers = {**details.as_dict(), "updated_at": now}
    insert = insert_for(session, CheckoutDraft).values(cart_id=cart.id, **answers)
    session.execute(insert.on_conflict_do_update(index_elements=["cart_id"], set_=answers))


def draft_of(session: Session, cart: Cart) -> Details | None:
    """The answers given for this cart within the last day."""
    fresh = CheckoutDraft.updated_at >= datetime.now(UTC) - LIFE
    query = select(CheckoutDraft).where(CheckoutDraft.cart_id == cart.id, fresh)
    row = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    return None if row is None else Details(**{name: getattr(row, name) for name in Details.names()})


def drop_draft(session: Session, cart_id: int) -> None:
    """Forget the answers."""
    session.execute(delete(CheckoutDraft).where(CheckoutDraft.cart_id == cart_id))
