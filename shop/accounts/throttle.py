"""Guessing one account's password gets slower with every try, wherever the tries come from.

An attempt is claimed before the password is hashed: a conditional UPDATE lets one of many simultaneous guesses
through. Unknown addresses are treated alike, so a pause doesn't tell which accounts exist. The longest pause is
short enough that a stranger can't lock an owner out for long.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import String, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..database import Base
from ..writes import insert_or_ignore, rows_changed

FREE_ATTEMPTS = 4
LONGEST_PAUSE = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(days=1)


class SignInAttempts(Base):
    """Wrong guesses for one address (its SHA-256, since the address need not belong to anyone we know)."""

    __tablename__ = "sign_in_attempts"

    address_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    paused_until: Mapped[datetime]
    last_at: Mapped[datetime] = mapped_column(index=True)


def claim_attempt(session: Session, email_folded: str, *, now: datetime) -> timedelta | None:
    """Count an attempt as failed before it is made. Commit before you hash: the claim must be seen by others.

    Returns:
        None when the attempt may be made, else how long to wait.
    """
    key = _key(email_folded)
    insert_or_ignore(session, SignInAttempts, {"address_hash": key, "failures": 0, "paused_until": now, "last_at": now})
    row = session.execute(
        select(SignInAttempts.failures, SignInAttempts.paused_until).where(SignInAttempts.address_hash == key)
    ).one()
    claimed = rows_changed(
        session,
        update(SignInAttempts)
        .where(
            SignInAttempts.address_hash == key,
            SignInAttempts.failures == row.failures,
            SignInAttempts.paused_until <= now,
        )
        .values(failures=row.failures + 1, paused_until=now + pause_after(row.failures + 1), last_at=now),
    )
    if claimed == 1:
        return None
    paused_until: datetime = row.paused_until
    return max(paused_until - now, timedelta(seconds=1))


def forgive(session: Session, email_folded: str) -> None:
    """The right password was given: start counting anew."""
    session.execute(delete(SignInAttempts).where(SignInAttempts.address_hash == _key(email_folded)))


def forget_old_attempts(session: Session, *, now: datetime) -> int:
    """Remove what nobody tried for a day; says how many."""
    return rows_changed(session, delete(SignInAttempts).where(SignInAttempts.last_at < now - FORGOTTEN_AFTER))


def pause_after(failures: int) -> timedelta:
    """None for a few slips, then 2 s, 4 s, 8 s … up to the longest."""
    if failures < FREE_ATTEMPTS:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(failures - FREE_ATTEMPTS + 1, 20)), LONGEST_PAUSE)


def _key(email_folded: str) -> str:
    return hashlib.sha256(email_folded.encode()).hexdigest()
