"""Worth: each customer's RFM group and expected revenue as they were last worked out, and from what.

Both follow from orders and refunds alone: `flask ecrm rfm --check` works them out anew and says what differs.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from tracking.customers import Customer as Customer  # a row belongs to one
from tracking.record import BigId, Record


class Worth(Record):
    """A customer with at least one order, as of `WorthRun.as_of`.

    `recency`, `frequency`, `monetary`: scores from 1 to 5; 0 and an empty `group` in a shop with too few customers for
    fifths. `clv_minor`: the net revenue expected of the next 12 months; with 80 % it lies between the other two. They
    are empty where nothing can be said.
    """

    __tablename__ = "ecrm_worth"

    customer_id: Mapped[int] = mapped_column(ForeignKey("ecrm_customer.id"), primary_key=True, autoincrement=False)
    orders: Mapped[int]
    net_minor: Mapped[int] = mapped_column(BigInteger)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    recency: Mapped[int]
    frequency: Mapped[int]
    monetary: Mapped[int]
    group: Mapped[str] = mapped_column("rfm_group", String(20), index=True)
    clv_minor: Mapped[int | None] = mapped_column(BigInteger, index=True)
    clv_low_minor: Mapped[int | None] = mapped_column(BigInteger)
    clv_high_minor: Mapped[int | None] = mapped_column(BigInteger)
    alive_ppm: Mapped[int | None]


class WorthRun(Record):
    """Append-only: one working-out. `model`: the fitted parameters, or why there are none."""

    __tablename__ = "ecrm_worth_run"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    as_of: Mapped[datetime]
    customers: Mapped[int]
    model: Mapped[dict[str, Any]] = mapped_column(default=dict)
