"""Forgotten: cases keep their figures and lose every word and address, by erasure and by age."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ecrm import keeping
from ecrm.access.audit import at_command_line
from ecrm.erasing import erase_mail
from ecrm.installation import Installation
from ecrm.service import cases
from ecrm.service.cases import Attached, Case, Direction, Opened, Said, State
from ecrm.storefront import Staff
from tests.ecrm.test_erasing import where_it_stands
from tracking.customers import find_or_create_guest

NOW = datetime(2026, 6, 10, 10, 0, tzinfo=UTC)
ADDRESS = "ada.lovelace@example.com"
SAM = Staff(staff_id="7", name="Sam", role="support")


def complaint(session: Session, *, address: str = ADDRESS, message_id: str = "<1@lovelace.example>") -> Case:
    return cases.open_case(
        session,
        Opened(
            channel=cases.Channel.EMAIL, kind=cases.Kind.COMPLAINT, subject="From Lovelace", from_address=address,
            from_name="Ada Lovelace",
            said=Said(
                direction=Direction.IN, text="I, Lovelace, am cross", quoted="> Lovelace", html="<p>Lovelace</p>",
                message_id=message_id, author_name="Lovelace", from_address=address,
                attachments=(Attached("lovelace.txt", "text/plain", b"Lovelace's file"),),
            ),
        ),
        now=NOW,
    )  # fmt: skip


@pytest.mark.parametrize("known", [True, False])
def test_an_erased_persons_case_keeps_its_figures_and_no_word(plugin: Installation, known: bool) -> None:
    with plugin.sessions.begin() as session:
        if known:
            find_or_create_guest(session, email=ADDRESS, at=NOW)
        case = complaint(session)
        cases.change(session, case, cases.Changes(order_reference="A-1", subject="Lovelace again"), now=NOW, by=SAM)
        cases.log_step(session, case, "called", now=NOW, by=SAM, words="Lovelace said no")
        case.satisfaction, case.satisfaction_words = 2, "Lovelace is not amused"
        number = case.id
    done = erase_mail(plugin, ADDRESS.upper(), reason="asked", staff=at_command_line())
    assert done.cases == 1
    with plugin.sessions() as session:
        assert set(where_it_stands(session)) <= {"ecrm_customer", "ecrm_customer_email"}  # the shop's to forget
        case = session.get_one(Case, number)
        assert (case.kind, case.state, case.satisfaction) == ("complaint", State.CLOSED, 2)
        assert session.scalar(select(func.count()).select_from(cases.AttachmentContent)) == 0
        assert session.scalar(select(func.count()).select_from(cases.CaseMessage)) == 1


def test_a_file_that_somebody_else_sent_too_stays_theirs(plugin: Installation) -> None:
    with plugin.sessions.begin() as session:
        complaint(session)
        complaint(session, address="eve@example.com", message_id="<2@example.com>")
    erase_mail(plugin, ADDRESS, reason="asked", staff=at_command_line())
    with plugin.sessions() as session:
        assert session.scalar(select(func.count()).select_from(cases.CaseAttachment)) == 1
        assert session.scalar(select(func.count()).select_from(cases.AttachmentContent)) == 1


def test_what_somebody_in_copy_wrote_is_forgotten_in_the_others_case(plugin: Installation) -> None:
    with plugin.sessions.begin() as session:
        case = cases.open_case(
            session,
            Opened(
                channel=cases.Channel.EMAIL, subject="Teapot", from_address="eve@example.com",
                said=Said(direction=Direction.IN, text="Mine is broken"),
            ),
            now=NOW,
        )  # fmt: skip
        said = Said(direction=Direction.IN, text="Lovelace agrees", author_name="Lovelace", from_address=ADDRESS)
        cases.add_message(session, case, said, now=NOW)
        number = case.id
    erase_mail_of_a_stranger(plugin)
    with plugin.sessions() as session:
        assert where_it_stands(session) == []
        assert [one.text for one in cases.messages_of(session, number)] == ["Mine is broken", ""]
        query = cases.cases_with("broken teapot")
        assert query is not None
        assert list(session.scalars(query)) == [number]


def erase_mail_of_a_stranger(plugin: Installation) -> None:
    with plugin.sessions.begin() as session:
        find_or_create_guest(session, email="other@example.com", at=NOW)
        cases.forget_person(session, customers=(), addresses=[ADDRESS], now=NOW)


def test_cases_closed_long_ago_are_emptied_every_night(plugin: Installation, host: Flask) -> None:
    with plugin.sessions.begin() as session:
        old = complaint(session)
        cases.change(session, old, cases.Changes(state=State.CLOSED), now=NOW - timedelta(days=1500), by=SAM)
        still = complaint(session, message_id="<2@lovelace.example>")
        numbers = old.id, still.id
    with host.app_context():
        assert "1 cases emptied" in keeping.retain(plugin)
    with plugin.sessions() as session:
        assert [session.get_one(Case, one).subject for one in numbers] == ["", "From Lovelace"]
