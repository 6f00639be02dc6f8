"""The rows of a file of sales, whatever its kind (csv, csv.gz, xlsx, parquet): eight values each, with their line."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from .report import BrokenFile

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
# As the second edition of the data set calls them.
_ALIASES = {"invoice": "invoiceno", "price": "unitprice"}
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Unreadable(ValueError):
    """Why a row can't be read, in words."""


Values: TypeAlias = "Sequence[Any] | Unreadable"
"""What stands in a row, or why that can't be told."""


def rows_of(path: Path) -> Iterator[tuple[int, Values]]:
    """(line from 1 with the heading counted, the values in the order of `COLUMNS`) of each row that isn't empty.

    Raises:
        BrokenFile: when the file as a whole can't be read, or lacks a column.
    """
    kind = "".join(path.suffixes[-2:]).lower() if path.suffix.lower() == ".gz" else path.suffix.lower()
    readers = {".csv": _csv_rows, ".csv.gz": _csv_rows, ".xlsx": _xlsx_rows, ".parquet": _parquet_rows}
    reader = next((readers[end] for end in readers if kind.endswith(end)), None)
    if reader is None:
        raise BrokenFile(f"{path.name}: the file must be .csv, .csv.gz, .xlsx or .parquet")
    try:
        yield from _picked(path, reader(path))
    except BrokenFile:
        raise
    except (
        # A damaged archive, text in no known encoding, or what openpyxl says of a workbook that is none: the errors of
        # both XML parsers that it may use, the standard library's and lxml's, are kinds of SyntaxError.
        OSError, EOFError, zlib.error, zipfile.BadZipFile, csv.Error, SyntaxError, ValueError, KeyError, IndexError,
    ) as error:  # fmt: skip
        raise BrokenFile(f"{path.name} can't be read: {error}") from None


def _picked(path: Path, rows: Iterable[tuple[int, Values]]) -> Iterator[tuple[int, Values]]:
    stream = iter(rows)
    _line, heading = next(stream, (1, ()))
    names = [] if isinstance(heading, Unreadable) else [re.sub(r"[^a-z]", "", str(name).lower()) for name in heading]
    names = [_ALIASES.get(name, name) for name in names]
    missing = [column for column in COLUMNS if column.lower() not in names]
    if missing:
        raise BrokenFile(f"{path.name} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}")
    places = [names.index(column.lower()) for column in COLUMNS]
    for line, values in stream:
        if isinstance(values, Unreadable):
            yield line, values
        elif any(value not in (None, "") for value in values):
            yield line, [values[place] if place < len(values) else "" for place in places]


def _csv_rows(path: Path) -> Iterator[tuple[int, Values]]:
    """One row a line, each read by itself: a quotation mark that is never closed costs its row, not all after it."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix.lower() == ".gz" else path.read_bytes()
    text = _text_of(raw)
    first = text[: text.find("\n")] if "\n" in text else text
    delimiter = max(",;\t", key=first.count)
    width = 0
    # Iterating StringIO knows all three line ends and, unlike splitlines(), no others.
    for line, physical in enumerate(io.StringIO(text, newline=""), start=1):
        values = _fields(physical, delimiter)
        if not width and not isinstance(values, Unreadable):
            width = len(values)
        yield line, _as_wide_as_the_heading(values, width)


def _text_of(raw: bytes) -> str:
    if raw.startswith(_UTF16):
        return raw.decode("utf-16")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _fields(physical: str, delimiter: str) -> list[str] | Unreadable:
    # The second, empty line is only asked for where the first one leaves a quotation open.
    reader = csv.reader((physical, ""), delimiter=delimiter)
    try:
        values = next(reader)
    except csv.Error as error:
        return Unreadable(f"the line can't be read: {error}")
    if reader.line_num > 1:
        return Unreadable("a quotation mark is opened and not closed in the same line")
    return values


def _as_wide_as_the_heading(values: list[str] | Unreadable, width: int) -> Values:
    if isinstance(values, Unreadable):
        return values
    while len(values) > width and not values[-1].strip():
        values.pop()
    if values and len(values) != width and any(values):
        return Unreadable(f"{len(values)} field{'' if len(values) == 1 else 's'} instead of {width}")
    return values


def _xlsx_rows(path: Path) -> Iterator[tuple[int, Values]]:
    import openpyxl  # only where such a file is read

    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        yield from enumerate(book.worksheets[0].iter_rows(values_only=True), start=1)
    finally:
        book.close()


def _parquet_rows(path: Path) -> Iterator[tuple[int, Values]]:
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
