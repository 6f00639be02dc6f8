"""From what a person on the phone says to their customer row."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from ecrm.service.lookup import Found, Miss, Several, look_up, masked
from tracking.customers import Customer, CustomerEmail
from tracking.email_address import fold
from tracking.orders import SeenOrder

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def ada(session: Session) -> int:
    person = Customer(reference="41", email="Ada@example.com", first_name="Ada", traits={}, created_at=NOW)
    session.add(person)
    session.flush()
    session.add_all([
        CustomerEmail(folded="ada@example.com", customer_id=person.id, added_at=NOW),
        CustomerEmail(folded=fold("ада@пример.рф"), customer_id=person.id, added_at=NOW),
        SeenOrder(
            reference="2611-KX7Q", customer_id=person.id, placed_at=NOW, currency="EUR", goods_minor=1, total_minor=1
        ),
    ])  # fmt: skip
    session.flush()
    return person.id


@pytest.mark.parametrize(
    "asked",
    ["ada@example.com", "  ADA@Example.COM ", "mailto:ada@example.com", "Ada Byron <Ada@example.com>", "АДА@пример.рф"],
)
def test_an_address_is_found_whole_whatever_its_case_and_whatever_was_copied_around_it(
    session: Session, ada: int, asked: str
) -> None:
    assert look_up(session, asked) == Found(ada)


@pytest.mark.parametrize("asked", ["2611-KX7Q", "#2611-kx7q", " 2611-kx7q "])
def test_an_order_number_leads_to_its_customer(session: Session, ada: int, asked: str) -> None:
    assert look_up(session, asked) == Found(ada, "2611-KX7Q")


def test_several_who_give_one_address_are_all_found_its_owner_first(session: Session, ada: int) -> None:
    other = Customer(reference="42", email="ADA@example.com", traits={}, created_at=NOW)
    session.add(other)
    session.flush()
    found = look_up(session, "ada@example.com")
    assert isinstance(found, Several)
    assert [(one.customer_id, one.account) for one in found.namesakes] == [(ada, "41"), (other.id, "42")]


def test_a_part_of_an_address_finds_nobody(session: Session, ada: int) -> None:
    assert look_up(session, "ada@") is Miss.NO_SUCH_ADDRESS
    assert look_up(session, "%@example.com") is Miss.NO_SUCH_ADDRESS
    assert look_up(session, "ada") is Miss.NO_SUCH_ORDER


@pytest.mark.parametrize(
    ("asked", "miss"),
    [("", Miss.EMPTY), ("   ", Miss.EMPTY), ("a@" + "b" * 300, Miss.UNREADABLE), ("ada\x00@x", Miss.UNREADABLE)],
)
def test_what_cannot_be_read_is_said_so(session: Session, ada: int, asked: str, miss: Miss) -> None:
    assert look_up(session, asked) is miss


def test_the_audit_gets_no_whole_address() -> None:
    assert masked("ada.byron@example.com") == "a…@example.com"
    assert masked("2611-KX7Q") == "2611-KX7Q"
