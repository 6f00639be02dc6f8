"""Uploads: a file waits here between its dry run and the confirmation, so that what is written is what was shown."""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import LargeBinary, String, delete, select, update
from sqlalchemy.orm import Mapped, Session, deferred, mapped_column

from tracking.record import BigId, Record

WAITS = timedelta(days=1)
MAX_BYTES = 25_000_000
"""Of a file: 100,000 rows of the widest export, in UTF-16, with room to spare."""


class Upload(Record):
    """A file for a dry run. `token` names it in addresses; `content` goes once it is written or forgotten.

    `summary`: what was written, in the words of whoever imported it. Only `written_at` says that it was.
    """

    __tablename__ = "ecrm_upload"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token: Mapped[str] = mapped_column(String(32), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(120))
    content: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    uploaded_by: Mapped[str] = mapped_column(String(100))
    uploaded_at: Mapped[datetime]
    written_at: Mapped[datetime | None]
    summary: Mapped[str] = mapped_column(String(300), default="")


def keep(session: Session, content: bytes, *, kind: str, name: str, by: str, now: datetime) -> Upload:
    """Keep a file for its dry run, and forget what others left waiting too long."""
    forget_abandoned(session, now=now)
    row = Upload(
        token=secrets.token_urlsafe(18), kind=kind, name=_shown(name), content=zlib.compress(content, 6),
        uploaded_by=by[:100], uploaded_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def forget_abandoned(session: Session, *, now: datetime) -> None:
    """Forget what was left waiting too long: it may hold addresses of people."""
    session.execute(delete(Upload).where(Upload.written_at.is_(None), Upload.uploaded_at < now - WAITS))


def waiting(session: Session, token: str, *, now: datetime) -> Upload | None:
    """The upload of this token that is still to be confirmed."""
    return session.scalar(
        select(Upload).where(
            Upload.token == token, Upload.written_at.is_(None), Upload.uploaded_at >= now - WAITS
        )
    )  # fmt: skip


def content_of(upload: Upload) -> bytes:
    """The file, byte for byte as it came."""
    return zlib.decompress(upload.content or zlib.compress(b""))


def take(session: Session, upload: Upload, *, now: datetime) -> bool:
    """Claim a waiting upload for writing, in the transaction that writes; False where somebody else was faster."""
    taken = (
        update(Upload)
        .where(Upload.id == upload.id, Upload.written_at.is_(None))
        .values(written_at=now, content=None)
        .returning(Upload.id)
    )
    return session.scalar(taken) is not None


def summarise(session: Session, upload: Upload, summary: str) -> None:
    """Say what was written."""
    session.execute(update(Upload).where(Upload.id == upload.id).values(summary=summary[:300]))


def written(session: Session, *, limit: int, other_than: Sequence[str] = ()) -> Sequence[Upload]:
    """What was imported, latest first, of all kinds but these."""
    query = select(Upload).where(Upload.written_at.is_not(None), Upload.kind.not_in(other_than))
    return session.scalars(query.order_by(Upload.written_at.desc(), Upload.id.desc()).limit(limit)).all()


def _shown(name: str) -> str:
    """A file's name as it can be shown: without folders and what can't be seen."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:120] or "-"
