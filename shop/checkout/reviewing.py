"""What a buyer confirms: the cart, the details and the money as they stand now, with a fingerprint of all of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from ..cart import lines
from ..cart.cart import Cart
from ..catalog.restrictions import Buyer
from ..coupons.discount import Applied
from ..profile import ShopProfile
from .delivery import Quote, quote
from .details import Details


@dataclass(frozen=True)
class Review:
    """An order in the making. Money in minor units of `currency`; total = goods (after coupons) + shipping."""

    cart_id: int
    lines: tuple[lines.Line, ...]
    details: Details
    quote: Quote
    currency: str
    coupon: Applied | None = None

    @property
    def full_minor(self) -> int:
        """The goods before coupons."""
        return sum(line.total_minor for line in self.lines)

    @property
    def goods_minor(self) -> int:
        return sum(line.net_minor for line in self.lines)

    @property
    def shipping_minor(self) -> int:
        return self.quote.shipping_minor

    @property
    def total_minor(self) -> int:
        return self.goods_minor + self.shipping_minor

    @property
    def fingerprint(self) -> str:
        """SHA-256 of everything that the buyer sees and agrees to; any change of it is shown before it is bought."""
        seen = {
            "lines": [(line.product.id, line.quantity, line.unit_minor) for line in self.lines],
            "details": self.details.as_dict(),
            "shipping": self.shipping_minor,
            "promised": self.quote.promised_on.isoformat(),
            "total": self.total_minor,
            "currency": self.currency,
            "coupon": (self.coupon.code, self.coupon.shares) if self.coupon else None,
        }
        return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()


def review(
    session: Session, cart: Cart, details: Details, *, profile: ShopProfile, now: datetime, age: int = 0
) -> Review:
    """The review of a cart as it stands now, read afresh from the database; `age`: what the buyer said to have reached.

    Raises:
        NoSuchDelivery: the chosen method doesn't go to that country (any more).
    """
    contents = lines.contents(session, cart, buyer=Buyer(age=age, country=details.country), now=now)
    chosen = quote(
        details.delivery_method,
        goods_minor=contents.goods_minor,
        country=details.country,
        profile=profile,
        now=now,
    )
    return Review(cart.id, contents.lines, details, chosen, profile.currency, contents.coupon)
