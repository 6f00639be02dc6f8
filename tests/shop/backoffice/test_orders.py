"""Staff at an order: parcels, refunds, cancelling, and who may do what."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop import signals
from shop.accounts.account import Role
from shop.catalog.product import Product
from shop.checkout.order import Order, OrderStatus, Refund
from shop.fulfilment.parcel import Parcel
from tests.shop.visitor import Visitor

Look = Callable[[], Session]
Staff = Callable[[Role], Visitor]


def the_order(tables: Look) -> Order:
    return tables().scalars(select(Order)).one()


def test_an_order_is_found_by_number_and_by_email(visitor: Visitor, shop_data: dict[str, int], staff: Staff) -> None:
    number = visitor.order(shop_data["filter"])
    owner = staff(Role.OWNER)
    for words in (number, number[:6].lower(), "kim@example.com", "KIM@EX"):
        assert number in owner.see(f"/staff/orders?q={words}").words
    for words in ("nobody@example.com", "%25", "_", "x" * 400):
        assert number not in owner.see(f"/staff/orders?q={words}").words
    assert number in owner.see("/staff/orders?status=placed&page=99999").words
    assert number not in owner.see("/staff/orders?status=shipped").words
    assert owner.see("/staff/orders?page=-1&status='&q=%00").status == 200


def test_a_parcel_is_sent_and_delivered_and_announced_once(
    app: Flask, visitor: Visitor, shop_data: dict[str, int], staff: Staff, tables: Look
) -> None:
    number = visitor.order(shop_data["filter"])
    packer, heard = staff(Role.PACKER), []

    def shipped(_app: Flask, *, parcel: Parcel) -> None:
        heard.append(("shipped", parcel.tracking_number))

    def delivered(_app: Flask, *, parcel: Parcel) -> None:
        heard.append(("delivered", parcel.tracking_number))

    with signals.parcel_shipped.connected_to(shipped, app), signals.parcel_delivered.connected_to(delivered, app):
        page = packer.see(f"/staff/orders/{number}")
        for _ in range(2):
            sent = packer.submit(page, "/ship", carrier="dhl", tracking_number=" jd01 4600 1 ")
            assert "On its way: DHL JD0146001" in sent.words
        assert the_order(tables).status == OrderStatus.SHIPPED
        for _ in range(2):
            packer.submit(sent, "/delivered")
        assert the_order(tables).status == OrderStatus.DELIVERED
    assert heard == [("shipped", "JD0146001"), ("delivered", "JD0146001")]
    again = packer.submit(page, "/ship", carrier="dhl", tracking_number="JD0146001")
    assert (again.status, the_order(tables).status) == (200, OrderStatus.DELIVERED), "the same parcel, told late"


def test_an_order_in_two_parcels_is_delivered_with_the_second(
    visitor: Visitor, shop_data: dict[str, int], staff: Staff, tables: Look
) -> None:
    number = visitor.order(shop_data["filter"], 2)
    packer = staff(Role.PACKER)
    for tracking in ("AAAA1", "AAAA2"):
        packer.send(f"/staff/orders/{number}/ship", carrier="ups", tracking_number=tracking)
    first, second = tables().scalars(select(Parcel).order_by(Parcel.id)).all()
    packer.send(f"/staff/orders/{number}/parcels/{first.id}/delivered")
    assert the_order(tables).status == OrderStatus.SHIPPED
    packer.send(f"/staff/orders/{number}/parcels/{second.id}/delivered")
    assert the_order(tables).status == OrderStatus.DELIVERED


def test_a_parcel_sent_after_the_first_arrived_is_on_its_way(
    visitor: Visitor, shop_data: dict[str, int], staff: Staff, tables: Look
) -> None:
    number = visitor.order(shop_data["filter"], 2)
    packer = staff(Role.PACKER)
    for tracking in ("AAAA1", "AAAA2"):
        page = packer.submit(packer.see(f"/staff/orders/{number}"), "/ship", carrier="ups", tracking_number=tracking)
        assert f"On its way: UPS {tracking}" in page.words
        assert the_order(tables).status == OrderStatus.SHIPPED
        packer.submit(page, "/delivered")
        assert the_order(tables).status == OrderStatus.DELIVERED


@pytest.mark.parametrize(("carrier", "tracking"), [
    ("pigeon", "JD0146001"), ("dhl", ""), ("dhl", "x"), ("dhl", "A" * 65), ("dhl", "JD01<script>"), ("dhl", "JD01\x00"),
])  # fmt: skip
def test_a_parcel_needs_a_carrier_and_a_readable_number(
    visitor: Visitor, shop_data: dict[str, int], staff: Staff, tables: Look, carrier: str, tracking: str
) -> None:
    number = visitor.order(shop_data["filter"])
    page = staff(Role.PACKER).send(f"/staff/orders/{number}/ship", carrier=carrier, tracking_number=tracking)
    assert page.status == 422
    assert the_order(tables).status == OrderStatus.PLACED


def test_a_tracking_number_belongs_to_one_order(
    visitor: Visitor, shop_data: dict[str, int], staff: Staff, tables: Look
) -> None:
    one, other = visitor.order(shop_data["filter"]), visitor.order(shop_data["candle"])
    packer = staff(Role.PACKER)
    packer.send(f"/staff/orders/{one}/ship", carrier="dhl", tracking_number="JD0146001")
    page = packer.send(f"/staff/orders/{other}/ship", carrier="dhl", tracking_number="JD0146001")
    assert (page.status, "parcel of another order" in page.words) == (409, True)
    assert len(tables().scalars(select(Parcel)).all()) == 1
    assert tables().scalars(select(Order).where(Order.number == other)).one().status == OrderStatus.PLACED


def test_lines_are_given_back_piece_by_piece_to_the_cent_and_never_more_than_paid(
    visitor: Visitor, shop_data: dict[str, int], staff: Staff, tables: Look
) -> None:
    number = visitor.order(shop_data["filter"], 3)
    support, coffee = staff(Role.SUPPORT), f"pieces-{shop_data['filter']}"
    refund = f"/staff/orders/{number}/refund"
    assert support.send(refund, **{coffee: "4", "reason": "Too many"}).status == 409
    assert support.send(refund, **{coffee: "1", "reason": ""}).status == 422
    assert support.send(refund, **{coffee: "-1", "reason": "Strange"}).status == 422
    assert support.send(refund, **{"pieces-999": "1", "reason": "Not bought"}).status == 409
    assert support.send(refund, reason="Nothing at all").status == 409
    assert support.send(refund, **{coffee: "1", "reason": "Torn bag", "restock": "1"}).status == 200
    assert support.send(refund, **{coffee: "1", "reason": "Torn bag", "shipping": "1"}).status == 200
    assert support.send(refund, **{coffee: "2", "reason": "Torn bag"}).status == 409
    assert support.send(refund, whole="1", reason="All the rest").status == 200
    assert support.send(refund, whole="1", reason="And again").status == 409
    refunds = tables().scalars(select(Refund).order_by(Refund.id)).all()
    assert [found.amount_minor for found in refunds] == [749, 749 + 495, 749]
    assert sum(found.amount_minor for found in refunds) == the_order(tables).total_minor
    assert [found.number for found in refunds] == [f"{number}-R{n}" for n in (1, 2, 3)]
    assert tables().get_one(Product, shop_data["filter"]).stock == 48
    assert the_order(tables).status == OrderStatus.CANCELLED


@pytest.mark.parametrize("asked", [{"whole": "1"}, {"pieces": "3", "shipping": "1"}, {"pieces": "3"}])
def test_an_order_of_which_nothing_is_left_is_not_packed_any_more(
    visitor: Visitor, shop_data: dict[str, int], staff: Staff, tables: Look, asked: dict[str, str]
) -> None:
    number, pieces = visitor.order(shop_data["filter"], 3), f"pieces-{shop_data['filter']}"
    asked = {pieces if name == "pieces" else name: value for name, value in asked.items()}
    refund = f"/staff/orders/{number}/refund"
    page = staff(Role.SUPPORT).send(refund, **asked, restock="1", reason="Changed their mind")
    assert "The order is cancelled" in page.words
    assert the_order(tables).status == OrderStatus.CANCELLED
    packer = staff(Role.PACKER)
    assert packer.send(f"/staff/orders/{number}/ship", carrier="dhl", tracking_number="JD0146001").status == 409
    assert number not in packer.see("/staff/orders?status=placed").words
    assert tables().get_one(Product, shop_data["filter"]).stock == 50


def test_the_packer_sees_what_is_left_to_send(visitor: Visitor, shop_data: dict[str, int], staff: Staff) -> None:
    number = visitor.order(shop_data["filter"], 3)
    one_back = {f"pieces-{shop_data['filter']}": "1", "reason": "Two are enough"}
    staff(Role.SUPPORT).send(f"/staff/orders/{number}/refund", **one_back)
    packer = staff(Role.PACKER)
    table = packer.see(f"/staff/orders/{number}").soup.select_one("table")
    assert table is not None
    heads, cells = ([cell.text for cell in table.select(tag)] for tag in ("th", "td"))
    assert dict(zip(heads, cells, strict=True))["To send"] == "2"
    sent = packer.send(f"/staff/orders/{number}/ship", carrier="dhl", tracking_number="JD0146001")
    assert "To send" not in sent.words


def test_a_returned_order_stays_delivered(
    visitor: Visitor, shop_data: dict[str, int], staff: Staff, tables: Look
) -> None:
    number = visitor.order(shop_data["filter"], 3)
    owner = staff(Role.OWNER)
    owner.submit(owner.send(f"/staff/orders/{number}/ship", carrier="dhl", tracking_number="JD0146001"), "/delivered")
    assert owner.send(f"/staff/orders/{number}/refund", whole="1", restock="1", reason="Sent back").status == 200
    assert the_order(tables).status == OrderStatus.DELIVERED


def test_staff_cancel_an_order_that_has_not_left(
    visitor: Visitor, shop_data: dict[str, int], staff: Staff, tables: Look
) -> None:
    number = visitor.order(shop_data["filter"], 3)
    support = staff(Role.SUPPORT)
    assert support.send(f"/staff/orders/{number}/cancel").status == 200
    assert support.send(f"/staff/orders/{number}/cancel").status == 409
    assert the_order(tables).status == OrderStatus.CANCELLED
    assert tables().scalars(select(Refund)).one().amount_minor == 3 * 749 + 495
    assert staff(Role.PACKER).send(
        f"/staff/orders/{number}/ship", carrier="dhl", tracking_number="JD0146001"
    ).status == 409  # fmt: skip


@pytest.mark.parametrize(("role", "see", "ship", "give_back", "products"), [
    (Role.OWNER, 200, 200, 200, 200), (Role.SUPPORT, 200, 403, 200, 403), (Role.PACKER, 200, 200, 403, 403),
    (Role.CATALOGUE, 403, 403, 403, 200), (Role.MARKETER, 403, 403, 403, 403), (Role.ANALYST, 403, 403, 403, 403),
])  # fmt: skip
def test_a_role_does_its_own_work_and_no_more(
    visitor: Visitor, shop_data: dict[str, int], staff: Staff, role: Role, see: int, ship: int, give_back: int,
    products: int,
) -> None:  # fmt: skip
    order = f"/staff/orders/{visitor.order(shop_data['filter'], 2)}"
    member = staff(role)
    assert member.see(order).status == see
    assert member.see("/staff/orders").status == see
    assert member.send(f"{order}/ship", carrier="dhl", tracking_number="JD0146001").status == ship
    reason = {f"pieces-{shop_data['filter']}": "1", "reason": "Torn bag"}
    assert member.send(f"{order}/refund", **reason).status == give_back
    assert member.see("/staff/products").status == products
    assert member.see(f"/staff/products/{shop_data['filter']}").status == products


def test_customers_and_strangers_stay_outside(visitor: Visitor, shop_data: dict[str, int]) -> None:
    for path in ("/staff", "/staff/orders", "/staff/products"):
        assert visitor.see(path).path == "/sign-in"
    visitor.sign_in(shop_data["ada"])
    for path in ("/staff", "/staff/orders", "/staff/products"):
        assert visitor.see(path).status == 403


@pytest.mark.parametrize("number", ["2611-AAAA-BBBB", "%00", "x" * 200])
def test_an_unknown_order_is_not_found(staff: Staff, number: str) -> None:
    assert staff(Role.OWNER).see(f"/staff/orders/{number}").status == 404
