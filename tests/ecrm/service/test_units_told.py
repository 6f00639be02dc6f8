"""Pieces that the shop tells of when it packs them: with their buyer and the end of their warranty, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from ecrm.events import OrderLine, OrderRefunded, ParcelLine
from ecrm.ledger import from_row, to_properties
from ecrm.service.notes import CustomerNote
from ecrm.service.units import Unit
from tests.ecrm.kites import AT, Kites, open_kites, order, person, refunded, shipped, signed_up
from tracking.clickstream.event import Event
from tracking.customers import Customer
from tracking.delivery.returns import Return, ReturnLine
from tracking.delivery.shipment import Shipment, Status


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    return open_kites(engine, tmp_path)


def packed(*numbers: str) -> tuple[ParcelLine, ...]:
    return (ParcelLine(product_id="2", name="Blue kite", quantity=2, serial_numbers=numbers),)


def test_a_packed_piece_is_its_buyers_with_a_warranty_from_the_day_of_the_sale(kites: Kites) -> None:
    kites.tell(order())
    kites.tell(shipped(lines=packed("KT 77-1", "KT 77-2")))
    first, second = kites.all(Unit)
    assert (first.serial_number, first.serial_folded, first.product, first.order_reference) == (
        "KT 77-1", "KT771", "2", "A1",
    )  # fmt: skip
    assert first.customer_id == kites.only(Customer).id == second.customer_id
    assert first.warranty_until == date(2028, 11, 20)
    assert kites.owed() == []


def test_a_parcel_told_of_before_its_order_waits_for_it(kites: Kites) -> None:
    kites.tell(shipped(lines=packed("KT771")))
    assert kites.all(Unit) == []
    assert "keep_units" in kites.owed()


def test_a_piece_that_came_back_and_was_sold_again_is_the_new_buyers(kites: Kites) -> None:
    kites.tell(order())
    kites.tell(shipped(lines=packed("KT771")))
    kites.tell(refunded(amount=3500))
    kites.tell(signed_up("8", "eve@example.com"))
    kites.tell(order("A2", person("eve@example.com", "8"), at=AT + timedelta(days=30)))
    kites.tell(shipped("P2", "A2", lines=packed("kt-771")))
    piece = kites.only(Unit)
    with kites.session() as session:
        eve = session.scalars(select(Customer.id).where(Customer.reference == "8")).one()
    assert (piece.customer_id, piece.order_reference, piece.warranty_until) == (eve, "A2", date(2028, 12, 20))
    kites.tell(shipped("P3", "A1", lines=packed("KT771")))
    assert kites.only(Unit).order_reference == "A2", "what is told late takes nothing from who has it"


def test_a_number_of_somebody_else_s_piece_that_never_came_back_moves_nothing_and_is_put_before_staff(
    kites: Kites,
) -> None:
    kites.tell(order())
    kites.tell(shipped(lines=packed("KT771")))
    before = kites.only(Unit)
    kites.tell(order("A2", person("eve@example.com", "8"), at=AT + timedelta(days=30)))
    kites.tell(shipped("P2", "A2", lines=packed("kt-771", "KT772")))
    kept, new = kites.all(Unit)
    assert (kept.customer_id, kept.order_reference, kept.warranty_until) == (
        before.customer_id, "A1", before.warranty_until,
    )  # fmt: skip
    assert (new.serial_folded, new.order_reference) == ("KT772", "A2"), "the other piece of the parcel is entered"
    note = kites.only(CustomerNote)
    assert (note.customer_id, note.pinned) == (new.customer_id, True)
    assert "kt-771" in note.text
    assert "another customer" in note.text
    assert "ada" not in note.text.lower()
    assert kites.owed() == []


@pytest.mark.parametrize("how", ["returned", "refused at the door", "said to be nobody's"])
def test_a_piece_moves_on_once_it_came_back_or_is_nobody_s(kites: Kites, how: str) -> None:
    kites.tell(order())
    kites.tell(shipped(lines=packed("KT771")))
    with kites.session() as session:
        if how == "returned":
            back = Return(reference="R-ABCDEFGH", order_reference="A1", state="received", reason="other", asked_at=AT)
            session.add(back)
            session.flush()
            session.add(ReturnLine(return_id=back.id, product="2", name="Blue kite", quantity=1))
        elif how == "refused at the door":
            session.scalars(
                select(Shipment).where(Shipment.tracking_number == "00340434")
            ).one().status = Status.RETURN_TO_SENDER
        else:
            session.scalars(select(Unit)).one().customer_id = None
        session.commit()
    kites.tell(order("A2", person("eve@example.com", "8"), at=AT + timedelta(days=30)))
    kites.tell(shipped("P2", "A2", lines=packed("KT771")))
    assert kites.only(Unit).order_reference == "A2"
    assert kites.all(CustomerNote) == []


def refund_of(*lines: OrderLine, amount: int, **more: Any) -> OrderRefunded:
    return replace(refunded(amount=amount), lines=lines, **more)


def of_two(quantity: int, money: int) -> OrderLine:
    return OrderLine(product_id="2", name="Blue kite", quantity=quantity, net_minor=money)


@pytest.mark.parametrize(
    "refund",
    [
        refund_of(amount=300, shipping_minor=300),
        refund_of(of_two(0, 500), amount=500),
        refund_of(OrderLine(product_id="3", name="String", quantity=1, net_minor=300), amount=300),
    ],
    ids=["for the delivery", "the goods stayed", "for other goods"],
)
def test_money_that_brought_no_piece_back_moves_none(kites: Kites, refund: OrderRefunded) -> None:
    kites.tell(order())
    kites.tell(shipped(lines=packed("KT771")))
    kites.tell(refund)
    kites.tell(order("A2", person("eve@example.com", "8"), at=AT + timedelta(days=30)))
    kites.tell(shipped("P2", "A2", lines=packed("KT771")))
    assert kites.only(Unit).order_reference == "A1"
    assert "KT771" in kites.only(CustomerNote).text


def test_a_refund_of_a_piece_that_was_never_sent_brings_none_back(kites: Kites) -> None:
    kites.tell(order())
    one = ParcelLine(product_id="2", name="Blue kite", quantity=1, serial_numbers=("KT771",))
    kites.tell(shipped(lines=(one,)))
    kites.tell(refund_of(of_two(1, 1500), amount=1500, unsent=(replace(one, serial_numbers=()),)))
    kites.tell(order("A2", person("eve@example.com", "8"), at=AT + timedelta(days=30)))
    kites.tell(shipped("P2", "A2", lines=packed("KT771")))
    assert kites.only(Unit).order_reference == "A1"


def test_of_two_equal_pieces_one_that_came_back_frees_one(kites: Kites) -> None:
    kites.tell(order())
    kites.tell(shipped(lines=packed("KT771", "KT772")))
    kites.tell(refund_of(of_two(1, 1500), amount=1500))
    kites.tell(order("A2", person("eve@example.com", "8"), at=AT + timedelta(days=30)))
    kites.tell(shipped("P2", "A2", lines=packed("KT771", "KT772")))
    assert {one.serial_number: one.order_reference for one in kites.all(Unit)} == {"KT771": "A2", "KT772": "A1"}
    assert "KT772" in kites.only(CustomerNote).text


def test_an_event_carries_them_and_older_events_have_none(kites: Kites) -> None:
    kites.tell(order())
    kites.tell(shipped(lines=packed("KT771")))
    with kites.session() as session:
        row = session.scalars(select(Event).where(Event.name == "Order Shipped")).one()
        assert from_row(row) == shipped(lines=packed("KT771"))
        before = to_properties(shipped(lines=packed()))
        del before["lines"][0]["serial_numbers"]
        row.properties = before
        assert from_row(row) == shipped(lines=packed())


@pytest.mark.parametrize("numbers", [("--",), ("KT1 ", "kt-1"), ("KT1", "KT2", "KT3")])
def test_what_cannot_be_the_numbers_of_a_line_is_refused_where_it_is_told(numbers: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"."):
        packed(*numbers)
