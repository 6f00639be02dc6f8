"""Digest: the inbox becomes events, exactly once: an entry is taken away in the transaction that stores its events."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, InternalError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from .archive import Archive, ArchiveDamaged
from .inbox import InboxEntry
from .ingest import ingest
from .sightings import Sighting, storable

log = logging.getLogger("ecrm.clickstream")

BATCH_MESSAGES = 2000  # of a backlog; an event costs half as much again in batches of 500
_ENTRIES = 2000
PASSING = (OperationalError, InterfaceError, InternalError)
"""Faults of the database and of no row: away, locked, full; the last kind also where a standby only reads."""
_ATTEMPTS = 3  # two processes that store the same message at the same moment meet once


@dataclass(frozen=True)
class Digested:
    """What became of some entries: events stored, messages taken away, messages put aside, entries split."""

    events: int = 0
    messages: int = 0
    set_aside: int = 0
    split: int = 0

    @property
    def anything(self) -> bool:
        """Whether something changed, so that another look at the inbox is worth it."""
        return bool(self.messages or self.set_aside or self.split)

    def __add__(self, other: Digested) -> Digested:
        return Digested(
            self.events + other.events,
            self.messages + other.messages,
            self.set_aside + other.set_aside,
            self.split + other.split,
        )

    def __str__(self) -> str:
        aside = f", {self.set_aside} put aside (see `flask ecrm inbox`)" if self.set_aside else ""
        return f"{self.messages} messages of the inbox digested{aside}"


def digest(
    session: Session, time_zone: str, limit: int = BATCH_MESSAGES, *, archive: Archive | None = None
) -> Digested:
    """Turn the oldest entries of up to `limit` messages (but one at least) into events; commits nothing.

    Raises:
        IntegrityError: see `ingest`.
        msgspec.MsgspecError: where a body is none.
    """
    ids = _oldest(session, limit)
    return _take(session, ids, time_zone, archive) if ids else Digested()


def digest_next(
    sessions: sessionmaker[Session],
    time_zone: str,
    *,
    limit: int = BATCH_MESSAGES,
    archive: Archive | None = None,
) -> Digested:
    """Digest some entries and commit. An entry that can't be stored is put aside with its problem, blocks no other and
    is never lost; where it holds several messages, the good ones are stored.

    A broad `except` stands here on purpose: nobody waits for an answer, and what is wrong with one message must not
    keep the others from being counted. While the archive can't be read, entries that are old enough to be in it wait.

    Returns:
        Nothing (`anything` is False) where the inbox is empty.

    Raises:
        OperationalError, InterfaceError, InternalError: where the database can't be reached, is locked or has no
            room (`PASSING`); nothing is lost.
        ArchiveDamaged: where all that is left waits for the archive; nothing is lost.
    """
    ids: list[int] = []
    try:
        for attempt in range(_ATTEMPTS):
            try:
                with sessions.begin() as session:
                    ids = _oldest(session, limit)
                    return _take(session, ids, time_zone, archive) if ids else Digested()
            except IntegrityError:
                if attempt == _ATTEMPTS - 1:
                    raise
    except PASSING:
        raise
    except Exception:
        log.exception("%s entries of the inbox can't be stored together; trying them one by one", len(ids))
    done, waits = Digested(), None
    for one in ids:
        try:
            done += _digest_alone(sessions, time_zone, one, archive)
        except ArchiveDamaged as error:
            waits = error
    if waits is not None and not done.anything:
        raise waits
    return done


def _digest_alone(sessions: sessionmaker[Session], time_zone: str, entry_id: int, archive: Archive | None) -> Digested:
    try:
        with sessions.begin() as session:
            return _take(session, [entry_id], time_zone, archive)
    except (*PASSING, ArchiveDamaged):
        raise
    except Exception as error:
        with sessions.begin() as session:
            return _set_aside(session, entry_id, error)


def _oldest(session: Session, limit: int) -> list[int]:
    query = select(InboxEntry.id, InboxEntry.messages).where(InboxEntry.problem == "").order_by(InboxEntry.id)
    chosen: list[int] = []
    total = 0
    for id_, messages in session.execute(query.limit(_ENTRIES).with_for_update(skip_locked=True)).all():
        total += messages
        if chosen and total > limit:
            break
        chosen.append(id_)
    return chosen


def _take(session: Session, ids: Sequence[int], time_zone: str, archive: Archive | None) -> Digested:
    """Who deletes an entry owns it: of two processes only one gets it back."""
    statement = delete(InboxEntry).where(InboxEntry.id.in_(ids)).returning(InboxEntry.id, InboxEntry.body)
    taken = sorted(session.execute(statement.execution_options(synchronize_session=False)).all())
    sightings = [sighting for _, body in taken for sighting in sightings_from(body)]
    return Digested(ingest(session, sightings, time_zone, archive=archive), len(sightings)) if taken else Digested()


def _set_aside(session: Session, entry_id: int, error: Exception) -> Digested:
    """Put one message aside; several get entries of their own, so that only the bad one stays."""
    entry = session.get(InboxEntry, entry_id, populate_existing=True, with_for_update=True)
    if entry is None:  # somebody else has digested it after all
        return Digested()
    try:
        sightings = sightings_from(entry.body)
    except msgspec.MsgspecError:
        sightings = []
    if len(sightings) > 1:
        session.execute(
            insert(InboxEntry),
            [
                {"received_at": entry.received_at, "messages": 1, "body": body_of([one]), "problem": ""}
                for one in sightings
            ],
        )
        session.delete(entry)
        return Digested(split=1)
    log.error("entry %s of the inbox is put aside, as it can't be stored", entry_id, exc_info=error)
    session.execute(update(InboxEntry).where(InboxEntry.id == entry_id).values(problem=_said_of(error)[:200]))
    return Digested(set_aside=1)


def _said_of(error: Exception) -> str:
    """What kind of fault it is and where. Its own text would quote the message, which may name persons."""
    kind = type(error).__name__
    if isinstance(error, DBAPIError):
        about = getattr(error.orig, "diag", None)
        named = [getattr(about, name, None) for name in ("table_name", "column_name", "constraint_name")]
        return ", ".join([f"{kind} ({type(error.orig).__name__})", *(name for name in named if name)])
    frames = traceback.extract_tb(error.__traceback__)
    return f"{kind} in {frames[-1].name}, line {frames[-1].lineno} of {Path(frames[-1].filename).name}"


def _plain(value: Any) -> Any:
    """For what JSON doesn't know: `Sighting`'s empty properties."""
    if isinstance(value, MappingProxyType):
        return dict(value)
    raise TypeError(f"{type(value).__name__} can't be kept as JSON; give text, numbers, lists and objects")


_encoder = msgspec.json.Encoder(enc_hook=_plain)
_decoder = msgspec.json.Decoder(list[Sighting])


def body_of(sightings: Sequence[Sighting]) -> bytes:
    """An inbox entry's body: a JSON array of sightings, each an array of its fields in order.

    Raises:
        TypeError: for a property that JSON doesn't know.
    """
    try:
        return _encoder.encode(sightings)
    except UnicodeEncodeError:  # a lone surrogate, which no database takes
        return _encoder.encode([storable(list(sighting)) for sighting in sightings])


def sightings_from(body: bytes) -> list[Sighting]:
    """What `body_of` was given; fields that came later than the body have their defaults.

    Raises:
        msgspec.MsgspecError: where the body is something else.
    """
    return _decoder.decode(body)
