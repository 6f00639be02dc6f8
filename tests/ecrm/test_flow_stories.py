"""Flows from the deed to the mail server, day by day on a simulated clock, in the whole shop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from ecrm import ECRM, events
from ecrm.installation import installation
from ecrm.reactions import run_reactions
from mailer.consent import Subscription, Topic
from mailer.outbox import Email, State
from shop.cart.cart import Cart, CartLine
from shop.database import db
from tests.mailer.flows.town import moment
from tests.mailer.scripted_smtp import ScriptedSmtp
from tracking.delivery.shipment import Shipment

from .flow_clock import FlowClock

ADA = "ada@example.com"
BERLIN = "Europe/Berlin"


@pytest.fixture
def server() -> Iterator[ScriptedSmtp]:
    with ScriptedSmtp() as server:
        yield server


@pytest.fixture
def settings(server: ScriptedSmtp) -> dict[str, Any]:
    return {"ECRM_MAIL_TRANSPORT": "smtp", "ECRM_SMTP_HOST": "127.0.0.1", "ECRM_SMTP_PORT": server.port}


@pytest.fixture
def clock(app: Flask, server: ScriptedSmtp, shop_data: dict[str, int]) -> FlowClock:
    """A Wednesday noon in Berlin; Ada has an account and is known."""
    clock = FlowClock(app, server, moment("2026-06-10 10:00"))
    clock.start()
    _know(clock, ADA, account=str(shop_data["ada"]), first_name="Ada")
    return clock


def _know(clock: FlowClock, email: str, **about: Any) -> None:
    account = about.pop("account", None)
    person = events.Person(email=email, customer_id=account or email, email_proved=True, **about)
    _tell(clock, events.SignedUp(at=clock.now - timedelta(days=30), person=person))


def _tell(clock: FlowClock, told: events.Told) -> None:
    with clock.app.app_context():
        ECRM().tell(told)
        run_reactions(clock.crm)


def _order(clock: FlowClock, number: str, *products: tuple[str, str], email: str = ADA, account: str = "") -> None:
    lines = tuple(events.OrderLine(product_id=key, name=name, quantity=1, net_minor=1000) for key, name in products)
    paid = 1000 * len(lines)
    buyer = events.Person(email=email, customer_id=account or email)
    order = events.OrderCompleted(
        at=clock.now, order_id=number, person=buyer, currency="EUR", lines=lines, goods_minor=paid, total_minor=paid
    )
    _tell(clock, order)


def _fill_cart(clock: FlowClock, account: int, product: int, pieces: int) -> None:
    with clock.app.app_context():
        cart = db.session.scalar(select(Cart).where(Cart.account_id == account))
        if cart is None:
            cart = Cart(token="a cart", account_id=account, touched_at=clock.now)
            db.session.add(cart)
        cart.touched_at = clock.now
        cart.lines.append(CartLine(product_id=product, quantity=pieces))
        db.session.commit()


def test_a_cart_that_is_left_is_reminded_of_twice_in_the_mailbox(clock: FlowClock, shop_data: dict[str, int]) -> None:
    clock.agree(ADA, Topic.REMINDERS)
    _fill_cart(clock, shop_data["ada"], shop_data["espresso"], 2)
    clock.until(moment("2026-06-10 10:55"), every=timedelta(minutes=5))
    assert clock.arrived() == []
    clock.until(moment("2026-06-10 11:05"), every=timedelta(minutes=5))
    [first] = clock.arrived()
    assert first["Subject"] == "Your cart is waiting"
    assert first["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "Espresso Beans" in first.as_string()
    clock.until(moment("2026-06-11 12:00"))
    assert [mail["Subject"] for mail in clock.arrived()] == ["Your cart is waiting", "Still thinking it over?"]
    clock.until(moment("2026-06-20 12:00"), every=timedelta(hours=3))
    assert len(clock.arrived()) == 2


def test_an_order_a_minute_before_the_reminder_stops_it(clock: FlowClock, shop_data: dict[str, int]) -> None:
    clock.agree(ADA, Topic.REMINDERS)
    _fill_cart(clock, shop_data["ada"], shop_data["espresso"], 1)
    clock.until(moment("2026-06-10 10:55"), every=timedelta(minutes=5))
    clock.now += timedelta(minutes=4)
    _order(clock, "S1", (str(shop_data["espresso"]), "Espresso Beans"), account=str(shop_data["ada"]))
    clock.until(moment("2026-06-12 12:00"))
    assert clock.arrived() == []


def test_a_reminder_that_falls_into_the_night_before_a_holiday_comes_the_day_after(
    clock: FlowClock, shop_data: dict[str, int]
) -> None:
    """25 and 26 December are holidays in Germany; a cart is left on Christmas Eve at 20:30."""
    clock.agree(ADA, Topic.REMINDERS)
    clock.now = moment("2026-12-24 19:30")
    clock.start()
    _fill_cart(clock, shop_data["ada"], shop_data["espresso"], 1)
    clock.until(moment("2026-12-27 12:00"))
    times = [clock.local(email, BERLIN) for email in clock.sent()]
    assert times == ["12-27 08:00"]  # a reminder of the 24th is good for a day and was dropped, the second one came


def test_a_birthday_mail_takes_the_day_and_the_cart_waits(clock: FlowClock, shop_data: dict[str, int]) -> None:
    ada = str(shop_data["ada"])
    _tell(
        clock,
        events.ProfileChanged(
            at=clock.now, change_id="1",
            person=events.Person(email=ADA, customer_id=ada, first_name="Ada", traits={"birthday": "1980-06-11"}),
        ),
    )  # fmt: skip
    clock.agree(ADA, Topic.REMINDERS, Topic.OFFERS)
    clock.now = moment("2026-06-11 06:30")
    clock.start()
    clock.look()
    clock.until(moment("2026-06-11 08:00"))
    _fill_cart(clock, shop_data["ada"], shop_data["espresso"], 1)
    clock.until(moment("2026-06-12 12:00"))
    assert [email.source for email in clock.sent()] == ["flow:birthday", "flow:cart"]
    birthday, cart = clock.sent()
    assert clock.local(birthday, BERLIN).startswith("06-11")
    assert clock.local(cart, BERLIN).startswith("06-12")


def test_a_review_is_asked_for_after_the_parcel_and_never_amid_trouble(
    clock: FlowClock, shop_data: dict[str, int]
) -> None:
    product = (str(shop_data["espresso"]), "Espresso Beans")
    for who, number in ((ADA, "R1"), ("bob@example.com", "R2")):
        if who != ADA:
            _know(clock, who, first_name="Bob")
        clock.agree(who, Topic.REVIEWS)
        _order(clock, number, product, email=who, account=str(shop_data["ada"]) if who == ADA else who)
        _tell(
            clock,
            events.OrderShipped(at=clock.now, shipment_id=number, order_id=number, carrier="DHL", tracking_number="1"),
        )
        _tell(clock, events.OrderDelivered(at=clock.now, shipment_id=number, order_id=number))
    clock.until(moment("2026-06-12 12:00"), every=timedelta(hours=2))
    refund = events.OrderRefunded(
        at=clock.now, refund_id="X", order_id="R2", person=None, currency="EUR", amount_minor=500
    )
    _tell(clock, refund)
    clock.until(moment("2026-06-20 12:00"), every=timedelta(hours=2))
    assert [mail["To"] for mail in clock.arrived()] == ["Ada <ada@example.com>"]
    assert clock.local(clock.sent()[0], BERLIN)[:5] in {"06-17", "06-18"}


@pytest.mark.parametrize(
    ("start", "changes"),
    [
        ("2027-03-27 18:00", "the clocks go forward"),
        ("2026-10-24 18:00", "they go back"),
        ("2028-02-28 18:00", "leap day"),
    ],
)
def test_who_signs_up_in_the_evening_is_greeted_by_their_own_clock(clock: FlowClock, start: str, changes: str) -> None:
    people = {"be@example.com": ("DE", BERLIN), "np@example.com": ("NP", "Asia/Kathmandu"),
              "ki@example.com": ("KI", "Pacific/Tarawa")}  # fmt: skip
    clock.now = moment(start)
    clock.start()
    for email, (country, _zone) in people.items():
        _know(clock, email, country=country)
        clock.agree(email, Topic.NEWSLETTER)
    clock.until(clock.now + timedelta(hours=30))
    hours = {email.to_address: clock.local(email, people[email.to_address][1])[6:] for email in clock.sent()}
    assert len(clock.arrived()) == 3, changes
    assert all("08:00" <= hour < "21:00" for hour in hours.values())


def test_who_leaves_between_the_queue_and_the_hour_gets_nothing(clock: FlowClock) -> None:
    clock.now = moment("2026-06-10 20:00")  # 22:00 in Berlin: the greeting waits for the morning
    clock.start()
    clock.agree(ADA, Topic.NEWSLETTER)
    clock.until(moment("2026-06-10 22:00"))
    with clock.crm.sessions.begin() as session:
        session.execute(update(Subscription).values(wanted=False))
    clock.until(moment("2026-06-11 12:00"))
    assert clock.arrived() == []
    with clock.crm.sessions() as session:
        assert session.scalars(select(Email.state).where(Email.source == "flow:welcome")).all() == [State.SUPPRESSED]


def test_a_late_parcel_silences_promotions_until_it_is_there(clock: FlowClock, shop_data: dict[str, int]) -> None:
    product = (str(shop_data["espresso"]), "Espresso Beans")
    ada = str(shop_data["ada"])
    _order(clock, "L1", product, account=ada)
    with installation(clock.app).sessions.begin() as session:
        session.execute(update(Shipment).values(promised_on=clock.now.date() - timedelta(days=1)))
    clock.agree(ADA, Topic.NEWSLETTER)
    clock.until(moment("2026-06-11 12:00"))
    assert clock.arrived() == []
    with clock.crm.sessions() as session:
        email = session.scalars(select(Email).where(Email.source == "flow:welcome")).one()
    assert (email.state, email.reason) == (State.DEFERRED, "the parcel of order L1 is late")
    _tell(clock, events.OrderShipped(at=clock.now, shipment_id="L1", order_id="L1", carrier="DHL", tracking_number="1"))
    _tell(clock, events.OrderDelivered(at=clock.now, shipment_id="L1", order_id="L1"))
    clock.until(moment("2026-06-12 12:00"))
    assert [email.source for email in clock.sent() if not email.transactional] == ["flow:welcome"]
