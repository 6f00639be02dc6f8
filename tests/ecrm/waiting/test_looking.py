"""Looking after who waits: told by the shop or found by the job, as many are told as there are pieces."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from ecrm import ProductCard, events
from ecrm.timetable import job_named
from ecrm.waiting.looking import cheaper, look_after, look_after_all
from mailer.consent import Topic, subscribe
from mailer.contacts import Contact
from mailer.waitlists import Kind, Wait, WaitState, ask
from tests.ecrm.kites import Kites, KiteStorefront, open_kites, order, person

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class CountingStorefront(KiteStorefront):
    """Says how many pieces there are; `prices` and `barred` are set by a test."""

    def __init__(self) -> None:
        super().__init__()
        self.there = {"1": 0, "2": 5, "3": 5}
        self.prices: dict[str, int] = {}
        self.barred: set[tuple[str, str]] = set()

    def pieces(self, product_ids: list[str]) -> dict[str, int]:
        return {one: self.there[one] for one in product_ids if one in self.there}

    def products_for(self, product_ids: list[str], *, region: str, adult: bool) -> list[ProductCard]:
        return [
            replace(
                card, price_minor=self.prices.get(card.product_id, card.price_minor),
                available=self.there[card.product_id] > 0 and (card.product_id, region) not in self.barred,
            )
            for card in self.products(product_ids)
        ]  # fmt: skip


@pytest.fixture
def shop(engine: Engine, tmp_path: Path) -> Kites:
    kites = open_kites(engine, tmp_path)
    kites.crm.storefront = kites.storefront = CountingStorefront()
    return kites


def front(shop: Kites) -> CountingStorefront:
    assert isinstance(shop.storefront, CountingStorefront)
    return shop.storefront


def wait(shop: Kites, name: str, *, kind: Kind = Kind.STOCK, minutes: int = 0, region: str = "DE") -> int:
    with shop.crm.sessions.begin() as session:
        contact = session.scalar(select(Contact).where(Contact.folded == f"{name}@example.com"))
        if contact is None:
            contact = Contact(folded=f"{name}@example.com", address=f"{name}@example.com", created_at=NOW)
            session.add(contact)
            session.flush()
            subscribe(session, contact.id, [Topic.RESTOCK], how="test", wording="yes", now=NOW)
        return ask(
            session, contact_id=contact.id, kind=kind, subject="1", region=region, price_minor=1500, proved=True,
            now=NOW + timedelta(minutes=minutes),
        )  # fmt: skip


def told(shop: Kites) -> list[int]:
    return sorted(one.id for one in shop.all(Wait) if one.state == WaitState.TOLD)


def restocked(pieces: int, change: str = "1") -> events.ProductRestocked:
    return events.ProductRestocked(at=NOW, product_id="1", pieces=pieces, change_id=change)


def test_three_pieces_for_ten_who_wait_tell_the_first_three_and_the_next_delivery_the_next(shop: Kites) -> None:
    waits = [wait(shop, f"c{number}", minutes=number) for number in range(10)]
    look_after_all(shop.crm, now=NOW)
    front(shop).there["1"] = 3
    shop.tell(restocked(3))
    assert told(shop) == waits[:3]
    look_after_all(shop.crm, now=NOW + timedelta(minutes=1))  # the job sees the same delivery
    shop.tell(restocked(3))  # told twice
    assert told(shop) == waits[:3]
    front(shop).there["1"] = 5
    look_after_all(shop.crm, now=NOW + timedelta(days=1))  # another two came, and nobody told of it
    assert told(shop) == waits[:5]


def test_two_workers_never_tell_more_than_there_are_pieces(shop: Kites) -> None:
    for number in range(10):
        wait(shop, f"c{number}", minutes=number)
    look_after_all(shop.crm, now=NOW)
    front(shop).there["1"] = 3
    together = threading.Barrier(2)
    failures: list[Exception] = []

    def work() -> None:
        together.wait()
        try:
            for minute in range(3):
                with shop.crm.sessions.begin() as session:
                    look_after(shop.crm, session, ["1"], now=NOW + timedelta(minutes=minute))
        except Exception as problem:
            failures.append(problem)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    assert len(told(shop)) == 3


def test_who_wishes_for_a_lower_price_is_told_of_three_in_a_hundred_but_not_of_a_cent(shop: Kites) -> None:
    front(shop).there["1"] = 5
    cheap = wait(shop, "ada", kind=Kind.PRICE)
    look_after_all(shop.crm, now=NOW)
    front(shop).prices["1"] = 1499
    shop.tell(events.PriceChanged(at=NOW, product_id="1", price_minor=1499, before_minor=1500, change_id="a"))
    assert told(shop) == []
    front(shop).prices["1"] = 1200
    shop.tell(events.PriceChanged(at=NOW, product_id="1", price_minor=1200, before_minor=1499, change_id="b"))
    assert told(shop) == [cheap]
    assert cheaper(100, 97)
    assert not cheaper(100, 98)


def test_a_lower_price_of_what_is_sold_out_waits_for_pieces(shop: Kites) -> None:
    cheap = wait(shop, "ada", kind=Kind.PRICE)
    front(shop).prices["1"] = 1000
    look_after_all(shop.crm, now=NOW)
    assert told(shop) == []
    front(shop).there["1"] = 1
    look_after_all(shop.crm, now=NOW + timedelta(hours=1))
    assert told(shop) == [cheap]


def test_two_wishes_of_one_person_take_one_piece(shop: Kites) -> None:
    both = [wait(shop, "ada"), wait(shop, "ada", kind=Kind.PRICE)]
    other = wait(shop, "ben", minutes=5)
    look_after_all(shop.crm, now=NOW)
    front(shop).there["1"], front(shop).prices["1"] = 2, 1000
    look_after_all(shop.crm, now=NOW + timedelta(hours=1))
    assert told(shop) == [*both, other]
    assert [one.told_at is None for one in shop.all(Wait)] == [False, True, False]


def test_a_region_that_the_product_isnt_sent_to_keeps_waiting_and_takes_no_piece(shop: Kites) -> None:
    wait(shop, "ada", region="US")
    german = wait(shop, "ben", minutes=5)
    look_after_all(shop.crm, now=NOW)
    front(shop).barred.add(("1", "US"))
    front(shop).there["1"] = 1
    look_after_all(shop.crm, now=NOW + timedelta(hours=1))
    assert told(shop) == [german]


def test_who_bought_it_meanwhile_isnt_told(shop: Kites) -> None:
    wait(shop, "ada")
    bought = events.OrderLine(product_id="1", name="Red kite", quantity=1, net_minor=1500)
    shop.tell(
        order(
            "A1", person(), at=NOW + timedelta(minutes=1), lines=(bought,), goods_minor=1500, shipping_minor=0,
            discount_minor=0, total_minor=1500,
        )
    )  # fmt: skip
    with shop.crm.sessions.begin() as session:
        session.query(Contact).update({"customer_id": session.scalar(func.coalesce(1, 1))})
    front(shop).there["1"] = 3
    look_after_all(shop.crm, now=NOW + timedelta(hours=1))
    assert told(shop) == []
    assert shop.only(Wait).state == WaitState.DONE


def test_a_shop_that_doesnt_count_pieces_is_taken_to_have_one(engine: Engine, tmp_path: Path) -> None:
    plain = open_kites(engine, tmp_path)
    first = wait(plain, "ada")
    wait(plain, "ben", minutes=5)
    look_after_all(plain.crm, now=NOW)
    assert told(plain) == [first]


def test_a_product_that_is_listed_is_proposed_at_once(shop: Kites) -> None:
    shop.tell(events.ProductListed(at=NOW, product_id="1", change_id="x"))
    assert shop.owed() == []


def test_the_job_says_what_it_did(shop: Kites) -> None:
    wait(shop, "ada")
    assert job_named("waiting").run(shop.crm) == "1 products looked at, 0 people told, 0 wait again, 0 wishes forgotten"
