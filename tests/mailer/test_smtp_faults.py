"""Every way in which a mail server can fail, and what then becomes of that e-mail and of the two behind it."""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes
from typing import NamedTuple

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from mailer.outbox import Email, State
from mailer.smtp import SmtpTransport
from mailer.suppression import Suppression

from .outgoing import send
from .scripted_smtp import HANG_UP, PIPELINING, SILENCE, ScriptedSmtp


class Fault(NamedTuple):
    """When the server does what, once; what the first e-mail is after one call; how many of the three it has taken in
    by then; and what the first e-mail is in the end."""

    moment: str
    answer: str
    at_first: State
    taken: int
    at_last: State = State.SENT


FAULTS = {
    "421 at the greeting": Fault("connect", "421 too busy", State.QUEUED, 0),
    "no greeting": Fault("connect", SILENCE, State.QUEUED, 0),
    "dropped at the greeting": Fault("connect", HANG_UP, State.QUEUED, 0),
    "421 at MAIL": Fault("MAIL", "421 closing", State.QUEUED, 0),
    "550 at MAIL": Fault("MAIL", "550 who are you", State.QUEUED, 0),
    "450 at RCPT": Fault("RCPT", "450 greylisted", State.QUEUED, 2),
    "451 at RCPT": Fault("RCPT", "451 try later", State.QUEUED, 2),
    "452 at RCPT": Fault("RCPT", "452 no room", State.QUEUED, 2),
    "550 at RCPT": Fault("RCPT", "550 5.1.1 no such mailbox", State.BOUNCED, 2, State.BOUNCED),
    "550 at RCPT by policy": Fault("RCPT", "550 5.7.1 blocked", State.QUEUED, 2),
    "550 at RCPT without a code": Fault("RCPT", "550 no such user", State.BOUNCED, 2, State.BOUNCED),
    "550 at RCPT for us": Fault("RCPT", "550 relay not permitted", State.QUEUED, 2),
    "503 at RCPT": Fault("RCPT", "503 bad sequence of commands", State.QUEUED, 0),
    "552 at RCPT": Fault("RCPT", "552 5.2.2 mailbox full", State.QUEUED, 2),
    "530 at RCPT": Fault("RCPT", "530 sign in first", State.QUEUED, 0),
    "dropped at RCPT": Fault("RCPT", HANG_UP, State.QUEUED, 0),
    "hangs at RCPT": Fault("RCPT", SILENCE, State.QUEUED, 0),
    "451 at DATA": Fault("DATA", "451 disk full", State.QUEUED, 2),
    "554 at DATA": Fault("DATA", "554 no", State.FAILED, 2, State.FAILED),
    "dropped at DATA": Fault("DATA", HANG_UP, State.QUEUED, 0),
    "dropped amid the mail": Fault("body", HANG_UP, State.UNKNOWN, 2, State.UNKNOWN),
    "dropped after the dot": Fault("dot", HANG_UP, State.UNKNOWN, 3, State.UNKNOWN),
    "hangs after the dot": Fault("dot", SILENCE, State.UNKNOWN, 3, State.UNKNOWN),
    "421 after the dot": Fault("dot", "421 closing", State.QUEUED, 1),
    "450 after the dot": Fault("dot", "450 later", State.QUEUED, 3),
    "550 after the dot": Fault("dot", "550 looks like spam", State.FAILED, 3, State.FAILED),
    "552 after the dot": Fault("dot", "552 too large", State.FAILED, 3, State.FAILED),
    "dropped at QUIT": Fault("QUIT", HANG_UP, State.SENT, 3),
    "hangs at QUIT": Fault("QUIT", SILENCE, State.SENT, 3),
}


@pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "plain"])
@pytest.mark.parametrize("name", list(FAULTS))
def test_each_fault_means_one_thing_and_the_others_go_out_once(
    sessions: sessionmaker[Session], offer: Callable[..., int], name: str, pipelining: bool
) -> None:
    fault = FAULTS[name]
    ids = [offer(person) for person in ("ada", "bea", "cleo")]
    with ScriptedSmtp({fault.moment: [fault.answer]}, hello=PIPELINING if pipelining else "250 hello") as server:
        transport = SmtpTransport("127.0.0.1", server.port, timeout=0.2)
        send(sessions, transport)
        states = _states(sessions, ids)
        assert states[0] == fault.at_first
        assert len(_mails(server)) == fault.taken
        if states[0] in (State.BOUNCED, State.FAILED, State.UNKNOWN):
            assert states[1:] == [State.SENT, State.SENT], "one bad e-mail holds nobody up"
        for hours in (1, 2, 30):
            send(sessions, transport, hours=hours)
        assert _states(sessions, ids) == [fault.at_last, State.SENT, State.SENT]
        got = [message_from_bytes(body)["To"] for body in _mails(server)]
    refused_after_the_dot = fault.moment == "dot" and fault.answer not in (HANG_UP, SILENCE)
    assert [got.count(f"{one} <{one.lower()}@example.com>") for one in ("Bea", "Cleo")] == [1, 1]
    first = got.count("Ada <ada@example.com>")
    assert first <= 1 or refused_after_the_dot, "what the server has refused may be given to it again, nothing else"
    assert first or states[0] in (State.BOUNCED, State.FAILED, State.UNKNOWN)
    with sessions() as session:
        assert len(session.scalars(select(Suppression)).all()) == (fault.at_last == State.BOUNCED)


def test_a_server_that_refuses_us_ends_the_run_and_loses_nothing(
    sessions: sessionmaker[Session], offer: Callable[..., int]
) -> None:
    ids = [offer(person) for person in ("ada", "bea", "cleo", "dora", "eve")]
    with ScriptedSmtp({"RCPT": ["554 5.7.1 relay access denied"] * 3}, hello="250 hello") as server:
        transport = SmtpTransport("127.0.0.1", server.port, timeout=0.2)
        assert send(sessions, transport).postponed == 3
        assert _states(sessions, ids) == [State.QUEUED] * 5
        send(sessions, transport, hours=1)
    assert _states(sessions, ids) == [State.SENT] * 5


def test_orders_that_come_singly_while_we_are_on_a_blocklist_are_sent_when_we_are_off_it(
    sessions: sessionmaker[Session], put: Callable[..., int]
) -> None:
    with ScriptedSmtp({"RCPT": ["554 5.7.1 blocked using zen.example"] * 6}, hello="250 hello") as server:
        transport = SmtpTransport("127.0.0.1", server.port, timeout=0.2)
        ids = []
        for number in range(3):
            ids.append(put(f"order-confirmation:{number}"))
            send(sessions, transport, hours=number / 60)
        for hours in (1, 2, 3):
            send(sessions, transport, hours=hours)
    assert _states(sessions, ids) == [State.SENT] * 3


def test_a_line_that_breaks_takes_only_its_own_email_into_doubt(
    sessions: sessionmaker[Session], offer: Callable[..., int]
) -> None:
    ids = [offer(f"person{number}") for number in range(40)]
    with ScriptedSmtp({"dot": ["250 ok"] * 10 + [HANG_UP]}, hello=PIPELINING) as server:
        transport = SmtpTransport("127.0.0.1", server.port, timeout=2, connections=4)
        report = send(sessions, transport)
        assert server.connections >= 4
    assert (report.sent, report.doubtful) == (39, 1)
    assert sorted(_states(sessions, ids)).count(State.SENT) == 39
    assert len({message_from_bytes(body)["To"] for body in server.received}) == len(server.received) == 40


def test_a_server_that_wants_fewer_connections_gets_fewer(
    sessions: sessionmaker[Session], offer: Callable[..., int]
) -> None:
    for number in range(10):
        offer(f"person{number}")
    with ScriptedSmtp({"connect": ["220 hi", "421 too many", "421 too many"]}, hello=PIPELINING) as server:
        transport = SmtpTransport("127.0.0.1", server.port, timeout=2, connections=3)
        assert send(sessions, transport).sent == 10


def test_a_connection_carries_as_many_as_it_may(sessions: sessionmaker[Session], offer: Callable[..., int]) -> None:
    for number in range(10):
        offer(f"person{number}")
    with ScriptedSmtp(hello=PIPELINING) as server:
        assert send(sessions, SmtpTransport("127.0.0.1", server.port, timeout=2, most=4)).sent == 10
        assert server.connections == 3


def _mails(server: ScriptedSmtp) -> list[bytes]:
    """Without the empty ones that answer a "354" to a DATA without a recipient (RFC 2920 3.1)."""
    return [body for body in server.received if body]


def _states(sessions: sessionmaker[Session], ids: list[int]) -> list[State]:
    with sessions() as session:
        return [State(session.get_one(Email, one).state) for one in ids]
