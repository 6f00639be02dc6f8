"""A warranty request is followed: the workshop's answer reaches its case, and its silence is noticed."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.access.audit import at_command_line
from ecrm.erasing import erase_mail
from ecrm.installation import Installation
from ecrm.own_page.holding import said_in
from ecrm.service import cases, replying, warranty
from ecrm.service.cases import Case, CaseMessage, Direction, State
from ecrm.service.copies import others_of
from ecrm.service.service_points import ServicePoint
from ecrm.service.units import Unit
from ecrm.service.warranty import RequestState, WarrantyRequest
from ecrm.service.warranty_letters import remind_silent, write_to_customer, write_to_point
from mailer.outbox import Email

from .desk import MIA, NOW, cases_of, come_in, known, letter, ready, said

WORKSHOP = "workshop@example.org"


@pytest.fixture
def request_id(plugin: Installation) -> int:
    """Ada's lamp, which a workshop was asked to look at."""
    ready(plugin)
    who = known(plugin)
    with plugin.app.app_context(), plugin.sessions.begin() as session:
        unit = Unit(serial_number="S1", serial_folded="S1", product="1", name="Lamp", customer_id=who, sold_at=NOW)
        point = ServicePoint(
            name="Workshop", country="DE", email=WORKSHOP, phone="030 1", latitude=50.0, longitude=10.0, changed_at=NOW
        )  # fmt: skip
        session.add_all([unit, point])
        session.flush()
        made, case = warranty.request(session, unit, point, words="It flickers", case=None, by=MIA, now=NOW)
        write_to_point(plugin, session, made, unit, point, case, now=NOW)
        assert write_to_customer(plugin, session, made, unit, point, case, now=NOW)
        return made.id


def written(plugin: Installation, template: str) -> list[Email]:
    with plugin.sessions() as session:
        return list(session.scalars(select(Email).where(Email.template == template).order_by(Email.id)))


def test_the_workshop_s_answer_comes_to_the_case_and_is_quoted_to_nobody(plugin: Installation, request_id: int) -> None:
    (asked,) = written(plugin, "warranty_request")
    (started,) = written(plugin, "warranty_started")
    assert (asked.from_address, started.to_address) == ("support@example.com", "ada@example.net")
    assert "ada" not in (asked.text + asked.html + asked.to_address).lower()
    answer = letter("We take it on, 40 EUR", sender=WORKSHOP, subject="Re: Warranty", In_Reply_To=asked.message_id)
    come_in(plugin, answer, at=NOW + timedelta(hours=1))
    (case,) = cases_of(plugin)
    assert [one.text for one in said(plugin, case) if one.direction == Direction.IN] == ["We take it on, 40 EUR"]
    with plugin.app.app_context(), plugin.sessions.begin() as session:
        case = session.get_one(Case, case.id)
        replying.answer(plugin, session, case, "They repair it.", by=MIA, now=NOW + timedelta(hours=2))
    (reply,) = written(plugin, "case_reply")
    assert reply.to_address == "ada@example.net"
    assert "40 EUR" not in reply.text + reply.html


def test_whom_a_workshop_s_letter_names_gets_no_copy_of_the_customer_s_answer(
    plugin: Installation, request_id: int
) -> None:
    (asked,) = written(plugin, "warranty_request")
    for sender, place in ((WORKSHOP, 1), ("clerk@workshop.example", 2)):
        answer = letter("We take it on", sender=sender, Cc="boss@workshop.example", In_Reply_To=asked.message_id)
        come_in(plugin, answer, at=NOW + timedelta(hours=place))
    (case,) = cases_of(plugin)
    with plugin.sessions() as session:
        assert others_of(session, session.merge(case), own={"support@example.com"}) == []


