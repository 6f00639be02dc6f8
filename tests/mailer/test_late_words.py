"""Words found late: what can't be written stops nobody, and a hiccup of the shop costs nobody an e-mail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from mailer.batch_size import AT_FIRST
from mailer.outbox import Email, State
from mailer.sender import Desk
from mailer.transports import MemoryTransport
from mailer.writing import Answer, Written

from .outgoing import NOW, Words, email, send


class Poisoned(Words):
    """One e-mail's words ask the database for what it can't do."""

    def write(self, session: Session, emails: Sequence[Email], *, now: datetime) -> list[Answer]:
        if any(one.to_address.startswith("bea@") for one in emails):
            session.execute(text("SELECT no_such_column FROM ecrm_email"))
        return super().write(session, emails, now=now)


def test_one_email_that_breaks_its_database_transaction_stops_no_other(
    sessions: sessionmaker[Session], offer: Callable[..., int]
) -> None:
    ids = [offer(name) for name in ("ada", "bea", "cleo")]
    transport = MemoryTransport()
    report = send(sessions, transport, desk=Desk(writer=Poisoned()))
    assert (report.sent, report.postponed, report.failed) == (2, 1, 0)
    assert [email(sessions, one).state for one in ids] == [State.SENT, State.QUEUED, State.SENT]


@pytest.mark.parametrize("subject", ["", "x" * 301, "nul\x00", "line\nbreak", "half a letter \ud83d"])
@pytest.mark.parametrize("names", [["ada"], ["ada", "bea", "cleo"]], ids=["alone", "among others"])
def test_a_subject_that_cannot_be_kept_stops_no_other(
    sessions: sessionmaker[Session], offer: Callable[..., int], subject: str, names: list[str]
) -> None:
    ids = [offer(name) for name in names]
    words = Written(subject=subject, text="Text", html="<p>Text</p>", unsubscribe_url="https://example.com/u/1")
    report = send(sessions, MemoryTransport(), desk=Desk(writer=Words(ada=words)))
    assert (report.sent, report.failed) == (len(names) - 1, 1)
    assert [email(sessions, one).state for one in ids] == [State.FAILED, State.SENT, State.SENT][: len(names)]


def test_a_shop_that_is_away_for_a_moment_fails_no_mailing(
    sessions: sessionmaker[Session], offer: Callable[..., int]
) -> None:
    away = ConnectionError("the shop's database starts anew")
    names = [f"person{number}" for number in range(AT_FIRST + 3)]
    ids = [offer(name) for name in names]
    transport, words = MemoryTransport(), Words(**dict.fromkeys(names, away))
    report = send(sessions, transport, desk=Desk(writer=words))
    assert (report.postponed, report.failed) == (AT_FIRST, 0)  # the next batch isn't even tried
    row = email(sessions, ids[0])
    assert (row.state, row.attempts, row.due_at > NOW) == (State.QUEUED, 1, True)
    assert "starts anew" in row.last_error
    assert {email(sessions, one).attempts for one in ids[AT_FIRST:]} == {0}
    assert send(sessions, transport, hours=1).sent == len(ids)


def test_a_worker_that_stops_amid_single_tries_leaves_the_rest_as_it_was(
    sessions: sessionmaker[Session], offer: Callable[..., int]
) -> None:
    ids = [offer(name) for name in ("ada", "bea", "cleo")]
    words = Words(**dict.fromkeys(("ada", "bea", "cleo"), ConnectionError("away")))
    desk = Desk(writer=words, stopping=lambda: words.asked >= 4)  # all at once, and one by itself
    assert send(sessions, MemoryTransport(), desk=desk).postponed == 1
    assert sorted(email(sessions, one).attempts for one in ids) == [0, 0, 1]
    assert {email(sessions, one).state for one in ids} == {State.QUEUED}
