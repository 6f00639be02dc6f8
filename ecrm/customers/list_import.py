"""Addresses from a file onto a list: looked through first, then written. Who isn't a contact yet isn't made one.

A file says nothing about consent: an address on a list is written to only if its owner agreed here.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from io import StringIO
from itertools import islice
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ecrm.wording import gettext as _
from mailer.addressing import BadHeader, Mailbox
from mailer.contacts import Contact
from tracking.email_address import fold

from .lists import ContactList, ListMember

MOST_ROWS, MOST_NAME = 200_000, 100
BATCH = 500
_HEADS = frozenset({"email", "e-mail", "mail", "email address", "e-mail address", "e-mail-adresse", "adresse"})


class NotAList(ValueError):
    """The file or the name can't be used; the message says what to do."""


@dataclass(frozen=True)
class Looked:
    """What a file would do. `contacts`: ids of those who are known, each once; `refused`: (line, why) of bad rows."""

    rows: int = 0
    contacts: tuple[int, ...] = ()
    unknown: int = 0
    repeated: int = 0
    blocked: int = 0
    refused: tuple[tuple[int, str], ...] = field(default=())


def look_through(session: Session, content: bytes) -> Looked:
    """Match a CSV file's addresses to contacts; writes nothing.

    Raises:
        NotAList: for a file without a column of addresses, or with too many rows.
    """
    seen: dict[str, int] = {}
    refused: list[tuple[int, str]] = []
    rows = repeated = 0
    for line, address in _addresses(content):
        rows += 1
        if rows > MOST_ROWS:
            raise NotAList(_("The file has more than %(most)s rows. Split it.", most=MOST_ROWS))
        try:
            folded = fold(Mailbox("", address).address)
        except BadHeader:
            refused.append((line, _("“%(text)s” is no e-mail address", text=address[:60])))
            continue
        if folded in seen:
            repeated += 1
        seen.setdefault(folded, line)
    found: list[tuple[int, int]] = []
    folded_ones = iter(seen)
    while some := list(islice(folded_ones, BATCH)):
        query = select(Contact.id, Contact.blocked).where(Contact.folded.in_(some))
        found += [(row[0], row[1]) for row in session.execute(query)]
    return Looked(
        rows=rows, contacts=tuple(sorted(id_ for id_, _blocked in found)), unknown=len(seen) - len(found),
        repeated=repeated, blocked=sum(1 for _id, blocked in found if blocked), refused=tuple(refused),
    )  # fmt: skip


def find_or_make(session: Session, *, name: str, by: str, now: datetime) -> ContactList:
    """The list of this name, new if there is none; one that was put away is used again.

    Raises:
        NotAList: without a name.
    """
    name = " ".join(name.split())[:MOST_NAME]
    if not name or not name.isprintable():
        raise NotAList(_("Give the list a name."))
    found = session.scalar(select(ContactList).where(ContactList.name == name))
    if found is None:
        found = ContactList(name=name, note="", created_at=now, created_by=by[:100])
        session.add(found)
        session.flush()
    found.archived_at = None
    return found


def add(session: Session, list_id: int, looked: Looked, *, now: datetime) -> int:
    """Put the known addresses of a file on a list; returns how many were new there."""
    before = size(session, list_id)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    contacts = iter(looked.contacts)
    while some := list(islice(contacts, BATCH)):
        rows = [{"list_id": list_id, "contact_id": one, "added_at": now} for one in some]
        session.execute(insert(ListMember).values(rows).on_conflict_do_nothing())
    return size(session, list_id) - before


def size(session: Session, list_id: int) -> int:
    """How many addresses are on a list."""
    query = select(func.count()).select_from(ListMember).where(ListMember.list_id == list_id)
    return session.scalar(query) or 0


def lists(session: Session) -> list[tuple[ContactList, int]]:
    """All lists in use with their sizes, by name."""
    sizes = dict[int, int]()
    for row in session.execute(select(ListMember.list_id, func.count()).group_by(ListMember.list_id)):
        sizes[row[0]] = row[1]
    query = select(ContactList).where(ContactList.archived_at.is_(None)).order_by(func.lower(ContactList.name))
    return [(one, sizes.get(one.id, 0)) for one in session.scalars(query)]


def _addresses(content: bytes) -> Iterator[tuple[int, str]]:
    """(line, text) of the column that holds the addresses."""
    text = _decoded(content)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    table: Any = csv.reader(StringIO(text), delimiter=delimiter)
    column: int | None = None
    try:
        for cells in table:
            if not any(cell.strip() for cell in cells):
                continue
            if column is None:
                column, is_head = _column(cells)
                if is_head:
                    continue
            if column < len(cells) and cells[column].strip():
                yield table.line_num, cells[column].strip()
    except csv.Error as error:
        raise NotAList(_("Line %(line)s can't be read: %(why)s", line=table.line_num, why=str(error))) from None
    if column is None:
        raise NotAList(_("The file is empty."))


def _column(cells: list[str]) -> tuple[int, bool]:
    heads = [cell.strip().casefold() for cell in cells]
    for at, head in enumerate(heads):
        if head in _HEADS:
            return at, True
    for at, head in enumerate(heads):
        if "@" in head:
            return at, False
    raise NotAList(_("No column is called “email” and none holds an address. Give the column this name."))


def _decoded(content: bytes) -> str:
    for encoding in ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding).replace("\x00", "")
        except UnicodeDecodeError:
            continue
    raise NotAList(_("This is no text file. Export the list as CSV."))
