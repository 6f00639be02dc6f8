"""DESIGN's second walk: checkout → order and event in one commit → reactions → e-mail sent → shipped → delivered."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import func, select

from ecrm.installation import Installation
from mailer.outbox import Email
from shop import signals
from shop.catalog.product import Product
from shop.checkout.order import Order
from shop.database import db
from shop.fulfilment.parcel import Parcel
from tests.walks.mailbox import mails
from tests.walks.person import Person, order_number
from tracking.clickstream.event import Event
from tracking.delivery.shipment import Shipment
from tracking.orders import SeenOrder


def test_an_order_becomes_event_memory_shipment_and_an_e_mail_that_is_sent_once(
    app: Flask, crm: Installation, shop_data: dict[str, int]
) -> None:
    done = Person(app).buy(shop_data["espresso"], quantity=2)
    assert done.status == 200
    number = order_number(done)
    with crm.sessions() as session:
        assert session.scalars(select(Event.order_reference).where(Event.name == "Order Completed")).all() == [number]
        assert session.scalars(select(SeenOrder.reference)).all() == [number]
        shipment = session.scalars(select(Shipment)).one()
        assert (shipment.order_reference, shipment.status) == (number, "pre_transit")
        assert session.scalars(select(Email.order_reference)).all() == [number]
    for _ in range(2):
        (mail,) = mails(crm)
        assert number in str(mail["Subject"])


def test_staff_ship_it_and_the_customer_sees_it_and_gets_e_mails(
    app: Flask, crm: Installation, olga: Person, shop_data: dict[str, int]
) -> None:
    kim = Person(app)
    order = kim.buy(shop_data["espresso"])
    number = order_number(order)
    desk = olga.get(f"/staff/orders/{number}")
    shipped = olga.submit(desk, "/ship", carrier="dhl", tracking_number="00340434161094042557")
    assert shipped.status == 200
    assert "00340434161094042557" in kim.get(order.url.replace("/thanks", "")).soup.get_text()
    olga.submit(olga.get(f"/staff/orders/{number}"), "/delivered")
    assert len(mails(crm)) == 3
    with crm.sessions() as session:
        names = session.scalars(select(Event.name).where(Event.order_reference == number).order_by(Event.id)).all()
        assert names == ["Order Completed", "Order Shipped", "Order Delivered"]
        assert session.scalars(select(Shipment.status)).all() == ["delivered"]
    with app.app_context():
        assert db.session.scalars(select(Parcel)).one().delivered_at is not None


def test_the_e_mails_go_where_the_pages_say(
    app: Flask, crm: Installation, olga: Person, shop_data: dict[str, int]
) -> None:
    ada = Person(app)
    ada.sign_in_as(shop_data["ada"])
    thanks = ada.buy(shop_data["espresso"], email="office@work.example")
    assert "The confirmation goes to office@work.example" in thanks.soup.get_text()
    own = order_number(ada.buy(shop_data["espresso"], email="ADA@example.com"))
    number = order_number(thanks)
    olga.submit(olga.get(f"/staff/orders/{number}"), "/ship", carrier="dhl", tracking_number="00340434161094042557")
    olga.submit(olga.get(f"/staff/orders/{number}"), "/delivered")
    with crm.sessions() as session:
        to = session.execute(select(Email.order_reference, Email.to_address).order_by(Email.id)).all()
        orders = session.scalars(select(SeenOrder)).all()
        assert len({order.customer_id for order in orders}) == 1
    assert [tuple(row) for row in to] == [
        (number, "office@work.example"), (own, "Ada@example.com"),
        (number, "office@work.example"), (number, "office@work.example"),
    ]  # fmt: skip


def test_a_refund_is_told_with_what_came_back(
    app: Flask, crm: Installation, olga: Person, shop_data: dict[str, int]
) -> None:
    number = order_number(Person(app).buy(shop_data["espresso"], quantity=2))
    with app.app_context():
        db.session.get_one(Product, shop_data["espresso"]).name = "Renamed since"
        db.session.commit()
    desk = olga.get(f"/staff/orders/{number}")
    pieces = f"pieces-{shop_data['espresso']}"
    assert olga.submit(desk, "/refund", **{pieces: "1", "reason": "Torn bag"}).status == 200
    with crm.sessions() as session:
        event = session.scalars(select(Event).where(Event.name == "Order Refunded")).one()
    assert event.order_reference == number
    line = {"product_id": str(shop_data["espresso"]), "name": "Espresso Beans", "quantity": 1, "net_minor": 1890}
    line["cost_minor"] = None
    assert event.properties["lines"] == [line]


def orders_without_event(app: Flask) -> int:
    """The invariant of the seam, asked of the database: orders that the ledger doesn't know."""
    known = select(Event.order_reference).where(Event.name == "Order Completed")
    with app.app_context():
        return (
            db.session.scalar(
                select(func.count()).select_from(Order).where(Order.number.not_in(known.scalar_subquery()))
            )
            or 0
        )


def test_no_order_is_committed_without_its_event(app: Flask, shop_data: dict[str, int]) -> None:
    Person(app).buy(shop_data["espresso"])
    assert orders_without_event(app) == 0


def test_the_check_above_goes_red_when_nobody_tells(app: Flask, shop_data: dict[str, int]) -> None:
    for receiver in list(signals.order_placed.receivers_for(app)):
        signals.order_placed.disconnect(receiver, app)
    Person(app).buy(shop_data["espresso"])
    assert orders_without_event(app) == 1


def test_when_telling_fails_the_order_is_not_placed_either(app: Flask, shop_data: dict[str, int]) -> None:
    def fails(_app: Flask, *, order: Order) -> None:
        raise RuntimeError("the ledger can't be written")

    with signals.order_placed.connected_to(fails, app):
        app.config["PROPAGATE_EXCEPTIONS"] = False
        answer = Person(app).buy(shop_data["espresso"])
    assert answer.status == 500
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Order)) == 0
        assert db.session.scalar(select(func.count()).select_from(Event).where(Event.name == "Order Completed")) == 0


def test_a_serial_number_that_was_scanned_at_packing_stands_with_its_warranty_on_the_buyers_own_page(
    app: Flask, crm: Installation, olga: Person, shop_data: dict[str, int]
) -> None:
    ada = Person(app)
    ada.sign_in_as(shop_data["ada"])
    with app.app_context():
        db.session.get_one(Product, shop_data["espresso"]).serial_numbered = True
        db.session.commit()
    number = order_number(ada.buy(shop_data["espresso"]))
    olga.submit(
        olga.get(f"/staff/orders/{number}"), "/ship", carrier="dhl", tracking_number="00340434161094042557",
        **{f"serials-{shop_data['espresso']}": "EM-77/1"},
    )  # fmt: skip
    own = ada.get("/ecrm/me").soup.get_text(" ", strip=True)
    assert "EM-77/1" in own
    assert "warranty until" in own
    desk = olga.get("/console/customers")
    found = olga.submit(desk, "/customers", asked="em 77 1").soup.get_text(" ", strip=True)
    assert "EM-77/1" in found
    assert "warranty until" in found
