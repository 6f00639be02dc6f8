"""Wishes that came true but couldn't be told at once: wine, a used-up budget, another country's prices."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from ecrm import ProductCard
from ecrm.flow_shop import flow_shop
from ecrm.sending import make_desk
from ecrm.waiting.looking import look_after_all
from mailer.addressing import Mailbox
from mailer.consent import Topic, subscribe
from mailer.contacts import Contact
from mailer.flows.back_in_stock import BackInStock
from mailer.flows.engine import run_flows
from mailer.flows.price_drop import PriceDrop
from mailer.outbox import Email, State
from mailer.sender import Stream, send_due
from mailer.supply import Supply
from mailer.transports import MemoryTransport
from mailer.unwritten import queue_unwritten
from mailer.waitlists import Kind, Wait, WaitState, ask
from tests.ecrm.kites import Kites, KiteStorefront, open_kites

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)  # a Friday
HOME = 1500  # what product 1 costs in the shop's own country


class Cellar(KiteStorefront):
    """Product 2 is wine: only for adults. In Austria all costs a euro more, and abroad nothing costs the same."""

    def pieces(self, product_ids: list[str]) -> dict[str, int]:
        return dict.fromkeys(product_ids, 5)

    def products_for(self, product_ids: list[str], *, region: str, adult: bool) -> list[ProductCard]:
        dearer = {"AT": 100, "CH": 900, "FR": 300}.get(region, 0)
        return [
            replace(one, price_minor=one.price_minor + dearer, age_limited=one.product_id == "2" and not adult)
            for one in self.products(product_ids)
        ]


@pytest.fixture
def shop(engine: Engine, tmp_path: Path) -> Kites:
    kites = open_kites(engine, tmp_path)
    kites.crm.storefront = kites.storefront = Cellar()
    return kites


def _asks(shop: Kites, product: str = "2", *, region: str = "DE", name: str = "ada", kind: Kind = Kind.STOCK) -> int:
    """Somebody without an account."""
    with shop.crm.sessions.begin() as session:
        address = f"{name}@example.com"
        contact = Contact(folded=address, address=address, created_at=NOW, confirmed_at=NOW)
        session.add(contact)
        session.flush()
        subscribe(session, contact.id, [Topic.RESTOCK], how="test", wording="yes", now=NOW)
        ask(
            session, contact_id=contact.id, kind=kind, subject=product, region=region, price_minor=9000, proved=True,
            now=NOW,
        )  # fmt: skip
        return contact.id


def _pass(shop: Kites, transport: MemoryTransport, *, days: float, start: datetime = NOW) -> datetime:
    """The jobs run every ten minutes."""
    now = start
    while now < start + timedelta(days=days):
        now += timedelta(minutes=10)
        look_after_all(shop.crm, now=now)
        with shop.crm.app.app_context():
            flows = [BackInStock(), PriceDrop()]
            run_flows(shop.crm.sessions, flows, flow_shop(shop.crm, now=now), now=now)
            at = now
            send_due(
                shop.crm.sessions, transport, clock=lambda: at, stream=Stream.MARKETING, desk=make_desk(shop.crm)  # noqa: B023
            )  # fmt: skip
    return now


def test_wine_that_somebody_asked_for_is_told_once(shop: Kites) -> None:
    _asks(shop)
    _pass(shop, transport := MemoryTransport(), days=0.1)
    assert len(transport.sent) == 1
    assert (shop.only(Wait).state, shop.only(Wait).times) == (WaitState.TOLD, 1)


def test_who_used_their_budget_up_is_told_when_there_is_room_again_by_one_e_mail(shop: Kites) -> None:
    contact = _asks(shop)
    with shop.crm.sessions.begin() as session:
        for day in range(3):
            at = NOW - timedelta(days=day, hours=1)
            sent = queue_unwritten(
                session, dedup_key=f"m{day}", template="t", sender=Mailbox("", "a@example.com"),
                to=Mailbox("", "ada@example.com"), contact_id=contact, customer_id=None, topic=Topic.OFFERS,
                source=f"mailing:{day}", priority=1, content={}, due_at=at, now=at,
            )  # fmt: skip
            email = session.get_one(Email, sent)
            email.state, email.sent_at = State.SENT, at
    now = _pass(shop, transport := MemoryTransport(), days=0.2)
    assert (len(transport.sent), shop.only(Wait).times) == (0, 1)
    _pass(shop, transport, days=0.2, start=now + timedelta(days=5))
    assert (len(transport.sent), shop.only(Wait).times) == (1, 1)


def test_a_telling_that_always_fails_is_tried_ever_less_often(shop: Kites) -> None:
    _asks(shop)
    for day in range(2):
        now = NOW + timedelta(days=day)
        for minutes in range(0, 600, 10):
            at = now + timedelta(minutes=minutes)
            look_after_all(shop.crm, now=at)
            with shop.crm.app.app_context():
                run_flows(shop.crm.sessions, [BackInStock()], flow_shop(shop.crm, now=at), now=at)
            with shop.crm.sessions.begin() as session:
                for email in session.scalars(select(Email).where(Email.state != State.DROPPED)):
                    email.state = State.DROPPED
    assert shop.only(Wait).times <= 4


def test_a_wish_from_austria_is_written_with_austrias_price(shop: Kites) -> None:
    _asks(shop, "1", region="AT")
    _pass(shop, transport := MemoryTransport(), days=0.1)
    (content,) = (one.content for one in shop.all(Email))
    assert content["shown"] == {"1": HOME + 100}
    assert len(transport.sent) == 1


def test_prices_are_compared_in_the_shops_own_country_whoever_waits(shop: Kites) -> None:
    for number, region in enumerate(("FR", "CH", "AT")):
        _asks(shop, "1", region=region, name=f"c{number}", kind=Kind.PRICE)
        look_after_all(shop.crm, now=NOW + timedelta(minutes=number))
        assert shop.only(Supply).price_minor == HOME
