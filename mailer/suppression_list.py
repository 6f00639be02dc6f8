"""The suppression list as staff work with it: looked up, imported, exported as hashes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, sessionmaker

from tracking.email_address import fold

from .address_hash import AddressHash
from .addressing import BadHeader, Mailbox
from .contacts import Contact
from .mailboxes import contact_by_address, contact_of
from .suppression import SCOPES, Reason, Suppression, set_block, standing, standing_for_hashes, suppress

MOST_LINES = 100_000
AT_ONCE = 200
_IDS = select(Contact.id, Contact.folded)
_HASH = re.compile(r"[0-9a-f]{64}")
_SHOWN = 20


@dataclass(frozen=True)
class Found:
    """What stands against an address; `contact_id` is None where only hashes know it."""

    contact_id: int | None
    entries: Sequence[Suppression]


class Line(NamedTuple):
    """One of a list: a hash or an address."""

    hash: str
    address: str


class TooManyLines(ValueError):
    """The list is longer than is taken at once; holds how many lines it has."""


@dataclass
class ImportReport:
    """What an import does, or would do. `bad`: the first lines that can't be read, with their numbers."""

    added: int = 0
    there: int = 0
    unreadable: int = 0
    bad: list[tuple[int, str]] = field(default_factory=list)


def find(session: Session, address: str, *, hashed: AddressHash) -> Found:
    """Everything that stands against an address, by its contact or by its hashes."""
    contact = contact_by_address(session, address)
    own = list(standing(session, contact.id)) if contact else []
    left = [one for one in standing_for_hashes(session, hashed.all_of(address)) if one not in own]
    return Found(contact.id if contact else None, [*own, *left])


def latest(session: Session, *, limit: int, before: int | None = None) -> list[tuple[Suppression, str]]:
    """Standing entries with their addresses (empty for a hash), newest first."""
    query = (
        select(Suppression, Contact.address)
        .outerjoin(Contact, Contact.id == Suppression.contact_id)
        .where(Suppression.lifted_at.is_(None))
    )
    if before is not None:
        query = query.where(Suppression.id < before)
    rows = session.execute(query.order_by(Suppression.id.desc()).limit(limit))
    return [(row[0], row[1] or "") for row in rows]


def read_list(text: str) -> tuple[list[Line], ImportReport]:
    """The addresses and hashes of a list: one a line, the first column counts; a heading is left out.

    Returns:
        What can be read, and a report of what can't.

    Raises:
        TooManyLines: where the list is longer than `MOST_LINES`.
    """
    rows = text.splitlines()
    if len(rows) > MOST_LINES:
        raise TooManyLines(len(rows))
    report, lines = ImportReport(), []
    for number, row in enumerate(rows, start=1):
        cell = re.split(r"[;,\t]", row.strip().strip("\ufeff"), maxsplit=1)[0].strip().strip('"')
        if not cell or (number == 1 and "@" not in cell and not _HASH.fullmatch(cell)):
            continue
        try:
            lines.append(Line(cell, "") if _HASH.fullmatch(cell) else Line("", Mailbox("", cell).address))
        except BadHeader:
            report.unreadable += 1
            if len(report.bad) < _SHOWN:
                report.bad.append((number, cell[:80]))
    return lines, report


def take_list(
    sessions: sessionmaker[Session], text: str, *, hashed: AddressHash, note: str, now: datetime, write: bool
) -> ImportReport:
    """Put the addresses or hashes of a list on ours, `AT_ONCE` lines a transaction: nobody else waits for long, and
    what an import that broke has left undone is done by repeating it.

    Args:
        write: False only says what would be done.

    Raises:
        TooManyLines: before anything is done.
    """
    read, report = read_list(text)
    lines = list(
        {line.hash or fold(line.address): line for line in read}.values()
    )  # who stands there twice counts once
    known: dict[str, int] = {}
    if any(line.hash for line in lines):
        with sessions() as session:
            known = _hashes_of_contacts(session, hashed)
    for start in range(0, len(lines), AT_ONCE):
        with sessions.begin() as session:
            for line in _in_order(session, lines[start : start + AT_ONCE], known):
                new = (
                    _take_hash(session, line.hash, known, note, now, write)
                    if line.hash
                    else _take_address(session, line.address, hashed, note, now, write)
                )
                report.added += new
                report.there += not new
    return report


def _in_order(session: Session, lines: Sequence[Line], known: dict[str, int]) -> list[Line]:
    """By the contacts' ids, as everybody locks them; then those that are new here, by their address."""
    folded = {fold(line.address) for line in lines if line.address}
    ids = {row.folded: row.id for row in session.execute(_IDS.where(Contact.folded.in_(folded)))}

    def place(line: Line) -> tuple[bool, int, str]:
        contact_id = known.get(line.hash) if line.hash else ids.get(fold(line.address))
        return contact_id is None, contact_id or 0, line.hash or fold(line.address)

    return sorted(lines, key=place)


def hashes(session: Session, *, hashed: AddressHash) -> Iterator[tuple[str, str, int, datetime]]:
    """(hash, reason, scope, when) of every standing entry: nothing in it leads to a person without the key."""
    query = (
        select(Suppression.address_hash, Contact.address, Suppression.reason, Suppression.scope, Suppression.at)
        .outerjoin(Contact, Contact.id == Suppression.contact_id)
        .where(Suppression.lifted_at.is_(None))
        .order_by(Suppression.id)
    )
    for kept, address, reason, scope, at in session.execute(query.execution_options(yield_per=2000)):
        yield kept or hashed(address or ""), reason, scope, at


def _take_address(session: Session, address: str, hashed: AddressHash, note: str, now: datetime, write: bool) -> bool:
    scope = SCOPES[Reason.IMPORTED]
    there = any(one.scope >= scope for one in find(session, address, hashed=hashed).entries)
    if write and not there:
        contact = contact_of(session, address, now=now, hashed=hashed)
        suppress(session, contact.id, reason=Reason.IMPORTED, now=now, note=note)
    return not there


def _take_hash(session: Session, one: str, known: dict[str, int], note: str, now: datetime, write: bool) -> bool:
    contact_id = known.get(one)
    if contact_id is not None:
        if any(entry.scope >= SCOPES[Reason.IMPORTED] for entry in standing(session, contact_id)):
            return False
        return suppress(session, contact_id, reason=Reason.IMPORTED, now=now, note=note) if write else True
    if standing_for_hashes(session, [one]):
        return False
    if write:
        session.execute(
            insert(Suppression).values(
                contact_id=None, address_hash=one, reason=Reason.IMPORTED, scope=int(SCOPES[Reason.IMPORTED]), at=now,
                note=note[:200],
            )
        )  # fmt: skip
    return True


def _hashes_of_contacts(session: Session, hashed: AddressHash) -> dict[str, int]:
    rows = select(Contact.id, Contact.folded).where(Contact.folded.is_not(None)).execution_options(yield_per=5000)
    return {one: row.id for row in session.execute(rows) for one in hashed.all_of(row.folded or "")}


def lift_hashes(session: Session, ids: Sequence[int], *, now: datetime) -> None:
    """End entries that only a hash knows."""
    for entry in session.scalars(select(Suppression).where(Suppression.id.in_(ids), Suppression.lifted_at.is_(None))):
        entry.lifted_at = now
        if entry.contact_id is not None:
            session.flush()
            set_block(session, entry.contact_id)
