"""Unsubscribed in the middle of a run: what was acknowledged holds, whatever three workers are doing just then."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from mailer.addressing import Mailbox
from mailer.consent import Topic, withdraw
from mailer.outbox import Email, State, queue
from mailer.sender import Desk, send_due
from mailer.transports import MemoryTransport
from mailer.unsubscribe import settled

from .outgoing import Words
from .test_consent import agreed, contact

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PEOPLE, EACH = 12, 4


class SlowSink(MemoryTransport):
    """A mail server that takes its time, and a note of when each e-mail reached it."""

    def __init__(self, taken: list[tuple[str, float]]) -> None:
        super().__init__()
        self.taken = taken

    def send(self, message: bytes, *, envelope_from: str, envelope_to: str) -> None:
        self.taken.append((envelope_to, time.monotonic()))
        time.sleep(0.03)


def test_after_the_acknowledgement_nothing_more_is_handed_over_mid_run(sessions: sessionmaker[Session]) -> None:
    people = _queued(sessions)
    taken: list[tuple[str, float]] = []
    workers = [threading.Thread(target=_work, args=(sessions, taken)) for _ in range(3)]
    for worker in workers:
        worker.start()
    acknowledged: dict[str, float] = {}
    for address, contact_id in people[::2]:
        time.sleep(0.05)
        with sessions.begin() as session:
            withdraw(session, contact_id, how="one_click", now=NOW)
        assert settled(sessions, contact_id, clock=_clock, wait=time.sleep, patience=timedelta(seconds=30))
        acknowledged[address] = time.monotonic()
    for worker in workers:
        worker.join()
    late = [address for address, at in taken if at > acknowledged.get(address, at)]
    assert late == []
    assert len(acknowledged) == PEOPLE / 2
    stayed = [address for address, _ in people if address not in acknowledged]
    assert all(sum(1 for to, _ in taken if to == address) == EACH for address in stayed)  # the others got everything
    with sessions() as session:
        states = session.scalars(select(Email.state)).all()
    assert set(states) <= {State.SENT, State.SUPPRESSED}
    assert states.count(State.SENT) == len(taken)
    assert State.SUPPRESSED in states  # it did come in the middle


def test_one_waits_no_longer_than_patience_for_a_server_that_hangs(sessions: sessionmaker[Session]) -> None:
    [(_, contact_id), *_] = _queued(sessions)
    with sessions.begin() as session:
        for email in session.scalars(select(Email).where(Email.contact_id == contact_id)):
            email.state, email.handed_at = State.CLAIMED, NOW
    waits: list[float] = []
    clock = iter(NOW + timedelta(seconds=second) for second in range(9))
    assert not settled(sessions, contact_id, clock=lambda: next(clock), wait=waits.append)
    assert len(waits) == 4


def _queued(sessions: sessionmaker[Session]) -> list[tuple[str, int]]:
    people = []
    with sessions.begin() as session:
        for number in range(PEOPLE):
            one = contact(session, f"person-{number}@example.com")
            agreed(session, one.id, Topic.OFFERS)
            people.append((one.address, one.id))
        for turn in range(EACH):
            for address, contact_id in people:
                email_id = queue(
                    session, dedup_key=f"mailing:{turn}:{contact_id}", template="t", contact_id=contact_id,
                    sender=Mailbox("", "shop@example.com"), to=Mailbox("", address), subject="Hello", text="", html="",
                    transactional=False, now=NOW,
                )  # fmt: skip
                assert email_id is not None
                session.get_one(Email, email_id).topic = Topic.OFFERS
    return people


def _work(sessions: sessionmaker[Session], taken: list[tuple[str, float]]) -> None:
    ended = time.monotonic() + 60
    while time.monotonic() < ended and _left(sessions):
        send_due(sessions, SlowSink(taken), clock=lambda: NOW, desk=Desk(writer=Words()), limit=7)


def _left(sessions: sessionmaker[Session]) -> bool:
    with sessions() as session:
        waiting = select(Email.id).where(Email.state.in_((State.QUEUED, State.CLAIMED))).limit(1)
        return session.scalar(waiting) is not None


def _clock() -> datetime:
    return datetime.now(UTC)
