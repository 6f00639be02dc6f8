"""Recognition: one person stays one customer, and a browser is joined to them only where it agreed."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from ecrm.customers.checkout_memory import memory_of_mailbox
from ecrm.customers.desk_facts import desk_facts
from ecrm.events import ProfileChanged, SignedIn
from ecrm.service import cases
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


def letter(kites: Kites, address: str, *, words: str = "Where is it?", relayed_by: str = "") -> str:
    """A case from an address, as the desk's mail makes one; its reference."""
    said = cases.Said(
        direction=cases.Direction.IN, text=words, channel=cases.Channel.EMAIL, from_address=relayed_by or address
    )
    opened = cases.Opened(channel=cases.Channel.EMAIL, subject=words, from_address=address, said=said)
    with kites.session() as session, session.begin():
        return cases.open_case(session, opened, now=AT).reference


def owner_of(kites: Kites, reference: str) -> tuple[int | None, list[str]]:
    """Whose a case is, and why it was put there."""
    with kites.session() as session:
        case = cases.by_reference(session, reference)
        assert case is not None
        put = [step.detail.get("why", "") for step in cases.steps_of(session, case.id) if step.what == "customer"]
        return case.customer_id, put


def test_what_an_address_wrote_before_anybody_was_known_by_it_joins_whoever_proves_it(kites: Kites) -> None:
    mine, near = letter(kites, "Ada@Example.com"), letter(kites, "ada@example.org")
    kites.tell(signed_up())  # an account that merely names the address
    assert owner_of(kites, mine) == (None, [])
    with kites.session() as session:
        ada = kites.only(Customer).id
        assert [one.reference for one in desk_facts(session, ada, now=AT).nameless] == [mine]

    kites.tell(SignedIn(at=AT, person=person("ada@example.com", "7", email_proved=True), sign_in_id="1"))
    assert owner_of(kites, mine) == (ada, ["address_proved"])
    assert owner_of(kites, near) == (None, [])
    kites.tell(SignedIn(at=AT, person=person("ada@example.com", "7", email_proved=True), sign_in_id="2"))
    assert owner_of(kites, mine) == (ada, ["address_proved"])
    with kites.session() as session:
        facts = desk_facts(session, ada, now=AT)
        assert ([one.reference for one in facts.cases], facts.nameless) == ([mine], [])


def test_whoever_signs_in_waits_for_twenty_cases_and_the_rest_joins_them_later(kites: Kites) -> None:
    many = [letter(kites, "ada@example.com", words=f"Letter {number}") for number in range(45)]
    with kites.session() as session, session.begin():
        spam = cases.by_reference(session, many[0])
        assert spam is not None
        cases.change(session, spam, cases.Changes(spam=True), now=AT)
    other = letter(kites, "eve@example.com")
    kites.tell(signed_up(email_proved=True))
    ada = kites.only(Customer).id
    assert [owner_of(kites, one)[0] for one in many] == [None] + [ada] * 20 + [None] * 24  # the oldest first
    assert cases.adopt_rest(kites.crm.sessions, now=AT) == 24
    assert [owner_of(kites, one)[0] for one in many] == [None] + [ada] * 44  # spam is nobody's
    assert owner_of(kites, other)[0] is None
    assert cases.adopt_rest(kites.crm.sessions, now=AT) == 0


def test_what_another_site_passed_on_in_her_name_stays_nobodys_when_she_proves_her_address(kites: Kites) -> None:
    passed_on = letter(kites, "ada@example.com", relayed_by="noreply@forms.example")
    with kites.session() as session, session.begin():
        case = cases.by_reference(session, passed_on)
        assert case is not None
        later = cases.Said(direction=cases.Direction.IN, text="Me too", from_address="ada@example.com", at=AT)
        cases.add_message(session, case, later, now=AT)
    kites.tell(signed_up(email_proved=True))
    assert owner_of(kites, passed_on) == (None, [])
    with kites.session() as session:
        facts = desk_facts(session, kites.only(Customer).id, now=AT)
        assert ([one.reference for one in facts.nameless], facts.cases) == ([passed_on], [])


def test_a_guests_order_proves_no_address_and_takes_no_letter_of_before(kites: Kites) -> None:
    before = letter(kites, "ada@example.com")
    kites.tell(order())
    assert owner_of(kites, before) == (None, [])
    with kites.session() as session:
        nameless = desk_facts(session, kites.only(Customer).id, now=AT).nameless
        assert [one.reference for one in nameless] == [before]


def test_a_proof_takes_no_case_from_somebody_whose_it_is(kites: Kites) -> None:
    kites.tell(order())  # a guest's
    theirs = letter(kites, "ada@example.com")
    guest = kites.only(Customer).id
    kites.tell(signed_up("66"))
    kites.tell(SignedIn(at=AT, person=person("ada@example.com", "66", email_proved=True), sign_in_id="1"))
    assert owner_of(kites, theirs) == (guest, [])


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
