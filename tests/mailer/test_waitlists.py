"""Waitlists: first come first served, one piece an e-mail, and nobody is written to whose mailbox isn't proved."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from mailer.consent import Topic, subscribe, withdraw
from mailer.contacts import Contact
from mailer.settling import pause
from mailer.supply import Look, give_back, observe, sold_since, supply_of, take
from mailer.waitlists import (
    MOST_WAITS,
    Kind,
    TooManyWaits,
    Wait,
    WaitState,
    ask,
    bought_meanwhile,
    end,
    followers,
    forget,
    forget_unproved,
    in_line,
    lately_told,
    mark_told,
    prove,
    told_since,
    wait_again,
    waits_of,
    watched_products,
)
from tracking.customers import Customer
from tracking.orders import LineFacts, remember_order

NOW = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def contact(session: Session, name: str, *, wants: bool = True, customer: int | None = None) -> int:
    row = Contact(folded=f"{name}@example.com", address=f"{name}@example.com", created_at=NOW, customer_id=customer)
    session.add(row)
    session.flush()
    if wants:
        subscribe(session, row.id, [Topic.RESTOCK, Topic.ARRIVALS], how="test", wording="yes", now=NOW)
    return row.id


def wait_for(session: Session, who: int, product: str = "kite", *, at: datetime = NOW, **more: object) -> int:
    values: dict[str, object] = {"kind": Kind.STOCK, "price_minor": 1500, "region": "DE", "proved": True}
    return ask(session, contact_id=who, subject=product, now=at, **(values | more))  # type: ignore[arg-type]


def look(session: Session, pieces: int, *, price: int = 1500, at: datetime = NOW, outstanding: int = 0) -> bool:
    known = supply_of(session, "kite")
    sold = sold_since(session, "kite", known.seen_at) if known else 0
    seen = Look(pieces=pieces, price_minor=price, sold=sold, outstanding=outstanding)
    return observe(session, "kite", seen, known=known, now=at)


def buy(session: Session, customer: int, pieces: int, *, at: datetime) -> None:
    remember_order(
        session, reference=f"O-{at.isoformat()}-{customer}", customer_id=customer, visitor_id=None, session_id=None,
        placed_at=at, currency="EUR", goods_minor=100, shipping_minor=0, discount_minor=0, total_minor=100,
        lines=[LineFacts("kite", "Kite", pieces, 100)],
    )  # fmt: skip


def customer(session: Session, name: str) -> int:
    row = Customer(email=f"{name}@example.com", created_at=NOW)
    session.add(row)
    session.flush()
    return row.id


def taken(session: Session) -> int:
    count = 0
    while take(session, "kite"):
        count += 1
    return count


def test_the_first_who_asked_stand_first_and_asking_again_keeps_the_place(session: Session) -> None:
    ada, ben = contact(session, "ada"), contact(session, "ben")
    wait_for(session, ada)
    wait_for(session, ben, at=NOW + HOUR)
    wait_for(session, ada, at=NOW + 2 * HOUR)
    assert [wait.contact_id for wait in in_line(session, "kite", kind=Kind.STOCK, limit=9, now=NOW)] == [ada, ben]


def test_a_mailbox_that_nobody_proved_doesnt_count_until_it_is_and_is_forgotten_after_a_week(session: Session) -> None:
    ada, ben = contact(session, "ada"), contact(session, "ben")
    first, second = wait_for(session, ada, proved=False), wait_for(session, ben, proved=False)
    assert in_line(session, "kite", kind=Kind.STOCK, limit=9, now=NOW) == []
    assert prove(session, [first, second], contact_id=ada) == 1  # a link proves one mailbox, not two
    assert [wait.id for wait in in_line(session, "kite", kind=Kind.STOCK, limit=9, now=NOW)] == [first]
    assert forget_unproved(session, now=NOW + timedelta(days=8)) == 1


def test_who_wants_no_such_e_mails_any_more_takes_up_no_piece(session: Session) -> None:
    ada, ben, cy = contact(session, "ada"), contact(session, "ben", wants=False), contact(session, "cy")
    for one in (ada, ben, cy):
        wait_for(session, one)
    withdraw(session, ada, None, how="test", now=NOW)
    assert [wait.contact_id for wait in in_line(session, "kite", kind=Kind.STOCK, limit=9, now=NOW)] == [cy]


def test_a_stranger_who_types_an_address_changes_nothing_for_its_owner(session: Session) -> None:
    ada = contact(session, "ada")
    waiting, told = wait_for(session, ada), wait_for(session, ada, "string")
    row = session.get_one(Wait, told)
    assert mark_told(session, row, now=NOW)
    wait_for(session, ada, proved=False)
    wait_for(session, ada, "string", proved=False)
    session.expire_all()
    assert session.get_one(Wait, waiting).state == WaitState.WAITING
    assert session.get_one(Wait, told).state == WaitState.TOLD


def test_what_a_stranger_asks_for_leaves_a_told_wish_and_the_owners_places_as_they_are(session: Session) -> None:
    ada = contact(session, "ada")
    told = wait_for(session, ada, kind=Kind.PRICE, price_minor=1500, region="DE")
    assert mark_told(session, session.get_one(Wait, told), now=NOW)
    wait_for(session, ada, kind=Kind.PRICE, price_minor=1, region="FR", proved=False, at=NOW + HOUR)
    session.expire_all()
    row = session.get_one(Wait, told)
    assert (row.state, row.asked_at, row.price_minor, row.region) == (WaitState.TOLD, NOW, 1500, "DE")
    for number in range(MOST_WAITS):
        wait_for(session, ada, f"kite-{number}", proved=False)
    with pytest.raises(TooManyWaits):
        wait_for(session, ada, "one more", proved=False)
    assert wait_for(session, ada, "one more")


def test_wishes_can_be_listed_ended_and_forgotten(session: Session) -> None:
    ada = contact(session, "ada")
    first, second = wait_for(session, ada), wait_for(session, ada, "Acme", kind=Kind.BRAND, at=NOW + HOUR)
    assert [wait.id for wait in waits_of(session, ada)] == [second, first]
    assert followers(session, Kind.BRAND, "Acme") == [ada]
    assert watched_products(session) == ["kite"]
    assert end(session, contact_id=ada + 1, wait_id=second) is False
    assert end(session, contact_id=ada, wait_id=second) is True
    assert followers(session, Kind.BRAND, "Acme") == []
    forget(session, ada)
    assert waits_of(session, ada) == []


def test_a_program_cant_fill_the_list_and_nothing_isnt_waited_for(session: Session) -> None:
    ada = contact(session, "ada")
    for number in range(MOST_WAITS):
        wait_for(session, ada, f"kite-{number}")
    with pytest.raises(TooManyWaits):
        wait_for(session, ada, "one more")
    wait_for(session, ada, "kite-0")  # what is there already may be asked again
    with pytest.raises(ValueError, match="nothing to wait for"):
        wait_for(session, ada, "")


def test_three_pieces_are_promised_three_times_however_often_the_delivery_is_heard_of(session: Session) -> None:
    look(session, 0)
    for minute in range(5):
        look(session, 3, at=NOW + timedelta(minutes=minute))
    assert taken(session) == 3
    look(session, 3, at=NOW + HOUR)
    assert taken(session) == 0


def test_the_next_delivery_is_promised_to_the_next_even_if_the_shop_was_empty_only_in_between(session: Session) -> None:
    look(session, 3)
    assert taken(session) == 3
    stranger = customer(session, "stranger")
    buy(session, stranger, 3, at=NOW + HOUR)
    look(session, 3, at=NOW + 2 * HOUR)  # sold out and refilled while nobody looked
    assert taken(session) == 3
    buy(session, stranger, 1, at=NOW + 3 * HOUR)
    look(session, 2, at=NOW + 4 * HOUR)
    assert taken(session) == 0


def test_a_lower_price_frees_what_isnt_kept_for_somebody(session: Session) -> None:
    look(session, 5)
    assert taken(session) == 5
    look(session, 5, price=1200, at=NOW + HOUR, outstanding=2)
    assert taken(session) == 3


def test_of_two_looks_at_the_same_time_one_counts(session: Session) -> None:
    look(session, 0)
    known = supply_of(session, "kite")
    assert known is not None
    session.expunge(known)
    seen = Look(pieces=3, price_minor=1500, sold=0)
    assert observe(session, "kite", seen, known=known, now=NOW) is True
    assert observe(session, "kite", seen, known=known, now=NOW) is False
    assert taken(session) == 3


def test_a_promise_that_reached_nobody_goes_to_the_next_but_never_beyond_what_is_there(session: Session) -> None:
    look(session, 2)
    assert taken(session) == 2
    for _ in range(5):
        give_back(session, "kite")
    assert taken(session) == 2


def test_what_was_told_in_one_breath_waits_again_together(session: Session) -> None:
    ada = contact(session, "ada")
    back = session.get_one(Wait, wait_for(session, ada))
    cheap = session.get_one(Wait, wait_for(session, ada, kind=Kind.PRICE))
    assert mark_told(session, back, now=NOW)
    assert mark_told(session, cheap, now=None)
    assert mark_told(session, back, now=NOW) is False
    assert [wait.id for wait in told_since(session, Kind.STOCK, NOW - HOUR, until=NOW)] == [back.id]
    assert told_since(session, Kind.PRICE, NOW - HOUR, until=NOW) == []
    assert lately_told(session, "kite", now=NOW) == 1
    session.refresh(back)
    assert wait_again(session, back, not_before=NOW) is True
    session.expire_all()
    assert {one.state for one in session.query(Wait)} == {WaitState.WAITING}


def test_who_was_told_in_vain_is_left_in_peace_for_a_while_and_keeps_the_place_in_the_line(session: Session) -> None:
    ada, ben = contact(session, "ada"), contact(session, "ben")
    first = session.get_one(Wait, wait_for(session, ada))
    wait_for(session, ben, at=NOW + timedelta(minutes=1))
    assert mark_told(session, first, now=NOW)
    session.refresh(first)
    assert wait_again(session, first, not_before=NOW + HOUR)
    assert [one.contact_id for one in in_line(session, "kite", kind=Kind.STOCK, limit=9, now=NOW)] == [ben]
    assert [one.contact_id for one in in_line(session, "kite", kind=Kind.STOCK, limit=9, now=NOW + HOUR)] == [ada, ben]


def test_the_pauses_grow_so_that_what_goes_wrong_each_time_is_seldom_tried() -> None:
    assert [pause(times) for times in (1, 2, 3, 9)] == [HOUR, 4 * HOUR, 16 * HOUR, timedelta(days=7)]


def test_who_bought_it_meanwhile_waits_no_more(session: Session) -> None:
    owner = customer(session, "ada")
    ada, ben = contact(session, "ada", customer=owner), contact(session, "ben")
    wait_for(session, ada)
    wait_for(session, ben)
    buy(session, owner, 1, at=NOW + HOUR)
    assert bought_meanwhile(session, "kite") == 1
    assert [wait.contact_id for wait in in_line(session, "kite", kind=Kind.STOCK, limit=9, now=NOW)] == [ben]


def test_two_workers_promise_three_pieces_to_three_of_ten(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        look(session, 3)
        for number in range(10):
            wait_for(session, contact(session, f"c{number}"), at=NOW + timedelta(seconds=number))
    together = threading.Barrier(2)
    told: list[int] = []

    def work() -> None:
        together.wait()
        for _ in range(10):
            with sessions.begin() as session:
                waiting = in_line(session, "kite", kind=Kind.STOCK, limit=1, now=NOW)
                if not waiting or not take(session, "kite"):
                    return
                if mark_told(session, waiting[0], now=NOW):
                    told.append(waiting[0].contact_id)
                else:
                    give_back(session, "kite")

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(told) == len(set(told)) == 3
