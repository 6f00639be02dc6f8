"""Reading a file of sales (UCI Online Retail layout; csv, csv.gz, xlsx, parquet); a bad row never stops the rest."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from .report import BadRow, BrokenFile, ImportReport
from .sales_dates import Dates
from .sales_rows import Unreadable, Values, rows_of

MOST_PIECES, MOST_PRICE = 1_000_000, Decimal(1_000_000)
_BAD = "bad rows (listed below)"
_SCALE = 1_000_000


class Sale(NamedTuple):
    """A row that could be read. `cents` = quantity x price, half-up; `at` is a wall time of the shop's zone."""

    line: int
    invoice: str
    code: str
    description: str
    quantity: int
    at: datetime
    price: Decimal
    cents: int
    customer: str
    country: str


class _Undated(NamedTuple):
    """A `Sale` whose date waits until all dates of the file were seen; field for field the same but for `when`."""

    line: int
    invoice: str
    code: str
    description: str
    quantity: int
    when: Any
    price: Decimal
    cents: int
    customer: str
    country: str


def fingerprint_of(path: Path) -> str:
    """SHA-256 of the file, so that the same file is known again.

    Raises:
        BrokenFile: when it can't be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BrokenFile(f"{path} can't be read: {error.strerror}") from None


def read_sales(
    path: Path, report: ImportReport, progress: Callable[[str, int, int], None], *, zone: ZoneInfo, today: date
) -> list[Sale]:
    """All readable rows; what can't be read is named in the report with its line and reason.

    `report.source_minor` sums every row whose quantity and price can be read, with arithmetic of its own. The order of
    day and month is decided when all dates were seen; `today` is the present day in `zone`, the shop's.

    Raises:
        BrokenFile: when the file as a whole can't be read, lacks a column, or writes dates in two ways.
    """
    undated: list[_Undated] = []
    dates = Dates(zone=zone, today=today)
    for line, values in rows_of(path):
        report.rows_read += 1
        if report.rows_read % 20_000 == 0:
            progress("Reading the file", report.rows_read, report.rows_read)
        row = _read(line, values, report)
        if row is not None:
            undated.append(row)
            dates.note(line, row.when)
    progress("Reading the file", report.rows_read, report.rows_read)
    if not report.rows_read:
        raise BrokenFile(f"{path} holds no rows.")
    dates.settle(report)
    sales = _dated(undated, dates, report)
    report.bad_rows.sort(key=lambda row: row.line)
    return sales


def _read(line: int, values: Values, report: ImportReport) -> _Undated | None:
    cents = 0
    try:
        if isinstance(values, Unreadable):
            raise values
        quantity, price = _quantity(values[3]), _price(values[5])
        cents = int((price * quantity * 100).quantize(Decimal(1), ROUND_HALF_UP))
        report.source_minor += _independent_cents(values[5], quantity)
        return _undated(line, values, quantity, price, cents)
    except Unreadable as reason:
        _name(line, reason, cents, report)
        return None


def _dated(undated: list[_Undated], dates: Dates, report: ImportReport) -> list[Sale]:
    sales: list[Sale] = []
    for row in undated:
        try:
            sales.append(Sale(*row[:5], dates.wall_time(row.when), *row[6:]))
        except Unreadable as reason:
            _name(row.line, reason, row.cents, report)
    return sales


def _name(line: int, reason: Unreadable, cents: int, report: ImportReport) -> None:
    report.bad_rows.append(BadRow(line, str(reason)))
    report.leave_out(_BAD, rows=1, minor=cents)


def _independent_cents(price: Any, quantity: int) -> int:
    """The same cents by whole-number arithmetic: the check on the sums must not share the sums' own steps."""
    millionths = round(float(_text(price).replace(",", ".")) * _SCALE)
    return _half_up(millionths * quantity * 100, _SCALE)


def _half_up(value: int, by: int) -> int:
    sign = -1 if value < 0 else 1
    return sign * ((2 * abs(value) + by) // (2 * by))


def _undated(line: int, values: Sequence[Any], quantity: int, price: Decimal, cents: int) -> _Undated:
    invoice, code = _text(values[0]).upper(), _text(values[1]).upper()
    if not re.fullmatch(r"[A-Z]{0,3}[0-9-]{1,25}", invoice):
        raise Unreadable(f"InvoiceNo {values[0]!r} is no invoice number")
    if not code or len(code) > 40:
        raise Unreadable("StockCode is missing" if not code else "StockCode is longer than 40 characters")
    customer = re.sub(r"\.0$", "", _text(values[6]))
    if customer and not re.fullmatch(r"[A-Za-z0-9_-]{1,30}", customer):
        raise Unreadable(f"CustomerID {values[6]!r} is no customer number")
    description, country = _text(values[2])[:200], _text(values[7])[:80]
    return _Undated(line, invoice, code, description, quantity, values[4], price, cents, customer, country)


def _text(value: Any) -> str:
    if value is None or value != value:  # NaN
        return ""
    return str(value).replace("\x00", "").strip()


def _quantity(value: Any) -> int:
    try:
        number = int(value) if isinstance(value, int) else int(re.sub(r"\.0+$", "", _text(value)))
    except ValueError:
        raise Unreadable(f"Quantity {_shown(value)} is no whole number") from None
    if abs(number) > MOST_PIECES:
        raise Unreadable(f"Quantity {number} is out of range")
    return number


@cache
def _decimal(text: str) -> Decimal:
    return Decimal(text)


def _price(value: Any) -> Decimal:
    text = _text(value)
    if text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    try:
        price = _decimal(text)
    except InvalidOperation:
        raise Unreadable(f"UnitPrice {_shown(value)} is no number") from None
    if not price.is_finite() or abs(price) > MOST_PRICE:
        raise Unreadable(f"UnitPrice {_shown(value)} is out of range")
    return price


def _shown(value: Any) -> str:
    return repr(_text(value)[:40])


def last_day(sales: Sequence[Sale]) -> date:
    """The day of the last sale."""
    return max(sale.at for sale in sales).date()
