"""Two schedulers and a hundred mailings: each is started once, and each of its recipients is in the outbox once."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from mailer import mailing_expansion, mailings
from mailer.address_hash import AddressHash
from mailer.addressing import Mailbox
from mailer.consent import Topic, subscribe
from mailer.mailboxes import contact_of
from mailer.outbox import Email

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MAILINGS, PEOPLE = 100, 5


def test_each_mailing_is_started_by_one_of_them(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        for number in range(PEOPLE):
            contact = contact_of(session, f"person{number}@example.com", now=NOW, hashed=AddressHash([b"key"]))
            subscribe(session, contact.id, [Topic.OFFERS], how="test", wording="Yes", now=NOW)
        ids = [
            mailings.create(session, name=f"M{number}", topic=Topic.OFFERS, by="test", now=NOW).id
            for number in range(MAILINGS)
        ]
        for mailing_id in ids:
            mailings.schedule(session, mailing_id, at=NOW, now=NOW)

    def schedule(_number: int) -> list[int]:
        mine = []
        for mailing_id in ids:
            with contextlib.suppress(OperationalError), sessions.begin() as session:
                mine += mailings.start_due(session, now=NOW)
            _until_written(sessions, mailing_id)
        return mine

    with ThreadPoolExecutor(2) as both:
        started = [one for some in both.map(schedule, range(2)) for one in some]
    assert sorted(started) == sorted(ids)
    with sessions() as session:
        counted = session.execute(select(Email.mailing_id, Email.contact_id, func.count()).group_by(
            Email.mailing_id, Email.contact_id
        )).all()  # fmt: skip
    assert len(counted) == MAILINGS * PEOPLE
    assert {row[2] for row in counted} == {1}


def _until_written(sessions: sessionmaker[Session], mailing_id: int) -> None:
    more = True
    while more:
        with sessions.begin() as session:
            more = mailing_expansion.expand(
                session, mailing_id, members=mailing_expansion.everybody,
                sender=Mailbox("Shop", "shop@shop.example"), now=NOW,
            ).more  # fmt: skip
