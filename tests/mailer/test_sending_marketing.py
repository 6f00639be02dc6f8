"""Marketing on its way out: written late, asked once more, apart from what somebody waits for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes

import pytest
from sqlalchemy.orm import Session, sessionmaker

from mailer import claims
from mailer.address_hash import AddressHash
from mailer.addressing import Mailbox
from mailer.budget import Budget
from mailer.claims import DOUBT_PAUSE, STALE_AFTER, STALE_UNSENT, Stream
from mailer.consent import Topic, subscribe, withdraw
from mailer.mailboxes import contact_of
from mailer.outbox import Email, State
from mailer.sender import Desk
from mailer.transports import Bounced, Doubtful, MemoryTransport
from mailer.unwritten import queue_unwritten
from mailer.writing import Answer, Dropped, Held

from .outgoing import NOW, Dying, Killed, Moody, Words, email, send


def test_a_doubtful_offer_is_never_sent_again(sessions: sessionmaker[Session], offer: Callable[..., int]) -> None:
    email_id = offer("ada")
    transport = Moody(Doubtful("lost after the dot"))
    for hours in range(4):
        send(sessions, transport, hours=hours)
    assert len(transport.sent) == 1
    assert email(sessions, email_id).state == State.UNKNOWN


@pytest.mark.parametrize("marketing", [False, True])
def test_a_hand_over_of_a_process_that_died_becomes_a_shown_doubt(
    sessions: sessionmaker[Session], put: Callable[..., int], offer: Callable[..., int], marketing: bool
) -> None:
    email_id = offer("ada") if marketing else put()
    with pytest.raises(Killed):
        send(sessions, Dying())
    transport = MemoryTransport()
    send(sessions, transport, hours=1 / 60)
    assert email(sessions, email_id).state == State.CLAIMED  # it might still be at work
    late = STALE_AFTER.total_seconds() / 3600
    assert send(sessions, transport, hours=late).doubtful == 1
    assert email(sessions, email_id).state == State.UNKNOWN
    send(sessions, transport, hours=late + DOUBT_PAUSE.total_seconds() / 3600)
    assert len(transport.sent) == (0 if marketing else 1)


def test_what_a_dead_process_had_claimed_but_not_handed_over_is_sent_by_another(
    sessions: sessionmaker[Session], offer: Callable[..., int]
) -> None:
    ids = [offer(name) for name in ("ada", "bea", "cleo")]
    with sessions.begin() as session:
        claims.claim(session, None, owner="dead", n=50, now=NOW)
    transport = MemoryTransport()
    send(sessions, transport)
    assert transport.sent == []
    send(sessions, transport, hours=STALE_UNSENT.total_seconds() / 3600)
    assert {email(sessions, one).state for one in ids} == {State.SENT}
    assert len(transport.sent) == 3


def test_an_offer_gets_its_words_at_the_last_moment_and_says_how_to_leave(
    sessions: sessionmaker[Session], offer: Callable[..., int]
) -> None:
    email_id, transport = offer("ada"), MemoryTransport()
    send(sessions, transport)
    message = message_from_bytes(transport.sent[0].message)
    assert message["Subject"] == "For Ada"
    assert message["List-Unsubscribe"] == "<https://example.com/u/1>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Id"] == "<offers.example.com>"
    assert message["Feedback-ID"] == "mailing-1:offers:shop"
    assert "Auto-Submitted" not in message
    row = email(sessions, email_id)
    assert (row.subject, row.content) == ("For Ada", {"blocks": 1, "shown": ["kite"]})


def test_what_the_writer_holds_or_drops_says_why_and_stops_nobody(
    sessions: sessionmaker[Session], offer: Callable[..., int]
) -> None:
    held, dropped, broken, good = (offer(name) for name in ("held", "dropped", "broken", "good"))
    words = Words(held=Held(NOW + timedelta(hours=3), "the product is sold out"), dropped=Dropped("bought since"),
                  broken=ValueError("no picture"))  # fmt: skip
    transport = MemoryTransport()
    report = send(sessions, transport, desk=Desk(writer=words))
    assert str(report) == "1 sent, 0 postponed, 1 failed, 0 doubtful, 1 deferred, 1 dropped"
    assert [one.envelope_to for one in transport.sent] == ["good@example.com"]
    rows = [email(sessions, one) for one in (held, dropped, broken, good)]
    assert [row.state for row in rows] == [State.DEFERRED, State.DROPPED, State.FAILED, State.SENT]
    assert [row.reason for row in rows[:2]] == ["the product is sold out", "bought since"]
    assert "no picture" in rows[2].last_error
    send(sessions, transport, hours=3)
    assert email(sessions, held).state == State.SENT


def test_who_unsubscribes_between_claim_and_hand_over_gets_nothing(
    sessions: sessionmaker[Session], offer: Callable[..., int]
) -> None:
    ids = [offer(name) for name in ("ada", "bea", "cleo")]

    class Leaving(MemoryTransport):
        def send(self, message: bytes, *, envelope_from: str, envelope_to: str) -> None:
            super().send(message, envelope_from=envelope_from, envelope_to=envelope_to)
            with sessions.begin() as session:
                contact_id = session.get_one(Email, ids[-1]).contact_id
                assert contact_id is not None
                withdraw(session, contact_id, [Topic.OFFERS], how="one_click", now=NOW)

    transport = Leaving()
    assert send(sessions, transport).suppressed == 1
    assert [one.envelope_to for one in transport.sent] == ["ada@example.com", "bea@example.com"]
    assert email(sessions, ids[-1]).state == State.SUPPRESSED
    assert email(sessions, ids[-1]).reason == "the topic isn't wanted"


def test_the_streams_are_sent_apart_and_the_urgent_first(
    sessions: sessionmaker[Session], put: Callable[..., int], offer: Callable[..., int]
) -> None:
    offer("ada")
    offer("bea", priority=5)
    offer("cleo", due_at=NOW - timedelta(hours=1))
    put()
    transport = MemoryTransport()
    assert send(sessions, transport, stream=Stream.TRANSACTIONAL).sent == 1
    assert send(sessions, transport, stream=Stream.MARKETING).sent == 3
    names = [one.envelope_to.partition("@")[0] for one in transport.sent[1:]]
    assert names == ["bea", "cleo", "ada"]


def test_a_mailbox_that_isnt_there_is_never_written_to_again(
    sessions: sessionmaker[Session], offer: Callable[..., int]
) -> None:
    ids = [offer(name) for name in ("gone", "ada")]
    transport = Moody(Bounced("550 5.1.1 no such mailbox"))
    report = send(sessions, transport)
    assert (report.bounced, report.sent) == (1, 1)
    assert [email(sessions, one).state for one in ids] == [State.BOUNCED, State.SENT]
    with sessions.begin() as session:
        first = session.get_one(Email, ids[0])
        again = queue_unwritten(
            session, dedup_key="mailing:2:gone", template="mailing", sender=Mailbox("Shop", "shop@example.com"),
            to=Mailbox("", "gone@example.com"), contact_id=first.contact_id or 0, topic="offers", source="mailing:2",
            priority=0, content={}, due_at=NOW, now=NOW,
        )  # fmt: skip
    send(sessions, transport)
    assert again is not None
    assert email(sessions, again).state == State.SUPPRESSED


def test_a_sender_that_is_told_to_stop_leaves_no_doubt(
    sessions: sessionmaker[Session], offer: Callable[..., int]
) -> None:
    ids = [offer(f"person{number}") for number in range(5)]
    transport = MemoryTransport()
    desk = Desk(writer=Words(), stopping=lambda: len(transport.sent) >= 2)
    assert send(sessions, transport, desk=desk).sent == 2
    states = [email(sessions, one).state for one in ids]
    assert states == [State.SENT] * 2 + [State.QUEUED] * 3


def _to_one_reader(sessions: sessionmaker[Session], *, days: int) -> tuple[int, int]:
    """A more important e-mail to a mailbox called "held" and one of a mailing; the ids of both."""
    with sessions.begin() as session:
        contact = contact_of(session, "held@example.com", now=NOW, hashed=AddressHash([b"key"]))
        subscribe(session, contact.id, [Topic.OFFERS], how="test", wording="Yes", now=NOW)
        first, second = (
            queue_unwritten(
                session, dedup_key=source, template="t", sender=Mailbox("Shop", "shop@example.com"),
                to=Mailbox("Ada", "held@example.com"), contact_id=contact.id, topic="offers", source=source,
                priority=priority, content={"deadline": (NOW + timedelta(days=days)).isoformat()}, due_at=NOW, now=NOW,
            )
            for source, priority in (("flow:arrivals", 40), ("mailing:1", 10))
        )  # fmt: skip
    assert first is not None
    assert second is not None
    return first, second


class _Arrivals(Words):
    """Holds what flows say, as it is sold out."""

    def _one(self, email: Email) -> Answer:
        if email.source.startswith("flow:"):
            return Held(NOW + timedelta(days=1), "it is sold out")
        return super()._one(email)


@pytest.mark.parametrize("days", [0, 3])
def test_an_email_that_its_writer_holds_takes_nobodys_place(sessions: sessionmaker[Session], days: int) -> None:
    first, second = _to_one_reader(sessions, days=days)
    transport = MemoryTransport()
    send(sessions, transport, desk=Desk(writer=_Arrivals(), admit=Budget().admit))
    assert email(sessions, second).state == State.SENT
    assert email(sessions, first).state == (State.DEFERRED if days else State.DROPPED)


def test_what_would_be_held_beyond_its_time_is_dropped(sessions: sessionmaker[Session]) -> None:
    first, _second = _to_one_reader(sessions, days=0)
    send(sessions, MemoryTransport(), desk=Desk(writer=_Arrivals()))
    row = email(sessions, first)
    assert (row.state, row.reason) == (State.DROPPED, "its time passes on 20 Nov 12:00 UTC; it is sold out")
