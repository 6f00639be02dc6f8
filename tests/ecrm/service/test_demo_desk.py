"""A demo's desk has been at work: about orders that arrived, each thing marked as made up, nobody written to."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ecrm.carriers.simulated import RealShop
from ecrm.carriers.simulated_past import simulate_deliveries
from ecrm.consent.demo import simulate_consents
from ecrm.history import backfill
from ecrm.service.cases import Case, CaseMessage, Channel, Direction, Opened, State, open_case
from ecrm.service.demo_desk import MADE_UP, simulate_desk
from ecrm.service.demo_words import CASES, RETURNS
from ecrm.voice.answered import tell_answered
from ecrm.voice.questions import ProductAnswer, ProductQuestion
from ecrm.voice.reviews import Review
from mailer.outbox import Email
from tests.ecrm.carriers.test_simulated_past import DemoStorefront
from tests.ecrm.kites import AT, Kites, open_kites, order, person, signed_up
from tracking.delivery.returns import Return
from tracking.delivery.shipment import Shipment

NOW = AT + timedelta(days=60)


@pytest.fixture
def demo(engine: Engine, tmp_path: Path) -> Kites:
    kites = open_kites(engine, tmp_path)
    kites.crm.storefront = DemoStorefront()
    people = [(f"p{number}@example.com", str(number)) for number in range(30)]
    with kites.app.app_context():
        backfill(kites.crm, [signed_up(account, email, email_proved=True) for email, account in people])
        backfill(kites.crm, [
            order(f"A{account}", person(email, account), at=NOW - timedelta(days=8, hours=int(account)))
            for email, account in reversed(people)
        ])  # fmt: skip
        simulate_consents(kites.crm, now=NOW)
        simulate_deliveries(kites.crm, now=NOW)
    return kites


def test_it_holds_cases_in_every_state_and_says_of_each_that_it_is_made_up(demo: Kites) -> None:
    with demo.app.app_context():
        assert simulate_desk(demo.crm, now=NOW) == len(CASES)
        assert simulate_desk(demo.crm, now=NOW) == 0
    made = demo.all(Case)
    assert {one.state for one in made} == {State.NEW, State.WAITING, State.SOLVED}
    assert all(one.customer_id and one.opened_at < NOW and "{" not in one.subject for one in made)
    assert all(one.subject.endswith("(demo)") for one in made)  # inbox and the customer's own page show no note
    answered = [one for one in made if one.first_responded_at is not None]
    assert len(answered) == len([one for one in CASES if one.answer])
    assert len([one for one in answered if one.response_breached_at is not None]) == 1
    notes = [one.case_id for one in demo.all(CaseMessage) if one.direction == Direction.NOTE and one.text == MADE_UP]
    assert sorted(notes) == sorted(one.id for one in made)
    assert [one.satisfaction for one in made if one.satisfaction] == [one.stars for one in CASES if one.stars]
    assert all(one.satisfaction_asked_at < one.satisfied_at < NOW for one in made if one.satisfaction)


def test_nobody_asks_about_an_order_before_it_arrived(engine: Engine, tmp_path: Path) -> None:
    kites = open_kites(engine, tmp_path)
    kites.crm.storefront = DemoStorefront()
    people = [(f"p{number}@example.com", str(number)) for number in range(60)]
    with kites.app.app_context():
        backfill(kites.crm, [
            order(f"A{account}", person(email, account), at=NOW - timedelta(hours=6 * int(account)))
            for email, account in reversed(people)
        ])  # fmt: skip
        simulate_deliveries(kites.crm, now=NOW)
        simulate_desk(kites.crm, now=NOW)
    arrived = {one.order_reference: one.delivered_at for one in kites.all(Shipment)}
    asked = [one for one in kites.all(Case) if one.order_reference]
    assert asked
    assert [one.subject for one in asked if not arrived[one.order_reference] < one.opened_at] == []


def test_returns_reviews_and_questions_are_about_what_arrived_and_marked(demo: Kites) -> None:
    with demo.app.app_context():
        simulate_desk(demo.crm, now=NOW)
        assert tell_answered(demo.crm, now=NOW) == 0
    back = demo.all(Return)
    assert [one.state for one in back] == [(made.steps or ("requested",))[-1] for made in RETURNS]
    said = [*back, *demo.all(Review), *demo.all(ProductAnswer)]
    assert len(demo.all(Review)) > 5
    assert all("ade up for the demo" in one.words for one in said)
    assert {one.state for one in demo.all(Review)} == {"waiting", "shown"}
    assert all(one.display_name.endswith("(demo)") for one in demo.all(ProductQuestion))
    assert demo.all(Email) == []


def test_a_desk_that_was_asked_something_already_stays_as_it_is(demo: Kites) -> None:
    with demo.crm.sessions.begin() as session:
        open_case(session, Opened(channel=Channel.FORM, subject="Hello", from_address="eve@example.com"), now=NOW)
    with demo.app.app_context():
        assert simulate_desk(demo.crm, now=NOW) == 0
    assert demo.only(Case).subject == "Hello"


def test_a_shop_with_real_buyers_gets_no_made_up_cases(engine: Engine, tmp_path: Path) -> None:
    kites = open_kites(engine, tmp_path)
    with kites.app.app_context(), pytest.raises(RealShop):
        simulate_desk(kites.crm, now=NOW)
