"""Staff enter a file of serial numbers: shown by row, kept once; what can't be taken is handed back."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select

from ecrm.access.audit import AuditEntry
from ecrm.installation import Installation
from ecrm.service.units import Unit
from tests.faults.shopper import Page
from tests.walks.person import Person, order_number
from tracking.customers import Customer

MANY = "/console/units/many"


@pytest.fixture
def number(app: Flask, shop_data: dict[str, int]) -> str:
    return order_number(Person(app).buy(shop_data["espresso"], email="kim@example.com"))


def words(page: Page) -> str:
    return page.soup.get_text(" ", strip=True)


def test_a_file_is_shown_kept_once_and_the_rows_that_cannot_be_taken_are_handed_back(
    crm: Installation, olga: Person, number: str, shop_data: dict[str, int]
) -> None:
    product, tomorrow = shop_data["filter"], (datetime.now(UTC) + timedelta(days=2)).date()
    content = (
        "Serial number;Order;Product;E-mail;Sold on;Warranty months;Warranty until\n"
        f"EM-001;{number.lower()};;;;;\n"
        f"FC 7;;{product};KIM@example.com;20.11.2024;36;\n"
        f"FC 8;;{product};;2024-11-20;;2030-01-31\n"
        f"em001;{number};;;;;\n"
        "EM-002;NOWHERE;;;;;\n"
        f"EM-003;{number};soap;;;;\n"
        f"FC 9;;{product};nobody@example.com;2024-11-20;;\n"
        f"FC 10;;{product};;{tomorrow};;\n"
        f"FC 11;;{product};;11/20/2024;;\n"
        "=1+1;;;;;;\n"
        f"1.234560E+17;{number};;;;;\n"
    ).encode()
    page = olga.upload(MANY, content)
    said = words(page)
    assert "would be kept: 3. On file already: 1. Rows that can't be taken: 7." in said
    for wrong in (
        "No such order is known", "Say which product of the order it is", "Nobody is known by this e-mail address",
        "is yet to come", "Days are written like", "has 3 to 64 letters", "The spreadsheet rounded this number",
    ):  # fmt: skip
        assert wrong in said, wrong
    handed_back = olga.client.get(page.url.partition("localhost")[2] + "/left-out.csv").get_data(as_text=True)
    rows = list(csv.reader(io.StringIO(handed_back.lstrip("\ufeff"))))
    assert [row[0] for row in rows] == [
        "Serial number", "EM-002", "EM-003", "FC 9", "FC 10", "FC 11", "'=1+1", "1.234560E+17",
    ]  # fmt: skip
    assert rows[1][-1] == "No such order is known."
    done = olga.submit(page, page.url.split("/console")[1])
    assert "3 pieces kept, 7 rows left out" in words(done)
    with crm.sessions() as session:
        kim = session.scalars(select(Customer.id).where(Customer.email_folded == "kim@example.com")).one()
        kept = {one.serial_number: one for one in session.scalars(select(Unit))}
        assert {name: one.customer_id for name, one in kept.items()} == {"EM-001": kim, "FC 7": kim, "FC 8": None}
        assert kept["EM-001"].order_reference == number
        assert kept["EM-001"].warranty_until is not None
        assert kept["FC 7"].warranty_until == date(2027, 11, 20)
        assert kept["FC 8"].warranty_until == date(2030, 1, 31)
        assert "units_entered" in set(session.scalars(select(AuditEntry.action)))
    again = words(olga.upload(MANY, content))
    assert "would be kept: 0. On file already: 4." in again


def test_who_looks_through_a_file_whose_addresses_are_customers_is_recorded_with_their_number(
    crm: Installation, olga: Person, number: str, shop_data: dict[str, int]
) -> None:
    rows = "".join(
        f"FC {n},{shop_data['filter']},{who}@example.com,2025-01-31\n"
        for n, who in enumerate(("kim", "KIM", "nobody"), start=10)
    )
    page = olga.upload(MANY, f"Serial number,Product,E-mail,Sold on\n{rows}".encode())
    assert "Nobody is known by this e-mail address" in words(page)
    olga.client.get(page.url.partition("localhost")[2] + "/left-out.csv")
    olga.upload(MANY, f"Serial number,Order\nEM-001,{number}\n".encode())
    with crm.sessions() as session:
        looks = session.scalars(select(AuditEntry).where(AuditEntry.action == "units_checked")).all()
    (look,) = looks
    assert (look.subject.partition(":")[0], look.reason.partition("; ")[0]) == ("import", "Addresses: 2")
    assert look.reason.partition("; ")[2]


def test_a_spreadsheet_with_dates_is_read_and_a_piece_of_somebody_else_is_not_taken_over(
    olga: Person, number: str, shop_data: dict[str, int]
) -> None:
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["Seriennummer", "Artikelnummer", "Kaufdatum"])
    book.active.append(["FC 7", shop_data["filter"], date(2025, 1, 31)])
    book.save(out)
    page = olga.upload(MANY, out.getvalue(), name="pieces.xlsx")
    assert "warranty until 2027-01-31" in words(page)
    assert "1 pieces kept" in words(olga.submit(page, page.url.split("/console")[1]))
    other = f"Serial number,Product,E-mail,Sold on\nfc-7,{shop_data['filter']},kim@example.com,2025-01-31\n"
    assert "on file with another order or customer" in words(olga.upload(MANY, other.encode()))


@pytest.mark.parametrize(
    ("sold", "months", "why"),
    [
        ("2024-11-20", "00000099999", "Months of warranty are a whole number"),
        ("2024-11-20", "1201", "Months of warranty are a whole number"),
        ("2024-11-20", "9" * 5000, "Months of warranty are a whole number"),
        ("0001-01-01", "1200", "warranty until 0101-01-01"),
    ],
)
def test_months_that_no_warranty_has_are_refused_in_words(
    olga: Person, shop_data: dict[str, int], sold: str, months: str, why: str
) -> None:
    head = "Serial number;Product;Sold on;Warranty months"
    page = olga.upload(MANY, f"{head}\nFC 7;{shop_data['filter']};{sold};{months}\n".encode())
    assert page.status == 200
    assert why in words(page)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04" + bytes(300), b"\x00\x01", b"a,b\n1,2\n", b"Serial number\n"])
def test_what_is_no_such_file_is_refused_in_words(olga: Person, content: bytes) -> None:
    page = olga.upload(MANY, content)
    assert page.status == 400
    assert page.soup.select_one("[role=alert]") is not None
