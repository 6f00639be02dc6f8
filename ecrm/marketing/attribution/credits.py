"""Credits: the postings of attribution. Per booking and model they sum to exactly the booking's money."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from tracking.record import BigId, Record

MILLION = 1_000_000
"""Shares of an order are whole parts per million, so that they add up exactly."""


class Credit(Record):
    """A part of an order (or, with negative money, of a refund) credited to a source by some models.

    `models` is a bit mask (`models.Model.bit`): models that agree share a posting. `source_id` is None where nothing
    explains the order; `why` then says why (`direct`, `no visit known`, `not joined`). Days are the shop's.
    """

    __tablename__ = "ecrm_credit"
    __table_args__ = (
        Index(None, "order_id"),
        Index(None, "source_id", "day"),
        Index(None, "day"),
        Index(None, "touchpoint_id"),  # without, forgetting a touchpoint would look through all credits
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(6))  # order | refund
    order_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_order.id"))
    refund_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_refund.id"), index=True)
    day: Mapped[date]
    models: Mapped[int]
    touchpoint_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_touchpoint.id", ondelete="SET NULL"))
    source_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_source.id"))
    why: Mapped[str] = mapped_column(String(20), default="")
    share_ppm: Mapped[int]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    costed_minor: Mapped[int] = mapped_column(BigInteger, default=0)  # of the amount, goods whose cost is known
    cost_minor: Mapped[int] = mapped_column(BigInteger, default=0)  # what those goods cost
    new_customer: Mapped[bool] = mapped_column(default=False)
    simulated: Mapped[bool] = mapped_column(default=False)


class CreditDay(Record):
    """A day's credits by model and source, for reports. `source_id` 0: direct, -1: no visit known, -2: not joined."""

    __tablename__ = "ecrm_credit_day"

    model: Mapped[str] = mapped_column(String(20), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    orders_ppm: Mapped[int] = mapped_column(BigInteger, default=0)
    new_customers_ppm: Mapped[int] = mapped_column(BigInteger, default=0)
    revenue_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    refunds_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    costed_minor: Mapped[int] = mapped_column(BigInteger, default=0)  # net of refunds
    cost_minor: Mapped[int] = mapped_column(BigInteger, default=0)  # net of refunds


class CreditDue(Record):
    """An order that is to be credited anew (`due`): a campaign or a cost changed that concerns too many at once."""

    __tablename__ = "ecrm_credit_due"

    order_id: Mapped[int] = mapped_column(ForeignKey("ecrm_order.id"), primary_key=True)


class ChannelWeight(Record):
    """What the data-driven model learnt last: a channel's weight (removal effect), in parts per million."""

    __tablename__ = "ecrm_channel_weight"

    channel: Mapped[str] = mapped_column(String(120), primary_key=True)
    weight_ppm: Mapped[int]
    learnt_on: Mapped[date]
    paths: Mapped[int]
