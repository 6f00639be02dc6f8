"""Tables of what recommendations earn: slots, their counts by day, clicks, and the money credited to clicks.

A slot is a placement, a position in its list and the strategy that filled it: what a shop can compare.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from tracking.record import BigId, Record


class Slot(Record):
    """A dimension (`tracking.clickstream.dimension_ids`): rows are made when first met and never change.

    `position` counts from 1; `strategy` is empty where nobody said which one filled the list.
    """

    __tablename__ = "ecrm_recommendation_slot"
    __table_args__ = (Index(None, "placement", "position", "strategy", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    placement: Mapped[str] = mapped_column(String(20))
    position: Mapped[int]
    strategy: Mapped[str] = mapped_column(String(20), default="")


class RecommendedDay(Record):
    """A slot on a day of the shop's. The rules stand in `counting.py`."""

    __tablename__ = "ecrm_recommended_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    slot_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    impressions: Mapped[int] = mapped_column(default=0)
    clicks: Mapped[int] = mapped_column(default=0)
    cart_adds: Mapped[int] = mapped_column(default=0)


class RecommendationClick(Record):
    """A product opened (or put into the cart) from a slot, once a visit, slot and product.

    `clicked_at`: the first time, whose day counts it; `last_at`: the last time, by which an order is credited.
    `added`, `bought`: whether the product then went into the cart, and into an order that is credited to this click.
    """

    __tablename__ = "ecrm_recommendation_click"
    __table_args__ = (
        Index(None, "session_id", "slot_id", "product_key_id", unique=True),
        Index(None, "clicked_at"),
        Index(None, "product_key_id", "last_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("ecrm_session.id"))
    slot_id: Mapped[int] = mapped_column(ForeignKey("ecrm_recommendation_slot.id"))
    product_key_id: Mapped[int] = mapped_column(ForeignKey("ecrm_product_key.id"))
    clicked_at: Mapped[datetime]
    last_at: Mapped[datetime]
    added: Mapped[bool] = mapped_column(default=False)
    bought: Mapped[bool] = mapped_column(default=False)


class RecommendationCredit(Record):
    """A posting: what of an order was for a product that was clicked in a slot before, or what of it went back.

    Whole minor units, negative for a refund; `day` is the order's or the refund's in the shop's zone. `click_id` is
    empty where the order may not name its visit, or doesn't any more: such a posting is kept as it is.
    """

    __tablename__ = "ecrm_recommendation_credit"
    __table_args__ = (Index(None, "order_id"), Index(None, "day"), Index(None, "click_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("ecrm_order.id"))
    refund_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_refund.id"))
    product_key_id: Mapped[int] = mapped_column(ForeignKey("ecrm_product_key.id"))
    slot_id: Mapped[int] = mapped_column(ForeignKey("ecrm_recommendation_slot.id"))
    click_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_recommendation_click.id"))
    day: Mapped[date]
    quantity: Mapped[int] = mapped_column(BigInteger)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
