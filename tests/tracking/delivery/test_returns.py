"""Returns in the book: what can be sent back, and how a return moves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from tracking.customers import Customer
from tracking.delivery import progress, returns
from tracking.delivery.contents import Goods
from tracking.delivery.returns import MOVES, NotReturnable, Reason, Return, ReturnState
from tracking.delivery.shipment import Status
from tracking.orders import LineFacts, SeenOrder, SeenRefundLine, remember_order, remember_refund

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
WINDOW = timedelta(days=30)
BOUGHT = (LineFacts("1", "Kite", 3, 3000), LineFacts("2", "String", 1, 300))


@pytest.fixture
def order(session: Session) -> SeenOrder:
    """Three kites and a string, all delivered two days ago in one parcel."""
    found = bought(session)
    parcel(session, "P1", goods=[Goods("1", "Kite", 3), Goods("2", "String", 1)], delivered=NOW - timedelta(days=2))
    return found


def bought(session: Session) -> SeenOrder:
    customer = Customer(email="ada@example.com", created_at=NOW)
    session.add(customer)
    session.flush()
    order_id = remember_order(
        session, reference="A1", customer_id=customer.id, visitor_id=None, session_id=None, placed_at=NOW,
        currency="EUR", goods_minor=3300, shipping_minor=0, discount_minor=0, total_minor=3300, lines=BOUGHT,
    )  # fmt: skip
    return session.get_one(SeenOrder, order_id)


def parcel(
    session: Session, reference: str, *, goods: Sequence[Goods] = (), delivered: datetime | None = None,
    sent: datetime = NOW - timedelta(days=5),
) -> None:  # fmt: skip
    shipment = progress.start(
        session, reference=reference, order_reference="A1", customer_id=None, carrier="DHL", tracking_number="1",
        at=sent, lines=goods,
    )  # fmt: skip
    if delivered:
        progress.scan(session, shipment, status=Status.DELIVERED, at=delivered)


def left(session: Session, now: datetime = NOW) -> dict[str, int]:
    return {one.product: one.quantity for one in returns.returnable(session, "A1", window=WINDOW, now=now)}


def ask(session: Session, order: SeenOrder, **pieces: int) -> Return:
    wanted = {product.removeprefix("p"): count for product, count in pieces.items()}
    return returns.ask(
        session, order, pieces=wanted, reason=Reason.DAMAGED, words="torn", window=WINDOW, now=NOW
    )  # fmt: skip


def test_what_arrived_can_be_sent_back_until_the_window_closes(session: Session, order: SeenOrder) -> None:
    assert left(session) == {"1": 3, "2": 1}
    assert left(session, NOW + timedelta(days=28)) == {"1": 3, "2": 1}
    assert left(session, NOW + timedelta(days=28, hours=1)) == {}


def test_only_what_is_there_can_be_sent_back(session: Session) -> None:
    bought(session)
    assert left(session) == {}
    parcel(session, "P1", goods=[Goods("1", "Kite", 2)], delivered=NOW - timedelta(days=1))
    parcel(session, "P2", goods=[Goods("1", "Kite", 1)])
    assert left(session) == {"1": 2}
    assert left(session, NOW + timedelta(days=5)) == {"1": 3}  # of the second one nobody says that it arrived


def test_a_parcel_that_went_back_to_us_is_with_nobody(session: Session) -> None:
    bought(session)
    parcel(session, "P1", goods=[Goods("1", "Kite", 3)])
    shipment = progress.shipments_of(session, "A1")[0]
    progress.scan(session, shipment, status=Status.RETURN_TO_SENDER, at=NOW)
    assert left(session, NOW + timedelta(days=12)) == {}


def test_what_was_asked_for_or_paid_back_is_not_offered_again(session: Session, order: SeenOrder) -> None:
    ask(session, order, p1=1)
    assert left(session) == {"1": 2, "2": 1}
    refund = remember_refund(
        session, reference="R1", order_id=order.id, customer_id=order.customer_id, refunded_at=NOW, amount_minor=300
    )
    session.add(SeenRefundLine(refund_id=refund, position=1, product="2", quantity=1, amount_minor=300))
    session.flush()
    assert left(session) == {"1": 2}


@pytest.mark.parametrize("pieces", [{}, {"p1": 0}, {"p1": 4}, {"p1": 1, "p9": 1}, {"p1": -1}])
def test_nothing_or_too_much_is_refused(session: Session, order: SeenOrder, pieces: dict[str, int]) -> None:
    with pytest.raises(NotReturnable) as refused:
        ask(session, order, **pieces)
    assert refused.value.left == {"1": 3, "2": 1}


def test_two_forms_at_once_do_not_both_get_the_last_piece(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        bought(session)
        parcel(session, "P1", goods=[Goods("2", "String", 1)], delivered=NOW - timedelta(days=1))
    for attempt in range(2):
        with sessions.begin() as session:
            order = session.query(SeenOrder).one()
            if attempt:
                with pytest.raises(NotReturnable):
                    ask(session, order, p2=1)
            else:
                ask(session, order, p2=1)


def test_a_return_goes_its_way_once(session: Session, order: SeenOrder) -> None:
    found = ask(session, order, p1=2, p2=1)
    assert (found.state, found.reference[:2], len(found.reference)) == ("requested", "R-", 10)
    assert not returns.note_received(session, found, {"1": 1}, now=NOW)
    assert returns.move(session, found, ReturnState.APPROVED, now=NOW, answer="gladly")
    assert not returns.move(session, found, ReturnState.APPROVED, now=NOW)
    with pytest.raises(ValueError, match="more than"):
        returns.note_received(session, found, {"1": 3}, now=NOW)
    assert returns.note_received(session, found, {"1": 1, "2": 1}, now=NOW)
    assert returns.to_pay_back(returns.lines_of(session, [found.id])[found.id]) == {"1": 1, "2": 1}
    settled = returns.settle(session, found.reference, refund_reference="A1-R1", now=NOW)
    assert settled is not None
    assert (settled.state, settled.refund_reference, settled.answer) == ("refunded", "A1-R1", "gladly")
    assert returns.settle(session, "R-NOBODYS1", refund_reference="x", now=NOW) is None


@pytest.mark.parametrize("start", list(ReturnState))
@pytest.mark.parametrize("to", [state for state in ReturnState if state is not ReturnState.REQUESTED])
def test_only_allowed_moves_happen(session: Session, order: SeenOrder, start: ReturnState, to: ReturnState) -> None:
    found = ask(session, order, p1=1)
    found.state = start
    session.flush()
    assert returns.move(session, found, to, now=NOW) == (to in MOVES[start])
    assert found.state == (to if to in MOVES[start] else start)


def test_an_erasure_takes_words_and_person_and_leaves_what_came_back(session: Session, order: SeenOrder) -> None:
    found = ask(session, order, p1=1)
    assert returns.forget(session, order.customer_id) == 1
    session.refresh(found)
    assert (found.customer_id, found.words, found.reason) == (None, "", "damaged")
    assert returns.lines_of(session, [found.id])[found.id][0].quantity == 1


def test_words_are_emptied_when_their_time_is_over(session: Session, order: SeenOrder) -> None:
    found = ask(session, order, p1=1)
    assert returns.forget_words_before(session, NOW) == 0
    assert returns.forget_words_before(session, NOW + timedelta(seconds=1)) == 1
    session.refresh(found)
    assert found.words == ""


def test_what_was_settled_without_lines_is_not_paid_back_again(session: Session, order: SeenOrder) -> None:
    """A host's refund may say how much and for which return, and not which pieces."""
    found = ask(session, order, p1=2)
    returns.move(session, found, ReturnState.APPROVED, now=NOW)
    remember_refund(
        session, reference="F1", order_id=order.id, customer_id=order.customer_id, refunded_at=NOW, amount_minor=2000
    )
    returns.settle(session, found.reference, refund_reference="F1", now=NOW)
    assert left(session) == {"1": 1, "2": 1}


@pytest.mark.parametrize("text", ["\0", "R-AAAA\0AAA", "", "R-", "R-AAAAAAAAA", "\ud800"])
def test_what_cannot_be_a_reference_is_not_asked_of_the_database(text: str) -> None:
    unbound = Session()
    assert returns.return_by_reference(unbound, text) is None
