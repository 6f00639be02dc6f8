"""Files that are damaged or badly written: a bad line costs itself, a bad file is refused in words."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop.checkout.order import Order
from shop.importing.online_retail import load_online_retail
from shop.importing.report import BrokenFile, ImportReport

HEADING = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
GOOD = "{number},71053,WHITE METAL LANTERN,1,2024-01-05 08:26,10.00,17850,United Kingdom"


def load(session: Session, path: Path, content: str | bytes, **options: bool) -> ImportReport:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    report = load_online_retail(session, path, **options)  # type: ignore[arg-type]
    assert report is not None
    return report


def orders(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Order)) or 0


def good(first: int, count: int) -> list[str]:
    return [GOOD.format(number=number) for number in range(first, first + count)]


@pytest.mark.parametrize(
    "broken",
    [
        '536400,71053,"WHITE METAL LANTERN,1,2024-01-05 08:26,10.00,17850,United Kingdom',
        '536400,71053,x"y,1,2024-01-05 08:26,10.00,17850,"United Kingdom',
        '"536400,71053,WHITE METAL LANTERN,1,2024-01-05 08:26,10.00,17850,United Kingdom',
        "536400,71053,WHITE METAL LANTERN, LARGE,1,2024-01-05 08:26,10.00,17850,United Kingdom",
        "536400,71053,1,2024-01-05 08:26,10.00",
    ],
)
def test_a_line_that_is_no_row_swallows_no_order_after_it(session: Session, tmp_path: Path, broken: str) -> None:
    lines = [HEADING, *good(536300, 2), broken, *good(536500, 40), '536600,71053,A "LANTERN",1,2024-01-05,1,1,UK']
    report = load(session, tmp_path / "sales.csv", "\r\n".join(lines))

    assert [row.line for row in report.bad_rows] == [4]
    assert orders(session) == 43
    assert report.rows_read == 44
    assert "bad row whose amount can't be read" in report.text()


def test_a_record_over_two_lines_is_two_bad_rows_and_the_third_is_read(session: Session, tmp_path: Path) -> None:
    two = ['536400,71053,"WHITE', 'LANTERN",1,2024-01-05 08:26,10.00,17850,United Kingdom']
    report = load(session, tmp_path / "sales.csv", "\n".join([HEADING, *two, *good(536500, 1)]))

    assert [(row.line, row.reason) for row in report.bad_rows] == [
        (2, "a quotation mark is opened and not closed in the same line"),
        (3, "6 fields instead of 8"),
    ]
    assert orders(session) == 1


def test_quoted_commas_and_inch_marks_are_read_as_they_were_meant(session: Session, tmp_path: Path) -> None:
    rows = ['536400,71053,"SET, OF 12"" FRAMES",1,2024-01-05,10,1,UK', '536401,71054,12" FRAME,1,2024-01-05,10,1,UK,,']
    report = load(session, tmp_path / "sales.csv", "\n".join([HEADING, *rows, ""]))
    assert (report.orders, report.bad_rows) == (2, [])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1252"])
def test_a_file_in_another_encoding_is_read(session: Session, tmp_path: Path, encoding: str) -> None:
    text = "\r\n".join([HEADING, '536400,71053,"CAFÉ SIGN",1,2024-01-05,10,1,United Kingdom', ""])
    load(session, tmp_path / "sales.csv", text.encode(encoding))
    assert session.scalars(select(Order)).one().lines[0].name.casefold() == "café sign"


@pytest.mark.parametrize("damage", ["flipped", "short", "utf-16 cut off"])
def test_a_damaged_file_is_refused_in_words(session: Session, tmp_path: Path, damage: str) -> None:
    text = "\n".join([HEADING, *good(536300, 500)])
    packed, path = bytearray(gzip.compress(text.encode())), tmp_path / "sales.csv.gz"
    if damage == "flipped":
        packed[20:60] = bytes(40)
    elif damage == "short":
        del packed[-200:]
    else:
        packed, path = bytearray(text.encode("utf-16")[:-1]), tmp_path / "sales.csv"

    with pytest.raises(BrokenFile, match=r"sales\.csv.* can't be read"):
        load(session, path, bytes(packed))
    assert orders(session) == 0
