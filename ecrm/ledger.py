"""The ledger: writes told events into the host's own transaction and runs their reactions after its commit.

`write` adds the event and its pending reactions to the session it is given and commits nothing. After the host's
commit the reactions run, each in a transaction of its own on the CRM's session. A reaction marks itself done in
the transaction of its work, so a crash in between repeats it wholly or not at all, and two workers never both do it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import cattrs.preconf.json
import msgspec
from sqlalchemy import ForeignKey, Index, String, case, event, insert, literal, select, update
from sqlalchemy.orm import Mapped, Session, SessionTransaction, mapped_column, scoped_session, sessionmaker

from tracking.clickstream.event import Event
from tracking.record import BigId, Record, insert_once

from .events import TOLD, Told

log = logging.getLogger("ecrm.ledger")
_converter = cattrs.preconf.json.make_converter()
_BY_NAME = {told.name: told for told in TOLD}
RETRY_PAUSES = tuple(timedelta(seconds=s) for s in (5, 30, 300, 3600, 6 * 3600, 24 * 3600))


class PendingReaction(Record):
    """A reaction owed to an event. state: pending | done | given_up (shown to staff, never dropped)."""

    __tablename__ = "ecrm_reaction"
    __table_args__ = (Index(None, "event_id", "name", unique=True), Index(None, "state", "due_at"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("ecrm_event.id"))
    name: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(20), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    last_error: Mapped[str] = mapped_column(String(500), default="")


class NotYet(Exception):
    """A reaction's ground is still missing (another one must run first); it is tried again later."""


React = Callable[[Session, Event, Told], None]


def to_properties(told: Told) -> dict[str, Any]:
    """The event as JSON-ready properties; `from_row` is its inverse."""
    properties: dict[str, Any] = _converter.unstructure(told)
    return properties


def to_json(told: Told) -> str:
    """`to_properties` as text, at a tenth of its time: for histories; a test holds that both say the same."""
    return msgspec.json.encode(vars(told) | {"at": told.at.isoformat()}).decode()


def from_row(row: Event) -> Told:
    """The typed event of a ledger row.

    Raises:
        KeyError: where the row is no told event.
    """
    return _converter.structure(row.properties, _BY_NAME[row.name])


def write(
    session: Session | scoped_session[Session],
    told: Told,
    *,
    reactions: Sequence[str],
    visitor: str | None = None,
    grade: int = 0,
) -> int | None:
    """Put an event and its pending reactions into `session`'s transaction.

    Args:
        visitor: the token of the browser it was done in, where that browser agreed to be recognised.
        grade: how far it agreed to be followed (`tracking.visitors.Grade`).

    Returns:
        The event's id, or None where this event was told before (nothing is written then).
    """
    session = session() if isinstance(session, scoped_session) else session
    properties = to_properties(told)
    if visitor:
        properties |= {"visitor": visitor, "grade": grade}
    event_id = insert_once(
        session,
        Event,
        {
            "message_id": told.key,
            "name": told.name,
            "happened_at": told.at,
            "order_reference": told.order,
            "subject": told.order or "",
            "properties": properties,
            "simulated": False,
        },
    )
    if event_id is None:
        return None
    due = datetime.now(UTC)
    rows = [
        {"event_id": event_id, "name": name, "state": "pending", "attempts": 0, "due_at": due, "last_error": ""}
        for name in reactions
    ]
    if rows:
        session.execute(insert(PendingReaction), rows)
    return event_id


def after_commit(
    session: Session | scoped_session[Session], event_id: int, run: Callable[[Sequence[int]], None]
) -> None:
    """Call `run` with the ids of all events told in `session`'s transaction once it is committed; never if it isn't.

    It is called when the transaction has ended and its connection is back in the pool, so that reactions, which need
    a connection of their own, never wait for one while they hold another. `run` must not raise: the host's commit
    has succeeded by then.
    """
    session = session() if isinstance(session, scoped_session) else session
    if "ecrm_told" not in session.info:
        session.info["ecrm_told"], session.info["ecrm_committed"] = [], []
        event.listen(session, "after_commit", _committed)
        event.listen(session, "after_rollback", lambda s: s.info["ecrm_told"].clear())
        event.listen(session, "after_transaction_end", lambda s, transaction: _ended(s, transaction, run))
    session.info["ecrm_told"].append(event_id)


def _committed(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info["ecrm_committed"] += session.info["ecrm_told"]
        session.info["ecrm_told"] = []


def _ended(session: Session, transaction: SessionTransaction, run: Callable[[Sequence[int]], None]) -> None:
    if transaction.parent is not None:
        return
    told, session.info["ecrm_committed"] = session.info["ecrm_committed"], []
    if told:
        run(told)


def run_reactions(
    sessions: sessionmaker[Session], table: dict[str, Sequence[React]], *, event_ids: Sequence[int] | None = None
) -> int:
    """Run the due reactions of these events (or of all), in the order of the table.

    A broad `except` stands here on purpose: a reaction's failure is logged, kept with its text and tried again
    with growing pauses. What is raised is the database's own failure, in which nothing can be kept; what is owed
    stays owed then.

    Returns:
        How many were done.
    """
    done = 0
    for pending_id in _due(sessions, event_ids):
        try:
            with sessions.begin() as session:
                done += _run_one(session, pending_id, table)
        except NotYet as reason:
            _postpone(sessions, pending_id, str(reason) or "not yet")
        except Exception as error:
            log.exception("reaction %s failed", pending_id)
            _postpone(sessions, pending_id, f"{type(error).__name__}: {error}")
    return done


def _due(sessions: sessionmaker[Session], event_ids: Sequence[int] | None) -> Sequence[int]:
    query = select(PendingReaction.id).where(PendingReaction.state == "pending").order_by(PendingReaction.id)
    if event_ids is None:
        query = query.where(PendingReaction.due_at <= datetime.now(UTC)).limit(1000)
    else:
        query = query.where(PendingReaction.event_id.in_(event_ids))
    with sessions() as session:
        return session.scalars(query).all()


def _run_one(session: Session, pending_id: int, table: dict[str, Sequence[React]]) -> int:
    claimed: Any = session.execute(
        update(PendingReaction)
        .where(PendingReaction.id == pending_id, PendingReaction.state == "pending")
        .values(state="done", attempts=PendingReaction.attempts + 1, last_error="")
    )
    if claimed.rowcount != 1:
        return 0
    pending = session.get_one(PendingReaction, pending_id)
    row = session.get_one(Event, pending.event_id)
    react = next((react for react in table.get(row.name, ()) if react.__name__ == pending.name), None)
    if react is None:
        raise NotYet(f"no reaction is called {pending.name!r} (any more)")
    react(session, row, from_row(row))
    return 1


def _postpone(sessions: sessionmaker[Session], pending_id: int, reason: str) -> None:
    """Only while it is still owed: another worker may have done it between our failure and this."""
    column, now = PendingReaction.due_at, datetime.now(UTC)
    pauses = {attempts: literal(now + pause, column.type) for attempts, pause in enumerate(RETRY_PAUSES)}
    with sessions.begin() as session:
        session.execute(
            update(PendingReaction)
            .where(PendingReaction.id == pending_id, PendingReaction.state == "pending")
            .values(
                state=case((PendingReaction.attempts >= len(RETRY_PAUSES), "given_up"), else_="pending"),
                due_at=case(pauses, value=PendingReaction.attempts, else_=column),
                attempts=PendingReaction.attempts + 1,
                last_error=reason[:500],
            )
        )
