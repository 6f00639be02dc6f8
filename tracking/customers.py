"""Customer: a person the shop knows, with an account or as a guest, under one or more e-mail addresses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from .record import BigId, Record


class Customer(Record):
    """One person. `reference` is the shop's account id as text; guests have none."""

    __tablename__ = "ecrm_customer"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reference: Mapped[str | None] = mapped_column(String(64), unique=True)
    email: Mapped[str] = mapped_column(String(254))
    first_name: Mapped[str] = mapped_column(String(100), default="")
    last_name: Mapped[str] = mapped_column(String(100), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    traits: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]


class CustomerEmail(Record):
    """An address under which a customer is found; folded, so that case never makes two people of one."""

    __tablename__ = "ecrm_customer_email"

    folded: Mapped[str] = mapped_column(String(254), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("ecrm_customer.id"), index=True)
    added_at: Mapped[datetime]
