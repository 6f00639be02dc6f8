"""completejourney's products as a shop's: shelf, name, brand, price, stock and the words that describe them."""

from __future__ import annotations

import re
from typing import Any

from .grocer_shelves import DEPARTMENTS, Shelf, shelf_of
from .journey_source import JourneySource
from .naming import brand_name, kind_name, size_name, variety_name
from .wordbook import VAGUE

OWN_BRAND = "Juniper Row"
RECENT_DAYS = 91
REDUCED_DAYS = 28
PRICELESS_MINOR = 299  # neither the product nor its kind or category was ever sold
_LEAST_REDUCTION = 1.05


def products_of(source: JourneySource, *, seed: int) -> Any:
    """A DataFrame, one row a product in the order of the source's ids.

    Columns: product_id, shelf_department, shelf_category, listed, name, brand_name, size, description, price_minor,
    was_minor (0 = none), stock, sold, added_at. Never sold, or on a shelf that the web doesn't sell: unlisted, so that
    sums still agree.
    """
    products = source.products.sort_values("product_id", ignore_index=True)
    products = products.join(_sales(source.lines), on="product_id")
    products["sold"] = products.sold.fillna(0).astype("int64")
    shelves = [
        shelf_of(dep, cat)
        for dep, cat in zip(_text(products.department), _text(products.product_category), strict=True)
    ]
    products["shelf_department"] = [shelf.department for shelf in shelves]
    products["shelf_category"] = [shelf.category for shelf in shelves]
    was_sold = products.last_at.notna()
    products["listed"] = [shelf.listed and bool(sold) for shelf, sold in zip(shelves, was_sold, strict=True)]
    products["brand_name"] = _brands(products)
    products["size"] = [
        "" if dep == "PRODUCE" and _is_crate(size) else size_name(size)
        for dep, size in zip(_text(products.department), _text(products.package_size), strict=True)
    ]
    products["name"] = _names(products, shelves)
    products = _priced(products)
    products["stock"] = _stock(products, source.lines["at"].max(), seed=seed)
    products["added_at"] = products.first_at.fillna(source.lines["at"].min())
    products["description"] = _descriptions(products)
    return products


def department_position(name: str) -> int:
    """Where a department stands in the shop's navigation."""
    return DEPARTMENTS.index(name)


def _text(column: Any) -> list[str]:
    return [value if isinstance(value, str) else "" for value in column.tolist()]


def _sales(lines: Any) -> Any:
    """Per product: pieces sold, buyers, first and last sale, recent median price, and the price before a reduction."""
    end = lines["at"].max()
    by_product = lines.groupby("product_id")
    facts = by_product.agg(
        sold=("pieces", "sum"), buyers=("household_id", "nunique"), first_at=("at", "min"), last_at=("at", "max")
    )
    paid = lines[lines.cents > 0]
    unit = paid.cents / paid.pieces
    paid = paid.assign(unit=unit, list_unit=paid.list_cents / paid.pieces, reduced=paid.list_cents > paid.cents)
    recent = paid[paid["at"] > end - _days(RECENT_DAYS)].groupby("product_id").unit.median()
    facts["median"] = recent.reindex(facts.index).fillna(paid.groupby("product_id").unit.median().reindex(facts.index))
    latest = paid[paid["at"] > end - _days(REDUCED_DAYS)].groupby("product_id")
    now = latest.agg(
        unit=("unit", "median"), was=("list_unit", "median"), share=("reduced", "mean"), lines=("unit", "size")
    )
    now = now[(now.share > 0.5) & (now.lines >= 3) & (now.was >= now.unit * _LEAST_REDUCTION)]
    facts.loc[now.index, "median"] = now.unit
    facts["was"] = now.was.reindex(facts.index)
    return facts


def _days(count: int) -> Any:
    import pandas as pd  # heavy, and only the loaders need it

    return pd.Timedelta(days=count)


def _brands(products: Any) -> list[str]:
    makers = {int(maker): brand_name(rank) for rank, maker in enumerate(sorted(products.manufacturer_id.unique()))}
    return [
        OWN_BRAND if brand == "Private" else makers[int(maker)]
        for brand, maker in zip(products.brand.tolist(), products.manufacturer_id.tolist(), strict=True)
    ]


def _names(products: Any, shelves: list[Shelf]) -> Any:
    products["plain"] = [
        _plain_name(kind, shelf) for kind, shelf in zip(_text(products.product_type), shelves, strict=True)
    ]
    order = products.sort_values(["sold", "product_id"], ascending=[False, True])
    rank = order.groupby(["brand_name", "plain", "size"]).cumcount().reindex(products.index)
    return [
        f"{variety_name(int(place))} {plain}".strip()[:160] for place, plain in zip(rank, products.plain, strict=True)
    ]


def _is_crate(size: str) -> bool:
    """Loose fruit carries the size of the crate it came in (40 LB, 48 CT), not of what is sold."""
    found = re.fullmatch(r"(\d+)(?:-\d+)? ?(LB|CT)", size.strip())
    return found is not None and int(found[1]) > (10 if found[2] == "LB" else 12)


def _plain_name(kind: str, shelf: Shelf) -> str:
    name = kind_name(kind)
    if not name:
        return shelf.category
    return f"{name} {shelf.category}" if " ".join(kind.split()) in VAGUE else name


def _priced(products: Any) -> Any:
    """Never sold = no price in the source: the median of its kind, else of its category; such a product is unlisted."""
    kind = products.groupby("product_type")["median"].transform("median")
    category = products.groupby("shelf_category")["median"].transform("median")
    price = products["median"].fillna(kind).fillna(category).fillna(PRICELESS_MINOR)
    products["price_minor"] = (price + 0.5).astype("int64").clip(lower=1)
    was = (products.was.fillna(0) + 0.5).astype("int64")
    products["was_minor"] = was.where(was > products.price_minor, 0)
    return products


def _stock(products: Any, end: Any, *, seed: int) -> Any:
    """Invented: three weeks' sales and a few more; now and then nothing, more often of what was long not sold."""
    import numpy as np  # heavy, and only the loaders need it

    chance = np.random.default_rng(seed)
    spare, luck = chance.integers(3, 30, len(products)), chance.random(len(products))
    weeks_idle = ((end - products.last_at).dt.days / 7).fillna(52)
    stock = np.ceil(products.sold.to_numpy() * 3 / 52).astype("int64") + spare
    gone = luck < np.where(weeks_idle > 39, 0.3, 0.02)
    return np.where(gone | ~products.listed.to_numpy(), 0, np.minimum(stock, 999))


def _descriptions(products: Any) -> list[str]:
    found: list[str] = []
    columns = ("name", "brand_name", "size", "shelf_category", "shelf_department", "buyers")
    for name, brand, size, category, department, buyers in zip(
        *(products[column].tolist() for column in columns), strict=True
    ):
        text = f"{name} by {brand}{', ' + size if size else ''}. You find it under {category} in {department}."
        if brand == OWN_BRAND:
            text += " It is our own brand."
        if buyers == buyers and buyers > 1:  # not NaN
            text += f" {int(buyers):,} households took it home in the past year."
        found.append(text)
    return found
