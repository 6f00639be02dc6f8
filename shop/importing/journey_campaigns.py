"""completejourney's campaigns: 27 mailings of coupons, and in which basket each coupon was redeemed.

The source names the household and the day (in New York) of a redemption, not the basket. Where a household bought more
than once that day, the basket is the one with, in this order: the largest coupon discount on products of that coupon,
the largest coupon discount at all, the most money; then the lower number. The report counts each case.

What a coupon was worth is not in the source. The discounts are contained in `sales_value` (what the retailer received),
so nothing is taken off again: https://cran.r-project.org/package=completejourney, `transactions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from .journey_source import TIME_ZONE, JourneySource, data_folder
from .report import ImportReport


@dataclass(frozen=True)
class JourneyCampaign:
    """A mailing, its days moved like all dates; `reached` counts the loaded households that it was sent to."""

    number: int
    kind: str
    first_day: date
    last_day: date
    reached: int

    @property
    def name(self) -> str:
        return f"Campaign {self.number} ({self.kind})"


@dataclass
class JourneyCampaigns:
    """`coupons`: campaign_id, coupon_upc, product_id; `redemptions`: campaign_id, coupon_upc, basket_id."""

    campaigns: list[JourneyCampaign]
    coupons: Any
    redemptions: Any


def code_of(campaign: int, upc: int) -> str:
    """A coupon's number stands in up to five campaigns: the code names both."""
    return f"CJ{campaign}-{upc}"


def read_campaigns(source: JourneySource, *, report: ImportReport) -> JourneyCampaigns:
    """The package's campaigns for the households that are loaded."""
    import pandas as pd  # heavy, and only the loaders need it

    folder = data_folder()
    households = set(source.lines.household_id.unique())
    coupons = pd.read_parquet(folder / "coupons.parquet").drop_duplicates(ignore_index=True)
    addressed = pd.read_parquet(folder / "campaigns.parquet")
    reached = addressed[addressed.household_id.isin(households)].groupby("campaign_id").household_id.nunique()
    moved = timedelta(weeks=source.weeks)
    campaigns = [
        JourneyCampaign(
            int(row.campaign_id),
            str(row.campaign_type),
            row.start_date.date() + moved,
            row.end_date.date() + moved,
            int(reached.get(row.campaign_id, 0)),
        )
        for row in pd.read_parquet(folder / "campaign_descriptions.parquet").itertuples(index=False)
    ]
    redeemed = pd.read_parquet(folder / "coupon_redemptions.parquet")
    redeemed = redeemed[redeemed.household_id.isin(households)].reset_index(drop=True)
    return JourneyCampaigns(campaigns, coupons, _baskets_of(redeemed, coupons, source, report))


def _baskets_of(redeemed: Any, coupons: Any, source: JourneySource, report: ImportReport) -> Any:
    """One row a redemption that has a basket: campaign_id, coupon_upc, basket_id."""
    redeemed = redeemed.assign(redemption=redeemed.index, day=redeemed.redemption_date)
    candidates = redeemed.merge(_baskets(source, set(redeemed.household_id)), on=["household_id", "day"])
    discounts = source.coupon_discounts.merge(candidates[["redemption", "basket_id", "campaign_id", "coupon_upc"]])
    on_product = discounts.merge(coupons, on=["campaign_id", "coupon_upc", "product_id"])
    key = ["redemption", "basket_id"]
    for name, found in (("own", on_product), ("any", discounts)):
        cents = found.groupby(key, as_index=False).coupon_cents.sum().rename(columns={"coupon_cents": name})
        candidates = candidates.merge(cents, on=key, how="left")
    candidates = candidates.fillna({"own": 0, "any": 0}).sort_values(
        ["redemption", "own", "any", "total", "basket_id"], ascending=[True, False, False, False, True]
    )
    candidates["baskets"] = candidates.groupby("redemption").basket_id.transform("size")
    chosen = candidates.drop_duplicates("redemption")
    _say(chosen, len(redeemed), report)
    return chosen[["campaign_id", "coupon_upc", "basket_id"]].drop_duplicates(ignore_index=True)


def _baskets(source: JourneySource, households: set[int]) -> Any:
    """The baskets of these households: household_id, basket_id, total (cents), day as the source wrote it."""
    import pandas as pd  # heavy, and only the loaders need it

    lines = source.lines[source.lines.household_id.isin(households)]
    baskets = lines.groupby("basket_id", as_index=False).agg(
        household_id=("household_id", "first"), at=("at", "first"), total=("cents", "sum")
    )
    wall = baskets.pop("at").dt.tz_convert(TIME_ZONE).dt.tz_localize(None)
    return baskets.assign(day=(wall - pd.Timedelta(weeks=source.weeks)).dt.normalize().astype("datetime64[ns]"))


def _say(chosen: Any, redemptions: int, report: ImportReport) -> None:
    several = chosen[chosen.baskets > 1]
    by_product = several[several.own > 0]
    by_discount = several[(several.own == 0) & (several["any"] > 0)]
    report.notes.append(
        f"{redemptions:,} redemptions of coupons: {len(chosen) - len(several):,} in the household's only basket of "
        f"that day; of several, {len(by_product):,} by a discount on the coupon's products, {len(by_discount):,} by "
        f"another coupon discount, {len(several) - len(by_product) - len(by_discount):,} in the largest basket; "
        f"{redemptions - len(chosen):,} without a basket are left out"
    )
