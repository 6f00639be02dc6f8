"""Files of rows that staff enter at once, after a dry run: CSV of any form, or a workbook's first sheet."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

from .marketing.imports.export import Heading, Table, Unreadable, read_table
from .wording import gettext as _

MAX_ROWS = 5_000
MAX_UNPACKED = 50_000_000
ROUNDED = re.compile(r"[0-9][.,][0-9]+E\+?[0-9]+", re.IGNORECASE)
"""A number that a spreadsheet rounded."""
T = TypeVar("T")


class Does(StrEnum):
    """What becomes of a row."""

    SEND = "send"
    SAME = "same"
    WRONG = "wrong"


def read_rows(content: bytes, headings: Sequence[Heading]) -> Table:
    """A CSV or XLSX file with headings.

    Raises:
        Unreadable: what it says is for the person who chose the file.
    """
    table = read_table(_as_text(content) if content.startswith(b"PK\x03\x04") else content, headings)
    if len(table.rows) > MAX_ROWS:
        raise Unreadable(_("The file has more than %(most)s rows. Split it.", most=f"{MAX_ROWS:,}"))
    return table


def chunks(values: Sequence[T]) -> list[Sequence[T]]:
    """So many values at a time as a statement takes."""
    return [values[start : start + 500] for start in range(0, len(values), 500)]


def _as_text(content: bytes) -> bytes:
    """The first sheet of a workbook as text with tabs."""
    try:
        import openpyxl
    except ModuleNotFoundError:
        raise Unreadable(_("This server reads no spreadsheets. Save the file as CSV.")) from None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > MAX_UNPACKED:
                raise Unreadable(_("The spreadsheet is too large. Save its one sheet as CSV."))
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        rows = book.worksheets[0].iter_rows(max_row=MAX_ROWS + 50, max_col=40, values_only=True)
        out = io.StringIO()
        writer = csv.writer(out, delimiter="\t")
        for row in rows:
            writer.writerow([_cell(value) for value in row])
    except Unreadable:
        raise
    except Exception as error:  # damaged workbooks fail in as many ways as there are
        raise Unreadable(_("The spreadsheet can't be read. Save it as CSV.")) from error
    return out.getvalue().encode()


def _cell(value: object) -> str:
    """A spreadsheet keeps 15 digits of a number; a longer one was rounded, and is shown as such."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:.6E}" if abs(value) >= 10**15 else f"{value:.0f}" if value == int(value) else str(value)
    return "" if value is None else str(value)
