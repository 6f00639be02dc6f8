"""UCI Online Retail (Chen 2015, CC BY 4.0) as interactions: the rows that the protocol keeps, and nothing else.

Kept: rows with a customer, a quantity and a price above zero, no cancellation, a code of five digits and letters.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..catalogue import Catalogue, Description
from ..interactions import Interactions

END = datetime(2011, 12, 10)  # noqa: DTZ001 (the file says no zone)
TEST, TUNE = 31.0, 61.0
"""Days before the end: train < 2011-11-09 and the 31 days after, train < 2011-10-10 and the 30 days after."""
PRODUCT = r"^\d{5}[A-Z]*$"


class Shop(NamedTuple):
    """What the protocol asks about: the last two entries are the cuts, as (days before the end, days ahead)."""

    interactions: Interactions
    catalogue: Catalogue
    test: tuple[float, float]
    tune: tuple[float, float]


def read(file: Path) -> Shop:
    """Read the Parquet file.

    Raises:
        FileNotFoundError: it isn't there.
    """
    from pyarrow import compute as pc  # heavy; only the protocol needs it
    from pyarrow import parquet

    if not file.exists():
        raise FileNotFoundError(f"There is no {file}: give the UCI Online Retail file as Parquet.")
    rows = parquet.read_table(
        file, columns=["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"]
    )
    code = pc.utf8_trim_whitespace(pc.utf8_upper(pc.cast(rows["StockCode"], "string")))
    rows = rows.set_column(1, "StockCode", code)
    kept = pc.and_(
        pc.is_valid(rows["CustomerID"]), pc.and_(pc.greater(rows["Quantity"], 0), pc.greater(rows["UnitPrice"], 0))
    )
    kept = pc.and_(kept, pc.invert(pc.starts_with(pc.cast(rows["InvoiceNo"], "string"), "C")))
    rows = rows.filter(pc.and_(kept, pc.match_substring_regex(code, PRODUCT)))
    invoice = rows["InvoiceNo"].to_numpy(zero_copy_only=False).astype(str)
    moment = rows["InvoiceDate"].to_numpy().astype("datetime64[s]")
    names, prices = rows["Description"].to_pylist(), rows["UnitPrice"].to_numpy()
    products = rows["StockCode"].to_numpy(zero_copy_only=False).astype(str)
    interactions = joined(
        customer=rows["CustomerID"].to_numpy().astype(np.int64), order=invoice, product=products, moment=moment,
        end=np.datetime64(END),
    )  # fmt: skip
    order = np.argsort(moment, kind="stable")[::-1].tolist()  # a product's first row describes it, whatever the cut
    described = {str(products[one]): Description(text=names[one] or "", price=float(prices[one])) for one in order}
    catalogue = Catalogue.of(interactions.products, described)
    return Shop(interactions, catalogue, (TEST, 31.0), (TUNE, 30.0))


def joined(
    *,
    customer: NDArray[np.int64],
    order: NDArray[np.str_] | NDArray[np.int64],
    product: NDArray[np.str_],
    moment: NDArray[np.datetime64],
    end: np.datetime64,
) -> Interactions:
    """Rows of a sales file, a line each, as interactions that end at `end`."""
    customers, line_customer = np.unique(customer, return_inverse=True)
    products, line_product = np.unique(product, return_inverse=True)
    orders, first, line_order = np.unique(order, return_index=True, return_inverse=True)
    at = np.full(len(orders), np.datetime64("9999-01-01", "s"))
    np.minimum.at(at, line_order, moment)
    age = (end - at) / np.timedelta64(1, "D")
    return Interactions(
        customers=customers.tolist(),
        products=products.tolist(),
        order_customer=line_customer[first].astype(np.int32),
        order_age=age.astype(np.float32),
        order_day=(at.astype("datetime64[D]").astype(np.int64) + datetime(1970, 1, 1).toordinal()).astype(np.int32),  # noqa: DTZ001
        line_order=line_order.astype(np.int32),
        line_product=line_product.astype(np.int32),
    )
