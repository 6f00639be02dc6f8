"""All flows, in the order in which they are listed. A flow that isn't here doesn't run."""

from __future__ import annotations

from collections.abc import Mapping

from .arrivals import Arrivals
from .back_in_stock import BackInStock
from .birthday import Birthday
from .browse import BrowseAbandonment
from .cart import AbandonedCart
from .flow import Flow
from .holidays import Holidays
from .loyalty import LoyaltyTier
from .price_drop import PriceDrop
from .replenishment import Replenishment
from .review import ReviewRequest
from .welcome import Welcome
from .winback import WinBack

FLOWS: tuple[Flow, ...] = (
    Welcome(),
    AbandonedCart(),
    BrowseAbandonment(),
    ReviewRequest(),
    LoyaltyTier(),
    Birthday(),
    WinBack(),
    BackInStock(),
    PriceDrop(),
    Arrivals(),
    Replenishment(),
    Holidays(),
)


def by_name(flows: tuple[Flow, ...] = FLOWS) -> Mapping[str, Flow]:
    """The flows by their names."""
    return {flow.name: flow for flow in flows}
