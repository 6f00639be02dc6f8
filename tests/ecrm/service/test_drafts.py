"""Drafts: sentences from facts, each with its reason; nothing of another person, nothing that isn't known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from ecrm.installation import installation
from ecrm.service import cases, undelivered, units
from ecrm.service.cases import Case, Changes, Direction, Kind, Opened, Priority, Said, State
from ecrm.service.drafts import Draft, draft_for, macro_values
from ecrm.service.macros import KNOWN
from ecrm.storefront import Staff
from tests.ecrm.console.conftest import ada as ada
from tests.ecrm.console.conftest import desk as desk
from tests.ecrm.console.conftest import storefront as storefront
from tracking.delivery.returns import Return
from tracking.delivery.shipment import Shipment, Status
from tracking.orders import SeenOrder

NOW = datetime.now(UTC)
SAM = Staff(staff_id="7", name="Sam", role="support")


class Room:
    """The desk with Ada's order A-1001, its parcel on the way and a refund."""

    def __init__(self, desk: Flask, session: Session) -> None:
        self.desk, self.session = desk, session

    def case(self, kind: Kind, *, order: str = "A-1001", address: str = "ada@example.com", **more: object) -> Case:
        said = Said(direction=Direction.IN, text="Hello")
        fields: dict[str, object] = {
            "channel": cases.Channel.EMAIL, "kind": kind, "subject": "x", "from_address": address, "said": said,
            "order_reference": order, **more,
        }  # fmt: skip
        return cases.open_case(self.session, Opened(**fields), now=NOW)  # type: ignore[arg-type]

    def draft(self, case: Case) -> Draft:
        with self.desk.test_request_context("/console/"):
            return draft_for(installation(), self.session, case, staff=SAM, now=NOW)


@pytest.fixture
def room(desk: Flask, sessions: sessionmaker[Session], ada: int) -> Iterator[Room]:
    with sessions() as session:
        yield Room(desk, session)


def test_each_sentence_has_its_fact(room: Room) -> None:
    draft = room.draft(room.case(Kind.DELIVERY))
    told = {one.why: one.text for one in draft.sentences}
    assert told["the customer's first name"] == "Hello Ada,"
    assert told["the kind of the case"] == "Thank you for asking about your delivery."
    assert "Leipzig" in told["parcel JD0001: its newest status"]
    assert "I am sorry for the delay" in told["parcel JD0001: the promised day has passed"]
    assert told["refund R-1"].startswith("We gave back €5.00")
    assert draft.text.count("\n\n") >= 3


@pytest.mark.parametrize("status", list(Status))
def test_a_parcel_in_every_state_has_its_words(room: Room, status: Status) -> None:
    parcel = room.session.query(Shipment).one()
    parcel.status, parcel.expected_on = status, NOW.date() + timedelta(days=2)
    room.session.flush()
    text = room.draft(room.case(Kind.DELIVERY)).text
    assert text
    assert ("follow it here" in text) is (status not in {Status.CANCELLED, Status.DELIVERED})


def test_the_link_of_a_draft_follows_the_parcel_and_opens_no_order(room: Room) -> None:
    """Answers go to copies, too; the page of a parcel says neither name nor address."""
    parcel = room.session.query(Shipment).one()
    case = room.case(Kind.DELIVERY)
    text = room.draft(case).text
    assert f"/delivery/{parcel.token}" in text
    assert "t=proof" not in text
    with room.desk.test_request_context("/console/"):
        values = macro_values(installation(), room.session, case, staff=SAM, now=NOW)
    assert values["parcel_url"].endswith(f"/delivery/{parcel.token}")
    parcel.shipped_at = None
    room.session.flush()
    assert "follow it here" not in room.draft(case).text


def test_somebody_elses_order_is_told_to_nobody(room: Room) -> None:
    text = room.draft(room.case(Kind.DELIVERY, address="eve@example.com")).text
    assert "A-1001" not in text
    assert "DHL" not in text
    stranger = room.draft(room.case(Kind.DELIVERY, address="who@example.com")).text
    assert "A-1001" not in stranger
    assert stranger.startswith("Hello,")


def test_the_latest_order_is_taken_where_none_is_named_and_said_so(room: Room) -> None:
    draft = room.draft(room.case(Kind.COMPLAINT, order=""))
    assert "the customer's latest order: the case names none" in [one.why for one in draft.sentences]
    assert "A-1001" not in room.draft(room.case(Kind.PRAISE, order="")).text


def test_what_was_done_since_the_last_answer_is_told_and_no_more(room: Room) -> None:
    case = room.case(Kind.COMPLAINT)
    cases.change(room.session, case, Changes(priority=Priority.URGENT), now=NOW, by=SAM)
    cases.log_step(room.session, case, "warranty_sent", now=NOW, by=SAM, request=1)
    draft = room.draft(case)
    assert "I have given this a higher priority." in draft.text
    assert "asked the service point" in draft.text
    assert any(one.why.endswith("Sam") for one in draft.sentences)
    cases.add_message(room.session, case, Said(direction=Direction.OUT, text="So", by=SAM), now=NOW)
    again = room.draft(case).text
    assert "higher priority" not in again
    assert "Thank you for telling us" not in again


