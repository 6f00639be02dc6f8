"""Reading a file of sales (UCI Online Retail layout; csv, csv.gz, xlsx, parquet); a bad row never stops the rest."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from .report import BadRow, BrokenFile, ImportReport

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
# As the second edition of the data set calls them.
_ALIASES = {"invoice": "invoiceno", "price": "unitprice"}
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


class Unreadable(ValueError):
    """Why a row can't be read, in words."""


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


def read_sales(path: Path, report: ImportReport, progress: Callable[[str, int, int], None]) -> list[Sale]:
    """All readable rows; what can't be read is named in the report with its line and reason.

    `report.source_minor` sums every row whose quantity and price can be read, with arithmetic of its own.

    Raises:
        BrokenFile: when the file as a whole can't be read, or lacks a column.
    """
    sales: list[Sale] = []
    dates = _Dates()
    for line, values in _rows(path):
        report.rows_read += 1
        if report.rows_read % 20_000 == 0:
            progress("Reading the file", report.rows_read, report.rows_read)
        cents = 0
        try:
            quantity, price = _quantity(values[3]), _price(values[5])
            cents = int((price * quantity * 100).quantize(Decimal(1), ROUND_HALF_UP))
            report.source_minor += _independent_cents(values[5], quantity)
            sales.append(_sale(line, values, quantity, price, cents, dates))
        except Unreadable as reason:
            report.bad_rows.append(BadRow(line, str(reason)))
            report.leave_out(_BAD, rows=1, minor=cents)
    progress("Reading the file", report.rows_read, report.rows_read)
    if not report.rows_read:
        raise BrokenFile(f"{path} holds no rows.")
    return sales


def _independent_cents(price: Any, quantity: int) -> int:
    """The same cents by whole-number arithmetic: the check on the sums must not share the sums' own steps."""
    millionths = round(float(str(price).replace(",", ".")) * _SCALE)
    return _half_up(millionths * quantity * 100, _SCALE)


def _half_up(value: int, by: int) -> int:
    sign = -1 if value < 0 else 1
    return sign * ((2 * abs(value) + by) // (2 * by))


def _sale(line: int, values: Sequence[Any], quantity: int, price: Decimal, cents: int, dates: _Dates) -> Sale:
    invoice, code = _text(values[0]).upper(), _text(values[1]).upper()
    if not re.fullmatch(r"[A-Z]{0,3}[0-9-]{1,25}", invoice):
        raise Unreadable(f"InvoiceNo {values[0]!r} is no invoice number")
    if not code or len(code) > 40:
        raise Unreadable("StockCode is missing" if not code else "StockCode is longer than 40 characters")
    customer = re.sub(r"\.0$", "", _text(values[6]))
    if customer and not re.fullmatch(r"[A-Za-z0-9_-]{1,30}", customer):
        raise Unreadable(f"CustomerID {values[6]!r} is no customer number")
    at = dates.read(values[4])
    return Sale(
        line, invoice, code, _text(values[2])[:200], quantity, at, price, cents, customer, _text(values[7])[:80]
    )


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


class _Dates:
    """Reads dates; a file that writes 13/12/2010 somewhere is taken as day first from there on."""

    _FORMATS = ("%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%y %H:%M", "%m/%d/%Y")
    _DAY_FIRST = tuple(text.replace("%m/%d", "%d/%m") for text in _FORMATS)

    def __init__(self) -> None:
        self._known: dict[str, datetime] = {}
        self._formats: tuple[str, ...] = self._FORMATS

    def read(self, value: Any) -> datetime:
        if isinstance(value, datetime):
            return value.replace(tzinfo=None)
        text = _text(value)
        if text not in self._known:
            self._known[text] = self._parse(text)
        return self._known[text]

    def _parse(self, text: str) -> datetime:
        try:
            return datetime.fromisoformat(text).replace(tzinfo=None)
        except ValueError:
            pass
        others = self._DAY_FIRST if self._formats is self._FORMATS else self._FORMATS
        for formats in (self._formats, others):
            for form in formats:
                try:
                    found = datetime.strptime(text, form)  # noqa: DTZ007 (a wall time; the shop's zone is added later)
                except ValueError:
                    continue
                if formats is others and self._formats is self._FORMATS:
                    self._formats = others
                return found
        raise Unreadable(f"InvoiceDate {_shown(text)} is no date")


def _rows(path: Path) -> Iterator[tuple[int, Sequence[Any]]]:
    """(line from 1 with the heading counted, the eight values) of each row."""
    kind = "".join(path.suffixes[-2:]).lower() if path.suffix.lower() == ".gz" else path.suffix.lower()
    readers = {".csv": _csv_rows, ".csv.gz": _csv_rows, ".xlsx": _xlsx_rows, ".parquet": _parquet_rows}
    reader = next((readers[end] for end in readers if kind.endswith(end)), None)
    if reader is None:
        raise BrokenFile(f"{path.name}: the file must be .csv, .csv.gz, .xlsx or .parquet")
    try:
        yield from _picked(path, reader(path))
    except (OSError, EOFError, UnicodeError, csv.Error, zipfile.BadZipFile, KeyError) as error:
        raise BrokenFile(f"{path.name} can't be read: {error}") from None


def _picked(path: Path, rows: Iterable[tuple[int, Sequence[Any]]]) -> Iterator[tuple[int, Sequence[Any]]]:
    stream = iter(rows)
    _line, heading = next(stream, (1, ()))
    names = [re.sub(r"[^a-z]", "", str(name).lower()) for name in heading]
    names = [_ALIASES.get(name, name) for name in names]
    missing = [column for column in COLUMNS if column.lower() not in names]
    if missing:
        raise BrokenFile(f"{path.name} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}")
    places = [names.index(column.lower()) for column in COLUMNS]
    for line, values in stream:
        if any(value not in (None, "") for value in values):
            yield line, [values[place] if place < len(values) else "" for place in places]


def _csv_rows(path: Path) -> Iterator[tuple[int, Sequence[Any]]]:
    raw = gzip.decompress(path.read_bytes()) if path.suffix.lower() == ".gz" else path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    first = text[: text.find("\n")] if "\n" in text else text
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    before = 1
    for values in reader:
        yield before, values
        before = reader.line_num + 1


def _xlsx_rows(path: Path) -> Iterator[tuple[int, Sequence[Any]]]:
    import openpyxl  # only where such a file is read

    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        yield from enumerate(book.worksheets[0].iter_rows(values_only=True), start=1)
    finally:
        book.close()


def _parquet_rows(path: Path) -> Iterator[tuple[int, Sequence[Any]]]:
    import pyarrow  # heavy, and only where such a file is read
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(path)
    except pyarrow.ArrowException as error:
        raise BrokenFile(f"{path.name} is no readable Parquet file: {error}") from None
    yield 1, table.column_names
    line = 2
    for batch in table.to_batches(max_chunksize=20_000):
        for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield line, values
            line += 1


def last_day(sales: Sequence[Sale]) -> date:
    """The day of the last sale."""
    return max(sale.at for sale in sales).date()
