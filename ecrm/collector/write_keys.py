"""Write keys: who may send events to the collector, and how far they are believed."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime
from hashlib import sha256

from sqlalchemy import ForeignKey, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.record import BigId, Record

SERVER, BROWSER = "server", "browser"
KINDS = (SERVER, BROWSER)
MAX_NAME = 100
MAX_KEY = 64


class WriteKey(Record):
    """kind: `server` (secret; may say who a customer is) or `browser` (public; only cookies say who somebody is).

    Of a secret key only its SHA-256 is kept: whoever reads the database can't send in its name.
    """

    __tablename__ = "ecrm_write_key"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(100), default="")
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class WriteKeyDay(Record):
    """What came with a key on a day of the shop's: messages; `accepted` counts repeats, too."""

    __tablename__ = "ecrm_write_key_day"

    key_id: Mapped[int] = mapped_column(ForeignKey("ecrm_write_key.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    accepted: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)


def create(session: Session, *, name: str, kind: str, by: str, now: datetime) -> tuple[WriteKey, str]:
    """A new key; commits nothing.

    Returns:
        The row, and the key itself, which can't be read from the row of a `server` key any more.

    Raises:
        ValueError: for another kind, or a name that is empty or too long.
    """
    name = " ".join(name.split())
    if kind not in KINDS:
        raise ValueError(f"a write key is of the kind {' or '.join(KINDS)}")
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise ValueError(f"a write key needs a name of at most {MAX_NAME} characters")
    key = f"{kind}_{secrets.token_hex(20)}"
    row = WriteKey(key=_kept(key, kind), name=name, kind=kind, created_at=now, created_by=by[:100])
    session.add(row)
    session.flush()
    return row, key


def find(session: Session, key: str) -> WriteKey | None:
    """The key that somebody shows, where it is known and not revoked."""
    if not key or len(key) > MAX_KEY or not key.isascii() or not key.isprintable():
        return None
    query = select(WriteKey).where(WriteKey.key.in_([key, _hash(key)]), WriteKey.revoked_at.is_(None))
    return next((row for row in session.scalars(query) if row.key == _kept(key, row.kind)), None)


def revoke(session: Session, key_id: int, *, now: datetime) -> bool:
    """Believe this key no longer; False where it is unknown or was revoked before."""
    query = update(WriteKey).where(WriteKey.id == key_id, WriteKey.revoked_at.is_(None)).values(revoked_at=now)
    return bool(session.execute(query).rowcount)  # type: ignore[attr-defined]


def all_keys(session: Session) -> Sequence[WriteKey]:
    """Every key, newest first, the revoked ones last."""
    return session.scalars(select(WriteKey).order_by(WriteKey.revoked_at.is_not(None), WriteKey.id.desc())).all()


def _kept(key: str, kind: str) -> str:
    """What stands in the database: who can read a hash there can't send it in place of the key."""
    return _hash(key) if kind == SERVER else key


def _hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()
