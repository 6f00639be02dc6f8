"""Makes coupons in the shop's tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from shop.coupons.coupon import Coupon, CouponProduct


@pytest.fixture
def coupon(tables: Callable[[], Session], shop_data: dict[str, int]) -> Callable[..., int]:
    """`coupon(percent=10, only=("filter",), …)` commits a coupon of the code SPRING-10; returns its id."""

    def make(code: str = "SPRING-10", *, only: tuple[str, ...] = (), **terms: Any) -> int:
        yesterday = datetime.now(UTC) - timedelta(days=1)
        values = {"code": code, "label": "Spring sale", "starts_at": yesterday, "made_at": yesterday}
        session = tables()
        made = Coupon(**values | terms, products=[CouponProduct(product_id=shop_data[name]) for name in only])
        session.add(made)
        session.commit()
        return made.id

    return make
