"""Retention: what is older than the shop keeps it goes, from database and archive alike; the figures stay.

Steps are deleted. Visits stay without anything that leads to a person: their browsers lose cookie, claims and choices
(`make_nameless`), and orders, touches and told events no longer name them. So "how many came" can still be counted.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session, sessionmaker

from tracking.orders import SeenOrder
from tracking.visitors import ClaimChange, ConsentChoice, Visitor, VisitorClaim

from .archive import Archive, ArchivedPart, bounds_of
from .archiving import changed, delete_events, drop_part, remove
from .event import Event
from .inbox import InboxEntry
from .searches import SearchClick
from .sessions import Session as Visit
from .touchpoints import Touchpoint

NAMELESS = "nameless-"
"""What the token of a browser begins with that nobody can be known by any more; no cookie's does."""

UNSAID: dict[str, Any] = {"entry_path": "", "entry_page_id": None, "referrer": ""}
"""What a forgotten visit no longer says: an address may hold an order's number. Its page keeps the sums."""

_AT_ONCE = 5_000


@dataclass(frozen=True)
class Forgotten:
    """What went. `events`: from the database; `archived`: from the archive; `aside`: messages of the inbox that could
    never be stored."""

    events: int = 0
    archived: int = 0
    browsers: int = 0
    aside: int = 0

    def __str__(self) -> str:
        aside = f", {self.aside} messages that were put aside deleted" if self.aside else ""
        return (
            f"{self.events} steps deleted, {self.archived} of the archive, {self.browsers} browsers made nameless"
            f"{aside}"
        )


def forget_before(
    sessions: sessionmaker[Session], archive: Archive, first_kept: date, *, zone: str, told: Collection[str]
) -> Forgotten:
    """Forget whose steps the shop's days before `first_kept` were, and the steps; told events stay (they are business).

    Done in small transactions; one that is interrupted is taken up by the next run.

    Args:
        told: names of the told events.
    """
    before = bounds_of(first_kept, zone)[0]
    events = _steps(sessions, before, told)
    archived = _parts(sessions, archive, first_kept)
    with sessions.begin() as session:
        _cut_links(session, before, told)
        aside = _messages(session, before)
    return Forgotten(events, archived, _browsers(sessions, before), aside)


def make_nameless(session: Session, visitors: Sequence[int]) -> None:
    """Take from browsers all by which anybody could be known: cookie, claims, choices, what their visits say.

    The next step of such a browser is a new visitor's.
    """
    for start in range(0, len(visitors), 500):
        some = visitors[start : start + 500]
        claims = select(VisitorClaim.id).where(VisitorClaim.visitor_id.in_(some))
        changed(session, delete(ClaimChange).where(ClaimChange.claim_id.in_(claims)))
        changed(session, delete(VisitorClaim).where(VisitorClaim.visitor_id.in_(some)))
        changed(session, update(ConsentChoice).where(ConsentChoice.visitor_id.in_(some)).values(visitor_id=None))
        touches = update(Touchpoint).where(Touchpoint.visitor_id.in_(some))
        changed(session, touches.values(visitor_id=None, session_id=None))
        visits = update(Visit).where(Visit.visitor_id.in_(some))
        changed(session, visits.values(**UNSAID, customer_id=None))
        session.execute(update(Visitor), [{"id": id_, "token": f"{NAMELESS}{secrets.token_hex(16)}"} for id_ in some])


def _steps(sessions: sessionmaker[Session], before: datetime, told: Collection[str]) -> int:
    newest = select(func.max(Event.id)).scalar_subquery()  # stays for now: SQLite would give its id again
    query = select(Event.id).where(Event.happened_at < before, Event.name.not_in(told), Event.id < newest)
    query = query.limit(_AT_ONCE)
    gone = 0
    while True:
        with sessions.begin() as session:
            ids = session.scalars(query).all()
            gone += delete_events(session, ids) if ids else 0
        if not ids:
            return gone


def _parts(sessions: sessionmaker[Session], archive: Archive, first_kept: date) -> int:
    """First the names go, then the files: a crash in between leaves files that count for nothing and are swept."""
    with sessions.begin() as session:
        parts = session.scalars(select(ArchivedPart).where(ArchivedPart.day < first_kept)).all()
        files = [drop_part(session, archive, part) for part in parts]
    remove(archive, files)
    return sum(part.rows for part in parts)


def _messages(session: Session, before: datetime) -> int:
    """What was put aside of the inbox and nobody mended in time; what still waits to be digested stays."""
    old = delete(InboxEntry).where(InboxEntry.problem != "", InboxEntry.received_at < before)
    gone = session.scalars(old.returning(InboxEntry.messages).execution_options(synchronize_session=False))
    return sum(gone)


def _cut_links(session: Session, before: datetime, told: Collection[str]) -> None:
    linked = or_(Event.visitor_id.is_not(None), Event.session_id.is_not(None))
    old = (Event.happened_at < before, Event.name.in_(told), linked)
    changed(session, update(Event).where(*old).values(visitor_id=None, session_id=None))
    named = or_(SeenOrder.visitor_id.is_not(None), SeenOrder.session_id.is_not(None))
    orders = (SeenOrder.placed_at < before, named)
    theirs = select(SeenOrder.id).where(*orders)
    changed(session, update(SearchClick).where(SearchClick.order_id.in_(theirs)).values(order_id=None))
    changed(session, update(SeenOrder).where(*orders).values(visitor_id=None, session_id=None))
    touches = (Touchpoint.at < before, Touchpoint.visitor_id.is_not(None))
    changed(session, update(Touchpoint).where(*touches).values(visitor_id=None, session_id=None))


def _browsers(sessions: sessionmaker[Session], before: datetime) -> int:
    """Browsers not seen since lose their name; of one that still comes, the old visits go to a nameless one.

    Of a browser without any visit (it only answered the banner, or only its order was told) the last that is known is
    its choice and its claims.
    """
    visits = select(Visit.id).where(Visit.visitor_id == Visitor.id)
    chosen = select(ConsentChoice.id).where(ConsentChoice.visitor_id == Visitor.id, ConsentChoice.chosen_at >= before)
    claimed = select(VisitorClaim.id).where(VisitorClaim.visitor_id == Visitor.id, VisitorClaim.claimed_at >= before)
    silent = and_(~visits.exists(), ~chosen.exists(), ~claimed.exists())
    old = (
        select(Visitor.id)
        .where(Visitor.first_seen_at < before, Visitor.token.not_like(f"{NAMELESS}%"))
        .where(or_(visits.where(Visit.last_at < before).exists(), silent))
        .limit(_AT_ONCE)
    )
    done = 0
    while True:
        with sessions.begin() as session:
            ids = session.scalars(old).all()
            still = set(
                session.scalars(select(Visit.visitor_id).where(Visit.visitor_id.in_(ids), Visit.last_at >= before))
            )
            for visitor in sorted(still):
                _give_to_nameless(session, visitor, before)
            make_nameless(session, [id_ for id_ in ids if id_ not in still])
        if not ids:
            return done
        done += len(ids)


def _give_to_nameless(session: Session, visitor: int, before: datetime) -> None:
    values = {"token": f"{NAMELESS}{secrets.token_hex(16)}", "first_seen_at": before, "simulated": False}
    nameless = session.execute(insert(Visitor).values(values).returning(Visitor.id)).scalar_one()
    old = update(Visit).where(Visit.visitor_id == visitor, Visit.last_at < before)
    changed(session, old.values(**UNSAID, visitor_id=nameless, customer_id=None))
