"""Erasure: a person's steps leave database and archive for good; what was counted stays counted.

Their browsers become nameless (`retention.make_nameless`), so that the sums over visits stay what they are. Told events
keep a row without content, as their keys and reactions prove that nothing is told or done twice; orders, refunds and
e-mails are business records and not touched here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from tracking.identity import visitors_of, visits_of
from tracking.orders import SeenOrder

from .archive import Archive, ArchivedPart
from .archiving import changed, delete_events, remove, rewrite_part
from .event import Event
from .log import all_visits_with, days_of_visits
from .retention import make_nameless
from .searches import SearchClick
from .sessions import Session as Visit

_EVER = timedelta(days=36_500)


@dataclass(frozen=True)
class Erased:
    """What was taken out; `emptied`: told events that lost their content. `files`: to be removed after the commit."""

    events: int
    archived: int
    emptied: int
    browsers: int
    files: tuple[Path, ...]

    def __str__(self) -> str:
        return (
            f"{self.events} steps deleted, {self.archived} of the archive, {self.emptied} told events emptied, "
            f"{self.browsers} browsers made nameless"
        )


def erase_person(session: Session, archive: Archive, customer_id: int, *, told: Collection[str]) -> Erased:
    """Take a customer's events, and those of the browsers that are theirs alone, out of database and archive.

    Of a browser that others use too, only what they did signed in goes. Call `finish_erasure` after the commit: a
    crash before it leaves files that nobody reads any more and `archiving.sweep` removes.

    Args:
        told: names of the told events.
    """
    visitors = visitors_of(session, customer_id)
    visits = list(session.scalars(visits_of(session, customer_id, window=_EVER)))
    days = days_of_visits(session, all_visits_with(customer_id))
    events = delete_events(session, _steps(session, customer_id, visitors=visitors, visits=visits, told=told))
    emptied = changed(
        session,
        update(Event)
        .where(Event.customer_id == customer_id)
        .values(subject="", properties={}, customer_id=None, visitor_id=None, session_id=None),
    )
    archived = 0
    files: list[Path] = []
    for part in session.scalars(select(ArchivedPart).where(ArchivedPart.day.in_(days)).order_by(ArchivedPart.id)).all():
        rest, gone = _without(archive.path(part.file), customer_id, visits)
        if gone:
            archived += gone
            files.append(rewrite_part(session, archive, part, rest))
    theirs = select(SeenOrder.id).where(SeenOrder.customer_id == customer_id)
    changed(session, update(SearchClick).where(SearchClick.order_id.in_(theirs)).values(order_id=None))
    changed(
        session, update(SeenOrder).where(SeenOrder.customer_id == customer_id).values(visitor_id=None, session_id=None)
    )
    changed(session, update(Visit).where(Visit.customer_id == customer_id).values(customer_id=None))
    make_nameless(session, visitors)
    return Erased(events, archived, emptied, len(visitors), tuple(files))


def finish_erasure(archive: Archive, erased: Erased) -> None:
    """Remove the files that held the person, after the commit."""
    remove(archive, erased.files)


def _steps(
    session: Session, customer_id: int, *, visitors: Collection[int], visits: Collection[int], told: Collection[str]
) -> list[int]:
    own = Event.customer_id == customer_id
    alone = and_(Event.customer_id.is_(None), Event.visitor_id.in_(visitors))
    shared = select(Visit.visitor_id).where(Visit.id.in_(visits))
    signed_in = and_(Event.customer_id.is_(None), Event.visitor_id.in_(shared), Event.session_id.in_(visits))
    query = select(Event.id).where(Event.name.not_in(told), or_(own, alone, signed_in))
    return list(session.scalars(query))


def _without(path: Path, customer_id: int, visits: Collection[int]) -> tuple[Any, int]:
    """A part's table without the person's rows, and how many they were."""
    import numpy as np
    import pyarrow as pa  # imported here: opening a shop doesn't need it
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    customers = table.column("customer_id").fill_null(-1).to_numpy()
    sessions = table.column("session_id").fill_null(-1).to_numpy()
    theirs = (customers == customer_id) | ((customers == -1) & np.isin(sessions, list(visits)))
    return table.filter(pa.array(~theirs)), int(theirs.sum())
