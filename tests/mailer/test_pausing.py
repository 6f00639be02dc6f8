"""Pauses: what stands still isn't sent, isn't lost, and goes on when a person says so."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from mailer.consent import Topic
from mailer.outbox import Email, State
from mailer.pausing import MARKETING, pause, release, standing_pauses
from mailer.sender import Desk, send_due
from mailer.transports import MemoryTransport

from .outgoing import Words
from .test_consent import agreed, contact, put

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def send(sessions: sessionmaker[Session]) -> int:
    transport = MemoryTransport()
    send_due(sessions, transport, clock=lambda: NOW, desk=Desk(writer=Words()))
    return len(transport.sent)


@pytest.mark.parametrize("what", [MARKETING, "mailing:7"])
def test_what_is_paused_waits_and_goes_on_afterwards(sessions: sessionmaker[Session], what: str) -> None:
    with sessions.begin() as session:
        ada = contact(session)
        agreed(session, ada.id, Topic.OFFERS)
        email_id = put(session, ada.id)
        session.execute(update(Email).values(source="mailing:7"))
        assert pause(session, what, reason="complaints", now=NOW)
        assert not pause(session, what, reason="complaints", now=NOW)
    assert send(sessions) == 0
    with sessions.begin() as session:
        assert session.get_one(Email, email_id).state == State.QUEUED
        [standing] = standing_pauses(session)
        assert release(session, standing.id, by="Ann", now=NOW)
        assert not release(session, standing.id, by="Ben", now=NOW)
    assert send(sessions) == 1


def test_a_pause_of_one_mailing_holds_no_other_and_no_order(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        ada = contact(session)
        agreed(session, ada.id, Topic.OFFERS, Topic.NEWSLETTER)
        put(session, ada.id, topic="newsletter")
        put(session, ada.id, topic="", transactional=True)
        pause(session, "mailing:7", reason="bounces", now=NOW)
    assert send(sessions) == 2
    with sessions.begin() as session:
        put(session, ada.id)
        put(session, None, topic="", transactional=True)
        pause(session, MARKETING, reason="complaints", now=NOW)
    assert send(sessions) == 1
