"""ShopProfile: the one row that says what this shop is called, where it is and in which currency it sells."""

from __future__ import annotations

from flask import g
from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from .database import Base, db


class ShopProfile(Base):
    """Written by the importers or by staff. `data_note` says where demo data come from; empty in a live shop."""

    __tablename__ = "shop_profile"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    tagline: Mapped[str] = mapped_column(String(160), default="")
    currency: Mapped[str] = mapped_column(String(3))
    country: Mapped[str] = mapped_column(String(2))
    time_zone: Mapped[str] = mapped_column(String(64))
    email: Mapped[str] = mapped_column(String(254))
    data_note: Mapped[str] = mapped_column(Text, default="")


def shop_profile() -> ShopProfile:
    """The profile; an unsaved plain one before the shop was filled."""
    # Held by the context: the session alone forgets a row that nobody holds, and asks the database each time.
    g.shop_profile = known = db.session.get(ShopProfile, 1)
    return known or ShopProfile(
        id=1, name="Corner Shop", tagline="", currency="EUR", country="DE", time_zone="Europe/Berlin",
        email="shop@example.com", data_note="",
    )  # fmt: skip
