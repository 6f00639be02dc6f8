"""Forgotten with the desk: what an erasure takes from one person only, and what goes with time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from ecrm.access.audit import at_command_line
from ecrm.erasing import erase_mail
from ecrm.installation import Installation
from ecrm.keeping import retain
from ecrm.service import calls, notes, offers_shown, warranty
from ecrm.service.calls import Call, Outcome, Way
from ecrm.service.cases import Case
from ecrm.service.notes import CustomerNote
from ecrm.service.offers_shown import OfferMade
from ecrm.service.relationship import Relationship
from ecrm.service.relationship_counting import count_all
from ecrm.service.relationship_much import Much
from ecrm.service.service_points import ServicePoint
from ecrm.service.units import Unit
from ecrm.service.warranty import WarrantyRequest
from tracking.customers import Customer, CustomerEmail

from .desk import MIA, NOW, come_in, known, letter, ready


def person(plugin: Installation, name: str, *, phone: str, country: str = "DE") -> int:
    address = f"{name}@example.net"
    with plugin.sessions.begin() as session:
        customer = Customer(
            email=address, first_name=name, country=country, phone=phone, traits={}, created_at=NOW
        )  # fmt: skip
        session.add(customer)
        session.flush()
        session.add(CustomerEmail(folded=address, customer_id=customer.id, added_at=NOW))
        return customer.id


def rang(plugin: Installation, words: str, *, customer_id: int | None = None, number: str = "030 12345678") -> None:
    with plugin.sessions.begin() as session:
        calls.enter_call(
            session, number=number, customer_id=customer_id, direction=Way.IN, outcome=Outcome.ANSWERED, words=words,
            by=MIA, country="DE", now=NOW,
        )  # fmt: skip


def erase(plugin: Installation, name: str) -> None:
    with plugin.app.app_context():
        erase_mail(plugin, f"{name}@example.net", reason="asked", staff=at_command_line())


def test_an_erased_person_is_counted_in_no_later_night_and_their_cases_name_no_order(plugin: Installation) -> None:
    ready(plugin)
    known(plugin)
    for number in range(3):
        come_in(plugin, letter(f"question {number}", message_id=f"<{number}@ada>"))
    with plugin.sessions.begin() as session:
        for case in session.scalars(select(Case)):
            case.order_reference = "A-1001"
    erase(plugin, "ada")
    count_all(plugin.sessions, days=365, much=Much(3, 3, "setting"), now=NOW + timedelta(days=1))
    with plugin.sessions() as session:
        assert session.scalars(select(Relationship.customer_id)).all() == []
        assert set(session.scalars(select(Case.order_reference))) == {""}


def test_whoever_shares_a_telephone_keeps_their_calls_when_the_other_is_erased(plugin: Installation) -> None:
    ready(plugin)
    person(plugin, "ada", phone="030 12345678")
    bob = person(plugin, "bob", phone="+49 30 12345678")
    rang(plugin, "Bob wants his money back", customer_id=bob)
    rang(plugin, "one of the two")
    erase(plugin, "ada")
    with plugin.sessions() as session:
        found = session.execute(select(Call.words, Call.customer_id).order_by(Call.id)).all()
    assert [tuple(row) for row in found] == [("Bob wants his money back", bob), ("", None)]


def test_a_call_of_a_number_that_was_written_otherwise_goes_with_its_person(plugin: Installation) -> None:
    ready(plugin)
    person(plugin, "ada", phone="030 12345678", country="")
    with plugin.sessions.begin() as session:
        session.add(
            Call(number="+493012345678", direction=Way.IN, started_at=NOW, outcome=Outcome.MISSED, words="Ada here")
        )
    erase(plugin, "ada")
    with plugin.sessions() as session:
        assert session.execute(select(Call.number, Call.words)).one() == ("", "")


def test_notes_offers_and_what_was_said_to_workshops_go_with_time(plugin: Installation) -> None:
    ready(plugin)
    who, today = known(plugin), datetime.now(UTC)
    with plugin.sessions.begin() as session:
        unit = Unit(serial_number="S1", serial_folded="S1", product="1", name="Kettle", customer_id=who, sold_at=NOW)
        point = ServicePoint(
            name="Workshop", country="DE", email="workshop@example.com", latitude=50.0, longitude=10.0, changed_at=NOW
        )  # fmt: skip
        session.add_all([unit, point])
        session.flush()
        for at in (today - timedelta(days=4000), today - timedelta(days=100)):
            notes.write(session, who, f"of {at:%Y}", pinned=True, by=MIA, now=at)
            offers_shown.note_offer(session, who, product="1", name=f"{at:%Y}", how="phone", by=MIA, now=at)
            made, _case = warranty.request(session, unit, point, words=f"broken in {at:%Y}", case=None, by=MIA, now=at)
            warranty.move(session, made, warranty.RequestState.REFUSED, by=MIA, now=at)
    with plugin.app.app_context():
        retain(plugin)
    year = f"{today - timedelta(days=100):%Y}"
    with plugin.sessions() as session:
        assert session.scalars(select(CustomerNote.text)).all() == [f"of {year}"]
        assert session.scalars(select(OfferMade.name)).all() == [year]
        words = session.scalars(select(WarrantyRequest.words).order_by(WarrantyRequest.id)).all()
        assert words == ["", f"broken in {year}"]
