"""Checkout memory: the last answers come back, and only to whom they belong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ecrm import CustomerFacts
from ecrm.customers.checkout_memory import CheckoutMemory, remembered_for_request
from ecrm.customers.mailbox_proof import PROOF_LASTS, prove
from ecrm.events import Address, ProfileChanged

from .kites import AT, Kites, open_kites, order, person, signed_up

ADA = CustomerFacts(customer_id="7", email="Ada@example.com", first_name="Ada")
EVES = Address(name="Eve", line1="Trap 13", city="Rome", postcode="00100", country="IT")


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    return open_kites(engine, tmp_path)


def remembered(
    kites: Kites, who: CustomerFacts | None = None, proof: str | None = None, age: timedelta = timedelta()
) -> dict[str, str] | None:
    kites.storefront.customer = who
    with kites.app.test_request_context():
        if proof:
            prove(proof, now=datetime.now(UTC) - age)
        return remembered_for_request()


def test_an_account_gets_its_last_answers_back(kites: Kites) -> None:
    kites.tell(order(who=person(account="7")))
    assert remembered(kites, ADA) == {
        "email": "Ada@example.com", "name": "Ada Byron", "line1": "Lane 1", "line2": "", "city": "Bonn",
        "postcode": "53111", "region": "", "country": "DE", "phone": "+49 1", "delivery_method": "standard",
        "payment_method": "invoice",
    }  # fmt: skip


def test_a_stranger_gets_nothing(kites: Kites) -> None:
    kites.tell(order())
    assert remembered(kites) is None
    assert remembered_for_request() is None


def test_a_guest_gets_them_back_by_proof_of_the_mailbox_for_two_hours(kites: Kites) -> None:
    kites.tell(order())
    answers = remembered(kites, proof="ADA@example.com")
    assert answers is not None
    assert (answers["email"], answers["line1"]) == ("ada@example.com", "Lane 1")
    assert remembered(kites, proof="ada@example.com", age=PROOF_LASTS + timedelta(seconds=1)) is None
    assert remembered(kites, proof="eve@example.com") is None


def test_the_latest_order_counts_even_if_it_is_told_first(kites: Kites) -> None:
    later = Address(name="Ada", line1="New lane 2", city="Bonn", postcode="53113", country="DE")
    kites.tell(order("A2", who=person(account="7"), at=AT + timedelta(days=1), address=later))
    kites.tell(order("A1", who=person(account="7"), at=AT))
    answers = remembered(kites, ADA)
    assert answers is not None
    assert answers["line1"] == "New lane 2"
    assert kites.only(CheckoutMemory).order_reference == "A2"


def test_who_registers_with_a_guests_address_learns_nothing_of_the_guest(kites: Kites) -> None:
    kites.tell(order())
    kites.tell(signed_up())  # nobody has proved that this account's owner reads that mailbox
    assert remembered(kites, ADA) is None
    answers = remembered(kites, ADA, proof="ada@example.com")
    assert answers is not None
    assert answers["line1"] == "Lane 1"


def test_a_guest_order_under_an_accounts_address_never_changes_what_it_entered(kites: Kites) -> None:
    kites.tell(order("A1", who=person(account="7")))
    kites.tell(order("A2", who=person(), at=AT + timedelta(days=1), address=EVES))
    answers = remembered(kites, ADA)
    assert answers is not None
    assert answers["line1"] == "Lane 1"


def test_an_accounts_first_order_replaces_what_a_guest_left_behind(kites: Kites) -> None:
    kites.tell(order("A1", at=AT + timedelta(days=1), address=EVES))
    kites.tell(order("A2", who=person(account="7"), at=AT))
    answers = remembered(kites, ADA)
    assert answers is not None
    assert answers["line1"] == "Lane 1"


def test_a_mailbox_that_was_given_up_opens_nothing_any_more(kites: Kites) -> None:
    kites.tell(order(who=person(account="7", email_proved=True)))
    kites.tell(ProfileChanged(at=AT, person=person("new@example.com", "7", email_proved=True), change_id="1"))
    assert remembered(kites, proof="ada@example.com") is None
    assert remembered(kites, proof="new@example.com") is not None


def test_another_customer_gets_nothing_of_it(kites: Kites) -> None:
    kites.tell(order(who=person(account="7")))
    eve = CustomerFacts(customer_id="8", email="eve@example.com", first_name="Eve")
    assert remembered(kites, eve) is None
    assert remembered(kites, eve, proof="ada@example.com") is None


def test_an_order_without_an_address_leaves_the_last_one(kites: Kites) -> None:
    kites.tell(order("A1", who=person(account="7")))
    kites.tell(order("A2", who=person(account="7"), at=AT + timedelta(days=1), address=None))
    assert kites.only(CheckoutMemory).order_reference == "A1"