def test_a_silent_workshop_is_reminded_once_and_then_somebody_has_to_call(
    plugin: Installation, request_id: int
) -> None:
    with plugin.app.app_context():
        assert remind_silent(plugin, now=NOW + timedelta(days=2)) == 0
        assert remind_silent(plugin, now=NOW + timedelta(days=3)) == 1
        assert remind_silent(plugin, now=NOW + timedelta(days=4)) == 0
        assert [one.to_address for one in written(plugin, "warranty_reminder")] == [WORKSHOP]
        with plugin.sessions.begin() as session:
            case = session.scalars(select(Case)).one()
            cases.change(session, case, cases.Changes(state=State.WAITING), by=MIA, now=NOW + timedelta(days=4))
        assert remind_silent(plugin, now=NOW + timedelta(days=6)) == 1
        assert remind_silent(plugin, now=NOW + timedelta(days=60)) == 0
    (case,) = cases_of(plugin)
    assert case.state == State.OPEN
    assert "still hasn't answered. Call them: 030 1" in said(plugin, case)[-1].text
    assert len(written(plugin, "warranty_reminder")) == 1


CLERK = "Jan <jan@example.org>"


@pytest.mark.parametrize("sender", [CLERK, WORKSHOP])
def test_what_answers_our_letter_to_the_workshop_is_quoted_to_nobody_from_whichever_address_it_comes(
    plugin: Installation, request_id: int, sender: str
) -> None:
    (asked,) = written(plugin, "warranty_request")
    come_in(plugin, letter("It may take long", subject="My lamp", sender="Ada <ada@example.net>",
                           In_Reply_To=written(plugin, "warranty_started")[0].message_id), at=NOW)  # fmt: skip
    first = letter("INTERNAL 40 EUR", sender=sender, message_id="<w1@example.org>", In_Reply_To=asked.message_id)
    come_in(plugin, first, at=NOW + timedelta(hours=1))
    come_in(
        plugin, letter("INTERNAL 50 EUR", sender=sender, In_Reply_To="<w1@example.org>"), at=NOW + timedelta(hours=2)
    )
    (case,) = cases_of(plugin)
    come_in(plugin, letter("INTERNAL 60", sender=sender, subject=case.subject_mark), at=NOW + timedelta(hours=3))
    with plugin.sessions.begin() as session:
        session.scalars(select(ServicePoint)).one().email = "moved@example.org"
    with plugin.app.app_context(), plugin.sessions.begin() as session:
        replying.answer(
            plugin, session, session.get_one(Case, case.id), "They repair it.", by=MIA, now=NOW + timedelta(hours=4)
        )
    (reply,) = written(plugin, "case_reply")
    assert len([one for one in said(plugin, case) if one.from_workshop]) == 3
    assert "INTERNAL" not in reply.text + reply.html
    assert "It may take long" in reply.text


def test_a_workshop_s_letter_of_an_unclear_sender_is_not_the_customer_s_and_makes_no_other_a_workshop_s(
    plugin: Installation, request_id: int
) -> None:
    (asked,), (started,) = written(plugin, "warranty_request"), written(plugin, "warranty_started")
    for place, answered in enumerate((asked.message_id, started.message_id), start=1):
        raw = letter(f"Letter {place}", In_Reply_To=answered).as_bytes()
        raw = raw.replace(b"Ada Byron <ada@example.net>", b"jan@example.org <jan@workshop.example>", 1)
        come_in(plugin, raw, at=NOW + timedelta(hours=place))
    (case,) = cases_of(plugin)
    letters = [one for one in said(plugin, case) if one.direction == Direction.IN]
    assert [(one.text, one.from_workshop) for one in letters] == [("Letter 1", True), ("Letter 2", False)]
    with plugin.sessions() as session:
        case = session.merge(case)
        assert case.customer_id is not None
        assert [one for one in said_in(session, case, case.customer_id) if one.direction == Direction.IN] == []


def test_a_customer_who_answers_the_workshop_s_letter_to_both_is_quoted_as_ever(
    plugin: Installation, request_id: int
) -> None:
    (asked,) = written(plugin, "warranty_request")
    come_in(plugin, letter("Ada, is it the switch?", sender=CLERK, message_id="<w1@example.org>",
                           In_Reply_To=asked.message_id), at=NOW + timedelta(hours=1))  # fmt: skip
    come_in(plugin, letter("Yes, the switch", In_Reply_To="<w1@example.org>", References=asked.message_id),
            at=NOW + timedelta(hours=2))  # fmt: skip
    (case,) = cases_of(plugin)
    assert [one.from_workshop for one in said(plugin, case) if one.direction == Direction.IN] == [True, False]


