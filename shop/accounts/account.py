"""Account: a customer's or a staff member's login, with optional traits the customer chose to tell."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..database import Base


class Role(StrEnum):
    """What a member of staff does here. A customer has none."""

    OWNER = "owner"
    MARKETER = "marketer"
    ANALYST = "analyst"
    SUPPORT = "support"
    PACKER = "packer"
    CATALOGUE = "catalogue"


class Account(Base):
    """`email_folded` is unique, so that case never makes two accounts of one; no password = can't sign in yet.

    `email_proved_at`: when a link that was mailed to the address was used. An account without a password was made by
    the shop itself, which knows whose it is.
    """

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    email_folded: Mapped[str] = mapped_column(String(254), unique=True)
    email_proved_at: Mapped[datetime | None]
    password_hash: Mapped[str | None] = mapped_column(String(200))
    first_name: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    role: Mapped[str | None] = mapped_column(String(20))
    household: Mapped[str] = mapped_column(String(20), default="")
    children: Mapped[int | None]
    interests: Mapped[str] = mapped_column(String(300), default="")
    birthday: Mapped[date | None]
    created_at: Mapped[datetime]

    addresses: Mapped[list[Address]] = relationship(back_populates="account", order_by="Address.id")


class Address(Base):
    """A place an account has parcels sent to."""

    __tablename__ = "address"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    line1: Mapped[str] = mapped_column(String(120))
    line2: Mapped[str] = mapped_column(String(120), default="")
    city: Mapped[str] = mapped_column(String(80))
    postcode: Mapped[str] = mapped_column(String(20))
    region: Mapped[str] = mapped_column(String(80), default="")
    country: Mapped[str] = mapped_column(String(2))
    phone: Mapped[str] = mapped_column(String(40), default="")
    is_default: Mapped[bool] = mapped_column(default=False)

    account: Mapped[Account] = relationship(back_populates="addresses")


class SignIn(Base):
    """A session on the server: the cookie holds a random token, this row its SHA-256; ended at sign-out."""

    __tablename__ = "sign_in"
    __table_args__ = (Index(None, "account_id", "started_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    started_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship()
