"""Serial numbers of packed pieces: scanned where a product has them, checked, kept with the parcel."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.accounts.account import Role
from shop.catalog.product import Product
from shop.checkout.order import Order
from shop.database import db
from shop.fulfilment.parcel import Parcel, ParcelLine
from shop.fulfilment.serial_numbers import WrongSerials
from shop.fulfilment.shipping import ship
from tests.shop.visitor import Seen, Visitor

Look = Callable[[], Session]
Staff = Callable[[Role], Visitor]
ROUNDS = 10


@pytest.fixture
def coffee(shop_data: dict[str, int], tables: Look) -> int:
    session = tables()
    session.get_one(Product, shop_data["filter"]).serial_numbered = True
    session.commit()
    return shop_data["filter"]


@pytest.fixture
def number(visitor: Visitor, coffee: int) -> str:
    """An order of two of them."""
    return visitor.order(coffee, 2)


def send(packer: Visitor, number: str, **more: str) -> Seen:
    asked = {"carrier": "dhl", "tracking_number": "JD0146001"} | more
    return packer.send(f"/staff/orders/{number}/ship", **asked)


def test_the_numbers_that_a_scanner_types_are_kept_with_the_parcel(
    staff: Staff, number: str, coffee: int, tables: Look
) -> None:
    packer = staff(Role.PACKER)
    assert "one a line" in packer.see(f"/staff/orders/{number}").words
    done = send(packer, number, **{f"serials-{coffee}": "SN-001\r\nSN-002\r\n"})
    assert done.status == 200
    assert "Serial numbers: SN-001, SN-002" in done.words
    assert tables().scalars(select(ParcelLine.serial_numbers)).one() == ["SN-001", "SN-002"]
    assert send(packer, number).status == 200, "the same label again is the parcel that it made"
    assert tables().scalars(select(ParcelLine.serial_numbers)).one() == ["SN-001", "SN-002"]


def test_the_same_number_of_another_carrier_is_another_parcel_whose_pieces_are_checked(
    staff: Staff, number: str, coffee: int, tables: Look
) -> None:
    packer, one = staff(Role.PACKER), {f"send-{coffee}": "1"}
    assert send(packer, number, **one, **{f"serials-{coffee}": "SN-001"}).status == 200
    page = send(packer, number, carrier="ups", **one, **{f"serials-{coffee}": "SN-002\nSN-003"})
    assert page.status == 422
    assert "2 serial numbers for 1 pieces" in page.words
    assert tables().scalars(select(ParcelLine.serial_numbers)).all() == [["SN-001"]]


def test_a_piece_leaves_with_one_parcel_of_its_order(staff: Staff, number: str, coffee: int, tables: Look) -> None:
    packer, one = staff(Role.PACKER), {f"send-{coffee}": "1"}
    assert send(packer, number, **one, **{f"serials-{coffee}": "SN-001"}).status == 200
    page = send(packer, number, tracking_number="JD0146002", **one, **{f"serials-{coffee}": "sn 001"})
    assert page.status == 422
    assert "is in another parcel of this order" in page.words
    assert tables().scalars(select(ParcelLine.serial_numbers)).all() == [["SN-001"]]


def test_of_two_packers_at_once_the_second_sees_what_the_first_has_sent(app: Flask, number: str, coffee: int) -> None:
    with app.test_request_context():
        session = db.session()
        order = session.scalars(select(Order).where(Order.number == number)).one()
        now, one = datetime.now(UTC), {coffee: 1}
        ship(session, order, carrier="dhl", tracking_number="1", now=now, pieces=one, serials={coffee: ("SN-001",)})
        with pytest.raises(WrongSerials, match="another parcel"):
            ship(session, order, carrier="dhl", tracking_number="2", now=now, pieces=one, serials={coffee: ("sn001",)})


def test_of_two_packers_who_send_the_same_piece_at_the_same_moment_one_succeeds(
    staff: Staff, visitor: Visitor, coffee: int, tables: Look
) -> None:
    packers = [staff(Role.PACKER), staff(Role.OWNER)]
    number = visitor.order(coffee, 2 * ROUNDS)  # so that there are always enough left for both
    for packer in packers:
        packer.token()
    for turn in range(ROUNDS):
        gate, pages = threading.Barrier(len(packers)), dict[str, Seen]()

        def pack(place: int, gate: threading.Barrier = gate, pages: dict[str, Seen] = pages, turn: int = turn) -> None:
            label, piece = f"JD01460{turn}{place}", ("SN-10{}", "sn 10{}")[place].format(turn)
            gate.wait()
            fields = {f"send-{coffee}": "1", f"serials-{coffee}": piece}
            pages[label] = send(packers[place], number, tracking_number=label, **fields)

        threads = [threading.Thread(target=pack, args=(place,)) for place in range(len(packers))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(page.status for page in pages.values()) == [200, 422], turn
        [refused] = [page for page in pages.values() if page.status == 422]
        assert "is in another parcel of this order" in refused.words
        kept = tables().scalars(select(Parcel).order_by(Parcel.id)).all()
        assert len(kept) == turn + 1, "nothing of the refused parcel stays"
        assert pages[kept[-1].tracking_number].status == 200
        assert [len(parcel.serial_numbers) for parcel in kept] == [1] * len(kept)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "2 serial numbers are missing"),
        ("SN-001", "1 serial numbers are missing"),
        ("SN-001, SN-002, SN-003", "3 serial numbers for 2 pieces"),
        ("SN-001\nsn001", "there twice"),
        ("SN-001\n--", "is no serial number"),
        ("SN-001\n" + "7" * 65, "is no serial number"),
    ],
)
def test_what_cannot_be_the_numbers_of_the_pieces_sends_nothing_and_stays_typed(
    staff: Staff, number: str, coffee: int, tables: Look, typed: str, why: str
) -> None:
    page = send(staff(Role.PACKER), number, **{f"serials-{coffee}": typed})
    assert page.status == 422
    assert why in page.words
    assert page.soup.select_one(f"[name=serials-{coffee}]").text.splitlines() == typed.splitlines()
    assert tables().scalars(select(Parcel)).all() == []


def test_a_label_that_cannot_be_read_holds_no_parcel_back(staff: Staff, number: str, coffee: int, tables: Look) -> None:
    assert send(staff(Role.PACKER), number, unreadable="1", **{f"serials-{coffee}": "SN-001"}).status == 200
    assert tables().scalars(select(ParcelLine.serial_numbers)).one() == ["SN-001"]


def test_other_products_are_packed_without(staff: Staff, visitor: Visitor, shop_data: dict[str, int]) -> None:
    number, packer = visitor.order(shop_data["espresso"], 1), staff(Role.PACKER)
    assert "one a line" not in packer.see(f"/staff/orders/{number}").words
    forged = send(packer, number, **{f"serials-{shop_data['espresso']}": "SN-001"})
    assert "have no serial numbers" in forged.words
    assert send(packer, number).status == 200


def test_staff_say_which_products_have_them(staff: Staff, shop_data: dict[str, int], tables: Look) -> None:
    owner, path = staff(Role.OWNER), f"/staff/products/{shop_data['filter']}"
    owner.submit(owner.see(path), path, serial_numbered="1", listed="1")
    assert tables().get_one(Product, shop_data["filter"]).serial_numbered
    assert owner.see(path).soup.select_one("[name=serial_numbered]").has_attr("checked")
