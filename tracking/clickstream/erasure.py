"""Erasure: a person's steps leave database and archive for good; what was counted stays counted.

Their browsers become nameless (`retention.make_nameless`), so that the sums over visits stay what they are. Told events
keep a row without content, as their keys and reactions prove that nothing is told or done twice; orders, refunds and
e-mails are business records and not touched here, but for what leads from an order to a visit.

A browser that others use too stays theirs: only what was done signed in goes. What nobody was signed in for was
nobody's, and must not become the others' now that the claim is gone, so these visits are marked as several people's.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, func, or_, select, text, update
from sqlalchemy.orm import Session, aliased

from tracking.customers import Customer
from tracking.identity import claim_stands
from tracking.orders import SeenOrder, SeenRefund
from tracking.visitors import ClaimChange, Visitor, VisitorClaim

from .archive import Archive, ArchivedPart
from .archiving import changed, delete_events, remove, rewrite_part
from .digest import sightings_from
from .event import Event
from .inbox import InboxEntry
from .log import all_visits_with, days_of_visits
from .retention import UNSAID, make_nameless
from .searches import SearchClick
from .sessions import SEVERAL
from .sessions import Session as Visit
from .touchpoints import Touchpoint

_OF_ORDERS = "Order "
"""What the names of events begin with that a client reports of an order: they go in whatever browser they were sent.
Others go where the person was seen, by their `order_id`: a subject may be a product's number."""
_BLANK: dict[str, Any] = {"subject": "", "properties": {}, "customer_id": None, "visitor_id": None, "session_id": None}

_ESCAPED = re.compile(r"\\(?:u[0-9a-f]{4}|.)")
"""A character as JSON may write it, such as a line's end before an address."""


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


@dataclass(frozen=True)
class _Traces:
    """Where somebody is found: their orders' numbers, the browsers that are theirs alone, the others they were seen
    in, and their visits."""

    customer_id: int
    reference: str | None
    email: str
    orders: frozenset[str]
    alone: tuple[int, ...]
    others: tuple[int, ...]
    visits: tuple[int, ...]


def erase_person(session: Session, archive: Archive, customer_id: int, *, told: Collection[str]) -> Erased:
    """Take a customer's events, and those of the browsers that are theirs alone, out of database and archive.

    Of a browser that others use too, only what they did signed in goes. Call `finish_erasure` after the commit: a
    crash before it leaves files that nobody reads any more and `sweeping.sweep` removes.

    Args:
        told: names of the told events.
    """
    _lock(session, customer_id)
    traces = _traces(session, customer_id)
    days = days_of_visits(session, all_visits_with(customer_id)) | _days_of_orders(session, customer_id)
    events = _delete(session, list(session.scalars(_steps(traces, told))))
    emptied = changed(session, update(Event).where(_told_about(traces), Event.name.in_(told)).values(_BLANK))
    archived = 0
    files: list[Path] = []
    for part in session.scalars(select(ArchivedPart).where(ArchivedPart.day.in_(days)).order_by(ArchivedPart.id)).all():
        rest, gone = _without(archive.path(part.file), traces)
        if gone:
            archived += gone
            files.append(rewrite_part(session, archive, part, rest))
    _forget_messages(session, traces)
    _cut_orders(session, customer_id)
    _leave_shared(session, traces)
    claims = select(VisitorClaim.id).where(VisitorClaim.customer_id == customer_id)
    changed(session, delete(ClaimChange).where(ClaimChange.claim_id.in_(claims)))
    changed(session, delete(VisitorClaim).where(VisitorClaim.customer_id == customer_id))
    make_nameless(session, traces.alone)
    return Erased(events, archived, emptied, len(traces.alone), tuple(files))


def finish_erasure(archive: Archive, erased: Erased) -> None:
    """Remove the files that held the person, after the commit."""
    remove(archive, erased.files)


