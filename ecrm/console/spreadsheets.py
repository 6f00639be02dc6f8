"""CSV for spreadsheets: streamed, and never run as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from babel.numbers import get_currency_precision
from flask import Response, stream_with_context

Cell = str | int | Decimal | date | None

# OWASP, "CSV Injection": a text that starts with one of these is run as a formula by the usual spreadsheets.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_response(rows: Iterable[Iterable[Cell]], *, filename: str) -> Response:
    """Rows as a download; the first row holds the headings. UTF-8 with the mark that spreadsheets look for."""
    response = Response(stream_with_context(_lines(rows)), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def safe(cell: Cell) -> str:
    """A cell as text; only texts are guarded, so that a negative number stays a number."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def major(minor: int, currency: str) -> Decimal:
    """Minor units as an exact decimal number, e.g. 1299 → 12.99."""
    return Decimal(minor).scaleb(-get_currency_precision(currency))


def _lines(rows: Iterable[Iterable[Cell]]) -> Iterator[str]:
    yield "\ufeff"
    for row in rows:
        line = io.StringIO()
        csv.writer(line).writerow([safe(cell) for cell in row])
        yield line.getvalue()
