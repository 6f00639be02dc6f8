"""The sender: no e-mail twice, none silently lost, doubt shown."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from mailer.claims import DOUBT_PAUSE, STALE_AFTER
from mailer.outbox import Email, State, send_again
from mailer.sender import RETRY_PAUSES, send_due
from mailer.smtp import SmtpTransport
from mailer.transports import Doubtful, MemoryTransport, PermanentFailure, TemporaryFailure, Unreachable

from .outgoing import NOW, Moody, at, email
from .scripted_smtp import HANG_UP, ScriptedSmtp


def test_what_is_due_is_sent_once(sessions: sessionmaker[Session], put: Callable[..., int]) -> None:
    transport, email_id = MemoryTransport(), put()
    assert str(send_due(sessions, transport, clock=at(NOW))) == "1 sent, 0 postponed, 0 failed, 0 doubtful"
    send_due(sessions, transport, clock=at(NOW + timedelta(days=2)))
    assert len(transport.sent) == 1
    assert transport.sent[0].envelope_to == "ada@example.com"
    assert email(sessions, email_id).state == State.SENT


def test_the_claim_is_committed_before_the_mail_goes_out(
    sessions: sessionmaker[Session], put: Callable[..., int]
) -> None:
    email_id, seen = put(), []

    class Watching(MemoryTransport):
        def send(self, message: bytes, *, envelope_from: str, envelope_to: str) -> None:
            seen.append(email(sessions, email_id).state)

    send_due(sessions, Watching(), clock=at(NOW))
    assert seen == [State.CLAIMED]


def test_a_claimed_mail_is_nobody_elses(sessions: sessionmaker[Session], put: Callable[..., int]) -> None:
    put()
    other = MemoryTransport()

    class Slow(MemoryTransport):
        def send(self, message: bytes, *, envelope_from: str, envelope_to: str) -> None:
            send_due(sessions, other, clock=at(NOW))
            super().send(message, envelope_from=envelope_from, envelope_to=envelope_to)

    slow = Slow()
    send_due(sessions, slow, clock=at(NOW))
    assert (len(slow.sent), len(other.sent)) == (1, 0)


def test_a_temporary_failure_is_tried_again_with_growing_pauses_for_a_day(
    sessions: sessionmaker[Session], put: Callable[..., int]
) -> None:
    email_id, now, pauses = put(), NOW, []
    busy = Moody(*[TemporaryFailure("450 later")] * 20)
    while (row := email(sessions, email_id)).state == State.QUEUED:
        now = row.due_at
        send_due(sessions, busy, clock=at(now))
        pauses.append(email(sessions, email_id).due_at - now)
    assert pauses[:-1] == list(RETRY_PAUSES)
    assert timedelta(hours=20) < now - NOW <= timedelta(hours=24)
    assert row.state == State.FAILED
    assert "450 later" in row.last_error


def test_a_permanent_failure_is_final_until_a_person_decides(
    sessions: sessionmaker[Session], put: Callable[..., int]
) -> None:
    email_id = put()
    report = send_due(sessions, Moody(PermanentFailure("550 no such mailbox")), clock=at(NOW))
    assert (report.failed, email(sessions, email_id).last_error) == (1, "550 no such mailbox")
    transport = MemoryTransport()
    send_due(sessions, transport, clock=at(NOW + timedelta(days=1)))
    assert transport.sent == []
    with sessions.begin() as session:
        assert send_again(session, email_id, now=NOW)
    send_due(sessions, transport, clock=at(NOW))
    assert len(transport.sent) == 1


def test_an_unreachable_server_stops_the_batch_and_loses_nothing(
    sessions: sessionmaker[Session], put: Callable[..., int]
) -> None:
    for number in range(3):
        put(f"order-confirmation:{number}")
    transport = Moody(Unreachable("connection refused"))
    assert send_due(sessions, transport, clock=at(NOW)).postponed == 1
    assert transport.sent == []
    send_due(sessions, transport, clock=at(NOW + timedelta(minutes=2)))
    assert len(transport.sent) == 3


def test_a_doubtful_order_mail_is_sent_once_more_with_the_same_bytes(
    sessions: sessionmaker[Session], put: Callable[..., int]
) -> None:
    email_id = put()
    transport = Moody(Doubtful("lost after the dot"), Doubtful("again"))
    assert send_due(sessions, transport, clock=at(NOW)).doubtful == 1
    assert email(sessions, email_id).state == State.UNKNOWN
    send_due(sessions, transport, clock=at(NOW + timedelta(seconds=1)))
    assert len(transport.sent) == 1
    send_due(sessions, transport, clock=at(NOW + DOUBT_PAUSE))
    assert transport.sent[0].message == transport.sent[1].message
    send_due(sessions, transport, clock=at(NOW + timedelta(days=3)))
    assert len(transport.sent) == 2
    assert email(sessions, email_id).state == State.UNKNOWN


def test_a_late_process_does_not_overwrite_what_was_decided_meanwhile(
    sessions: sessionmaker[Session], put: Callable[..., int]
) -> None:
    email_id = put()

    class Asleep(MemoryTransport):
        def send(self, message: bytes, *, envelope_from: str, envelope_to: str) -> None:
            send_due(sessions, MemoryTransport(), clock=at(NOW + STALE_AFTER))
            raise TemporaryFailure("woke up too late")

    send_due(sessions, Asleep(), clock=at(NOW))
    assert email(sessions, email_id).state == State.UNKNOWN


def test_the_claim_of_a_slow_batch_is_no_dead_processs(
    sessions: sessionmaker[Session], put: Callable[..., int]
) -> None:
    """Half a minute an e-mail: the batch takes longer than a claim may be old, and each hand-over is a fresh one."""
    for number in range(30):
        put(f"order-confirmation:{number}")
    now, rivals, mailbox = NOW, [], MemoryTransport()

    class Slow(MemoryTransport):
        def send(self, message: bytes, *, envelope_from: str, envelope_to: str) -> None:
            nonlocal now
            now += timedelta(seconds=29)
            rivals.append(send_due(sessions, mailbox, limit=0, clock=at(now)))
            mailbox.send(message, envelope_from=envelope_from, envelope_to=envelope_to)

    slow, calls = Slow(), 0
    while send_due(sessions, slow, clock=lambda: now).sent:
        calls += 1
        assert calls < 30
    assert now - NOW > STALE_AFTER
    assert calls > 1, "a batch ends well before its first claim would look stale"
    assert {rival.doubtful for rival in rivals} == {0}
    with sessions() as session:
        rows = session.execute(select(Email.handed_at, Email.sent_at)).all()
    assert {sent_at - handed_at for handed_at, sent_at in rows} == {timedelta(seconds=29)}
    assert len({sent.message for sent in mailbox.sent}) == len(mailbox.sent) == 30


def test_what_another_process_decided_is_not_counted_again(
    sessions: sessionmaker[Session], put: Callable[..., int]
) -> None:
    put()

    class Asleep(MemoryTransport):
        def send(self, message: bytes, *, envelope_from: str, envelope_to: str) -> None:
            assert send_due(sessions, MemoryTransport(), clock=at(NOW + STALE_AFTER)).doubtful == 1

    report = send_due(sessions, Asleep(), clock=at(NOW))
    assert (report.sent, report.doubtful) == (0, 0)


def test_a_row_that_makes_no_mail_fails_with_its_reason_and_stops_nobody(
    sessions: sessionmaker[Session], put: Callable[..., int]
) -> None:
    bad, _ = put("order-confirmation:bad"), put("order-confirmation:good")
    with sessions.begin() as session:
        session.get_one(Email, bad).to_name = "Ada\r\nBcc: all@example.com"
    transport = MemoryTransport()
    send_due(sessions, transport, clock=at(NOW))
    assert len(transport.sent) == 1
    assert email(sessions, bad).state == State.FAILED


def test_the_limit_holds_and_the_oldest_goes_first(sessions: sessionmaker[Session], put: Callable[..., int]) -> None:
    ids = [put(f"order-confirmation:{number}") for number in range(3)]
    send_due(sessions, MemoryTransport(), limit=2, clock=at(NOW))
    with sessions() as session:
        assert session.scalars(select(Email.id).where(Email.state == State.QUEUED)).all() == [ids[2]]


def test_four_senders_at_once_send_each_mail_once(sessions: sessionmaker[Session], put: Callable[..., int]) -> None:
    for number in range(30):
        put(f"order-confirmation:{number}")
    transport = MemoryTransport()
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda _: send_due(sessions, transport, clock=at(NOW)), range(4)))
    assert sum(report.sent for report in reports) == 30
    assert len({sent.message for sent in transport.sent}) == len(transport.sent) == 30


def test_a_line_that_breaks_after_the_dot_makes_one_mail_of_two_in_the_mailbox(
    sessions: sessionmaker[Session], put: Callable[..., int]
) -> None:
    email_id = put()
    with ScriptedSmtp({"dot": [HANG_UP]}) as server:
        transport = SmtpTransport("127.0.0.1", server.port, timeout=5)
        assert send_due(sessions, transport, clock=at(NOW)).doubtful == 1
        assert send_due(sessions, transport, clock=at(NOW + DOUBT_PAUSE)).sent == 1
    assert email(sessions, email_id).state == State.SENT
    ids = {message_from_bytes(body)["Message-ID"] for body in server.received}
    assert (len(server.received), ids) == (2, {email(sessions, email_id).message_id})


def test_a_line_that_breaks_before_the_dot_sends_one_mail(
    sessions: sessionmaker[Session], put: Callable[..., int]
) -> None:
    email_id = put()
    with ScriptedSmtp({"DATA": [HANG_UP]}) as server:
        transport = SmtpTransport("127.0.0.1", server.port, timeout=5)
        assert send_due(sessions, transport, clock=at(NOW)).postponed == 1
        assert send_due(sessions, transport, clock=at(NOW + RETRY_PAUSES[0])).sent == 1
    assert (len(server.received), email(sessions, email_id).state) == (1, State.SENT)
