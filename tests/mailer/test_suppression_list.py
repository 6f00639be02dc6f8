"""A long list: taken in parts, so that nobody waits for the whole, and each part in the order in which all lock."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, event, func, select
from sqlalchemy.orm import Session, sessionmaker

from mailer.address_hash import AddressHash
from mailer.mailboxes import contact_of
from mailer.suppression import Suppression
from mailer.suppression_list import AT_ONCE, take_list

from .outgoing import NOW

HASHED = AddressHash([b"key"])


def test_a_long_list_is_committed_in_parts(sessions: sessionmaker[Session]) -> None:
    engine, kept = sessions.kw["bind"], []
    assert isinstance(engine, Engine)

    def count(connection: Any) -> None:
        kept.append(connection.scalar(select(func.count()).select_from(Suppression)))

    listed = "\n".join(f"person{number}@example.com" for number in range(AT_ONCE * 2 + 10))
    event.listen(engine, "commit", count)
    try:
        report = take_list(sessions, listed, hashed=HASHED, note="", now=NOW, write=True)
    finally:
        event.remove(engine, "commit", count)
    assert (report.added, report.there) == (AT_ONCE * 2 + 10, 0)
    assert kept == [AT_ONCE, AT_ONCE * 2, AT_ONCE * 2 + 10]
    again = take_list(sessions, listed, hashed=HASHED, note="", now=NOW, write=True)
    assert (again.added, again.there) == (0, AT_ONCE * 2 + 10)


def test_mailboxes_are_taken_in_the_order_in_which_everybody_locks_them(sessions: sessionmaker[Session]) -> None:
    names = ("ada", "bea", "cleo")
    with sessions.begin() as session:
        ids = [contact_of(session, f"{name}@example.com", now=NOW, hashed=HASHED).id for name in names]
    listed = f"new@example.com\ncleo@example.com\n{HASHED('ada@example.com')}\nbea@example.com\n"
    take_list(sessions, listed, hashed=HASHED, note="", now=NOW, write=True)
    with sessions() as session:
        taken = list(session.scalars(select(Suppression.contact_id).order_by(Suppression.id)))
    assert taken[:3] == ids
    assert len(taken) == 4


def test_a_preview_counts_who_stands_there_twice_as_the_import_does(sessions: sessionmaker[Session]) -> None:
    listed = "ada@example.com\nADA@example.com\nbea@example.com\nada@example.com\n"
    preview, report = (
        take_list(sessions, listed, hashed=HASHED, note="", now=NOW, write=write) for write in (False, True)
    )
    assert (preview, report.added, report.there) == (report, 2, 0)
