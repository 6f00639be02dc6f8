"""From what a person on the phone says to their customer row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event as sql_event
from sqlalchemy.orm import Session

from ecrm.service import cases, units
from ecrm.service.lookup import By, Found, Miss, Several, Unowned, look_up, masked
from tracking.customers import Customer, CustomerEmail
from tracking.delivery.returns import Return
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


def order(customer_id: int, reference: str, *, days_ago: int = 0) -> SeenOrder:
    return SeenOrder(
        reference=reference, customer_id=customer_id, placed_at=NOW - timedelta(days=days_ago), currency="EUR",
        goods_minor=1, total_minor=1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kept", "newest", "typed"),
    [
        ("2611-KX7Q-0AB4", "2612-00ZZ-9Q11", ("2611KX7Q0AB4", "2611kx7q0ab4", "26 11 kx 7q 0a b4", "2611kx7q-0ab4",
                                              "2611.KX7Q.0AB4", "2611/KX7Q 0AB4", "order 2611kx7q0ab4")),
        ("S-ABCD-1234", "S-QRST-9876", ("s abcd 1234", "sabcd1234", "S ABCD1234", "s-abcd1234", "sabcd-1234")),
        ("#1001", "#1020", ("1001", "#1001", "10 01")),
        ("EU/2026.999", "EU/2026.1000", ("eu2026999", "EU 2026 999", "eu-2026-999")),
        ("EU/2026.1000", "EU/2026.999", ("eu20261000",)),
        ("ord_8f3ka2", "ord_11234b", ("ORD8F3KA2", "ord 8f3ka2", "order ord-8f3ka2")),
        ("Ord-8F3K", "Ord-1234", ("ord8f3k", "ORD 8F3K")),
    ],
)  # fmt: skip
def test_an_order_number_of_any_shape_is_found_without_its_marks_or_with_others(
    session: Session, kept: str, newest: str, typed: tuple[str, ...]
) -> None:
    buyer, other = someone(session, "Byron"), someone(session, "Lovelace")
    session.add_all([order(buyer, kept, days_ago=300), order(other, newest), order(other, "a market's 77", days_ago=1)])
    session.flush()
    for one in typed:
        assert look_up(session, one) == Found(buyer, kept), one


@pytest.mark.parametrize("asked", ["2611KX7", "2611KX7Q1", "2611KX7O", "611KX7Q", "Q7XK1162"])
def test_other_letters_and_digits_are_another_order_however_alike(session: Session, ada: int, asked: str) -> None:
    assert look_up(session, asked) is Miss.NO_SUCH_NUMBER


def test_of_orders_with_the_same_letters_and_digits_only_the_one_as_typed_opens_without_asking(
    session: Session, ada: int
) -> None:
    other = someone(session, "Byron", "Eve")
    session.add_all([order(other, "261-1KX7Q", days_ago=-1), order(other, "2611kx7q", days_ago=-2)])
    session.flush()
    found = look_up(session, "2611 KX7Q")
    assert isinstance(found, Several)
    assert (found.by, {one.customer_id for one in found.namesakes}) == (By.ORDER, {ada, other})
    assert look_up(session, "2611-KX7Q") == Found(ada, "2611-KX7Q")
    assert look_up(session, "261-1KX7Q") == Found(other, "261-1KX7Q")
    assert look_up(session, "2611kx7q") == Found(other, "2611kx7q")


@pytest.mark.sqlite_only
def test_an_order_is_looked_for_over_indexes_only(session: Session, ada: int) -> None:
    sent: list[tuple[str, Any]] = []
    connection = session.connection()
    sql_event.listen(connection, "before_cursor_execute", lambda *said: sent.append((said[2], said[3])))
    assert look_up(session, "2611kx7q") == Found(ada, "2611-KX7Q")
    asked = [(words, values) for words, values in sent if "FROM ecrm_order" in words and "max(" not in words]
    plans = [
        [str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", values)]
        for words, values in asked
    ]
    newest, found = plans
    assert newest == ["SCAN ecrm_order USING INDEX ix_ecrm_order_placed_at"], "read from its end, up to its limit"
    assert "LIMIT" in asked[0][0]
    assert len(found) == 1
    assert found[0].startswith("SEARCH ecrm_order USING INDEX")


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


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("Tel. 030 12345678", "…5678"), ("tel:+493012345678", "…5678"), ("030\N{EN DASH}12345678", "…5678"),
        ("\u202a+49 30 12345678\u202c", "…5678"), ("+49 30 12 34 56-78", "…5678"), ("030, 1234 | 5678", "…5678"),
        ("Anna Muster +49 30 12345678", "…5678"), ("03012345678 Anna Muster", "…5678 Ann… Mus…"),
        ("Anna03012345678", "Ann… …5678"), ("Ada, 12 Main St", "12 Mai… St…"), ("order 2611-KX7Q", "2611-KX7Q"),
        ("ada@example.com Anna Muster 030 12345678", "a…@example.com"), ("ada@030 12345678", "a…@030"),
        ("<ada@example.com>", "<…@example.com"), ("ada@03012345678", "a…@…5678"), ("", ""), ("@", "…@"),
    ],
)  # fmt: skip
def test_the_audit_gets_no_whole_number_and_no_name_however_it_was_typed(asked: str, kept: str) -> None:
    assert masked(asked) == kept


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


@pytest.mark.parametrize("asked", ["Anna Schmidt", "schmidt, anna", "Frau Anna Schmidt", "Schmidt Anna"])
def test_who_has_more_names_than_were_said_is_listed_behind_who_has_just_these(session: Session, asked: str) -> None:
    both = someone(session, "Schmidt-Meyer", "Anna")
    second = someone(session, "Schmidt", "Maria Anna")
    exact = someone(session, "Schmidt", "Anna")
    for last, first in (("Schmidtke", "Anna"), ("Schmidt", "Johanna"), ("Schmidt", "Max"), ("Meyer", "Anna")):
        someone(session, last, first)
    assert names(session, asked) == [exact, second, both]


def test_of_namesakes_who_have_more_names_twenty_are_shown_at_most_and_said_so(session: Session) -> None:
    exact = someone(session, "Schmidt", "Anna")
    for number in range(25):
        someone(session, "Schmidt", f"Beate{number:02} Anna")
    found = look_up(session, "Anna Schmidt")
    assert isinstance(found, Several)
    assert (len(found.namesakes), found.namesakes[0].customer_id, found.more) == (20, exact, True)


@pytest.mark.parametrize("name", ["Catherine", "Charlotte", "Christian", "Carpenter"])
def test_a_name_that_is_spelt_like_a_case_without_its_dash_is_found_as_a_name(session: Session, name: str) -> None:
    person = Customer(email=f"{name}@example.net", first_name="Mia", last_name=name, traits={}, created_at=NOW)
    session.add(person)
    session.flush()
    found = look_up(session, name)
    assert isinstance(found, Several)
    assert [one.customer_id for one in found.namesakes] == [person.id]


@pytest.fixture
def things(session: Session, ada: int) -> dict[str, str]:
    """One of each that has a number."""
    session.add_all([
        Shipment(
            reference="P9", order_reference="2611-KX7Q", customer_id=ada, tracking_number="JD014600003",
            status="in_transit", expected_at=NOW,
        ),
        Return(
            reference="R-KXJ2M4PQ", order_reference="2611-KX7Q", customer_id=ada, state="sent", reason="other",
            asked_at=NOW,
        ),
    ])  # fmt: skip
    units.keep(session, units.Sold("GR-2024/71", "1", "Lamp", "2611-KX7Q", ada, NOW, None, "test"))
    case = cases.open_case(
        session, cases.Opened(channel=cases.Channel.EMAIL, subject="Where?", customer_id=ada), now=NOW
    )  # fmt: skip
    case.reference = "C-ABCDOI2B"
    session.get_one(Customer, ada).phone = "+49 30 901820"
    session.flush()
    return {}


@pytest.mark.parametrize(
    "asked",
    [
        "2611 kx7q", "2611\u2013KX7Q", "2611\u00a0KX7Q", "order 2611-KX7Q", "Order no. #2611-kx7q",  # the order
        "jd01 4600 003", "JD01-4600-003", "DHL JD014600003", "\u200bJD014600003\u200b",  # the parcel
        "r kxj2m4pq", "RKXJ2M4PQ", "kxj2m4pq", "R\u2011KXJ2M4PQ",  # the return
        "gr 2024 71", "S/N: GR-2024/71", "GR\u20132024\u201371",  # the piece
        "c abcdoi2b", "abcdoi2b", "[c-ABCDOI2B]", "C-ABCD0128",  # the case, also with a misread 0, 1 and 8
        "0049 30 901820", "+49 (0)30-901820", "030/90 18 20", "tel:+4930901820", "4930901820", "Tel. 030 901820",
        "ada @example.com", "<ada@example.com>,", "ada@example.com.",
    ],
)  # fmt: skip
def test_a_number_is_found_however_it_was_written_down(
    session: Session, ada: int, things: dict[str, str], asked: str
) -> None:
    found = look_up(session, asked, country="DE")
    assert isinstance(found, Found), found
    assert found.customer_id == ada


@pytest.mark.parametrize(
    "asked",
    ["Jürgen Müller", "juergen mueller", "Mueller", "Herr Müller", "Mrs. Muller", "Müller, Jürg", "müller lüd",
     "Lüdenscheidt Müller", "MÜLLER-LÜDENSCHEIDT"],
)  # fmt: skip
def test_a_name_is_found_in_its_other_writings(session: Session, asked: str) -> None:
    person = someone(session, "Müller-Lüdenscheidt", "Jürgen")
    someone(session, "Müll", "Hans")
    assert names(session, asked) == [person]


def test_a_name_that_was_stored_with_ue_is_found_by_its_umlaut(session: Session) -> None:
    person = someone(session, "Mueller", "Joerg")
    assert names(session, "Müller") == names(session, "Jörg Müller") == [person]
    assert look_up(session, "Muller_ J%") is Miss.NO_SUCH_NAME


def test_what_is_nobodys_leads_to_the_thing_itself(session: Session, ada: int) -> None:
    case = cases.open_case(
        session, cases.Opened(channel=cases.Channel.EMAIL, subject="?", from_address="eve@example.net"), now=NOW
    )
    session.add_all([
        Return(reference="R-AAAAAAA2", order_reference="?", state="sent", reason="other", asked_at=NOW),
        Shipment(
            reference="P7", order_reference="?", tracking_number="JD7", status="in_transit", expected_at=NOW
        ),
    ])  # fmt: skip
    session.flush()
    assert look_up(session, case.reference) == Unowned(By.CASE, case.reference)
    assert look_up(session, "r aaaaaaa2") == Unowned(By.RETURN, "R-AAAAAAA2")
    parcel = look_up(session, "jd7")
    assert isinstance(parcel, Unowned)
    assert (parcel.by, parcel.thing_id > 0) == (By.PARCEL, True)


@pytest.mark.parametrize(
    ("asked", "miss"),
    [("040 123456", Miss.NO_SUCH_TELEPHONE), ("2611-XXXX", Miss.NO_SUCH_NUMBER), ("C-AAAAAAAA", Miss.NO_SUCH_NUMBER)],
)
def test_a_miss_says_what_it_was_taken_for(session: Session, ada: int, asked: str, miss: Miss) -> None:
    assert look_up(session, asked, country="DE") is miss


@pytest.mark.sqlite_only
def test_a_name_is_looked_for_over_the_index_whatever_is_typed(session: Session) -> None:
    sent: list[tuple[str, Any]] = []
    connection = session.connection()
    sql_event.listen(connection, "before_cursor_execute", lambda *said: sent.append((said[2], said[3])))
    assert look_up(session, "Frau Jürgen Müller-Ost") is Miss.NO_SUCH_NAME
    someone(session, "Müller", "Jürgen")
    assert isinstance(look_up(session, "Jürgen Müller"), Several)
    named = [(words, values) for words, values in sent if "ecrm_customer.name_folded" in words]
    assert len(named) > 10
    for words, values in named:
        plan = [str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", values)]
        assert len(plan) == 1, plan  # no sorting, no second table
        assert plan[0].startswith("SEARCH ecrm_customer USING"), plan
