"""Broken files of sales: the command says what is wrong, ends with code 1 and writes nothing; a bad row is named."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from shop.checkout.order import Order
from shop.database import db

HEADING = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
GOOD = "536365,71053,WHITE METAL LANTERN,6,2010-12-01 08:26:00,3.39,17850,United Kingdom\n"
SECOND = "536366,71054,RED METAL LANTERN,1,2010-12-02 08:26:00,4.00,17851,United Kingdom\n"


def orders(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Order)) or 0


def read(app: Flask, path: Path) -> Result:
    return app.test_cli_runner().invoke(args=["shop", "import-orders", str(path)])


def broken_gzip() -> bytes:
    """Its head is right and its inside is noise."""
    whole = bytearray(gzip.compress((HEADING + GOOD * 500).encode()))
    whole[20:60] = b"\xff" * 40
    return bytes(whole)


def broken_workbook() -> bytes:
    """A zip archive with the right names and no XML in them."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as book:
        for name in ("[Content_Types].xml", "xl/workbook.xml", "_rels/.rels", "xl/_rels/workbook.xml.rels"):
            book.writestr(name, "<no")
    return target.getvalue()


def test_a_file_that_cannot_be_read_is_refused_in_words_and_writes_nothing(app: Flask, tmp_path: Path) -> None:
    gzipped = gzip.compress((HEADING + GOOD).encode())
    for name, content in (
        ("empty.csv", b""), ("heading.csv", HEADING.encode()), ("binary.csv", bytes(range(256)) * 40),
        ("other.csv", b"a,b\n1,2\n"), ("sales.txt", GOOD.encode()),
        ("cut.csv.gz", gzipped[:-12]), ("noise.csv.gz", broken_gzip()), ("no.csv.gz", b"x"),
        ("no.xlsx", b"no workbook"), ("broken.xlsx", broken_workbook()), ("cut.parquet", b"PAR1"),
        ("noise.parquet", b"PAR1" + b"\xff" * 400 + b"PAR1"),
    ):  # fmt: skip
        (tmp_path / name).write_bytes(content)
        result = read(app, tmp_path / name)
        assert result.exit_code == 1, (name, result.output, result.exception)
        assert isinstance(result.exception, SystemExit), (name, result.exception)
        assert f"Error: {name}" in result.output.replace(f"{tmp_path}/", ""), (name, result.output)
        assert "Traceback" not in result.output
    missing = read(app, tmp_path / "missing.csv")
    assert missing.exit_code in {1, 2}
    assert isinstance(missing.exception, SystemExit)
    assert orders(app) == 0


def test_bad_rows_are_named_and_stop_nothing(app: Flask, tmp_path: Path) -> None:
    good = ["536370", "71055", "BLUE LANTERN", "1", "2010-12-01 08:26:00", "3.39", "17850", "United Kingdom"]
    wrong = [
        (3, ""), (3, "1.5"), (3, "9" * 30), (3, "-"), (4, ""), (4, "31/31/2010 08:26"), (4, "0001-01-01 00:00:00"),
        (4, "9999-12-31 23:59:59"), (5, ""), (5, "free"), (5, "NaN"), (5, "1e400"), (5, "-1e9"), (5, "3.\x0039"),
        (0, ""), (0, "x" * 80), (1, ""), (1, "S" * 60), (6, "a b c"),
    ]  # fmt: skip
    rows = [[*good[:place], value, *good[place + 1 :]] for place, value in wrong]
    path = tmp_path / "sales.csv"
    path.write_text(HEADING + GOOD + "".join(",".join(row) + "\n" for row in rows) + '"never,closed\n' + SECOND)

    result = read(app, path)

    assert result.exit_code == 0, (result.output, result.exception)
    assert "UnitPrice" in result.output
    assert "the sums agree to the cent" in result.output
    assert orders(app) >= 1
    again = read(app, path)
    assert again.exit_code == 0, (again.output, again.exception)
