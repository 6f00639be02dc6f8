"""What a coupon takes off a cart, to the cent and line by line; or why it takes nothing.

A percentage is rounded half up once, over all the lines that the coupon is for. The sum is shared over these lines in
proportion to their price; cents left over go to the largest remainders, then to the line that stands first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .coupon import Coupon


class Refusal(StrEnum):
    """Why a coupon takes nothing off."""

    UNKNOWN = "unknown"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    USED_UP = "used_up"
    BELOW_MINIMUM = "below_minimum"
    FITS_NOTHING = "fits_nothing"
    TAKES_NOTHING = "takes_nothing"


@dataclass(frozen=True)
class Applied:
    """A code entered for a cart: what it takes off each of its lines (minor units, 0 each where it is refused).

    `coupon_id` is None for a code that doesn't exist (any more).
    """

    code: str
    shares: tuple[int, ...]
    coupon_id: int | None = None
    label: str = ""
    refusal: Refusal | None = None
    minimum_minor: int = 0
    starts_at: datetime | None = None

    @property
    def discount_minor(self) -> int:
        """What it takes off in all."""
        return sum(self.shares)


@dataclass(frozen=True)
class Priced:
    """A line that a coupon looks at: its product and what it costs without a coupon."""

    product_id: int
    total_minor: int


def apply(coupon: Coupon | None, lines: Sequence[Priced], *, code: str, now: datetime) -> Applied:
    """What the coupon of this code does to these lines now; None = there is no such coupon."""
    nothing = (0,) * len(lines)
    if coupon is None:
        return Applied(code, nothing, refusal=Refusal.UNKNOWN)
    fitting: Sequence[int] = nothing
    refusal = _over(coupon, now)
    if refusal is None:
        fitting = _fitting(coupon, lines)
        refusal = _unfit(coupon, sum(line.total_minor for line in lines), sum(fitting))
    return Applied(
        code=coupon.code, coupon_id=coupon.id, label=coupon.label, refusal=refusal,
        shares=nothing if refusal else shared(_discount(coupon, sum(fitting)), fitting),
        minimum_minor=coupon.minimum_minor, starts_at=coupon.starts_at,
    )  # fmt: skip


def shared(amount: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Split an amount over weights (≥ 0, some positive) by largest remainder; the parts sum to the amount exactly."""
    whole = sum(weights)
    parts = [amount * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: (-(amount * weights[place] % whole), place))
    for place in by_remainder[: amount - sum(parts)]:
        parts[place] += 1
    return tuple(parts)


def _over(coupon: Coupon, now: datetime) -> Refusal | None:
    if now < coupon.starts_at:
        return Refusal.NOT_YET
    if coupon.stopped_at is not None or (coupon.ends_at is not None and now >= coupon.ends_at):
        return Refusal.EXPIRED
    return Refusal.USED_UP if coupon.uses_left == 0 else None


def _fitting(coupon: Coupon, lines: Sequence[Priced]) -> list[int]:
    """What each line is worth to this coupon."""
    only = frozenset(product.product_id for product in coupon.products)
    return [line.total_minor if not only or line.product_id in only else 0 for line in lines]


def _unfit(coupon: Coupon, goods_minor: int, fitting_minor: int) -> Refusal | None:
    if fitting_minor == 0:
        return Refusal.FITS_NOTHING
    if goods_minor < coupon.minimum_minor:
        return Refusal.BELOW_MINIMUM
    # A few percent of a few cents: nothing would be saved and a use be gone.
    return None if _discount(coupon, fitting_minor) else Refusal.TAKES_NOTHING


def _discount(coupon: Coupon, fitting_minor: int) -> int:
    if coupon.percent is not None:
        return (fitting_minor * coupon.percent + 50) // 100
    return min(coupon.amount_minor or 0, fitting_minor)
