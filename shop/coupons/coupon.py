"""Coupon, the products it is for, and Mailing: a round of coupons that was sent to customers together."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from ..database import Base

LONGEST_CODE = 40
_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,38}[A-Z0-9]")


class Mailing(Base):
    """Coupons that went out together. `reached`: how many customers they were sent to. `source` names an import."""

    __tablename__ = "coupon_mailing"
    __table_args__ = (Index(None, "source", "reference", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(40))
    reference: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(120))
    first_day: Mapped[date]
    last_day: Mapped[date]
    reached: Mapped[int]

    coupons: Mapped[list[Coupon]] = relationship(back_populates="mailing", order_by="Coupon.code")


class Coupon(Base):
    """A code that takes a percentage or an amount (minor units) off the goods, from `starts_at` until before `ends_at`.

    `code` is in capitals, as `read_code` writes it. `minimum_minor`: the goods of the whole cart must be worth this
    much. `uses_left` is None for "as often as you like" and is counted down by conditional UPDATE only. Terms never
    change once a coupon exists; `stopped_at` ends it for good. An imported coupon whose terms nobody knows has
    neither percentage nor amount and is stopped.
    """

    __tablename__ = "coupon"
    __table_args__ = (
        CheckConstraint("uses_left >= 0", name="uses_not_negative"),
        CheckConstraint("percent BETWEEN 1 AND 100", name="percent_in_range"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint(
            "stopped_at IS NOT NULL OR (percent IS NULL) <> (amount_minor IS NULL)", name="one_kind_of_discount"
        ),
        Index(None, "made_at"),
        Index(None, "mailing_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(LONGEST_CODE), unique=True)
    label: Mapped[str] = mapped_column(String(120))
    percent: Mapped[int | None]
    amount_minor: Mapped[int | None]
    minimum_minor: Mapped[int] = mapped_column(default=0)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    uses_left: Mapped[int | None]
    stopped_at: Mapped[datetime | None]
    made_at: Mapped[datetime]
    mailing_id: Mapped[int | None] = mapped_column(ForeignKey("coupon_mailing.id"))

    products: Mapped[list[CouponProduct]] = relationship()
    mailing: Mapped[Mailing | None] = relationship(back_populates="coupons")

    @property
    def last_moment(self) -> datetime | None:
        """A moment of the last day; `ends_at` is the midnight after it."""
        return None if self.ends_at is None else self.ends_at - timedelta(seconds=1)


class CouponProduct(Base):
    """A product that a coupon is for; a coupon without any is for everything."""

    __tablename__ = "coupon_product"

    coupon_id: Mapped[int] = mapped_column(ForeignKey("coupon.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True)


def read_code(text: str) -> str | None:
    """A typed code as it is kept: capitals, without blanks; None where it can't be one (3 to 40 of A–Z, 0–9, -)."""
    code = "".join(text.split()).upper()
    return code if _CODE.fullmatch(code) else None


def find_coupon(session: Session, code: str) -> Coupon | None:
    """The coupon of a code as `read_code` writes it, read afresh."""
    query = select(Coupon).where(Coupon.code == code).execution_options(populate_existing=True)
    return session.scalars(query).one_or_none()
