"""What lies in which shipment: every piece is in one, or still to come, or was given up."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.customers import Customer
from tracking.delivery import progress
from tracking.delivery.contents import Goods, contents_of
from tracking.delivery.forgetting import forget_notes, forget_notes_before
from tracking.delivery.shipment import Scan, Shipment, Status
from tracking.orders import LineFacts, remember_order

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KITE, STRING = Goods("1", "Kite", 3), Goods("2", "String", 1)


@pytest.fixture
def bought(session: Session) -> int:
    """Order A1: three kites and a string."""
    ada = Customer(email="ada@example.com", created_at=NOW)
    session.add(ada)
    session.flush()
    remember_order(
        session, reference="A1", customer_id=ada.id, visitor_id=None, session_id=None, placed_at=NOW, currency="EUR",
        goods_minor=4000, shipping_minor=0, discount_minor=0, total_minor=4000, codes=(), joined=False,
        lines=[LineFacts("1", "Kite", 3, 3000, None, False), LineFacts("2", "String", 1, 1000, None, False)],
    )  # fmt: skip
    return ada.id


def expect(session: Session) -> bool:
    return progress.expect(
        session, order_reference="A1", customer_id=None, at=NOW, promised_on=date(2026, 11, 24), country="DE"
    )


def start(session: Session, reference: str, *lines: Goods) -> Shipment:
    return progress.start(
        session, reference=reference, order_reference="A1", customer_id=None, carrier="DHL",
        tracking_number=reference, at=NOW + timedelta(hours=5), lines=lines,
    )  # fmt: skip


def inside(session: Session) -> dict[str, dict[str, int]]:
    shipments = {shipment.id: shipment.reference for shipment in progress.shipments_of(session, "A1")}
    found = contents_of(session, shipments)
    return {shipments[key]: {one.name: one.quantity for one in goods} for key, goods in found.items()}


def test_an_order_is_expected_with_all_that_was_bought(session: Session, bought: int) -> None:
    assert expect(session)
    assert inside(session) == {"order:A1": {"Kite": 3, "String": 1}}


def test_a_parcel_takes_out_what_is_in_it_and_the_last_one_is_the_expected_shipment(
    session: Session, bought: int
) -> None:
    expect(session)
    first = start(session, "P1", Goods("1", "Kite", 2))
    assert inside(session) == {"P1": {"Kite": 2}, "order:A1": {"Kite": 1, "String": 1}}
    assert (first.promised_on, first.country) == (date(2026, 11, 24), "DE")
    start(session, "P2", Goods("1", "Kite", 1), Goods("2", "String", 1))
    assert inside(session) == {"P1": {"Kite": 2}, "P2": {"Kite": 1, "String": 1}}
    assert not expect(session)


def test_a_parcel_of_a_shop_that_does_not_say_takes_all_that_is_left(session: Session, bought: int) -> None:
    expect(session)
    start(session, "P1", Goods("2", "String", 1))
    start(session, "P2")
    assert inside(session) == {"P1": {"String": 1}, "P2": {"Kite": 3}}
    start(session, "P3")
    assert "P3" not in inside(session)


def test_what_is_given_up_is_a_cancelled_shipment_of_its_own(session: Session, bought: int) -> None:
    expect(session)
    start(session, "P1", KITE)
    for _ in range(2):
        progress.give_up(session, reference="unsent:R1", order_reference="A1", lines=[STRING], at=NOW)
    assert inside(session) == {"P1": {"Kite": 3}, "unsent:R1": {"String": 1}}
    states = {one.reference: one.status for one in progress.shipments_of(session, "A1")}
    assert states == {"P1": Status.IN_TRANSIT, "unsent:R1": Status.CANCELLED}
    assert not progress.give_up(session, reference="unsent:R2", order_reference="A1", lines=[KITE], at=NOW)


@pytest.mark.parametrize("sequence", list(itertools.permutations(range(4))))
def test_every_piece_is_somewhere_whatever_the_shop_told_first(
    session: Session, bought: int, sequence: tuple[int, ...]
) -> None:
    """The order's own reaction may come after those of its parcels; money for what is unsent, before either."""
    deeds = (
        lambda: expect(session),
        lambda: start(session, "P1", Goods("1", "Kite", 1)),
        lambda: start(session, "P2", Goods("1", "Kite", 1), Goods("2", "String", 1)),
        lambda: (expect(session), progress.give_up(
            session, reference="unsent:R1", order_reference="A1", lines=[Goods("1", "Kite", 1)], at=NOW,
        )),
    )  # fmt: skip
    for number in sequence:
        deeds[number]()
    found = inside(session)
    assert sum((Counter(goods) for goods in found.values()), Counter()) == {"Kite": 3, "String": 1}
    assert found == {"P1": {"Kite": 1}, "P2": {"Kite": 1, "String": 1}, "unsent:R1": {"Kite": 1}}


def test_who_is_forgotten_leaves_no_words_at_their_parcels(session: Session, bought: int) -> None:
    values = {"order_reference": "A1", "customer_id": bought, "carrier": "DHL", "tracking_number": "1", "at": NOW}
    parcel = progress.start(session, reference="P1", **values)
    progress.scan(session, parcel, status=Status.DELIVERED, at=NOW + timedelta(days=1), note="signed by Byron")
    link = parcel.token
    forget_notes(session, bought)
    assert parcel.token != link, "the link that they were mailed opens nothing any more"
    assert set(session.execute(select(Scan.place, Scan.note)).all()) == {("", "")}
    assert parcel.status == Status.DELIVERED


def test_words_at_parcels_go_when_their_time_is_over(session: Session, bought: int) -> None:
    values = {"order_reference": "A1", "customer_id": bought, "carrier": "DHL", "tracking_number": "1", "at": NOW}
    parcel = progress.start(session, reference="P1", **values)
    for day in range(1, 5):
        progress.scan(session, parcel, status=Status.IN_TRANSIT, at=NOW + timedelta(days=day), note=f"day {day}")
    after, rounds = 0, 0
    while (done := forget_notes_before(session, NOW + timedelta(days=4), after=after, limit=2)) is not None:
        after, rounds = done, rounds + 1
    assert rounds == 2
    assert set(session.scalars(select(Scan.note).where(Scan.note != ""))) == {"day 4"}


def test_parcels_are_counted_as_they_left_and_what_is_to_be_sent_comes_last(session: Session, bought: int) -> None:
    expect(session)
    start(session, "P1", Goods("2", "String", 1))
    start(session, "P2", Goods("1", "Kite", 1))
    assert [one.reference for one in progress.shipments_of(session, "A1")] == ["P1", "P2", "order:A1"]
