"""Files of sales to import, written out row by row so that the right answer can be seen."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

HEADING = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
UK = "United Kingdom"
SALES = (
    ("536365", "85123A", "WHITE HANGING HEART T-LIGHT HOLDER", 6, "2010-12-01 08:26:00", "2.55", "17850", UK),
    ("536365", "71053", "WHITE METAL LANTERN", 6, "2010-12-01 08:26:00", "3.39", "17850", UK),
    ("536370", "POST", "POSTAGE", 3, "2010-12-01 08:45:00", "18.00", "12583", "France"),
    ("536370", "71053", "WHITE METAL LANTERN", 24, "2010-12-01 08:45:00", "3.75", "12583", "France"),
    ("536544", "21773", "DECORATIVE ROSE BATHROOM BOTTLE", 1, "2010-12-01 14:32:00", "2.51", "", UK),
    ("536545", "21134", "", 1, "2010-12-01 14:32:00", "0.0", "", UK),
    ("C536379", "71053", "WHITE METAL LANTERN", -2, "2010-12-03 09:41:00", "3.39", "17850", UK),
    ("C536380", "85123A", "WHITE HANGING HEART T-LIGHT HOLDER", -9, "2010-12-03 09:42:00", "2.55", "17850", UK),
    ("A563185", "B", "Adjust bad debt", 1, "2010-12-04 14:50:00", "-110.62", "", UK),
    ("536589", "21777", "", -10, "2010-12-05 16:50:00", "0.0", "", UK),
)
# In pence: (6 x 2.55 + 6 x 3.39) + 24 x 3.75 + 1 x 2.51
ORDERS_MINOR = 1530 + 2034 + 9000 + 251
REFUNDS_MINOR = 678 + 2295
LEFT_OUT_MINOR = 5400 - 11062


@pytest.fixture
def sales_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes rows to a CSV file; `sales_file(rows, name)`."""

    def write(rows: Sequence[Sequence[object]] = SALES, name: str = "sales.csv") -> Path:
        path = tmp_path / name
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(HEADING)
            writer.writerows(rows)
        return path

    return write
