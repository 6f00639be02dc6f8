"""Invoice: the rows of a file that were sold, or taken back, together."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from .sales_file import Sale


@dataclass
class Invoice:
    """Rows of one invoice. `customer` is empty where the source doesn't say who bought."""

    number: str
    customer: str
    country: str
    at: datetime
    sales: list[Sale] = field(default_factory=list)

    @property
    def cents(self) -> int:
        """Sum of its rows; negative for a cancellation."""
        return sum(sale.cents for sale in self.sales)
