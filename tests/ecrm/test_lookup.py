"""From what a person on the phone says to their customer row."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from ecrm.service import cases, units
from ecrm.service.lookup import By, Found, Miss, Several, look_up, masked
from tracking.customers import Customer, CustomerEmail
from tracking.delivery.shipment import Shipment
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
    assert look_up(session, "2611-KX7") is Miss.NO_SUCH_NUMBER


@pytest.mark.parametrize(
    ("asked", "miss"),
    [("", Miss.EMPTY), ("   ", Miss.EMPTY), ("a@" + "b" * 300, Miss.UNREADABLE), ("ada\x00@x", Miss.UNREADABLE)],
)
def test_what_cannot_be_read_is_said_so(session: Session, ada: int, asked: str, miss: Miss) -> None:
    assert look_up(session, asked) is miss


def test_the_audit_gets_no_whole_address() -> None:
    assert masked("ada.byron@example.com") == "a…@example.com"
    assert masked("2611-KX7Q") == "2611-KX7Q"
    assert masked("Ada Byron") == "Ada… Byr…"
    assert masked("+49 (30) 1234-5678") == "…5678"
    assert masked("1001") == "1001"


def someone(session: Session, last: str, first: str = "", **more: Any) -> int:
    person = Customer(email=f"{last}@x.example", first_name=first, last_name=last, traits={}, created_at=NOW, **more)
    session.add(person)
    session.flush()
    return person.id


def names(session: Session, asked: str) -> list[int]:
    found = look_up(session, asked)
    assert isinstance(found, Several), found
    assert found.by is By.NAME
    return [one.customer_id for one in found.namesakes]


def test_a_name_is_found_by_its_beginning_without_case_or_accents_and_in_either_order(session: Session) -> None:
    jorg = someone(session, "Müller", "Jörg", country="DE")
    mia = someone(session, "Muller-Ost", "Mia")
    someone(session, "Smullers", "Jo")
    assert names(session, "MULL") == [jorg, mia]
    assert names(session, "müller jö") == names(session, "Jörg Müller") == names(session, "Müller, J") == [jorg]
    assert look_up(session, "Mu") is Miss.SHORT_NAME
    assert look_up(session, "%ull") is Miss.NO_SUCH_NAME


def test_a_name_shows_twenty_people_at_most_and_says_that_there_are_more(session: Session) -> None:
    for number in range(25):
        someone(session, "Novak", f"N{number:02}")
    found = look_up(session, "novak")
    assert isinstance(found, Several)
    assert (len(found.namesakes), found.more) == (20, True)


def test_a_changed_name_is_found_by_the_new_one(session: Session) -> None:
    number = someone(session, "Byron", "Ada")
    session.get_one(Customer, number).last_name = "Lovelace"
    session.flush()
    assert names(session, "lovelace") == [number]
    assert look_up(session, "byron") is Miss.NO_SUCH_NAME


def test_numbers_of_parcels_cases_pieces_and_telephones_lead_to_their_customer(session: Session, ada: int) -> None:
    session.add(
        Shipment(
            reference="P1", order_reference="2611-KX7Q", customer_id=ada, tracking_number="00340434161094",
            status="in_transit", expected_at=NOW,
        )
    )  # fmt: skip
    said = cases.Said(direction=cases.Direction.IN, text="Hello")
    opened = cases.Opened(channel=cases.Channel.EMAIL, subject="Where?", customer_id=ada, said=said)
    case = cases.open_case(session, opened, now=NOW)
    units.keep(session, units.Sold("SN-77/41 b", "1", "Lamp", "2611-KX7Q", ada, NOW, None, "test"))
    session.get_one(Customer, ada).phone = "+49 30 1234567"
    session.flush()
    assert look_up(session, "00340434161094") == Found(ada, "2611-KX7Q")
    assert look_up(session, case.reference.lower()) == look_up(session, f"[{case.reference}]") == Found(ada)
    assert look_up(session, "sn7741B") == Found(ada, "2611-KX7Q")
    assert look_up(session, "030 / 1234567", country="DE") == look_up(session, "+49301234567") == Found(ada)


def test_a_number_that_means_two_things_is_asked_back(session: Session, ada: int) -> None:
    other = someone(session, "Byron", "Eve")
    session.add_all([
        SeenOrder(
            reference="4711001", customer_id=ada, placed_at=NOW, currency="EUR", goods_minor=1, total_minor=1
        ),
        Shipment(
            reference="P2", order_reference="O2", customer_id=other, tracking_number="4711001", status="in_transit",
            expected_at=NOW,
        ),
    ])  # fmt: skip
    session.flush()
    found = look_up(session, "4711001")
    assert isinstance(found, Several)
    assert {one.customer_id for one in found.namesakes} == {ada, other}


@pytest.mark.parametrize("name", ["Catherine", "Charlotte", "Christian", "Carpenter"])
def test_a_name_that_is_spelt_like_a_case_without_its_dash_is_found_as_a_name(session: Session, name: str) -> None:
    person = Customer(email=f"{name}@example.net", first_name="Mia", last_name=name, traits={}, created_at=NOW)
    session.add(person)
    session.flush()
    found = look_up(session, name)
    assert isinstance(found, Several)
    assert [one.customer_id for one in found.namesakes] == [person.id]
