"""A database that fails for a moment: what the mail server has said is written down all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from mailer.claims import DOUBT_PAUSE, STALE_AFTER
from mailer.lines import Parcel, Step, Told
from mailer.outbox import State
from mailer.sender import send_due
from mailer.suppression import Suppression
from mailer.transports import Bounced, MemoryTransport, Transport

from .outgoing import NOW, at, email, send


@contextmanager
def failing(sessions: sessionmaker[Session], words: str, *, times: int, after: int = 0) -> Iterator[list[str]]:
    """Statements with these words find a lock that isn't given: so many times, after so many that went well."""
    engine, seen = sessions.kw["bind"], list[str]()
    assert isinstance(engine, Engine)

    def refuse(_conn: Any, _cursor: Any, statement: str, _parameters: Any, _context: Any, _many: bool) -> None:
        if words not in statement or len(seen) >= after + times:
            return
        seen.append(statement)
        if len(seen) > after:
            raise OperationalError(statement, {}, Exception("database is locked"))

    event.listen(engine, "before_cursor_execute", refuse)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", refuse)


class TwoLines:
    """Two connections; the first e-mail's mailbox isn't there, while the second one is ready."""

    def __init__(self) -> None:
        self.announced, self.told, self.given = list[Parcel](), list[Told](), list[Parcel]()

    def open(self) -> TwoLines:
        return self

    def room(self, wanted: int) -> int:
        return min(wanted, 2 - len(self.announced))

    @property
    def busy(self) -> bool:
        return bool(self.told)

    def announce(self, parcel: Parcel) -> None:
        self.announced.append(parcel)
        if len(self.announced) == 2:
            self.told = [(self.announced[0], Bounced("550 5.1.1 no")), (self.announced[1], Step.READY)]

    def hand_over(self, parcel: Parcel, *, then: Parcel | None = None) -> None:
        self.given.append(parcel)
        self.told.append((parcel, Step.TAKEN))

    def abandon(self, parcel: Parcel) -> None:
        pass

    def wait(self, seconds: float) -> list[Told]:
        told, self.told = self.told, []
        return told

    def close(self) -> None:
        pass

    def send(self, message: bytes, *, envelope_from: str, envelope_to: str) -> None:
        raise NotImplementedError


def test_what_was_taken_is_marked_in_spite_of_a_lock_and_goes_out_once(
    sessions: sessionmaker[Session], put: Callable[..., int]
) -> None:
    email_id, transport = put(), MemoryTransport()
    with failing(sessions, "sent_at=", times=1) as seen:
        report = send_due(sessions, transport, clock=at(NOW))
    assert (len(seen), report.sent) == (1, 1)
    assert email(sessions, email_id).state == State.SENT
    for later in (STALE_AFTER, STALE_AFTER + DOUBT_PAUSE):
        send_due(sessions, transport, clock=at(NOW + later + timedelta(minutes=1)))
    assert len(transport.sent) == 1


def test_a_claim_that_breaks_leaves_no_doubt_about_what_is_under_way(
    sessions: sessionmaker[Session], offer: Callable[..., int]
) -> None:
    ids = [offer(f"person{number}") for number in range(110)]  # claimed in two parts, the second amid the first
    transport = MemoryTransport()
    with failing(sessions, "claimed_at=", times=1, after=1), pytest.raises(OperationalError):
        send(sessions, transport)
    states = [email(sessions, one).state for one in ids]
    assert 0 < len(transport.sent) == states.count(State.SENT)
    assert set(states) == {State.SENT, State.QUEUED}
    send(sessions, transport)
    assert len(transport.sent) == len(ids)


def test_a_bounce_whose_mailbox_cannot_be_held_back_at_once_stops_no_email_that_is_handed_over(
    sessions: sessionmaker[Session], offer: Callable[..., int]
) -> None:
    ada, bea = offer("ada"), offer("bea")
    lines: Any = TwoLines()
    way: Transport = lines
    with failing(sessions, "ecrm_contact SET", times=1) as seen:
        report = send(sessions, way)
    assert (len(seen), report.sent, report.bounced) == (1, 1, 1)
    assert [email(sessions, one).state for one in (ada, bea)] == [State.BOUNCED, State.SENT]
    assert [one.email.id for one in lines.given] == [bea]
    with sessions() as session:
        assert len(session.scalars(select(Suppression)).all()) == 1
