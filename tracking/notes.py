"""Note: what a database remembers of itself, such as its own name or a piece of work that an upgrade still owes."""

from __future__ import annotations

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from .record import Record

_DATABASE = "database"


class Note(Record):
    """A name and a text; whoever writes one says in its own module what it means."""

    __tablename__ = "ecrm_note"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    text: Mapped[str] = mapped_column(String(200))


def note_of(session: Session, name: str) -> str | None:
    """The text of a note; None where there is none."""
    return session.scalar(select(Note.text).where(Note.name == name))


def database_id(session: Session) -> str:
    """The random name that this database, and each copy of it, goes by; given when its tables were made."""
    return session.scalars(select(Note.text).where(Note.name == _DATABASE)).one()
