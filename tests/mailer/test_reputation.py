"""Marketing pauses by itself when too many complain or too much comes back; a few prove nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from mailer.outbox import Email, State
from mailer.pausing import release, standing_pauses
from mailer.reports import Kind, MailReport
from mailer.reputation import guard, reputation

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def emails(
    session: Session, n: int, *, state: State = State.SENT, source: str = "mailing:7", at: datetime = NOW
) -> None:
    start = len(session.scalars(select(Email.id)).all())
    rows = [
        {
            "dedup_key": f"e{number}", "template": "t", "from_address": "s@example.com", "to_address": "a@example.com",
            "subject": "s", "text": "", "html": "", "message_id": f"<{number}@example.com>", "transactional": False,
            "state": state, "queued_at": at, "due_at": at, "claimed_at": at,
            "sent_at": at if state == State.SENT else None, "source": source,
        }
        for number in range(start, start + n)
    ]  # fmt: skip
    session.execute(insert(Email), rows)


def complain(session: Session, n: int, *, at: datetime = NOW) -> None:
    taken = set(session.scalars(select(MailReport.email_id)))
    free = [one for one in session.scalars(select(Email.id).order_by(Email.id)) if one not in taken]
    rows = [
        {"dedup_key": f"c{one}", "kind": Kind.COMPLAINT, "email_id": one, "source": "imap", "at": at}
        for one in free[:n]
    ]  # fmt: skip
    if rows:
        session.execute(insert(MailReport), rows)


@pytest.mark.parametrize(
    ("sent", "complaints", "warns", "pauses"),
    [
        (1000, 0, False, False),
        (100, 1, False, False),
        (1500, 2, True, False),
        (1000, 3, True, True),
        (5000, 4, False, False),
    ],
)
def test_a_share_counts_from_a_number_of_complaints_on(
    session: Session, sent: int, complaints: int, warns: bool, pauses: bool
) -> None:
    emails(session, sent)
    complain(session, complaints)
    seen = reputation(session, now=NOW + timedelta(minutes=1))
    assert (seen.warns, seen.must_pause) == (warns, pauses)
    assert bool(guard(session, now=NOW + timedelta(minutes=1))) is pauses


def test_marketing_pauses_once_and_what_a_person_released_is_not_held_against_it(session: Session) -> None:
    emails(session, 500)
    complain(session, 3)
    later = NOW + timedelta(minutes=1)
    assert guard(session, now=later) == [
        "marketing paused: 3 complaints about 500 e-mails (0.60%) since 13 Nov"
    ]  # fmt: skip
    assert guard(session, now=later) == []
    release(session, standing_pauses(session)[0].id, by="Ann", now=later)
    assert guard(session, now=later + timedelta(minutes=1)) == []
    emails(session, 500, at=later + timedelta(minutes=2))
    complain(session, 3, at=later + timedelta(minutes=2))
    assert len(guard(session, now=later + timedelta(minutes=3))) == 1


def test_what_is_older_than_the_window_is_forgiven(session: Session) -> None:
    emails(session, 500, at=NOW - timedelta(days=8))
    complain(session, 3, at=NOW - timedelta(days=8))
    assert guard(session, now=NOW) == []


def test_a_mailing_of_which_too_much_comes_back_pauses_and_no_other(session: Session) -> None:
    emails(session, 470)
    emails(session, 30, state=State.BOUNCED)
    emails(session, 500, source="flow:welcome")
    emails(session, 4, state=State.BOUNCED, source="mailing:8")  # too few to say anything
    assert guard(session, now=NOW) == ["mailing:7 paused: 30 of the first 500 came back (6.0%)"]
    assert [one.what for one in standing_pauses(session)] == ["mailing:7"]
