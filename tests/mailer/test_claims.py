"""Claims: a long list costs no more a claim, workers don't take each other's, and what somebody holds is skipped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import event, text
from sqlalchemy.orm import Session, sessionmaker

from mailer import claims
from mailer.claims import Stream
from mailer.outbox import Email, State
from tests.conftest import DATABASE

from .outgoing import NOW


def test_two_workers_share_what_is_due(sessions: sessionmaker[Session], offer: Callable[..., int]) -> None:
    ids = [offer(f"person{number}") for number in range(10)]
    with sessions.begin() as one:
        first = claims.claim(one, Stream.MARKETING, owner="one", n=6, now=NOW)
    with sessions.begin() as two:
        second = claims.claim(two, Stream.MARKETING, owner="two", n=6, now=NOW)
    assert [email.id for email in (*first, *second)] == ids
    with sessions.begin() as session:
        assert claims.hand_over(session, [*first, *second], owner="one", now=NOW) == {email.id for email in first}


def test_a_claim_reads_no_more_however_long_the_list_is(
    sessions: sessionmaker[Session], offer: Callable[..., int]
) -> None:
    for number in range(3):
        offer(f"urgent{number}", priority=9, due_at=NOW + timedelta(days=1))  # not yet
        offer(f"person{number}", priority=number)
    with sessions() as session:
        asked: list[str] = []
        engine = session.get_bind()
        event.listen(engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
        found = claims.candidates(session, Stream.MARKETING, n=2, now=NOW)
        addresses = [session.get_one(Email, one).to_address for one in found]
        assert addresses == ["person2@example.com", "person1@example.com"]
        assert len(asked) < 20
        if DATABASE == "sqlite":
            values = {
                "state": "queued",
                "transactional": False,
                "priority": 1,
                "now": NOW.replace(tzinfo=None),
                "n": 5,
                "from": 0,
            }
            query = str(claims._OLDEST.compile(dialect=engine.dialect))
            plan = session.connection().exec_driver_sql(
                f"EXPLAIN QUERY PLAN {query}", tuple(values.values())
            ).all()  # fmt: skip
            assert all("SCAN" not in str(step) and "TEMP B-TREE" not in str(step) for step in plan), plan


def test_a_late_owner_changes_nothing(sessions: sessionmaker[Session], offer: Callable[..., int]) -> None:
    email_id = offer("ada")
    with sessions.begin() as session:
        claims.claim(session, None, owner="late", n=1, now=NOW)
    with sessions.begin() as session:
        assert claims.give_up_stale(session, now=NOW + claims.STALE_UNSENT) == 0
        again = claims.claim(session, None, owner="other", n=1, now=NOW + claims.STALE_UNSENT)
    with sessions.begin() as session:
        assert claims.hand_over(session, again, owner="late", now=NOW) == set()
        assert claims.mark(session, [email_id], owner="late", state=State.FAILED) == 0
        assert claims.release(session, owner="late") == 0
        assert session.get_one(Email, email_id).claimed_by == "other"


def test_whose_contact_somebody_holds_is_left_to_the_next_claim(
    sessions: sessionmaker[Session], offer: Callable[..., int]
) -> None:
    held, free = offer("held"), offer("free")
    rows = DATABASE == "postgresql"  # SQLite has one lock, and nobody holds a row of it
    with sessions.begin() as other:
        contact = other.get_one(Email, held).contact_id
        if rows:
            other.execute(text("SELECT 1 FROM ecrm_contact WHERE id = :id FOR UPDATE"), {"id": contact})
        with sessions.begin() as session:
            claimed = claims.claim(session, None, owner="one", n=10, now=NOW)
        assert [email.id for email in claimed] == ([free] if rows else [held, free])
    with sessions.begin() as session:
        assert len(claims.claim(session, None, owner="one", n=10, now=NOW)) == (1 if rows else 0)
