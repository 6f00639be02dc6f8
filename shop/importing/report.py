"""ImportReport: what an import read, what became of it, what was left out and why, and that the sums agree."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

SHOWN_BAD_ROWS = 20


class BrokenFile(ValueError):
    """The file can't be read at all; nothing was written."""


class AlreadyFilled(RuntimeError):
    """The shop holds other data; nothing was written."""


@dataclass(frozen=True)
class BadRow:
    """A row that can't be read: its line in the file (from 1, the heading counts) and the reason in words."""

    line: int
    reason: str


@dataclass
class LeftOut:
    """Rows left out for one reason, and their money in minor units."""

    rows: int = 0
    minor: int = 0


@dataclass
class ImportReport:
    """Sums in minor units of `currency`. `source_minor` is computed apart from the rest, straight from the file."""

    source: str
    currency: str
    rows_read: int = 0
    lines: int = 0
    products: int = 0
    products_listed: int = 0
    customers: int = 0
    orders: int = 0
    refunds: int = 0
    refunds_without_order: int = 0
    already_there: int = 0
    source_minor: int = 0
    orders_minor: int = 0
    refunds_minor: int = 0
    new_minor: int = 0
    left_out: dict[str, LeftOut] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    bad_rows: list[BadRow] = field(default_factory=list)

    def leave_out(self, reason: str, *, rows: int, minor: int) -> None:
        """Count rows that are no sale."""
        if rows:
            there = self.left_out.setdefault(reason, LeftOut())
            there.rows += rows
            there.minor += minor

    @property
    def left_out_minor(self) -> int:
        """Money of all rows left out."""
        return sum(one.minor for one in self.left_out.values())

    @property
    def shop_minor(self) -> int:
        """What the shop holds of this source: orders less refunds, as its database says."""
        return self.orders_minor - self.refunds_minor

    @property
    def reconciles(self) -> bool:
        """Whether the source's sum is the shop's sum plus what was left out, to the cent."""
        return self.source_minor == self.shop_minor + self.left_out_minor

    def facts(self) -> dict[str, Any]:
        """JSON-ready; bad rows are capped at 1,000."""
        return asdict(self) | {"bad_rows": [asdict(row) for row in self.bad_rows[:1000]]}

    def text(self) -> str:
        """The report for a terminal."""
        counts = {
            "rows read": self.rows_read, "products": self.products, "  of which for sale": self.products_listed,
            "customers": self.customers, "orders": self.orders, "order lines": self.lines, "refunds": self.refunds,
            "  of which without a known order": self.refunds_without_order,
            "orders and refunds already there": self.already_there,
        }  # fmt: skip
        lines = [f"{name:36}{count:>14,}" for name, count in counts.items()]
        if self.left_out:
            lines.append("left out:")
            for reason, one in sorted(self.left_out.items(), key=lambda item: -item[1].rows):
                lines.append(f"  {reason:48} {one.rows:>9,} rows {self._money(one.minor):>18}")
        lines += [f"note: {note}" for note in self.notes]
        lines += self._bad_rows() + self._sums()
        return "\n".join(lines)

    def _bad_rows(self) -> list[str]:
        if not self.bad_rows:
            return []
        shown = [f"  line {row.line}: {row.reason}" for row in self.bad_rows[:SHOWN_BAD_ROWS]]
        more = len(self.bad_rows) - len(shown)
        return [f"bad rows: {len(self.bad_rows):,}", *shown, *([f"  … and {more:,} more"] if more else [])]

    def _sums(self) -> list[str]:
        verdict = "the sums agree to the cent" if self.reconciles else "THE SUMS DIFFER"
        if self.bad_rows and self.reconciles:
            verdict += " (a bad row whose amount can't be read is in none of them)"
        return [
            f"sum of the source    {self._money(self.source_minor):>20}",
            f"sum in the shop      {self._money(self.shop_minor):>20}"
            f"   (orders {self._money(self.orders_minor)}, refunds {self._money(self.refunds_minor)})",
            f"left out             {self._money(self.left_out_minor):>20}",
            verdict,
        ]

    def _money(self, minor: int) -> str:
        sign = "-" if minor < 0 else ""
        return f"{sign}{abs(minor) // 100:,}.{abs(minor) % 100:02} {self.currency}"
