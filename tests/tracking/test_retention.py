"""What is too old and who is to be forgotten leaves database and archive; what was counted stays counted."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, sessionmaker

from tracking.clickstream.archive import Archive, ArchivedPart, DroppedFile
from tracking.clickstream.archiving import archive_day
from tracking.clickstream.dimension_ids import ids_of
from tracking.clickstream.dimensions import Page
from tracking.clickstream.erasure import erase_person, finish_erasure
from tracking.clickstream.event import Event
from tracking.clickstream.inbox import InboxEntry
from tracking.clickstream.log import Log, Wanted
from tracking.clickstream.retention import NAMELESS, forget_before
from tracking.clickstream.sessions import Session as Visit
from tracking.clickstream.sweeping import Swept, sweep
from tracking.clickstream.uniques import unique_visitors
from tracking.customers import Customer
from tracking.orders import SeenOrder
from tracking.visitors import Grade, Visitor, VisitorClaim, record_choice

from .archived_days import DAY, TOLD, ZONE, fill

DAYS = [DAY - timedelta(days=number) for number in (3, 2, 1, 0)]
CANARY = "c4n4ry-of-ada"


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


def count(session: Session, archive: Archive) -> int:
    return len(Log(session, archive).page(Wanted(), limit=10_000))


def test_older_steps_go_from_database_and_archive_and_visits_stay_nameless(
    sessions: sessionmaker[Session], archive: Archive
) -> None:
    with sessions() as session:
        for day in DAYS:
            fill(session, day, visits=2)
        comes_still, gone = session.scalars(select(Visit.visitor_id).where(Visit.day == DAYS[0])).all()
        at = datetime.combine(DAYS[3], time(12), UTC)
        page = ids_of(session, Page, ["/orders/17"])["/orders/17"]
        session.execute(update(Visit).values(entry_path="/orders/17", entry_page_id=page))
        session.add(Visit(visitor_id=comes_still, started_at=at, last_at=at, day=DAYS[3]))
        person = Customer(email="ada@example.com", traits={}, created_at=at)
        session.add(person)
        session.flush()
        session.add(VisitorClaim(visitor_id=gone, customer_id=person.id, claimed_at=at, how="order"))
        session.commit()
        tokens = {one.id: one.token for one in session.scalars(select(Visitor))}
    for day in (DAYS[0], DAYS[2]):
        archive_day(sessions, archive, day, zone=ZONE, told=TOLD)
    forgotten = forget_before(sessions, archive, DAYS[2], zone=ZONE, told=TOLD)
    assert (forgotten.events, forgotten.archived, forgotten.browsers) == (11, 11, 4)
    assert forget_before(sessions, archive, DAYS[2], zone=ZONE, told=TOLD).browsers == 0
    with sessions() as session:
        assert count(session, archive) == 2 * 12 + 2  # of two days all, of the others what was told
        assert session.scalars(select(ArchivedPart.day)).all() == [DAYS[2]]
        assert unique_visitors(session, DAYS[0], DAYS[1], exact=True).count == 4
        old = session.scalars(select(Visitor.token).join(Visit).where(Visit.day < DAYS[2])).all()
        assert all(token.startswith(NAMELESS) for token in old)
        said = select(Visit.entry_path, Visit.entry_page_id, Visit.referrer).where(Visit.day < DAYS[2]).distinct()
        assert session.execute(said).all() == [("", None, "")]
        assert session.get_one(Visitor, comes_still).token == tokens[comes_still]
        assert session.scalar(select(func.count()).select_from(VisitorClaim)) == 0
    assert sorted(path.name for path in archive.folder.iterdir()) == ["OWNER", f"day={DAYS[2]}"]


def test_messages_put_aside_go_when_they_are_too_old_and_waiting_ones_stay(
    sessions: sessionmaker[Session], archive: Archive
) -> None:
    at = datetime.combine(DAYS[1], time(12), UTC)
    with sessions.begin() as session:
        session.add_all(
            InboxEntry(received_at=received_at, messages=messages, body=b"[]", problem=problem)
            for received_at, messages, problem in (
                (at - timedelta(days=1), 2, "old"), (at - timedelta(days=3000), 1, "older"),
                (at, 1, "young"), (at - timedelta(days=1), 1, ""),
            )
        )  # fmt: skip
    forgotten = forget_before(sessions, archive, DAYS[1], zone=ZONE, told=TOLD)
    assert forgotten.aside == 3
    assert "3 messages that were put aside deleted" in str(forgotten)
    with sessions() as session:
        assert set(session.scalars(select(InboxEntry.problem))) == {"young", ""}


def bring_ada(session: Session) -> int:
    """A customer with a browser of her own and visits on two days, all carrying the canary, and an order."""
    at = datetime.combine(DAYS[0], time(12), UTC)
    ada = Customer(email="ada@example.com", traits={}, created_at=at)
    browser = Visitor(token="a" * 32, first_seen_at=at)
    session.add_all([ada, browser])
    session.flush()
    session.add(VisitorClaim(visitor_id=browser.id, customer_id=ada.id, claimed_at=at, how="order"))
    for day in DAYS[:2]:
        at = datetime.combine(day, time(12), UTC)
        visit = Visit(
            visitor_id=browser.id, started_at=at, last_at=at + timedelta(minutes=1), day=day, customer_id=ada.id,
            entry_path=f"/orders/{CANARY}",
        )  # fmt: skip
        session.add(visit)
        session.flush()
        for number, customer in enumerate((None, ada.id)):
            session.add(
                Event(
                    name="Products Searched", happened_at=at + timedelta(minutes=number), visitor_id=browser.id,
                    session_id=visit.id, customer_id=customer, subject=CANARY, properties={"query": CANARY},
                )
            )  # fmt: skip
    session.add(Event(name="Page Engaged", happened_at=at, visitor_id=browser.id, subject=CANARY))
    session.add(
        Event(
            name="Order Completed", message_id="order-completed:1", happened_at=at, customer_id=ada.id,
            visitor_id=browser.id, order_reference="1", properties={"email": CANARY},
        )
    )  # fmt: skip
    session.add(
        SeenOrder(
            reference="1", customer_id=ada.id, visitor_id=browser.id, session_id=visit.id, placed_at=at,
            currency="EUR", goods_minor=1, total_minor=1,
        )
    )  # fmt: skip
    session.commit()
    return ada.id


def test_an_erased_person_is_in_no_byte_of_the_archive_and_others_are_untouched(
    sessions: sessionmaker[Session], archive: Archive
) -> None:
    with sessions() as session:
        for day in DAYS[:2]:
            fill(session, day, visits=3)
        others = count(session, archive)
        ada = bring_ada(session)
    archive_day(sessions, archive, DAYS[0], zone=ZONE, told=TOLD)
    with sessions() as session:
        visitors = [unique_visitors(session, day, day, exact=True).count for day in DAYS[:2]]
    with sessions.begin() as session:
        erased = erase_person(session, archive, ada, told=TOLD)
    finish_erasure(archive, erased)
    assert (erased.events, erased.archived, erased.emptied, erased.browsers) == (3, 2, 1, 1)
    with sessions() as session:
        assert count(session, archive) == others + 1  # the emptied order, whose key must stay
        emptied = session.scalars(select(Event).where(Event.message_id == "order-completed:1")).one()
        assert (emptied.properties, emptied.customer_id, emptied.visitor_id) == ({}, None, None)
        assert [unique_visitors(session, day, day, exact=True).count for day in DAYS[:2]] == visitors
        assert session.scalars(select(SeenOrder.session_id)).one() is None
        for table in (Event.__table__, Visit.__table__, Visitor.__table__):
            assert CANARY not in str(session.execute(select(table)).all())
            assert "a" * 32 not in str(session.execute(select(table)).all())
        files = {part.file for part in session.scalars(select(ArchivedPart))}
    assert {path.relative_to(archive.folder).as_posix() for path in archive.folder.glob("*/*")} == files
    import pyarrow.parquet as pq

    for file in files:
        assert CANARY not in str(pq.read_table(archive.path(file)).to_pylist())
        assert CANARY.encode() not in archive.path(file).read_bytes()


def test_what_a_crash_leaves_of_an_erasure_is_swept(sessions: sessionmaker[Session], archive: Archive) -> None:
    with sessions() as session:
        ada = bring_ada(session)
    archive_day(sessions, archive, DAYS[0], zone=ZONE, told=TOLD)
    with sessions.begin() as session:
        erase_person(session, archive, ada, told=TOLD)  # and dies before the old files are removed
        assert len(list(archive.folder.glob("*/*"))) == 1  # nobody else was in it
    with sessions.begin() as session:
        assert sweep(session, archive, now=datetime.now(UTC) + timedelta(hours=2)) == Swept(removed=1)
        assert session.scalars(select(DroppedFile)).all() == []
    assert list(archive.folder.glob("*/*")) == []


def test_of_a_shared_browser_only_what_was_done_signed_in_goes(
    sessions: sessionmaker[Session], archive: Archive
) -> None:
    with sessions() as session:
        ada = bring_ada(session)
        other = Customer(email="bob@example.com", traits={}, created_at=datetime.now(UTC))
        session.add(other)
        session.flush()
        browser = session.scalars(select(Visitor.id)).one()
        session.add(VisitorClaim(visitor_id=browser, customer_id=other.id, claimed_at=datetime.now(UTC), how="order"))
        first = session.scalars(select(Visit.id).order_by(Visit.id)).first()
        session.execute(update(Visit).where(Visit.id == first).values(customer_id=None))
        session.commit()
    archive_day(sessions, archive, DAYS[0], zone=ZONE, told=TOLD)
    with sessions.begin() as session:
        erased = erase_person(session, archive, ada, told=TOLD)
    finish_erasure(archive, erased)
    assert (erased.events, erased.archived, erased.browsers) == (2, 1, 0)
    with sessions() as session:
        left = Log(session, archive).page(Wanted(names=("Products Searched",)), limit=10)
        assert [(event.customer_id, event.happened_at.date()) for event in left] == [(None, DAYS[0])]


def test_a_browser_without_any_visit_becomes_nameless_once_nothing_was_heard_of_it(
    sessions: sessionmaker[Session], archive: Archive
) -> None:
    long_ago, lately = (datetime.combine(day, time(12), UTC) for day in (DAYS[0], DAYS[3]))
    with sessions.begin() as session:
        ada = Customer(email="ada@example.com", traits={}, created_at=long_ago)
        session.add(ada)
        tokens = {name: name[0] * 32 for name in ("clicked once", "answers again", "orders again", "fresh")}
        for name, token in tokens.items():
            first = lately if name == "fresh" else long_ago
            record_choice(session, token=token, grade=Grade.ANALYTICS, wording="1", at=first)
        ids = {one.token: one.id for one in session.scalars(select(Visitor))}
        record_choice(session, token=tokens["answers again"], grade=Grade.PERSONAL, wording="1", at=lately)
        session.add(VisitorClaim(visitor_id=ids["o" * 32], customer_id=ada.id, claimed_at=lately, how="ordered"))
    assert forget_before(sessions, archive, DAYS[2], zone=ZONE, told=TOLD).browsers == 1
    with sessions() as session:
        assert session.get_one(Visitor, ids[tokens["clicked once"]]).token.startswith(NAMELESS)
        assert set(session.scalars(select(Visitor.token))) > {tokens[name] for name in tokens if name != "clicked once"}
    assert forget_before(sessions, archive, DAYS[2], zone=ZONE, told=TOLD).browsers == 0
