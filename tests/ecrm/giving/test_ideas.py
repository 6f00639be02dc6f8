"""Gift ideas in a shop: what is known of the giver, what is for giving, another list next year, and the commands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from ecrm.giving.givers import FLOW, giver_of
from ecrm.giving.goods import gift_goods
from ecrm.giving.ideas import ideas_for
from ecrm.installation import Installation, installation
from mailer.addressing import Mailbox
from mailer.calendar import Place
from mailer.consent import Topic
from mailer.contacts import Contact
from mailer.unwritten import queue_unwritten
from shop.catalog.product import Product
from shop.database import db
from tracking.customers import Customer
from tracking.orders import LineFacts, remember_order

NOW = datetime(2027, 3, 10, 12, 0, tzinfo=UTC)  # Easter is on the 28th
DE = Place("DE")


@pytest.fixture
def crm(app: Flask, shop_data: dict[str, int]) -> Installation:
    return installation(app)


def _ada(crm: Installation, **traits: Any) -> int:
    with crm.sessions.begin() as session:
        ada = Customer(email="gives@example.com", first_name="Ada", country="DE", traits=traits, created_at=NOW)
        session.add(ada)
        session.flush()
        return ada.id


def _buys(crm: Installation, customer: int, product: object, *, at: datetime, minor: int = 900) -> None:
    with crm.sessions.begin() as session:
        remember_order(
            session, reference=f"G{customer}-{product}-{at:%y%m%d}", customer_id=customer, visitor_id=None,
            session_id=None, placed_at=at, currency="EUR", goods_minor=minor, shipping_minor=0, discount_minor=0,
            total_minor=minor, lines=[LineFacts(str(product), "thing", 1, minor)],
        )  # fmt: skip


def _ideas(crm: Installation, customer: int, *, now: datetime) -> set[str]:
    with crm.app.app_context(), crm.sessions() as session:
        owner = session.get_one(Customer, customer)
        _giver, lists = ideas_for(crm, session, owner, holiday="easter", place=DE, now=now)
        return {one.idea.product for ideas in lists.values() for one in ideas}


def test_what_was_bought_shortly_before_a_holiday_was_given_and_all_that_is_owned_is_known(
    crm: Installation, shop_data: dict[str, int]
) -> None:
    ada = _ada(crm, children="2", interests="baking, tea", household="family")
    candle, cookies = shop_data["candle"], shop_data["oatmeal"]
    _buys(crm, ada, candle, at=datetime(2026, 12, 10, tzinfo=UTC), minor=1200)
    _buys(crm, ada, cookies, at=datetime(2026, 8, 10, tzinfo=UTC), minor=300)
    _buys(crm, ada, shop_data["espresso"], at=NOW + timedelta(days=1))  # nobody knows the future
    with crm.app.app_context(), crm.sessions() as session:
        goods = gift_goods(crm, session, holiday="easter", place=DE, now=NOW)
        owner = session.get_one(Customer, ada)
        giver = giver_of(session, owner, goods=goods.presents, holiday="easter", place=DE, now=NOW)
    assert [one.product for one in giver.given] == [str(candle)]
    assert giver.bought == {str(candle), str(cookies)}
    assert (giver.children, giver.interests, giver.usual_minor) == (2, ["baking", "tea"], 750)


def test_goods_are_worked_out_once_an_hour_and_count_who_bought_them(
    crm: Installation, shop_data: dict[str, int]
) -> None:
    ada, candle = _ada(crm), shop_data["candle"]
    for days in (30, 60):
        _buys(crm, ada, candle, at=NOW - timedelta(days=days))
    with crm.app.app_context(), crm.sessions() as session:
        first = gift_goods(crm, session, holiday="easter", place=DE, now=NOW)
        again = gift_goods(crm, session, holiday="easter", place=DE, now=NOW + timedelta(minutes=59))
        later = gift_goods(crm, session, holiday="easter", place=DE, now=NOW + timedelta(minutes=61))
    assert first.presents[str(candle)].buyers == 1, "customers, not pieces"
    assert again is first
    assert later is not first
    assert str(shop_data["sold_out"]) not in first.presents


def test_the_second_years_list_repeats_nothing_of_the_first(crm: Installation, shop_data: dict[str, int]) -> None:
    ada = _ada(crm)
    with crm.app.app_context():  # more candles than one list can hold
        model = db.session.get_one(Product, shop_data["candle"])
        for number in range(12):
            db.session.add(
                Product(
                    sku=f"more-{number}", slug=f"more-{number}", name=f"Candle number {number}", brand="Lumen",
                    size="1", category_id=model.category_id, price_minor=1000 + number, stock=9,
                    added_at=model.added_at, listed=True, search_text=f"candle {number}",
                )
            )  # fmt: skip
        db.session.commit()
    first = _ideas(crm, ada, now=NOW)
    assert first
    with crm.sessions.begin() as session:
        address = session.get_one(Customer, ada).email
        session.add(Contact(folded=address, address=address, customer_id=ada, created_at=NOW))
        session.flush()
        contact = session.scalars(select(Contact.id).where(Contact.customer_id == ada)).one()
        queue_unwritten(
            session, dedup_key="easter", template="flow_holiday", sender=Mailbox("", "shop@example.com"),
            to=Mailbox("", address), contact_id=contact, customer_id=ada, topic=Topic.REMINDERS, source=FLOW,
            priority=1, content={"code": "easter", "products": sorted(first)}, due_at=NOW, now=NOW,
        )  # fmt: skip
    second = _ideas(crm, ada, now=NOW + timedelta(days=385))  # Easter of 2028 is on 16 April
    assert second
    assert not first & second


def test_the_gifts_command_prints_lists_that_hold_and_says_so(crm: Installation) -> None:
    runner = crm.app.test_cli_runner()
    assert "Nobody has ordered yet" in runner.invoke(args=["ecrm", "gifts"]).output
    _buys(crm, _ada(crm), "gone", at=datetime.now(UTC) - timedelta(days=3))
    said = runner.invoke(args=["ecrm", "gifts", "--sample", "1"])
    assert said.exit_code == 0, said.output
    assert "For the family" in said.output
    assert "For colleagues" in said.output
    assert "1 customers looked at." in said.output


def test_the_replenish_command_says_how_well_habits_were_foretold(crm: Installation, shop_data: dict[str, int]) -> None:
    runner = crm.app.test_cli_runner()
    assert "Nobody has ordered yet" in runner.invoke(args=["ecrm", "replenish"]).output
    ada = _ada(crm)
    for month in range(12):
        _buys(crm, ada, shop_data["espresso"], at=NOW - timedelta(days=30 * month))
    said = runner.invoke(args=["ecrm", "replenish", "--weeks", "6"])
    assert said.exit_code == 0, said.output
    assert "6 weeks, habits of 4 or more purchases" in said.output
    assert "foretold" in said.output.splitlines()[-1]
