"""Flows about products from the deed to the mail server, day by day on a simulated clock, in the whole shop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from ecrm import ECRM, events
from ecrm.reactions import run_reactions
from ecrm.waiting.looking import look_after_all
from mailer.consent import Topic
from mailer.contacts import Contact
from mailer.flows.entry import FlowSetting
from mailer.outbox import Email, State
from mailer.waitlists import Kind, Wait, WaitState, ask
from shop.catalog.product import Product
from shop.database import db
from tests.ecrm.flow_clock import FlowClock
from tests.mailer.flows.town import moment
from tests.mailer.scripted_smtp import ScriptedSmtp
from tracking.customers import Customer
from tracking.email_address import fold

ADA, BEN, CY = "ada@example.com", "ben@example.com", "cy@example.com"
BERLIN, NEW_YORK, AUCKLAND = "Europe/Berlin", "America/New_York", "Pacific/Auckland"
ZONES = {ADA: BERLIN, BEN: NEW_YORK, CY: AUCKLAND}


@pytest.fixture
def server() -> Iterator[ScriptedSmtp]:
    with ScriptedSmtp() as server:
        yield server


@pytest.fixture
def settings(server: ScriptedSmtp) -> dict[str, Any]:
    return {"ECRM_MAIL_TRANSPORT": "smtp", "ECRM_SMTP_HOST": "127.0.0.1", "ECRM_SMTP_PORT": server.port}


@pytest.fixture
def clock(app: Flask, server: ScriptedSmtp, shop_data: dict[str, int]) -> FlowClock:
    """People in Berlin, New York and Auckland who want everything."""
    clock = FlowClock(app, server, moment("2026-03-27 09:00"))  # a Friday; clocks change in Berlin on the Sunday
    _start(clock)
    for email, country in ((ADA, "DE"), (BEN, "US"), (CY, "NZ")):
        person = events.Person(email=email, customer_id=email, email_proved=True, first_name=email.partition("@")[0])
        _tell(clock, events.SignedUp(at=clock.now - timedelta(days=30), person=person))
        with clock.crm.sessions.begin() as session:
            session.execute(update(Customer).where(Customer.email_folded == fold(email)).values(country=country))
        clock.agree(email, *Topic)
    return clock


def _start(clock: FlowClock) -> None:
    """Those about products ran a moment ago; the others are switched off."""
    clock.start()
    with clock.crm.sessions.begin() as session:
        others = FlowSetting.flow.not_in(("back_in_stock", "price_drop", "arrivals", "replenishment", "holidays"))
        session.execute(update(FlowSetting).where(others).values(switched_on=False))


def _tell(clock: FlowClock, told: events.Told) -> None:
    with clock.app.app_context():
        ECRM().tell(told)
        run_reactions(clock.crm)


def _buy(clock: FlowClock, number: str, *products: int, email: str = ADA, at: datetime | None = None) -> None:
    lines = tuple(
        events.OrderLine(product_id=str(one), name=f"product {one}", quantity=1, net_minor=900) for one in products
    )
    paid = 900 * len(lines)
    _tell(
        clock,
        events.OrderCompleted(
            at=at or clock.now, order_id=number, person=events.Person(email=email, customer_id=email), currency="EUR",
            lines=lines, goods_minor=paid, total_minor=paid,
        ),
    )  # fmt: skip


def _wait(clock: FlowClock, email: str, product: object, *, kind: Kind = Kind.STOCK, price: int | None = 399) -> int:
    with clock.crm.sessions.begin() as session:
        contact = session.scalars(select(Contact).where(Contact.folded == fold(email))).one()
        return ask(
            session, contact_id=contact.id, kind=kind, subject=str(product), price_minor=price, region="DE",
            proved=True, now=clock.now,
        )  # fmt: skip


def _change(clock: FlowClock, product: int, **values: Any) -> None:
    with clock.app.app_context():
        db.session.execute(update(Product).where(Product.id == product).values(**values))
        db.session.commit()


def _pass(clock: FlowClock, until: str, *, every: timedelta = timedelta(minutes=30)) -> None:
    """Time passes; the job that looks after who waits runs with the flows."""
    end = moment(until)
    while clock.now < end:
        clock.now = min(clock.now + every, end)
        with clock.app.app_context():
            look_after_all(clock.crm, now=clock.now)
        clock.look()


def _states(clock: FlowClock) -> list[str]:
    with clock.crm.sessions() as session:
        return [one.state for one in session.scalars(select(Wait).order_by(Wait.id))]


def _arrived(clock: FlowClock) -> list[tuple[str, str]]:
    """To whom, and when by the clock on their own wall."""
    return [(one.to_address, clock.local(one, ZONES[one.to_address])) for one in clock.sent()]


def test_two_pieces_for_three_who_wait_are_told_by_their_own_clocks(
    clock: FlowClock, shop_data: dict[str, int]
) -> None:
    cake = shop_data["sold_out"]
    for email in (ADA, BEN, CY):
        _wait(clock, email, cake)
        clock.now += timedelta(minutes=1)
    _pass(clock, "2026-03-27 12:00")
    assert clock.arrived() == []
    _change(clock, cake, stock=2)
    _pass(clock, "2026-03-28 12:00")
    assert _arrived(clock) == [(ADA, "03-27 13:30"), (BEN, "03-27 08:30")]
    assert "Gingerbread Men is back" in str(clock.arrived()[0]["Subject"])
    assert _states(clock) == ["told", "told", "waiting"]
    _change(clock, cake, stock=5)  # three more came: for Cy, in whose night it is, until eight in the morning
    _pass(clock, "2026-03-29 12:00")
    assert _arrived(clock)[2:] == [(CY, "03-29 08:00")]
    _pass(clock, "2026-04-10 12:00", every=timedelta(hours=3))
    assert len(clock.arrived()) == 3


def test_what_is_sold_out_again_before_the_morning_isnt_offered_and_the_place_in_the_line_stays(
    clock: FlowClock, shop_data: dict[str, int]
) -> None:
    cake = shop_data["sold_out"]
    _wait(clock, CY, cake)
    _pass(clock, "2026-03-27 10:00")  # ten in the evening in Auckland
    _change(clock, cake, stock=1)
    _pass(clock, "2026-03-27 11:00")
    assert _states(clock) == [WaitState.TOLD]
    _change(clock, cake, stock=0)
    _pass(clock, "2026-03-31 10:00", every=timedelta(hours=2))
    assert clock.arrived() == []
    assert _states(clock) == [WaitState.WAITING]
    _change(clock, cake, stock=1)
    _pass(clock, "2026-04-01 10:00", every=timedelta(hours=1))
    assert [to for to, _at in _arrived(clock)] == [CY]


def test_a_price_that_rises_again_isnt_announced_and_one_that_falls_is_once(
    clock: FlowClock, shop_data: dict[str, int]
) -> None:
    coffee = shop_data["filter"]
    _wait(clock, ADA, coffee, kind=Kind.PRICE, price=749)
    _pass(clock, "2026-03-27 19:30")
    _change(clock, coffee, price_minor=599)
    _pass(clock, "2026-03-27 21:00")  # nine in the evening is quiet
    _change(clock, coffee, price_minor=799)
    _pass(clock, "2026-03-28 18:00")
    went = [one for one in clock.sent() if one.sent_at and one.sent_at > moment("2026-03-27 20:30")]
    assert went == []


def test_new_products_go_to_who_follows_them_in_one_e_mail_with_the_reason_and_never_to_owners(
    clock: FlowClock, shop_data: dict[str, int]
) -> None:
    _wait(clock, ADA, "Alba", kind=Kind.BRAND, price=None)
    _wait(clock, BEN, "Candles", kind=Kind.CATEGORY, price=None)
    _wait(clock, CY, "Alba", kind=Kind.BRAND, price=None)
    _buy(clock, "C1", shop_data["espresso"], email=CY)
    _buy(clock, "C2", shop_data["filter"], email=CY)
    with clock.app.app_context():
        db.session.execute(update(Product).values(added_at=clock.now - timedelta(days=90)))
        db.session.commit()
    for product in ("espresso", "filter"):
        _change(clock, shop_data[product], added_at=clock.now)
    _change(clock, shop_data["candle"], added_at=clock.now + timedelta(days=1))
    _pass(clock, "2026-04-02 12:00", every=timedelta(hours=1))
    mails = {str(one["To"]): one.get_body(("plain",)).get_content() for one in clock.arrived()}  # type: ignore[union-attr]
    assert len(clock.arrived()) == len(mails) == 2
    ada = next(text for to, text in mails.items() if ADA in to)
    assert "Espresso Beans" in ada
    assert "Filter Coffee" in ada
    assert "You follow Alba" in ada
    assert "Beeswax Candle" in next(text for to, text in mails.items() if BEN in to)
    _pass(clock, "2026-04-15 12:00", every=timedelta(hours=6))
    assert len(clock.arrived()) == 2


def test_what_is_bought_every_month_is_reminded_of_over_a_leap_day_and_buying_ends_it(
    app: Flask, clock: FlowClock, shop_data: dict[str, int]
) -> None:
    coffee = shop_data["espresso"]
    for number, day in enumerate(("2027-11-01", "2027-12-01", "2027-12-31", "2028-01-30")):
        for email in (ADA, BEN):
            _buy(clock, f"{email}-{number}", coffee, email=email, at=moment(f"{day} 10:00"))
    clock.now = moment("2028-02-20 10:00")
    _start(clock)
    _pass(clock, "2028-02-26 10:00", every=timedelta(hours=2))
    reminded = [(one.to_address, one.source) for one in clock.sent()]
    assert reminded == []
    _buy(clock, "early", coffee, email=BEN, at=clock.now)
    _pass(clock, "2028-03-04 10:00", every=timedelta(hours=2))
    reminded = [(one.to_address, one.source) for one in clock.sent()]
    assert reminded == [(ADA, "flow:replenishment")]
    assert clock.local(clock.sent()[0], BERLIN)[:5] in {"02-27", "02-28", "02-29"}
    assert "You buy it about every 30 days" in str(clock.arrived()[0].get_body(("plain",)).get_content())  # type: ignore[union-attr]


def test_each_country_hears_of_its_own_mothers_day_in_time_to_order(clock: FlowClock) -> None:
    with clock.crm.sessions.begin() as session:  # Ben moves to London, where it is in March
        session.execute(update(Customer).where(Customer.email_folded == BEN).values(country="GB"))
    clock.now = moment("2027-02-10 06:00")
    _start(clock)
    _pass(clock, "2027-05-12 06:00", every=timedelta(hours=4))
    with clock.crm.sessions() as session:
        ideas = session.scalars(select(Email).where(Email.source == "flow:holidays").order_by(Email.id)).all()
    of = {(one.to_address, one.content["code"]): one for one in ideas}
    assert len(of) == len(ideas), "once a person and holiday"
    assert {one.state for one in ideas} <= {State.SENT, State.DROPPED, State.QUEUED, State.DEFERRED}
    british, german = of[BEN, "mothers_day"], of[ADA, "mothers_day"]
    assert (british.content["day"], german.content["day"]) == ("2027-03-07", "2027-05-09")
    for one in (british, german):
        assert one.sent_at is not None
        assert (
            one.sent_at.date() <= date.fromisoformat(one.content["order_by"]) < date.fromisoformat(one.content["day"])
        )
        assert [part["title"] for part in one.content["lists"]] == ["For the family", "For colleagues"]
    assert (CY, "easter") in of
    assert not [one for one in ideas if one.content["code"] == "valentines"], "it was too late for that"