def _lock(session: Session, customer_id: int) -> None:
    """First the browsers, in the order of their ids, as whoever adds steps does: what is read from here on stays true,
    and nobody waits for each other."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("DELETE FROM ecrm_visitor WHERE 0"))
        return
    claimed = select(VisitorClaim.visitor_id).where(VisitorClaim.customer_id == customer_id)
    seen = select(Visit.visitor_id).where(Visit.customer_id == customer_id)
    query = select(Visitor.id).where(or_(Visitor.id.in_(claimed), Visitor.id.in_(seen)))
    session.execute(query.order_by(Visitor.id).with_for_update())


def _traces(session: Session, customer_id: int) -> _Traces:
    customer = session.get_one(Customer, customer_id)
    mine = select(VisitorClaim.visitor_id).where(VisitorClaim.customer_id == customer_id)
    other = aliased(VisitorClaim)
    shared = select(other.id).where(
        other.visitor_id == VisitorClaim.visitor_id, other.customer_id != customer_id, claim_stands(other)
    )
    alone = set(session.scalars(mine.where(claim_stands(VisitorClaim), ~shared.exists())))
    seen = select(Visit.visitor_id).where(Visit.customer_id == customer_id)
    others = {*session.scalars(mine), *session.scalars(seen)} - alone
    visits: set[int] = set(session.scalars(select(Visit.id).where(Visit.customer_id == customer_id)))
    for some in _chunks(sorted(alone)):
        visits.update(session.scalars(select(Visit.id).where(Visit.visitor_id.in_(some))))
    references = session.scalars(select(SeenOrder.reference).where(SeenOrder.customer_id == customer_id))
    return _Traces(
        customer_id,
        customer.reference,
        customer.email_folded,
        frozenset(references),
        tuple(sorted(alone)),
        tuple(sorted(others)),
        tuple(sorted(visits)),
    )


def _steps(traces: _Traces, told: Collection[str]) -> Select[int]:
    own = Event.customer_id == traces.customer_id
    alone = Event.visitor_id.in_(_listed(traces.alone))
    in_others = Event.visitor_id.in_(_listed(traces.others))
    signed_in = and_(Event.customer_id.is_(None), in_others, Event.session_id.in_(_listed(traces.visits)))
    with_number = Event.properties["order_id"].as_string().in_(traces.orders)
    reported = and_(Event.name.like(f"{_OF_ORDERS}%"), or_(Event.subject.in_(traces.orders), with_number))
    return select(Event.id).where(
        Event.name.not_in(told), or_(own, alone, signed_in, reported, and_(in_others, with_number))
    )


def _days_of_orders(session: Session, customer_id: int) -> set[date]:
    """The days of the archive on which a client may have reported their orders and refunds, in whatever browser."""
    placed = select(SeenOrder.placed_at).where(SeenOrder.customer_id == customer_id)
    back = select(SeenRefund.refunded_at).join(SeenOrder, SeenOrder.id == SeenRefund.order_id)
    moments = [*session.scalars(placed), *session.scalars(back.where(SeenOrder.customer_id == customer_id))]
    return {(at + timedelta(days=later)).date() for at in moments for later in (-1, 0, 1)}


def _told_about(traces: _Traces) -> ColumnElement[bool]:
    """Promises of theirs, also where the reaction that says whose they are didn't run: by order, and by the reference
    that a server named who was nobody's customer then."""
    about = [Event.customer_id == traces.customer_id, Event.order_reference.in_(traces.orders)]
    if traces.reference:
        about.append(and_(Event.name == "Identified", Event.subject == traces.reference))
    return or_(*about)


def _delete(session: Session, ids: Sequence[int]) -> int:
    """Delete steps; the newest row is only emptied, as SQLite would give its id, and so an archived one's, again."""
    newest = session.scalar(select(func.max(Event.id)))
    if newest in ids:
        changed(session, update(Event).where(Event.id == newest).values(_BLANK | {"message_id": None}))
    return delete_events(session, [id_ for id_ in ids if id_ != newest]) + int(newest in ids)


