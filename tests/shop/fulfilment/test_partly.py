"""An order in several parcels: what is left to send, what never will be, and when it is delivered."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.accounts.account import Role
from shop.catalog.product import Product
from shop.checkout.order import Order, OrderStatus, Refund
from shop.fulfilment.parcel import Parcel
from shop.hooks import hooks
from tests.shop.visitor import Visitor

Look = Callable[[], Session]
Staff = Callable[[Role], Visitor]


@pytest.fixture
def coffee(shop_data: dict[str, int]) -> int:
    return shop_data["filter"]


@pytest.fixture
def number(visitor: Visitor, coffee: int) -> str:
    """An order of three packets of coffee."""
    return visitor.order(coffee, 3)


def state(tables: Look) -> str:
    return tables().scalars(select(Order.status)).one()


def send(packer: Visitor, number: str, label: str, **more: str) -> int:
    asked = {"carrier": "dhl", "tracking_number": label} | more
    return packer.send(f"/staff/orders/{number}/ship", **asked).status


def arrive(packer: Visitor, number: str, parcel: int) -> int:
    return packer.send(f"/staff/orders/{number}/parcels/{parcel}/delivered").status


def test_what_is_not_in_the_parcel_stays_to_be_sent(staff: Staff, number: str, coffee: int, tables: Look) -> None:
    packer = staff(Role.PACKER)
    assert send(packer, number, "JD0146001", **{f"send-{coffee}": "2"}) == 200
    page = packer.see(f"/staff/orders/{number}")
    assert "1 piece is still to be sent" in page.words
    first = tables().scalars(select(Parcel)).one()
    assert [(line.product_id, line.quantity) for line in first.lines] == [(coffee, 2)]
    arrive(packer, number, first.id)
    assert state(tables) == OrderStatus.SHIPPED
    assert send(packer, number, "JD0146002") == 200
    second = tables().scalars(select(Parcel).order_by(Parcel.id.desc())).first()
    assert second is not None
    assert [line.quantity for line in second.lines] == [1]
    arrive(packer, number, second.id)
    assert state(tables) == OrderStatus.DELIVERED


@pytest.mark.parametrize("pieces", ["4", "0", "", "x", "-1", "99999999999"])
def test_more_than_is_left_or_nothing_is_refused_and_what_was_typed_stays(
    staff: Staff, number: str, coffee: int, tables: Look, pieces: str
) -> None:
    packer = staff(Role.PACKER)
    page = packer.send(
        f"/staff/orders/{number}/ship", carrier="dhl", tracking_number="JD0146001", **{f"send-{coffee}": pieces}
    )
    assert page.status in {409, 422}
    assert page.soup.select_one("[name=tracking_number]")["value"] == "JD0146001"
    assert page.soup.select_one(f"[name=send-{coffee}]")["value"] == pieces
    assert tables().scalars(select(Parcel)).all() == []
    assert state(tables) == OrderStatus.PLACED


def test_the_rest_is_cancelled_its_money_goes_back_and_what_was_sent_completes_the_order(
    staff: Staff, number: str, coffee: int, tables: Look
) -> None:
    owner = staff(Role.OWNER)
    send(owner, number, "JD0146001", **{f"send-{coffee}": "1"})
    arrive(owner, number, tables().scalars(select(Parcel.id)).one())
    assert "The rest is cancelled" in owner.send(f"/staff/orders/{number}/cancel-rest").words
    assert state(tables) == OrderStatus.DELIVERED
    made = tables().scalars(select(Refund)).one()
    assert (made.amount_minor, [(line.quantity, line.unsent) for line in made.lines]) == (2 * 749, [(2, 2)])
    assert tables().get_one(Product, coffee).stock == 49
    assert owner.send(f"/staff/orders/{number}/cancel-rest").status == 409


def test_a_piece_that_comes_back_is_one_that_was_sent_and_the_rest_still_goes(
    staff: Staff, number: str, coffee: int, tables: Look
) -> None:
    owner = staff(Role.OWNER)
    send(owner, number, "JD0146001", **{f"send-{coffee}": "2"})
    owner.send(f"/staff/orders/{number}/refund", **{f"pieces-{coffee}": "1", "reason": "Torn bag"})
    assert [line.unsent for line in tables().scalars(select(Refund)).one().lines] == [0]
    assert "1 piece is still to be sent" in owner.see(f"/staff/orders/{number}").words


def test_something_on_top_holds_nothing_of_the_order(staff: Staff, number: str, tables: Look) -> None:
    packer = staff(Role.PACKER)
    send(packer, number, "JD0146001")
    assert "Send something on top" in packer.see(f"/staff/orders/{number}").words
    assert send(packer, number, "JD0146002") == 200
    assert [len(parcel.lines) for parcel in tables().scalars(select(Parcel).order_by(Parcel.id))] == [1, 0]


def test_the_carrier_is_told_by_the_number_where_somebody_can(
    app: Flask, staff: Staff, number: str, tables: Look
) -> None:
    known = {"1Z5R89390357567127": ["ups"], "09133131530724": ["hermes", "dpd"]}
    hooks(app).carrier_of.append(lambda text: known.get(text, []))
    packer = staff(Role.PACKER)
    twice = packer.send(f"/staff/orders/{number}/ship", carrier="", tracking_number="0913 3131 5307 24")
    assert twice.status == 422
    assert "may be of Hermes or DPD: choose which" in twice.words
    assert twice.soup.select_one("[name=carrier] [selected]")["value"] == "hermes"
    unknown = packer.send(f"/staff/orders/{number}/ship", carrier="", tracking_number="PIGEON7")
    assert "can't be told from this number: choose it" in unknown.words
    assert send(packer, number, "1Z5R 8939 0357 5671 27", carrier="") == 200
    assert tables().scalars(select(Parcel.carrier)).one() == "ups"
