"""Wherever somebody left a trace it goes, and what goes becomes nobody else's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from tracking.clickstream.archive import Archive
from tracking.clickstream.archiving import archive_day
from tracking.clickstream.digest import body_of
from tracking.clickstream.dimension_ids import ids_of
from tracking.clickstream.dimensions import Page
from tracking.clickstream.erasure import erase_person, finish_erasure
from tracking.clickstream.event import Event
from tracking.clickstream.inbox import InboxEntry
from tracking.clickstream.log import Log, Wanted
from tracking.clickstream.retention import NAMELESS
from tracking.clickstream.sessions import SEVERAL
from tracking.clickstream.sessions import Session as Visit
from tracking.clickstream.sightings import Sighting
from tracking.customers import Customer
from tracking.identity import change_claim, claim, claims_of, visitors_of, visits_of
from tracking.orders import SeenOrder
from tracking.visitors import ClaimChange, Visitor, VisitorClaim

AT = datetime(2026, 11, 3, 12, tzinfo=UTC)
TOLD = frozenset({"Order Completed", "Identified", "Heard Of Us"})
WINDOW = timedelta(days=30)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


def customer(session: Session, name: str) -> int:
    row = Customer(email=f"{name}@example.com", reference=name, traits={}, created_at=AT)
    session.add(row)
    session.flush()
    return row.id


def browser(session: Session, token: str, *owners: int) -> int:
    row = Visitor(token=token * 32, first_seen_at=AT)
    session.add(row)
    session.flush()
    for owner in owners:
        claim(session, row.id, owner, AT, "signed in")
    return row.id


def page(session: Session, path: str) -> int:
    return ids_of(session, Page, [path])[path]


def visit(session: Session, visitor_id: int, signed_in: int | None = None, *, hours: int = 0) -> int:
    at = AT + timedelta(hours=hours)
    row = Visit(
        visitor_id=visitor_id, started_at=at, last_at=at, day=at.date(), customer_id=signed_in, entry_path="/orders/17",
        entry_page_id=page(session, "/orders/17"), grade=2,
    )  # fmt: skip
    session.add(row)
    session.flush()
    session.add(Event(name="Page Viewed", happened_at=at, visitor_id=visitor_id, session_id=row.id, subject="/tea"))
    session.flush()
    return row.id


def erase(sessions: sessionmaker[Session], archive: Archive, customer_id: int) -> None:
    with sessions.begin() as session:
        erase_person(session, archive, customer_id, told=TOLD)


def test_no_claim_is_left_and_a_shared_browser_becomes_nobody_elses(
    sessions: sessionmaker[Session], archive: Archive
) -> None:
    with sessions.begin() as session:
        ada, bob = customer(session, "ada"), customer(session, "bob")
        shared = browser(session, "s", ada, bob)
        hers, nobodys, his = (visit(session, shared, who, hours=n) for n, who in enumerate((ada, None, bob)))
        wrong = browser(session, "w", ada)
        change_claim(session, claims_of(session, ada)[0].id, stands=False, by="olga", reason="a mistake", at=AT)
    erase(sessions, archive, ada)
    with sessions() as session:
        assert [one.customer_id for one in session.scalars(select(VisitorClaim))] == [bob]
        assert session.scalars(select(ClaimChange)).all() == []
        assert visitors_of(session, bob) == [shared]
        assert set(session.scalars(visits_of(session, bob, window=WINDOW))) == {his}
        assert [session.get_one(Visit, one).customer_id for one in (hers, nobodys)] == [SEVERAL, SEVERAL]
        left, others = session.get_one(Visit, hers), session.get_one(Visit, his)
        assert (left.entry_path, left.entry_page_id) == ("", None)
        assert others.entry_page_id is not None
        assert session.get_one(Visitor, wrong).token == "w" * 32  # it never was hers


def test_every_browser_goes_however_many_there_are(sessions: sessionmaker[Session], archive: Archive) -> None:
    with sessions.begin() as session:
        ada = customer(session, "ada")
        session.add_all([Visitor(token=f"{number:032x}", first_seen_at=AT) for number in range(520)])
        session.flush()
        for visitor_id in session.scalars(select(Visitor.id)).all():
            claim(session, visitor_id, ada, AT, "signed in")
            visit(session, visitor_id)
    erase(sessions, archive, ada)
    with sessions() as session:
        assert all(token.startswith(NAMELESS) for token in session.scalars(select(Visitor.token)))
        assert len(session.scalars(select(Event)).all()) == 1  # the newest, emptied
        assert [one.entry_page_id for one in session.scalars(select(Visit))] == [None] * 520


def test_what_they_said_and_what_others_said_of_them_goes(sessions: sessionmaker[Session], archive: Archive) -> None:
    with sessions.begin() as session:
        ada = customer(session, "ada")
        own = browser(session, "a", ada)
        session.add(
            SeenOrder(reference="17", customer_id=ada, placed_at=AT, currency="EUR", goods_minor=1, total_minor=1,
                      heard_from="my aunt Jane")
        )  # fmt: skip
        session.add_all([
            Event(name="Identified", message_id="m1", happened_at=AT, subject="ada", properties={"id": "ada"}),
            Event(name="Identified", message_id="m2", happened_at=AT, subject="bob", properties={"id": "bob"}),
            Event(name="Heard Of Us", message_id="h1", happened_at=AT, order_reference="17", subject="17",
                  properties={"answer": "my aunt Jane"}),
        ])  # fmt: skip
        shared = browser(session, "s", ada, customer(session, "bob"))
        session.add(
            Event(name="Order Completed (reported)", happened_at=AT, visitor_id=shared, subject="17", properties={})
        )
        session.add(Event(name="Page Viewed", happened_at=AT, visitor_id=shared, subject="/tea", properties={}))
        bodies = {
            "hers": body_of([Sighting(AT, "Page Viewed", visitor_token="a" * 32)]),
            "named": body_of([Sighting(AT, "Page Viewed", customer_reference="ada")]),
            "broken": b'[["ada@EXAMPLE.com',
            "other": body_of([Sighting(AT, "Page Viewed", customer_reference="bob")]),
        }
        session.add_all([
            InboxEntry(received_at=AT, messages=1, body=body, problem=name) for name, body in bodies.items()
        ])  # fmt: skip
    erase(sessions, archive, ada)
    with sessions() as session:
        assert session.scalars(select(InboxEntry.problem)).all() == ["other"]
        assert session.scalars(select(SeenOrder.heard_from)).one() == ""
        rest = {row.message_id: row.properties for row in session.scalars(select(Event).where(Event.message_id != ""))}
        assert rest == {"m1": {}, "m2": {"id": "bob"}, "h1": {}}
        assert session.scalars(select(Event.subject).where(Event.visitor_id == shared)).all() == ["/tea"]
        assert session.get_one(Visitor, own).token.startswith(NAMELESS)


@pytest.mark.parametrize("archived", [False, True])
def test_what_a_browser_reported_of_their_order_goes_wherever_it_was_sent(
    sessions: sessionmaker[Session], archive: Archive, archived: bool
) -> None:
    with sessions.begin() as session:
        ada, bob = customer(session, "ada"), customer(session, "bob")
        session.add(
            SeenOrder(reference="17", customer_id=ada, placed_at=AT, currency="EUR", goods_minor=1, total_minor=1)
        )
        shared, strangers = browser(session, "s", ada, bob), browser(session, "x")
        rows: list[tuple[str, int | None, str, dict[str, Any]]] = [
            ("Order Completed (reported)", shared, "", {"order_id": "17"}),
            ("Order Completed (reported)", strangers, "17", {"order_id": "17"}),
            ("Order Updated", None, "", {"order_id": 17}),
            ("Coupon Applied", shared, "", {"order_id": "17"}),
            ("Order Completed (reported)", shared, "18", {"order_id": "18", "note": "17"}),
            ("Product Viewed", shared, "17", {"product_id": "17"}),
            ("Page Viewed", strangers, "/tea", {}),
        ]
        for name, who, subject, properties in rows:
            session.add(Event(name=name, happened_at=AT, visitor_id=who, subject=subject, properties=properties))
    if archived:
        archive_day(sessions, archive, AT.date(), zone="Europe/Berlin", told=TOLD)
    with sessions.begin() as session:
        finish_erasure(archive, erase_person(session, archive, ada, told=TOLD))
    with sessions() as session:
        left = Log(session, archive).page(Wanted(), limit=20)
        kept = [("Order Completed (reported)", "18"), ("Page Viewed", "/tea"), ("Product Viewed", "17")]
        assert sorted((event.name, event.subject) for event in left) == kept


@pytest.mark.parametrize(
    ("said", "theirs"),
    [
        ("ann@x.de", True), ("ANN@X.de", True), ("<ann@x.de>, joann@x.de", True), ("write to\nann@x.de.", True),
        ("?email=ann@x.de&from=tea", True), ("mailto:ann@x.de", True), ('"ann@x.de"', True),
        ("joann@x.de", False), ("jo.ann@x.de", False), ("jo-ann@x.de", False), ("ann@x.de.example", False),
        ("ann@x.dev", False), ("me+ann@x.de", False), ("", False),
    ],
)  # fmt: skip
def test_of_what_was_put_aside_only_what_names_the_very_address_goes(
    sessions: sessionmaker[Session], archive: Archive, said: str, theirs: bool
) -> None:
    with sessions.begin() as session:
        ann = Customer(email="ann@x.de", traits={}, created_at=AT)
        body = body_of([Sighting(AT, "Newsletter Wanted", properties={"said": said}, customer_reference="2")])
        session.add_all([ann, InboxEntry(received_at=AT, messages=1, body=body, problem="bad")])
        session.flush()
        ann_id = ann.id
    erase(sessions, archive, ann_id)
    with sessions() as session:
        assert session.scalars(select(InboxEntry.problem)).all() == ([] if theirs else ["bad"])


def test_somebody_without_an_address_takes_nobodys_messages_along(
    sessions: sessionmaker[Session], archive: Archive
) -> None:
    with sessions.begin() as session:
        nameless = Customer(email="", reference="7", traits={}, created_at=AT)
        body = body_of([Sighting(AT, "Newsletter Wanted", properties={"said": "bob@x.de"}, customer_reference="2")])
        session.add_all([nameless, InboxEntry(received_at=AT, messages=1, body=body, problem="bad")])
        session.flush()
        nameless_id = nameless.id
    erase(sessions, archive, nameless_id)
    with sessions() as session:
        assert session.scalars(select(InboxEntry.problem)).all() == ["bad"]


def test_an_id_is_never_given_again(sessions: sessionmaker[Session], archive: Archive) -> None:
    with sessions.begin() as session:
        ada = customer(session, "ada")
        visit(session, browser(session, "b"))
        visit(session, browser(session, "a", ada))
        newest = session.scalars(select(Event.id).order_by(Event.id.desc())).first()
    erase(sessions, archive, ada)
    with sessions.begin() as session:
        assert session.get_one(Event, newest).subject == ""
        assert session.get_one(Event, newest).visitor_id is None
        later = Event(name="Page Viewed", happened_at=AT)
        session.add(later)
        session.flush()
        assert later.id > (newest or 0)


def test_the_browsers_are_locked_first(sessions: sessionmaker[Session], archive: Archive) -> None:
    if sessions.kw["bind"].dialect.name == "sqlite":
        pytest.skip("SQLite has one lock")
    with sessions.begin() as session:
        ada = customer(session, "ada")
        visitor_id = browser(session, "a", ada)
        visit(session, visitor_id)
    with sessions() as other, sessions() as session:
        other.execute(select(Visitor.id).where(Visitor.id == visitor_id).with_for_update())
        session.execute(text("SET LOCAL lock_timeout = 200"))
        with pytest.raises(Exception, match="lock timeout"):
            erase_person(session, archive, ada, told=TOLD)
        session.rollback()
        assert session.scalars(select(Event.id)).all()
