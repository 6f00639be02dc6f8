"""Recognition: one person stays one customer, and a browser is joined to them only where it agreed."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from ecrm.customers.checkout_memory import memory_of_mailbox
from ecrm.events import ProfileChanged, SignedIn
from tracking.clickstream.event import Event
from tracking.clickstream.rollups import DayFigures
from tracking.customers import Customer, CustomerEmail
from tracking.visitors import Grade, Visitor, VisitorClaim

from .kites import AT, Kites, open_kites, order, person, refunded, shipped, signed_up

TOKEN = "a" * 32


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    return open_kites(engine, tmp_path)


def test_a_stranger_who_registers_with_a_guests_address_gets_nothing_of_theirs(kites: Kites) -> None:
    kites.tell(order("V1", person("victim@example.com", first_name="Vic")))
    kites.tell(signed_up("66", "victim@example.com", first_name="Mallory"))
    kites.tell(ProfileChanged(at=AT, change_id="1", person=person("mallory@evil.example", "66")))
    kites.tell(shipped("P1", "V1"))
    assert [mail.to_address for mail in kites.emails("order_shipped")] == ["victim@example.com"]
    with kites.session() as session:
        assert memory_of_mailbox(session, "mallory@evil.example") is None
        assert memory_of_mailbox(session, "victim@example.com") is not None


def test_a_guest_who_proves_and_registers_keeps_their_orders(kites: Kites) -> None:
    kites.tell(order())
    kites.tell(signed_up(email="ADA@example.com", email_proved=True, traits={"children": 2}))
    customer = kites.only(Customer)
    assert (customer.reference, customer.email, customer.traits) == ("7", "ADA@example.com", {"children": 2})
    assert {row.customer_id for row in kites.all(Event)} == {customer.id}
    assert kites.only(CustomerEmail).folded == "ada@example.com"


def test_a_guest_order_under_an_accounts_address_changes_nothing_of_its_profile(kites: Kites) -> None:
    kites.tell(signed_up(email_proved=True))
    kites.tell(order(who=person("ada@example.com", first_name="Eve", phone="666")))
    assert (kites.only(Customer).first_name, kites.only(Customer).phone) == ("Ada", "")


def test_a_changed_address_finds_the_same_customer(kites: Kites) -> None:
    kites.tell(signed_up(email_proved=True))
    new = person("new@example.com", "7", email_proved=True)
    kites.tell(ProfileChanged(at=AT, person=new, change_id="1"))
    kites.tell(SignedIn(at=AT, person=new, sign_in_id="1"))
    assert kites.only(Customer).email == "new@example.com"
    assert {row.folded for row in kites.all(CustomerEmail)} == {"ada@example.com", "new@example.com"}


def test_what_a_customer_takes_back_is_forgotten(kites: Kites) -> None:
    kites.tell(signed_up(traits={"children": 2, "birthday": "1990-01-01"}, phone="+49 1"))
    changed = person("ada@example.com", "7", last_name="", traits={"children": 0, "birthday": None, "household": ""})
    kites.tell(ProfileChanged(at=AT, person=changed, change_id="1"))
    customer = kites.only(Customer)
    assert (customer.first_name, customer.last_name, customer.phone) == ("Ada", "", "")
    assert customer.traits == {"children": 0}


def test_a_registration_is_counted_once_for_the_shops_own_day(kites: Kites) -> None:
    kites.tell(signed_up())
    kites.tell(signed_up())
    assert kites.only(DayFigures).registrations == 1


def test_with_personal_consent_the_browser_is_claimed_for_the_customer(kites: Kites) -> None:
    kites.tell(signed_up(), visitor=TOKEN, grade=Grade.PERSONAL)
    claim, visitor = kites.only(VisitorClaim), kites.only(Visitor)
    assert (claim.visitor_id, claim.customer_id, claim.how) == (visitor.id, kites.only(Customer).id, "signed up")
    assert kites.only(Event).visitor_id == visitor.id


@pytest.mark.parametrize("told", [signed_up(), order()], ids=["registration", "order"])
def test_with_consent_to_statistics_alone_nothing_joins_browser_and_customer(kites: Kites, told: object) -> None:
    kites.tell(told, visitor=TOKEN, grade=Grade.ANALYTICS)  # type: ignore[arg-type]
    row = kites.only(Event)
    assert row.customer_id is not None
    assert row.visitor_id is None
    assert "visitor" not in row.properties
    assert kites.all(VisitorClaim) == []


def test_a_refund_without_a_person_is_that_of_its_orders_customer(kites: Kites) -> None:
    kites.tell(order())
    kites.tell(refunded())
    assert len({row.customer_id for row in kites.all(Event)}) == 1
