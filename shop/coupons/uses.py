"""Taking a use of a coupon, and giving it back: one conditional UPDATE, so that the last use has one taker."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from ..writes import rows_changed
from .coupon import Coupon


def take_use(session: Session, coupon_id: int, *, now: datetime) -> bool:
    """Count one use down; False where the coupon was stopped, has expired or is used up by now."""
    running = Coupon.stopped_at.is_(None) & or_(Coupon.ends_at.is_(None), Coupon.ends_at > now)
    there = (Coupon.id == coupon_id) & running & or_(Coupon.uses_left.is_(None), Coupon.uses_left > 0)
    return rows_changed(session, update(Coupon).where(there).values(uses_left=Coupon.uses_left - 1)) == 1


def give_uses_back(session: Session, coupon_ids: Iterable[int]) -> None:
    """The order was cancelled: whoever has the code may use it again. Unlimited coupons stay unlimited."""
    for coupon_id in sorted(coupon_ids):
        counted = (Coupon.id == coupon_id) & Coupon.uses_left.is_not(None)
        rows_changed(session, update(Coupon).where(counted).values(uses_left=Coupon.uses_left + 1))
