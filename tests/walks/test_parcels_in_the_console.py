"""Staff follow and send parcels from the console, and the shop does and learns what they say."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import func, select

from ecrm import events
from ecrm.access.audit import AuditEntry
from ecrm.installation import Installation
from ecrm.ledger import write
from ecrm.reactions import reaction_names, run_reactions
from ecrm.signals import parcel_moved
from ecrm.timetable import job_named
from mailer.outbox import Email
from shop.checkout.order import Order, OrderStatus
from shop.crm import hearing
from shop.database import db
from shop.fulfilment.parcel import Parcel
from tests.faults.shopper import Page
from tests.walks.person import Person, order_number
from tracking.delivery.shipment import Shipment, Status

MANY = "/console/deliveries/many"
UPS, DHL = "1Z5R89390357567127", "00340434161094042557"


@pytest.fixture
def number(app: Flask, shop_data: dict[str, int]) -> str:
    """An order of three packets of coffee."""
    return order_number(Person(app).buy(shop_data["espresso"], quantity=3))


def states(app: Flask, number: str) -> tuple[str, list[str]]:
    with app.app_context():
        order = db.session.scalars(select(Order).where(Order.number == number)).one()
        parcels = select(Parcel.tracking_number).where(Parcel.order_id == order.id).order_by(Parcel.id)
        return order.status, list(db.session.scalars(parcels))


def opened(crm: Installation, olga: Person, number: str) -> Page:
    with crm.sessions() as session:
        id_ = session.scalar(select(func.max(Shipment.id)).where(Shipment.order_reference == number))
    return olga.get(f"/console/deliveries/{id_}")


def test_a_file_is_shown_row_by_row_entered_once_and_changes_nothing_the_second_time(
    app: Flask, crm: Installation, olga: Person, number: str, shop_data: dict[str, int]
) -> None:
    product = shop_data["espresso"]
    content = (
        "Order;Tracking number;Carrier;Pieces\n"
        f"{number.lower()};{UPS};;{product}:2\n"
        f"#{number};{DHL};;{product}:2\n"
        f"{number};PIGEON7;;\n"
        f"{number};3.40434E+19;;\n"
        f"NONE-1;{DHL};;\n"
        f"{number};{DHL};DHL;\n"
    ).encode()
    page = olga.upload(MANY, content)
    words = page.soup.get_text(" ", strip=True)
    assert "Parcels that would be sent: 2. Entered already: 0. Rows that can't be taken: 4." in words
    for wrong in (
        f"Of product {product}, 1 are left to send", "The carrier can't be told from this number",
        "The spreadsheet rounded this number", "No such order is known",
    ):  # fmt: skip
        assert wrong in words
    assert states(app, number) == (OrderStatus.PLACED, [])
    assert olga.submit(page, page.url.split("/console")[1]).status == 200
    assert states(app, number) == (OrderStatus.SHIPPED, [UPS, DHL])
    again = olga.upload(MANY, content)
    assert "Parcels that would be sent: 0. Entered already: 3." in again.soup.get_text(" ", strip=True)
    with crm.sessions() as session:
        shipped = session.execute(select(Shipment.tracking_number, Shipment.status).order_by(Shipment.id)).all()
        assert sorted(map(tuple, shipped)) == [(DHL, Status.IN_TRANSIT), (UPS, Status.IN_TRANSIT)]
        assert session.scalar(select(func.count()).where(Email.template == "order_shipped")) == 2


def test_a_spreadsheet_is_read_and_a_damaged_one_is_refused_in_words(app: Flask, olga: Person, number: str) -> None:
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["Order", "Tracking number"])
    book.active.append([number, UPS])
    book.active.append([number, 340434161094042557])
    book.save(out)
    words = olga.upload(MANY, out.getvalue(), name="numbers.xlsx").soup.get_text(" ", strip=True)
    assert "Parcels that would be sent: 1." in words
    assert "The spreadsheet rounded this number" in words
    broken = olga.upload(MANY, b"PK\x03\x04" + bytes(300), name="numbers.xlsx")
    assert (broken.status, "Save it as CSV" in broken.soup.get_text()) == (400, True)
    assert olga.upload(MANY, b"\x00\x01\x02", name="x.csv").status == 400
    assert olga.upload(MANY, b"Order,Tracking number\n", name="x.csv").status == 400
    assert olga.upload(MANY, b"a,b\n1,2\n", name="x.csv").status == 400


def test_a_message_by_hand_moves_the_parcel_and_mails_and_is_audited(
    app: Flask, crm: Installation, olga: Person, number: str
) -> None:
    assert "It hasn't left" in opened(crm, olga, number).soup.get_text()
    olga.submit(olga.get(f"/staff/orders/{number}"), "/ship", carrier="", tracking_number=DHL)
    page = opened(crm, olga, number)
    assert "3 × Espresso Beans" in page.soup.get_text()
    done = olga.submit(page, "/scans", status="available_for_pickup", place="Shop <b>7</b>", at="")
    assert "To be picked up" in done.soup.get_text()
    assert "Shop <b>7</b>" in done.soup.get_text()
    late = datetime.now(UTC) + timedelta(days=2)
    for wrong in ({"status": "eaten"}, {"at": "yesterday"}, {"at": late.isoformat()[:16]}, {"place": "x" * 101}):
        refused = olga.submit(opened(crm, olga, number), "/scans", **({"note": "kept"} | wrong))
        assert refused.status == 422
        assert refused.soup.select_one("[name=note]")["value"] == "kept"
    with crm.sessions() as session:
        assert session.scalars(select(Email.template).order_by(Email.id)).all()[-1] == "order_pickup"
        deeds = set(session.scalars(select(AuditEntry.action)))
    assert {"delivery_opened", "parcel_scanned"} <= deeds


def test_a_parcel_marked_as_delivered_is_so_in_the_shop(
    app: Flask, crm: Installation, olga: Person, number: str
) -> None:
    olga.submit(olga.get(f"/staff/orders/{number}"), "/ship", carrier="", tracking_number=DHL)
    olga.submit(opened(crm, olga, number), "/delivered")
    assert states(app, number)[0] == OrderStatus.DELIVERED
    with crm.sessions() as session:
        assert session.scalars(select(Shipment.status)).all() == [Status.DELIVERED]


def test_what_a_carrier_reports_as_delivered_is_delivered_in_the_shop(
    app: Flask, crm: Installation, olga: Person, number: str
) -> None:
    olga.submit(olga.get(f"/staff/orders/{number}"), "/ship", carrier="", tracking_number=DHL)
    with crm.sessions() as session:
        reference = session.scalars(select(Shipment.reference)).one()
    told = events.ParcelScanned(
        at=datetime.now(UTC), shipment_id=reference, order_id=number, scan_id="c1", status="delivered"
    )
    with crm.sessions.begin() as session:
        event_id = write(session, told, reactions=reaction_names(told))
    assert event_id is not None
    run_reactions(crm, [event_id])
    assert states(app, number)[0] == OrderStatus.DELIVERED
    with crm.sessions() as session:
        assert session.scalar(select(func.count()).where(Email.template == "order_delivered")) == 1


def test_a_delivery_that_the_shop_missed_reaches_it_within_the_hour(
    app: Flask, crm: Installation, olga: Person, number: str
) -> None:
    olga.submit(olga.get(f"/staff/orders/{number}"), "/ship", carrier="", tracking_number=DHL)
    parcel_moved.disconnect(hearing.parcel_moved, app)
    with crm.sessions.begin() as session:
        reference = session.scalars(select(Shipment.reference)).one()
        told = events.ParcelScanned(
            at=datetime.now(UTC), shipment_id=reference, order_id=number, scan_id="c1", status="delivered"
        )
        event_id = write(session, told, reactions=reaction_names(told))
    assert event_id is not None
    run_reactions(crm, [event_id])
    assert states(app, number)[0] == OrderStatus.SHIPPED
    parcel_moved.connect(hearing.parcel_moved, app)
    assert job_named("repeat-deliveries").run(crm) == "1 deliveries announced again"
    assert states(app, number)[0] == OrderStatus.DELIVERED


def test_the_list_is_filtered_by_carrier_method_and_delay(
    app: Flask, crm: Installation, olga: Person, number: str
) -> None:
    olga.submit(olga.get(f"/staff/orders/{number}"), "/ship", carrier="", tracking_number=DHL)
    for path, there in (
        ("?carrier=DHL", True), ("?carrier=UPS", False), ("?service=standard", True), ("?service=x", False),
        ("?delayed=1", False), (f"?order={DHL}", True), ("?status=in_transit&carrier=DHL", True),
    ):  # fmt: skip
        assert (number in olga.get(f"/console/deliveries{path}").soup.get_text()) is there