@pytest.mark.parametrize("how", ["solved", "closed", "long ago"])
def test_a_workshop_isn_t_reminded_of_what_is_over(plugin: Installation, request_id: int, how: str) -> None:
    if how != "long ago":
        with plugin.sessions.begin() as session:
            case = session.scalars(select(Case)).one()
            cases.change(session, case, cases.Changes(state=State(how)), by=MIA, now=NOW)
    with plugin.app.app_context():
        assert remind_silent(plugin, now=NOW + timedelta(days=61 if how == "long ago" else 9)) == 0
        assert written(plugin, "warranty_reminder") == []
        if how == "solved":
            come_in(plugin, letter("It flickers again",
                                   In_Reply_To=written(plugin, "warranty_started")[0].message_id))  # fmt: skip
            assert remind_silent(plugin, now=NOW + timedelta(days=9)) == 1, "it was opened again"


@pytest.mark.parametrize("how", ["answered", "answered by a clerk", "moved", "switched off"])
def test_nobody_is_reminded_of_what_they_answered(plugin: Installation, request_id: int, how: str) -> None:
    if how.startswith("answered"):
        (asked,) = written(plugin, "warranty_request")
        sender = WORKSHOP if how == "answered" else CLERK
        come_in(plugin, letter("Yes", sender=sender, In_Reply_To=asked.message_id), at=NOW + timedelta(hours=1))
    elif how == "moved":
        with plugin.sessions.begin() as session:
            made = session.get_one(WarrantyRequest, request_id)
            warranty.move(session, made, RequestState.ACCEPTED, by=MIA, now=NOW + timedelta(hours=1))
    else:
        plugin.app.config["ECRM_WARRANTY_SILENT_DAYS"] = 0
    with plugin.app.app_context():
        assert remind_silent(plugin, now=NOW + timedelta(days=9)) == 0
    assert written(plugin, "warranty_reminder") == []
    with plugin.sessions() as session:
        notes = session.scalars(select(CaseMessage.text).where(CaseMessage.direction == Direction.NOTE)).all()
    assert not any("Call them" in one for one in notes)


def test_the_letter_to_the_workshop_is_emptied_with_the_person_it_is_about(
    plugin: Installation, request_id: int
) -> None:
    with plugin.app.app_context():
        erase_mail(plugin, "ada@example.net", reason="asked", staff=at_command_line())
    with plugin.sessions() as session:
        kept = session.scalars(select(Email)).all()
    assert len(kept) == 2
    assert not any("flickers" in one.text + one.html or "ada@" in one.to_address for one in kept)


def test_two_clicks_at_once_make_one_request(plugin: Installation) -> None:
    ready(plugin)
    point = ServicePoint(name="W", country="DE", email=WORKSHOP, latitude=50.0, longitude=10.0, changed_at=NOW)
    with plugin.sessions.begin() as session:
        session.add_all([point, Unit(serial_number="S1", serial_folded="S1", product="1", name="Lamp", sold_at=NOW)])
    told: list[str] = []

    def click(session: Session) -> None:
        piece, asked = session.scalars(select(Unit)).one(), session.scalars(select(ServicePoint)).one()
        warranty.request(session, piece, asked, words="It flickers", case=None, by=MIA, now=NOW)

    def click_again() -> None:
        with plugin.app.test_request_context(), plugin.sessions.begin() as session:
            try:
                click(session)
            except warranty.NotAsked as refused:
                told.append(str(refused))

    second = threading.Thread(target=click_again)
    with plugin.app.test_request_context(), plugin.sessions.begin() as session:
        click(session)
        second.start()
        second.join(0.5)
    second.join()
    with plugin.sessions() as session:
        assert len(session.scalars(select(WarrantyRequest)).all()) == 1
    assert told == ["A request for this piece is under way; look at its case."]
