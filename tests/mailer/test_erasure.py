"""Erased while an e-mail is under way: whatever comes back of it says nothing of the person any more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from mailer.address_hash import AddressHash
from mailer.consent import Topic
from mailer.consent_check import differences
from mailer.double_opt_in import ConsentRequest, ask, open_request, use_request
from mailer.erasure import erase_mailbox, erase_unanswered, unanswered
from mailer.mailboxes import contact_of
from mailer.outbox import Email, State
from mailer.reports import Kind, MailReport, Reported, take_report
from mailer.send_report import SendReport
from mailer.sender import Desk
from mailer.suppression import Reason, Suppression, suppress
from mailer.transports import Bounced, Doubtful, MemoryTransport, PermanentFailure, TemporaryFailure
from mailer.writing import Answer

from .outgoing import NOW, Moody, Words, email, send

HASHED = AddressHash([b"key"])
REPLY = "550 5.1.1 <ada@example.com>: user unknown"


def erase(sessions: sessionmaker[Session], address: str = "ada@example.com") -> None:
    with sessions.begin() as session:
        erase_mailbox(session, address, hashed=HASHED, now=NOW)


class Erasing(MemoryTransport):
    """The person is erased while the mail server has their e-mail."""

    def __init__(self, sessions: sessionmaker[Session], answer: Exception) -> None:
        super().__init__()
        self.sessions, self.answer = sessions, answer

    def send(self, message: bytes, *, envelope_from: str, envelope_to: str) -> None:
        erase(self.sessions)
        raise self.answer


def test_words_that_are_found_after_the_erasure_are_not_kept(
    sessions: sessionmaker[Session], offer: Callable[..., int]
) -> None:
    class ErasedMeanwhile(Words):
        def write(self, session: Session, emails: Sequence[Email], *, now: datetime) -> list[Answer]:
            erase(sessions)
            return super().write(session, emails, now=now)

    email_id, transport = offer("ada"), MemoryTransport()
    send(sessions, transport, desk=Desk(writer=ErasedMeanwhile()))
    row = email(sessions, email_id)
    assert (transport.sent, row.state, row.subject, row.content) == ([], State.SUPPRESSED, "", {})


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Bounced(REPLY), State.BOUNCED), (PermanentFailure(REPLY), State.FAILED), (Doubtful(REPLY), State.UNKNOWN),
        (TemporaryFailure(REPLY), State.SUPPRESSED),
    ],
)  # fmt: skip
def test_of_a_servers_answer_to_an_erased_persons_email_only_the_code_is_kept(
    sessions: sessionmaker[Session], offer: Callable[..., int], answer: Exception, state: State
) -> None:
    email_id = offer("ada")
    send(sessions, Erasing(sessions, answer))
    row = email(sessions, email_id)
    assert (row.state, row.last_error, row.to_address) == (state, "550 5.1.1", "")
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Suppression)) == 0
        assert not list(differences(session))


@pytest.mark.parametrize("amid", [False, True], ids=["erased later", "erased while it was under way"])
def test_an_erased_persons_doubtful_order_is_not_tried_again(
    sessions: sessionmaker[Session], put: Callable[..., int], amid: bool
) -> None:
    email_id, lost = put(), Doubtful(REPLY)
    send(sessions, Erasing(sessions, lost) if amid else Moody(lost))
    erase(sessions)
    assert send(sessions, MemoryTransport(), hours=1) == SendReport()
    assert email(sessions, email_id).state == State.UNKNOWN


def test_nothing_is_hung_on_whom_was_erased(sessions: sessionmaker[Session], offer: Callable[..., int]) -> None:
    email_id = offer("ada")
    send(sessions, MemoryTransport())
    row = email(sessions, email_id)
    erase(sessions)
    with sessions.begin() as session:
        assert row.contact_id is not None
        assert not suppress(session, row.contact_id, reason=Reason.HARD_BOUNCE, now=NOW, note=REPLY)
        bounce = Reported(kind=Kind.HARD, message_id=row.message_id, diagnostic=REPLY)
        assert take_report(session, bounce, source="webhook", now=NOW) == "unknown"
        assert session.scalar(select(func.count()).select_from(MailReport)) == 0
        assert not list(differences(session))


def test_a_bounce_that_comes_in_during_the_erasure_names_nobody_after_it(
    sessions: sessionmaker[Session], offer: Callable[..., int]
) -> None:
    email_id = offer("ada")
    send(sessions, MemoryTransport())
    bounce = Reported(
        kind=Kind.HARD, message_id=email(sessions, email_id).message_id, address="ada@example.com", diagnostic=REPLY
    )

    def come_in() -> str:
        with sessions.begin() as session:
            return take_report(session, bounce, source="imap", now=NOW)

    with ThreadPoolExecutor(1) as other:
        with sessions.begin() as session:
            erase_mailbox(session, "ada@example.com", hashed=HASHED, now=NOW)
            came = other.submit(come_in)
            wait([came], timeout=0.5)  # it waits for us, wherever it looks first
        assert came.result() == "unknown"
    row = email(sessions, email_id)
    assert (row.state, row.last_error) == (State.SENT, "")
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(MailReport)) == 0


def test_an_erased_persons_link_confirms_nobody_elses_request(sessions: sessionmaker[Session]) -> None:
    def asked(address: str) -> tuple[int, int]:
        with sessions.begin() as session:
            contact = contact_of(session, address, now=NOW, hashed=HASHED).id
            request = ask(session, contact, [Topic.OFFERS], how="form", wording="Yes", now=NOW)
            assert request is not None
            return request, contact

    old, mallory = asked("mallory@example.com")
    erase(sessions, "mallory@example.com")
    new, victim = asked("victim@example.com")
    with sessions.begin() as session:
        for request in {old, new}:
            assert open_request(session, request, mallory, now=NOW) is None
            assert use_request(session, request, mallory, now=NOW) is None
        assert use_request(session, new, victim, now=NOW) is not None


def test_whoever_answers_meanwhile_is_not_forgotten(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        contacts = [contact_of(session, f"{one}@example.com", now=NOW, hashed=HASHED).id for one in ("ada", "bot")]
        for one in contacts:
            ask(session, one, [Topic.OFFERS], how="form", wording="Yes", now=NOW)
    later = NOW + timedelta(days=31)
    with sessions.begin() as session:
        assert unanswered(session, now=later) == contacts
        ask(session, contacts[0], [Topic.OFFERS], how="form", wording="Yes", now=later)
    forgotten = []
    for one in contacts:
        with sessions.begin() as session:
            forgotten.append(erase_unanswered(session, one, hashed=HASHED, now=later))
    assert forgotten == [False, True]
    with sessions() as session:
        assert set(session.scalars(select(ConsentRequest.contact_id))) == {contacts[0]}