def test_a_late_answer_and_a_case_that_came_back_are_apologised_for(room: Room) -> None:
    case = room.case(Kind.QUESTION, priority=Priority.URGENT)
    cases.note_breaches(room.session, case, now=NOW + timedelta(days=1))
    assert "wait for this answer" in room.draft(case).text
    cases.change(room.session, case, Changes(state=State.SOLVED), now=NOW, by=SAM)
    cases.change(room.session, case, Changes(state=State.OPEN), now=NOW, by=SAM)
    assert "settled the first time" in room.draft(case).text


def test_no_apology_is_made_for_a_mark_of_spam_that_was_taken_off(room: Room) -> None:
    case = room.case(Kind.QUESTION)
    cases.change(room.session, case, Changes(spam=True), now=NOW, by=SAM)
    cases.change(room.session, case, Changes(spam=False), now=NOW, by=SAM)
    assert case.reopened == 1
    assert "settled the first time" not in room.draft(case).text


def test_returns_and_warranty_are_known(room: Room, ada: int) -> None:
    order = room.session.query(SeenOrder).filter_by(reference="A-1001").one()
    for serial, until in (("SN-100", date(2999, 1, 1)), ("SN-200", date(2001, 1, 1))):
        sold = units.Sold(serial, "1", "Kettle", order.reference, ada, NOW, until, "told")
        units.keep(room.session, sold)
    text = room.draft(room.case(Kind.WARRANTY)).text
    assert "The warranty of your Kettle runs until" in text
    assert "The warranty of your Kettle ended on" in text
    room.session.add(
        Return(
            reference="R-AAAA2222", order_reference="A-1001", customer_id=ada, state="received", reason="other",
            asked_at=NOW, received_at=NOW,
        )
    )  # fmt: skip
    room.session.flush()
    draft = room.draft(room.case(Kind.RETURN))
    assert "Your return R-AAAA2222 arrived here" in draft.text
    assert "return R-AAAA2222" in [one.why for one in draft.sentences]


def test_a_language_nobody_knows_and_every_kind_are_written(room: Room) -> None:
    for kind in Kind:
        for language in ("", "de", "xx", "pt-BR", "???", "en"):
            assert room.draft(room.case(kind, language=language)).text


def test_every_placeholder_of_macros_has_a_value(room: Room) -> None:
    case = room.case(Kind.DELIVERY)
    with room.desk.test_request_context("/console/"):
        values = macro_values(installation(), room.session, case, staff=SAM, now=NOW)
    assert set(values) == KNOWN
    assert (values["order"], values["tracking_number"], values["agent_name"]) == ("A-1001", "JD0001", "Sam")


def test_days_stand_in_the_language_of_the_words_around_them(room: Room) -> None:
    english = room.draft(room.case(Kind.DELIVERY, language="en")).text
    assert "We gave back" in english
    for untranslated in ("ru", "ja", "ar-EG"):
        assert room.draft(room.case(Kind.DELIVERY, language=untranslated)).text == english


def test_who_misses_a_delivered_parcel_is_told_where_to_look_and_who_writes_before_it_came_is_not(room: Room) -> None:
    parcel = room.session.query(Shipment).one()
    parcel.status, parcel.delivered_at = Status.DELIVERED, NOW - timedelta(hours=2)
    room.session.flush()
    draft = room.draft(room.case(Kind.DELIVERY))
    assert "ask your neighbours" in draft.text
    assert "the parcel was delivered before this was written" in [one.why for one in draft.sentences]
    for other in (Kind.RETURN, Kind.COMPLAINT):  # "The lamp broke after two days"
        assert "ask your neighbours" not in room.draft(room.case(other)).text
    parcel.delivered_at = NOW + timedelta(hours=2)
    assert "ask your neighbours" not in room.draft(room.case(Kind.DELIVERY)).text


def test_that_the_last_answer_did_not_arrive_is_told_to_the_agent_and_not_in_the_letter(room: Room) -> None:
    case = room.case(Kind.QUESTION)
    assert not room.draft(case).undelivered
    cases.add_message(room.session, case, Said(direction=Direction.OUT, text="So", by=SAM), now=NOW)
    before = room.draft(case)
    cases.log_step(room.session, case, undelivered.OF_COPY, now=NOW, message=1, copy=1, sending="bounced")
    assert room.draft(case) == before
    cases.log_step(room.session, case, undelivered.STEP, now=NOW, message=1, sending="bounced")
    assert (room.draft(case).undelivered, room.draft(case).text) == (True, before.text)
    cases.add_message(room.session, case, Said(direction=Direction.OUT, text="Again", by=SAM), now=NOW)
    assert not room.draft(case).undelivered


def test_an_order_is_asked_for_where_none_is_known_and_a_guess_says_that_it_is_one(room: Room) -> None:
    assert "Which order is it about?" in room.draft(room.case(Kind.DELIVERY, order="", address="new@example.org")).text
    assert "Which order" not in room.draft(room.case(Kind.PRAISE, order="", address="new@example.org")).text
    assert "if it is another one" in room.draft(room.case(Kind.DELIVERY, order="")).text
    assert "if it is another one" not in room.draft(room.case(Kind.DELIVERY)).text


def test_that_a_message_arrived_is_no_answer(room: Room) -> None:
    case = room.case(Kind.DELIVERY)
    cases.add_message(room.session, case, Said(direction=Direction.OUT, text="It arrived", automatic=True), now=NOW)
    assert "Thank you for asking" in room.draft(case).text


def test_a_request_for_data_has_its_last_day(room: Room) -> None:
    case = room.case(Kind.DATA)
    case.opened_at = datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert "by Feb 28, 2026 at the latest" in room.draft(case).text