def _without(path: Path, traces: _Traces) -> tuple[Any, int]:
    """A part's table without the person's rows, and how many they were."""
    import numpy as np
    import pyarrow as pa  # imported here: opening a shop doesn't need it
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    customers, sessions, visitors = (
        table.column(name).fill_null(-1).to_numpy() for name in ("customer_id", "session_id", "visitor_id")
    )
    subjects, with_number = _naming_orders(table, traces)
    reports = pc.starts_with(table.column("name"), _OF_ORDERS).to_numpy(zero_copy_only=False).astype(bool)
    theirs = (customers == traces.customer_id) | np.isin(visitors, traces.alone)
    theirs |= (customers == -1) & np.isin(sessions, traces.visits)
    theirs |= reports & (subjects | with_number) | with_number & np.isin(visitors, traces.others)
    return table.filter(pa.array(~theirs)), int(theirs.sum())


def _naming_orders(table: Any, traces: _Traces) -> tuple[Any, Any]:
    """Which rows of an archived table have the number of an order of theirs as subject, and which as `order_id`."""
    import numpy as np  # imported here: opening a shop doesn't need it

    subjects = [one in traces.orders for one in table.column("subject").to_pylist()]
    numbers = [
        '"order_id"' in one and str(msgspec.json.decode(one).get("order_id")) in traces.orders
        for one in table.column("properties").to_pylist()
    ]
    return np.array(subjects, dtype=bool), np.array(numbers, dtype=bool)


def _forget_messages(session: Session, traces: _Traces) -> None:
    """Delete what was put aside of the inbox where it says anything of the person; nobody will ever store it."""
    tokens = set(session.scalars(select(Visitor.token).where(Visitor.id.in_(_listed(traces.alone)))))
    entries = session.execute(select(InboxEntry.id, InboxEntry.body).where(InboxEntry.problem != "")).all()
    theirs = [id_ for id_, body in entries if _speaks_of(body, traces, tokens)]
    changed(session, delete(InboxEntry).where(InboxEntry.id.in_(_listed(theirs))))


def _speaks_of(body: bytes, traces: _Traces, tokens: Collection[str]) -> bool:
    written = body.decode("utf-8", "replace").casefold()
    if _names(written, traces.email) or any(token.casefold() in written for token in tokens):
        return True
    try:
        sightings = sightings_from(body)
    except msgspec.MsgspecError:
        return traces.reference is not None and f'"{traces.reference}"'.casefold() in written
    return traces.reference is not None and any(one.customer_reference == traces.reference for one in sightings)


def _names(written: str, email: str) -> bool:
    """Whether this address stands in JSON, and not as the end or the beginning of another one."""
    address = rf"(?<![\w.+-]){re.escape(email.casefold())}(?![\w-]|\.\w)"
    return bool(email) and re.search(address, _ESCAPED.sub(" ", written)) is not None


def _cut_orders(session: Session, customer_id: int) -> None:
    """Their orders no longer lead to visits, nor say in the customer's own words what brought them."""
    theirs = select(SeenOrder.id).where(SeenOrder.customer_id == customer_id)
    changed(session, update(SearchClick).where(SearchClick.order_id.in_(theirs)).values(order_id=None))
    cut = {"visitor_id": None, "session_id": None, "heard_from": ""}
    changed(session, update(SeenOrder).where(SeenOrder.customer_id == customer_id).values(cut))


def _leave_shared(session: Session, traces: _Traces) -> None:
    """Their visits in browsers of others too lose what they say; those of nobody become no single one's."""
    mine = update(Visit).where(Visit.customer_id == traces.customer_id)
    in_shared = select(Visit.id).where(Visit.customer_id == traces.customer_id)
    touches = update(Touchpoint).where(Touchpoint.session_id.in_(in_shared))
    changed(session, touches.values(visitor_id=None, session_id=None))
    changed(session, mine.values(**UNSAID, customer_id=SEVERAL))
    nobodys = (Visit.visitor_id.in_(_listed(traces.others)), Visit.customer_id.is_(None))
    changed(session, update(Visit).where(*nobodys).values(customer_id=SEVERAL))


def _listed(ids: Sequence[int]) -> Any:
    """Numbers written into the statement: no database takes any number of parameters."""
    return bindparam("ids", list(ids), expanding=True, literal_execute=True, unique=True)


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), 500):
        yield ids[start : start + 500]
